"""Several inputs made one: sums, other functions of all, and what lies side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import ShapeError, TensorVariable, as_tensor, describe

from .arguments import check_axis_number, check_integer, check_number
from .layer import Layer, Shape
from .passes import Training
from .places import forms

CROPPING = (None, "lower", "upper", "center")


class Merge(Layer):
    """A function of all inputs, two at a time, element by element.

    Parameters
    ----------
    function : callable
        Of two tensors, such as `bitale.tensor.mul` or `maximum`; applied from left to right.
    cropping : sequence of str or None, optional
        For each axis what is kept where lengths differ: ``None`` nothing is cropped, "lower" the
        first elements, "upper" the last, "center" those in the middle; as many as the shortest
        input has. By default nothing is cropped.
    name : str, optional

    Shapes
    ------
    input   two shapes or more, of one rank; lengths that are not cropped are equal, or 1
    output  their common shape

    Raises
    ------
    ShapeError
        If the shapes do not fit.
    ValueError
        For another cropping.
    TypeError
        If it is not called with a tuple of tensors.
    """

    def __init__(
        self,
        function: Callable[[Any, Any], Any],
        cropping: Sequence[str | None] | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        if not callable(function):
            raise TypeError(f"{self} takes a function of two tensors, not {function!r}")
        self.function = function
        self.cropping = _check_cropping(self, cropping)

    def output_shape(self, input_shape: Any) -> Shape:
        return _merged(self, self.cropping, input_shape, None)

    def expression(self, x: Any, training: Training | None = None) -> TensorVariable:
        first, *others = _cropped(self.cropping, _tensors(self, x))
        for other in others:
            first = self.function(first, other)
        result: TensorVariable = first
        return result


class Sum(Merge):
    """The sum of all inputs; see `Merge`.

    Parameters
    ----------
    weights : sequence of float, optional
        Factors of the inputs; by default 1.
    cropping, name
        As for `Merge`.
    """

    def __init__(
        self,
        weights: Sequence[float] | None = None,
        cropping: Sequence[str | None] | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(T.add, cropping, name)
        self.weights: list[float] | None = None
        if weights is not None:
            if isinstance(weights, str) or not isinstance(weights, Iterable):
                raise TypeError(f"{self}: weights are a number for each input, not {weights!r}")
            self.weights = [check_number(self, "each of the weights", w) for w in weights]

    def expression(self, x: Any, training: Training | None = None) -> TensorVariable:
        inputs = _tensors(self, x)
        if self.weights is not None:
            if len(self.weights) != len(inputs):
                raise ShapeError(
                    f"{self} has {len(self.weights)} weights, and got {len(inputs)} inputs"
                )
            inputs = [w * one for w, one in zip(self.weights, inputs, strict=True)]
        return super().expression(inputs)


class Concat(Layer):
    """The inputs side by side along an axis.

    Parameters
    ----------
    axis : int
        By default 1, that of features or channels.
    cropping : sequence of str or None, optional
        As for `Merge`, for each axis; that of ``axis`` itself is not looked at.
    name : str, optional

    Shapes
    ------
    input   two shapes or more, of one rank; lengths at other axes are equal, or cropped
    output  with the sum of the lengths at ``axis``

    Raises
    ------
    ShapeError
        If the shapes do not fit, or there is no such axis.
    TypeError
        If it is not called with a tuple of tensors.
    """

    def __init__(
        self,
        axis: int = 1,
        cropping: Sequence[str | None] | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        self.axis = check_axis_number(self, "axis", axis)
        self.cropping = _check_cropping(self, cropping)

    @property
    def input_dtype(self) -> str:
        return "any"

    def _axis(self, ndim: int) -> int:
        if not -ndim <= self.axis < ndim:
            raise ShapeError(f"{self} joins along axis {self.axis}, and its inputs have {ndim}")
        return self.axis % ndim

    def output_shape(self, input_shape: Any) -> Shape:
        shapes = _shapes(self, input_shape)
        return _merged(self, self.cropping, shapes, self._axis(len(shapes[0])))

    def expression(self, x: Any, training: Training | None = None) -> TensorVariable:
        inputs = _tensors(self, x)
        axis = self._axis(inputs[0].ndim)
        cropping = list(self.cropping or [None] * inputs[0].ndim)
        cropping[axis : axis + 1] = [None]
        result: TensorVariable = T.concatenate(_cropped(cropping, inputs), axis=axis)
        return result


class Pick(Layer):
    """One of several inputs.

    Parameters
    ----------
    place : int
        Counted from 0.
    name : str, optional

    Raises
    ------
    TypeError
        If ``place`` is no integer, or it is not called with a tuple.
    ShapeError
        If there are not as many.
    """

    def __init__(self, place: int, name: str | None = None) -> None:
        super().__init__(name)
        self.place = check_integer(self, "place", place, 0)

    @property
    def input_dtype(self) -> str:
        return "any"

    def _of(self, given: Any) -> Any:
        if not isinstance(given, (tuple, list)):
            raise TypeError(f"{self} takes one of several, and got {given!r}; Slice takes a part")
        if self.place >= len(given):
            raise ShapeError(f"{self}: there is no place {self.place} among {len(given)}")
        return given[self.place]

    def output_shape(self, input_shape: Any) -> Shape:
        if input_shape and not isinstance(input_shape[0], tuple):
            input_shape = str(input_shape)
        shape: Shape = self._of(input_shape)
        return shape

    def expression(self, x: Any, training: Training | None = None) -> TensorVariable:
        picked: TensorVariable = self._of(x)
        return picked


forms["sum"] = Sum
forms["product"] = partial(Merge, T.mul)
forms["pick"] = Pick


def _check_cropping(layer: Layer, cropping: Any) -> tuple[str | None, ...] | None:
    if cropping is None:
        return None
    is_sequence = isinstance(cropping, (tuple, list))
    if not is_sequence or any(one not in CROPPING for one in cropping):
        raise ValueError(
            f"{layer}: cropping has None, 'lower', 'upper' or 'center' for each axis, and is "
            f"{cropping!r}"
        )
    return tuple(cropping)


def _shapes(layer: Layer, input_shape: Any) -> list[Shape]:
    shapes = list(input_shape)
    if len(shapes) < 1 or not all(isinstance(shape, (tuple, list)) for shape in shapes):
        raise ShapeError(f"{layer} takes a tuple of shapes, one for each input, not {input_shape}")
    if len({len(shape) for shape in shapes}) > 1:
        raise ShapeError(f"{layer} takes inputs of one rank, and got the shapes {shapes}")
    return shapes


def _merged(layer: Layer, cropping: Any, input_shape: Any, joined: int | None) -> Shape:
    shapes = _shapes(layer, input_shape)
    ndim = len(shapes[0])
    if cropping is not None and len(cropping) != ndim:
        raise ShapeError(f"{layer} has a cropping for {len(cropping)} axes, and got {shapes}")
    lengths: list[int | None] = []
    for axis, along in enumerate(zip(*shapes, strict=True)):
        known = {n for n in along if n is not None}
        if axis == joined:
            lengths.append(None if None in along else sum(n for n in along if n is not None))
        elif cropping is not None and cropping[axis] is not None:
            lengths.append(min(known) if None not in along else None)
        elif len(known - {1} if joined is None else known) > 1:
            raise ShapeError(
                f"{layer} takes inputs of equal lengths at axis {axis}, and got the shapes "
                f"{shapes}; cropping makes them equal"
            )
        else:
            lengths.append(_common(known, along))
    return tuple(lengths)


def _common(known: set[int], along: Sequence[int | None]) -> int | None:
    """The length where some are known: 1 is one only if all are, since it may be repeated."""
    if known - {1}:
        return max(known) if known != {0, 1} else 0
    return 1 if None not in along else None


def _tensors(layer: Layer, x: Any) -> list[Any]:
    if not isinstance(x, (tuple, list)) or not x:
        given = describe(x) if isinstance(x, TensorVariable) else repr(x)
        raise TypeError(f"{layer} is called with a tuple of tensors, not {given}")
    tensors = [as_tensor(one) for one in x]
    if len({one.ndim for one in tensors}) > 1:
        listed = ", ".join(describe(one) for one in tensors)
        raise ShapeError(f"{layer} takes inputs of one rank, and got {listed}")
    return tensors


def _cropped(cropping: Any, tensors: list[Any]) -> list[Any]:
    """The tensors with as many elements along the cropped axes as the shortest has."""
    if cropping is None:
        return tensors
    for axis, kept in enumerate(cropping):
        if kept is None:
            continue
        lengths = [one.shape[axis] for one in tensors]
        shortest = T.min(T.stack(lengths))
        starts = {
            "lower": [0 for _ in lengths],
            "upper": [n - shortest for n in lengths],
            "center": [(n - shortest) // 2 for n in lengths],
        }[kept]
        before = (slice(None),) * axis
        tensors = [
            one[(*before, slice(start, start + shortest))]
            for one, start in zip(tensors, starts, strict=True)
        ]
    return tensors
