"""A layer: its parameters, a shape rule, and an expression; nothing else."""

from __future__ import annotations

import copy
import functools
import inspect
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from bitale_graph.extend import (
    DtypeError,
    ShapeError,
    SharedVariable,
    TensorVariable,
    config,
    shared,
)
from bitale_graph.extend import dtype as dtypes

from ..initializers import Initializer
from .naming import shown
from .passes import Training, check_training
from .places import Place, is_place

Shape = tuple[int | None, ...]
Array = np.ndarray[Any, Any]
WEIGHTS = frozenset({"trainable", "regularizable"})
STATE = frozenset({"state"})


@dataclass(frozen=True)
class Parameter:
    """What a layer says of one of its parameters, before it is made.

    ``tags`` are read by `Layer.parameters`: "trainable" marks what update rules change,
    "regularizable" what penalties are put on (weights, and not biases), "state" what the layer
    itself changes in training, such as running statistics.
    """

    name: str
    shape: tuple[int, ...]
    initializer: Initializer
    tags: frozenset[str] = field(default_factory=lambda: frozenset({"trainable"}))


class Layer:
    """The base class. A subclass gives `output_shape`, `expression`, and perhaps `declare`.

    A layer is first described, then built for a shape of input, which makes its parameters; then it
    is called with tensor variables, any number of times, always with the same parameters. Called
    with places (see `Input`), it becomes a part of a `Network`.

    A layer of several inputs is called with a tuple of them, and its ``input_shape`` is a tuple of
    shapes.

    Parameters
    ----------
    name : str, optional
        For messages, and put before the names of the parameters by a `Sequential`.
    """

    def __init__(self, name: str | None = None) -> None:
        if name is not None and (not isinstance(name, str) or not name):
            raise TypeError(f"{type(self).__name__}: the name of a layer is a text, not {name!r}")
        if name is not None and not name.isprintable():  # files could not hold some of these
            raise ValueError(f"{type(self).__name__}: the name {name!r} cannot be printed")
        self.name = name
        self._declared: list[Parameter] | None = None
        self._variables: dict[str, SharedVariable] = {}
        self._built_for: Any = None

    # What a subclass gives
    def declare(self, input_shape: Shape) -> list[Parameter]:
        """List the parameters for inputs of this shape; raises `ShapeError` if it does not fit."""
        return []

    def output_shape(self, input_shape: Shape) -> Shape:
        """Give the shape of the output, None for unknown lengths, without computing anything."""
        raise TypeError(f"{type(self).__name__} does not define output_shape")

    def multiplications(self, input_shape: Shape) -> int | None:
        """Count those of matrix products for one of the batch; None where lengths are not known.

        What goes element by element is not counted.
        """
        return 0

    def expression(self, x: Any, training: Training | None = None) -> TensorVariable:
        """Give the output for an input ``x``.

        One that is the same in training may leave ``training`` out; one that takes a mask of the
        steps that count has a parameter ``mask`` too.
        """
        raise TypeError(f"{type(self).__name__} does not define expression")

    # What a user calls
    def build(
        self,
        input_shape: Sequence[int | None],
        rng: np.random.Generator | int | None = None,
        dtype: str | None = None,
    ) -> Shape:
        """Make the parameters; those of an earlier `build` are given up.

        Parameters
        ----------
        input_shape : sequence of int or None
            None for lengths that are not known, such as that of the batch.
        rng : numpy.random.Generator or int, optional
            Draws the first values; an integer is the seed of one.
        dtype : str, optional
            By default ``config.floatX``.

        Returns
        -------
        tuple
            The shape of the output.

        Raises
        ------
        ShapeError
            If the layer cannot take inputs of this shape.
        TypeError
            If ``input_shape`` is no shape, or ``dtype`` no float dtype.
        """
        shape = as_shape(self, input_shape)
        declared, output_shape = self.declare(shape), self.output_shape(shape)
        rng, dtype = _generator(self, rng), np.dtype(dtype or config.floatX).name
        if not dtypes.is_float(dtype):
            raise DtypeError(f"{self}: parameters are floats, and cannot be {dtype}")
        self._variables = {
            p.name: shared(p.initializer(p.shape, rng, dtype), p.name) for p in declared
        }
        self._declared, self._built_for = declared, shape
        return output_shape

    def unbuilt(self) -> Layer:
        """A layer of the same description, without parameters."""
        twin = copy.copy(self)
        twin._declared, twin._variables, twin._built_for = None, {}, None
        return twin

    def relinked(self, twins: Mapping[int, Layer]) -> None:
        """Refer to a twin where the layer refers to another one; ``twins`` are told by `id`."""

    @property
    def is_built(self) -> bool:
        """Whether the parameters have been made."""
        return self._declared is not None

    def __call__(self, x: Any, mask: Any = None, *, training: Training | None = None) -> Any:
        """The output for ``x``.

        Parameters
        ----------
        x : tensor, or tuple of tensors
            Or places, which give a place.
        mask : tensor, optional
            Of the steps that count, for layers that take one.
        training : Training, optional
            Compute as when training; None: predict.

        Raises
        ------
        ValueError
            Before `build`, or if there is a mask and the layer takes none.
        TypeError
            If ``training`` is something else.
        """
        return self._called(x, training, mask=mask)

    def _called(self, x: Any, training: Any, **given: Any) -> Any:
        """The output; what is None among ``given`` is left to `expression`."""
        if isinstance(given.get("mask"), Training):
            raise TypeError(f"{self} takes training by its name: layer(x, training=training)")
        check_training(self, training)
        given = {name: value for name, value in given.items() if value is not None}
        if is_place(x):
            if training is not None:
                raise TypeError(f"{self}: training goes to the network that is made of places")
            if isinstance(x, (tuple, list)) and not all(isinstance(part, Place) for part in x):
                raise TypeError(f"{self} takes places or tensors, and got both: {x!r}")
            return Place(self, {"x": x, **given})
        self._needs_building()
        if "mask" in given and not self.takes_mask:
            raise ValueError(f"{self} {self._without_mask}")
        if training is not None and "training" in _arguments(type(self).expression):
            given["training"] = training
        return self.expression(x, **given)

    _without_mask = "takes no mask"

    @property
    def takes_mask(self) -> bool:
        """Whether the layer may be called with a mask too, of the steps that count."""
        return "mask" in _arguments(type(self).expression)

    @property
    def input_dtype(self) -> Any:
        """What the layer takes: "float", "int" (symbols), or "any" where it only moves elements.

        For a layer of several inputs, a tuple of these.
        """
        return "float"

    def variable(self, name: str) -> Any:
        """The shared variable of one parameter; raises `KeyError` with the names there are."""
        self._needs_building()
        try:
            return self._variables[name]
        except KeyError:
            known = ", ".join(self._variables) or "none"
            raise KeyError(f"{self} has no parameter {name!r}; its parameters: {known}") from None

    def shape_of(self, name: str) -> tuple[int, ...]:
        """The shape of one parameter, as it was built; raises as `variable`."""
        self.variable(name)
        return next(p.shape for p in self._declared or () if p.name == name)

    def parameters(self, *tags: str) -> list[SharedVariable]:
        """The shared variables, in order; with ``tags`` only those that have all of them."""
        self._needs_building()
        return [self._variables[p.name] for p in self._declared or () if p.tags >= set(tags)]

    def count(self, *tags: str) -> int:
        """The number of elements of all parameters; with ``tags`` of those that have them all."""
        self._needs_building()
        return sum(math.prod(p.shape) for p in self._declared or () if p.tags >= set(tags))

    def get_values(self) -> dict[str, Array]:
        """The values of all parameters by name, as copies."""
        self._needs_building()
        return {name: variable.get_value() for name, variable in self._variables.items()}

    def set_values(self, values: Mapping[str, Array]) -> None:
        """Put values for all parameters; nothing is changed unless all of them fit.

        Raises
        ------
        ShapeError
            If a name is missing or unknown, or a shape differs.
        TypeError
            If a dtype would lose precision.
        """
        current = self.get_values()
        check_values(current, values)
        fitted = {
            name: self._variables[name].type.filter(np.asarray(values[name])) for name in current
        }
        for name, value in fitted.items():
            self._variables[name].set_value(value)

    def _needs_building(self) -> None:
        if self._declared is None:
            raise ValueError(
                f"{self} has no parameters yet; call build(input_shape), such as build((None, 64))"
            )

    def __str__(self) -> str:
        return type(self).__name__ + (f" {self.name!r}" if self.name else "")

    def __repr__(self) -> str:
        """The description, and name and shape of each parameter that there is."""
        described = [
            f"{key}={shown(value)}"
            for key, value in vars(self).items()
            if not key.startswith("_") and key != "name"
        ]
        declared = self.__dict__.get("_declared")
        held = ["not built"] if declared is None else [f"{p.name} {p.shape}" for p in declared]
        return f"<{self}: {'; '.join(filter(None, [', '.join(described), ', '.join(held)]))}>"


