"""Other orders of axes, axes of length 1 more or less: names for `dimshuffle`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..base.errors import ShapeError, describe
from ..tensor.conversion import as_tensor
from ..tensor.variable import TensorVariable
from .shape import dimshuffle, with_lengths


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


def squeeze(x: Any, axis: Any = None) -> TensorVariable:
    """Drop the axes known to be of length 1, or those named."""
    x = as_tensor(x)
    if axis is None:
        drop = {i for i, n in enumerate(x.type.shape) if n == 1}
    else:
        axes = [axis] if isinstance(axis, (int, np.integer)) else axis
        drop = {_axis("squeeze", x, a) for a in axes}
        if any(x.type.shape[a] != 1 for a in drop):
            raise ShapeError(
                f"squeeze drops axis {axis} of {describe(x)}, which is not known to have length 1\n"
                "  hint: addbroadcast(x, axis) says that it has, x[0] takes the first row"
            )
    return dimshuffle(x, *(i for i in range(x.ndim) if i not in drop))


def addbroadcast(x: Any, *axes: int) -> TensorVariable:
    """``x`` with ``axes`` declared to be of length 1, so that they broadcast.

    Checked when it runs.
    """
    x = as_tensor(x)
    ones = {_axis("addbroadcast", x, a) for a in axes}
    return with_lengths(x, [1 if i in ones else None for i in range(x.ndim)])
