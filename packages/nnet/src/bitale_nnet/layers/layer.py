"""A layer: its parameters, a shape rule, and an expression; nothing else."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from bitale_graph.extend import ShapeError, SharedVariable, TensorVariable, config, shared

from ..initializers import Initializer
from .naming import shown

Shape = tuple[int | None, ...]
Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Parameter:
    """What a layer says of one of its parameters, before it is made.

    ``tags`` are read by `Layer.parameters`: "trainable" marks what updates change, "regularizable"
    what penalties are put on (weights, and not biases).
    """

    name: str
    shape: tuple[int, ...]
    initializer: Initializer
    tags: frozenset[str] = field(default_factory=lambda: frozenset({"trainable"}))


class Layer:
    """The base class. A subclass gives `output_shape`, `expression`, and perhaps `declare`.

    A layer is first described, then built for a shape of input, which makes its parameters; then it
    is called with tensor variables, any number of times, always with the same parameters.

    Parameters
    ----------
    name : str, optional
        For messages, and put before the names of the parameters by a `Sequential`.
    """

    def __init__(self, name: str | None = None) -> None:
        self.name = name
        self._declared: list[Parameter] | None = None
        self._variables: dict[str, SharedVariable] = {}

    # What a subclass gives
    def declare(self, input_shape: Shape) -> list[Parameter]:
        """List the parameters for inputs of this shape; raises `ShapeError` if it does not fit."""
        return []

    def output_shape(self, input_shape: Shape) -> Shape:
        """Give the shape of the output, None for unknown lengths, without computing anything."""
        raise TypeError(f"{type(self).__name__} does not define output_shape")

    def expression(self, x: Any) -> TensorVariable:
        """Give the output for an input ``x``."""
        raise TypeError(f"{type(self).__name__} does not define expression")

    # What a user calls
    def build(
        self,
        input_shape: Sequence[int | None],
        rng: np.random.Generator | None = None,
        dtype: str | None = None,
    ) -> Shape:
        """Make the parameters; those of an earlier `build` are given up.

        Parameters
        ----------
        input_shape : sequence of int or None
            None for lengths that are not known, such as that of the batch.
        rng : numpy.random.Generator, optional
            Draws the first values.
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
        """
        shape = tuple(input_shape)
        declared, output_shape = self.declare(shape), self.output_shape(shape)
        rng, dtype = rng or np.random.default_rng(), dtype or config.floatX
        self._variables = {
            p.name: shared(p.initializer(p.shape, rng, dtype), p.name) for p in declared
        }
        self._declared = declared
        return output_shape

    def unbuilt(self) -> Layer:
        """A layer of the same description, without parameters."""
        twin = copy.copy(self)
        twin._declared, twin._variables = None, {}
        return twin

    @property
    def is_built(self) -> bool:
        """Whether the parameters have been made."""
        return self._declared is not None

    def __call__(self, x: Any) -> TensorVariable:
        """The output for ``x``; raises `ValueError` before `build`."""
        self._needs_building()
        return self.expression(x)

    @property
    def takes_mask(self) -> bool:
        """Whether the layer may be called with a mask too, of the steps that count."""
        return False

    def variable(self, name: str) -> Any:
        """The shared variable of one parameter; raises `KeyError` with the names there are."""
        self._needs_building()
        try:
            return self._variables[name]
        except KeyError:
            known = ", ".join(self._variables) or "none"
            raise KeyError(f"{self} has no parameter {name!r}; its parameters: {known}") from None

    def parameters(self, *tags: str) -> list[SharedVariable]:
        """The shared variables, in order; with ``tags`` only those that have all of them."""
        self._needs_building()
        return [self._variables[p.name] for p in self._declared or () if p.tags >= set(tags)]

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