@functools.cache
def _arguments(expression: Any) -> frozenset[str]:
    return frozenset(inspect.signature(expression).parameters)


def _generator(layer: Layer, rng: Any) -> np.random.Generator:
    try:
        return np.random.default_rng(rng)
    except (TypeError, ValueError):
        raise TypeError(
            f"{layer}: rng is a NumPy Generator, an integer that is not negative, or None, not "
            f"{rng!r}"
        ) from None


def as_shape(layer: Layer, given: Any) -> Any:
    """A shape, or a tuple of shapes; raises `TypeError` for what is neither."""
    is_sequence = isinstance(given, Sequence) and not isinstance(given, str)
    if is_sequence and given and all(isinstance(n, Sequence) for n in given):
        return tuple(as_shape(layer, shape) for shape in given)
    if not is_sequence or not all(n is None or _is_length(n) for n in given):
        raise TypeError(
            f"{layer}: an input shape is a tuple of lengths, None where they are not known, such "
            f"as (None, 64), and for several inputs a tuple of those, not {given!r}"
        )
    return tuple(n if n is None else int(n) for n in given)


def _is_length(n: Any) -> bool:
    return isinstance(n, (int, np.integer)) and not isinstance(n, bool) and int(n) >= 0


def product_of_lengths(lengths: Sequence[int | None]) -> int | None:
    """The product, None where a length is not known."""
    known = [n for n in lengths if n is not None]
    return math.prod(known) if len(known) == len(lengths) or 0 in known else None


