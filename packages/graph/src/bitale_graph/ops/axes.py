"""Other orders of axes, axes of length 1 more or less: names for `dimshuffle`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..base.errors import ShapeError, describe
from ..core.graph import Variable
from ..tensor.conversion import as_tensor
from ..tensor.variable import TensorVariable
from .shape import Unbroadcast, dimshuffle, with_lengths

Axes = int | Sequence[int] | None


_OF_TWO = {
    "max": "\n  hint: maximum(x, y) is the larger of two tensors, element by element",
    "min": "\n  hint: minimum(x, y) is the smaller of two tensors, element by element",
}


def normalize_axes(name: str, axis: Any, x: Any) -> tuple[int, ...]:
    """Sorted non-negative axes of ``x``, a tensor or a rank; None means all.

    Raises `ShapeError` for an axis that is not there or named twice, TypeError for what is none.
    """
    return tuple(sorted(axes_in_order(name, axis, x)))


def axes_in_order(name: str, axis: Any, x: Any) -> tuple[int, ...]:
    """As `normalize_axes`, in the order in which they are named."""
    ndim = x if isinstance(x, int) else x.ndim
    if axis is None:
        return tuple(range(ndim))
    is_one = isinstance(axis, (str, Variable)) or not isinstance(axis, Iterable)
    given: list[Any] = [axis] if is_one else list(axis)
    for a in given:
        if not isinstance(a, (int, np.integer)):
            got = describe(a) if isinstance(a, Variable) else repr(a)
            hint = _OF_TWO.get(name, "") if isinstance(a, Variable) else ""
            raise TypeError(f"{name}: an axis is an int, and got {got}{hint}")
    missing = [a for a in given if not -ndim <= a < ndim]
    axes = () if missing else tuple(int(a) % ndim for a in given)
    if len(set(axes)) == len(given):
        return axes
    shown = "" if isinstance(x, int) else f"\n  {describe(x)}"
    if missing:
        raise ShapeError(f"{name}: a tensor of rank {ndim} has no axis {missing[0]!r}{shown}")
    raise ShapeError(f"{name}: the axes {given} name one axis twice{shown}")


def transpose(x: Any, axes: Sequence[int] | None = None) -> TensorVariable:
    """Axes in the order ``axes``, or reversed."""
    x = as_tensor(x)
    given = [] if axes is None else [a + x.ndim if a < 0 else a for a in axes]
    if axes is not None and sorted(given) != list(range(x.ndim)):
        raise ShapeError(
            f"transpose: {tuple(axes)} is not an order of the {x.ndim} axes of {describe(x)}"
        )
    return dimshuffle(x, *(range(x.ndim - 1, -1, -1) if axes is None else axes))


def swapaxes(x: Any, axis1: int, axis2: int) -> TensorVariable:
    """Exchange two axes."""
    x = as_tensor(x)
    order = list(range(x.ndim))
    axis1, axis2 = (_axis("swapaxes", x, axis) for axis in (axis1, axis2))
    order[axis1], order[axis2] = order[axis2], order[axis1]
    return dimshuffle(x, *order)


def keep_axes(reduced: Any, axes: Sequence[int], ndim: int) -> TensorVariable:
    """Put reduced axes back with length 1."""
    rest = iter(range(ndim))
    return dimshuffle(reduced, *("x" if i in axes else next(rest) for i in range(ndim)))


def shape_padleft(x: Any, n_ones: int = 1) -> TensorVariable:
    """New axes of length 1 before the others."""
    x = as_tensor(x)
    return dimshuffle(x, *("x",) * n_ones, *range(x.ndim))


def shape_padright(x: Any, n_ones: int = 1) -> TensorVariable:
    """New axes of length 1 after the others."""
    x = as_tensor(x)
    return dimshuffle(x, *range(x.ndim), *("x",) * n_ones)


def shape_padaxis(x: Any, axis: int) -> TensorVariable:
    """A new axis of length 1 at position ``axis`` of the result."""
    x = as_tensor(x)
    if not -x.ndim - 1 <= axis <= x.ndim:
        raise IndexError(f"shape_padaxis: axis {axis} is out of range for {describe(x)}")
    order: list[Any] = list(range(x.ndim))
    order.insert(axis % (x.ndim + 1), "x")
    return dimshuffle(x, *order)


def _axis(name: str, x: Any, axis: Any) -> int:
    """``axis`` counted from the front; raises `ShapeError` if ``x`` has it not."""
    if not isinstance(axis, (int, np.integer)) or not -x.ndim <= axis < x.ndim:
        raise ShapeError(f"{name}: there is no axis {axis!r} of {describe(x)}")
    return int(axis % x.ndim)


def expand_dims(x: Any, axis: Any) -> TensorVariable:
    """New axes of length 1 at the positions ``axis`` (an int or several) of the result."""
    x = as_tensor(x)
    count = len(list(axis)) if isinstance(axis, Iterable) else 1
    new = normalize_axes("expand_dims", axis, x.ndim + count)
    return keep_axes(x, new, x.ndim + count)


def moveaxis(x: Any, source: Any, destination: Any) -> TensorVariable:
    """The axes ``source`` (an int or several) at the positions ``destination``.

    The others stay in order.
    """
    x = as_tensor(x)
    old, new = (axes_in_order("moveaxis", axes, x) for axes in (source, destination))
    if len(old) != len(new):
        raise ShapeError(f"moveaxis: {len(old)} axes cannot go to {len(new)} places")
    order = [n for n in range(x.ndim) if n not in old]
    for place, n in sorted(zip(new, old, strict=True)):
        order.insert(place, n)
    return dimshuffle(x, *order)


def atleast_1d(*tensors: Any) -> Any:
    """Tensors with one axis or more; one for one tensor, else a list."""
    return _each(lambda x: x if x.ndim else shape_padleft(x), tensors)


def atleast_2d(*tensors: Any) -> Any:
    """Tensors with two axes or more, new ones being the first; one for one tensor, else a list."""
    return _each(lambda x: x if x.ndim >= 2 else shape_padleft(x, 2 - x.ndim), tensors)


def atleast_3d(*tensors: Any) -> Any:
    """Tensors with three axes or more; one for one tensor, else a list.

    As in NumPy a vector has its axis in the middle, and a matrix gets a last axis.
    """
    return _each(_with_three, tensors)


def _with_three(x: Any) -> Any:
    return shape_padright(atleast_2d(x)) if x.ndim < 3 else x


def _each(function: Any, tensors: Sequence[Any]) -> Any:
    made = [function(as_tensor(x)) for x in tensors]
    return made[0] if len(made) == 1 else made


def makeKeepDims(x: Any, y: Any, axis: Axes) -> TensorVariable:  # noqa: N802 (Theano's name)
    """``y``, a reduction of ``x`` over ``axis`` (None: all), with these axes of length 1 again."""
    x, y = as_tensor(x), as_tensor(y)
    axes = normalize_axes("makeKeepDims", axis, x)
    if y.ndim != x.ndim - len(axes):
        raise ShapeError(
            f"makeKeepDims: without the axes {axes} {describe(x)} has rank {x.ndim - len(axes)}, "
            f"and given is {describe(y)}"
        )
    return keep_axes(y, axes, x.ndim)


def squeeze(x: Any, axis: Any = None) -> TensorVariable:
    """Drop the axes known to be of length 1, or those named, which have it when it runs."""
    x = as_tensor(x)
    if axis is None:
        drop = {i for i, n in enumerate(x.type.shape) if n == 1}
    else:
        axes = [axis] if isinstance(axis, (int, np.integer)) else axis
        drop = {_axis("squeeze", x, a) for a in axes}
        if any(x.type.shape[a] not in (1, None) for a in drop):
            raise ShapeError(
                f"squeeze drops axis {axis} of {describe(x)}, which is known not to have length 1\n"
                "  hint: x[0] takes the first row"
            )
        x = addbroadcast(x, *drop)
    return dimshuffle(x, *(i for i in range(x.ndim) if i not in drop))


def addbroadcast(x: Any, *axes: int) -> TensorVariable:
    """``x`` with ``axes`` declared to be of length 1, so that they broadcast.

    Checked when it runs.
    """
    x = as_tensor(x)
    ones = {_axis("addbroadcast", x, a) for a in axes}
    return with_lengths(x, [1 if i in ones else None for i in range(x.ndim)])


def unbroadcast(x: Any, *axes: int) -> TensorVariable:
    """``x`` with the lengths of ``axes`` taken for unknown, so that they do not broadcast."""
    x = as_tensor(x)
    chosen = {_axis("unbroadcast", x, a) for a in axes}
    forgotten = tuple(sorted(a for a in chosen if x.type.shape[a] == 1))
    return Unbroadcast(forgotten)(x) if forgotten else x


def patternbroadcast(x: Any, broadcastable: Sequence[bool]) -> TensorVariable:
    """``x`` with the axes that broadcast told: for each True or False.

    Where it is True the length is checked to be 1 when it runs.
    """
    x = as_tensor(x)
    pattern = [bool(b) for b in broadcastable]
    if len(pattern) != x.ndim:
        raise ShapeError(f"patternbroadcast: the pattern {tuple(pattern)} is not of {describe(x)}")
    return Rebroadcast(*enumerate(pattern))(x)


class Rebroadcast:
    """Says of axes whether they broadcast: ``Rebroadcast((0, True), (1, False))(x)``."""

    def __init__(self, *axes: tuple[int, bool]) -> None:
        self.axes = [(int(a), bool(b)) for a, b in axes]

    def __call__(self, x: Any) -> TensorVariable:
        """See `patternbroadcast`."""
        added = addbroadcast(x, *(a for a, b in self.axes if b))
        return unbroadcast(added, *(a for a, b in self.axes if not b))