def check_units(layer: Layer, units: Any) -> int:
    """``units`` as a number of columns; raises `TypeError` or `ValueError`."""
    if isinstance(units, bool) or not isinstance(units, (int, np.integer)):
        raise TypeError(f"{layer}: units must be an integer, not {units!r}")
    if units < 1:
        raise ValueError(f"{layer}: units must be at least 1, not {units}")
    return int(units)


def check_values(expected: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    """Raise `ShapeError`, with all that differs, unless names and shapes of arrays agree."""
    check_shapes(
        {name: np.shape(value) for name, value in expected.items()},
        {name: np.shape(value) for name, value in given.items()},
    )


def check_shapes(
    expected: Mapping[str, tuple[int, ...]], given: Mapping[str, tuple[int, ...]]
) -> None:
    """Do as `check_values`, for shapes alone."""
    problems = [f"missing: {name}" for name in expected if name not in given]
    problems += [f"unknown: {name}" for name in given if name not in expected]
    problems += [
        f"{name}: expected the shape {expected[name]}, and got {given[name]}"
        for name in expected
        if name in given and tuple(expected[name]) != tuple(given[name])
    ]
    if problems:
        listed = "\n  ".join(problems)
        raise ShapeError(
            f"these are not the parameters of this network; nothing was changed\n  {listed}"
        )
