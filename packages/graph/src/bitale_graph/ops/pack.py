"""Axes joined and split, and tensors of several shapes in one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..base.errors import ShapeError, describe
from ..ops import math as tm
from ..tensor.conversion import as_tensor
from ..tensor.variable import TensorVariable
from .axes import expand_dims, normalize_axes, squeeze
from .join import join
from .reshape import reshape
from .shape import as_lengths, shape_i, vector_elements
from .split import as_known, one_axis, split


def _product(lengths: Iterable[Any]) -> Any:
    known = [as_known(n) for n in lengths]
    if all(isinstance(n, int) for n in known):
        return int(np.prod(known, dtype=np.int64))
    return tm.mul(1, *known)


def split_dims(x: Any, shape: Any, axis: int | None = None) -> TensorVariable:
    """One axis as several, of the lengths ``shape``; one of them may be -1.

    Parameters
    ----------
    shape : int, sequence of ints and 0-d integer variables, or integer vector of known length
        Nothing drops the axis, which then has length 1.
    axis : int, optional
        Only for a vector it need not be told.
    """
    x = as_tensor(x)
    if axis is None and x.ndim != 1:
        raise ValueError(f"split_dims: tell which axis to split of {describe(x)}")
    at = one_axis("split_dims", 0 if axis is None else axis, x)
    lengths = [as_known(n) for n in as_lengths("split_dims", shape)]
    if not lengths:
        return squeeze(x, at)
    if -1 in [n for n in lengths if isinstance(n, int)]:
        # Deduced from this axis alone: others may be empty.
        rest = _product(n for n in lengths if not (isinstance(n, int) and n == -1))
        whole = as_known(shape_i(x, at))
        is_known = isinstance(rest, int) and isinstance(whole, int) and rest > 0
        missing = whole // rest if is_known else tm.int_div(whole, tm.maximum(rest, 1))
        lengths = [missing if isinstance(n, int) and n == -1 else n for n in lengths]
    own = [shape_i(x, a) for a in range(x.ndim)]
    return reshape(x, [*own[:at], *lengths, *own[at + 1 :]])


def join_dims(x: Any, start_axis: Any = None, n_axes: int | None = None) -> TensorVariable:
    """Neighbouring axes as one, in row-major order.

    Parameters
    ----------
    start_axis : int or sequence of ints, optional
        The first of the axes, or all of them, in order; None joins all of ``x``.
    n_axes : int, optional
        How many from the first on, by default all that follow. 0 makes a new axis of length 1.
    """
    x = as_tensor(x)
    if isinstance(start_axis, Iterable):
        axes = normalize_axes("join_dims", start_axis, x)
        if axes and axes != tuple(range(axes[0], axes[0] + len(axes))):
            raise ShapeError(f"join_dims: the axes {axes} of {describe(x)} are no neighbours")
        first, count = (axes[0] if axes else 0), len(axes)
    else:
        first = 0 if start_axis is None else int(start_axis)
        if not -x.ndim <= first <= x.ndim:
            raise ShapeError(f"join_dims: there is no axis {first} of {describe(x)}")
        first = first + x.ndim if first < 0 else first
        count = x.ndim - first if n_axes is None else n_axes
    if not 0 <= count <= x.ndim - first:
        raise ShapeError(f"join_dims: there are not {count} axes from {first} on in {describe(x)}")
    if count == 1:
        return as_tensor(x)
    if count == 0:
        return expand_dims(x, first)
    own = [shape_i(x, a) for a in range(x.ndim)]
    joined = _product(own[first : first + count])
    return reshape(x, [*own[:first], joined, *own[first + count :]])


def _kept_around(axes: Any) -> tuple[int, int]:
    """How many axes are kept before those that are joined, and how many after."""
    if axes is None:
        return 0, 0
    given = [axes] if isinstance(axes, (int, np.integer)) else list(axes)
    before, after = [a for a in given if a >= 0], [a for a in given if a < 0]
    fits = before == list(range(len(before))) and after == list(range(-len(after), 0))
    if not given or given != [*before, *after] or not fits:
        raise ValueError(
            f"pack: the axes to keep are the first ones (0, 1, ...), the last ones (..., -2, -1), "
            f"or some of both, in order, and not {axes!r}"
        )
    return len(before), len(after)


def pack(*tensors: Any, axes: Any = None) -> tuple[TensorVariable, list[Any]]:
    """Tensors in one: all but some axes are joined into one, along which they stand side by side.

    Parameters
    ----------
    axes : int, sequence of ints, or None
        The axes to keep: the first ones, the last ones, or some of both. None keeps none and gives
        a vector.

    Returns
    -------
    packed : TensorVariable
    packed_shapes : list
        For each tensor the lengths of the axes that were joined, for `unpack`.

    Examples
    --------
    >>> from bitale_graph import language as T
    >>> packed, shapes = T.pack(T.zeros((2, 3)), T.zeros((2, 5, 6)), axes=0)
    >>> packed.type.shape
    (2, 33)
    """
    before, after = _kept_around(axes)
    if not tensors:
        raise ValueError("pack: give at least one tensor")
    parts = []
    shapes: list[Any] = []
    for x in map(as_tensor, tensors):
        if x.ndim < before + after:
            raise ShapeError(f"pack: {describe(x)} has not the {before + after} axes to keep")
        joined = range(before, x.ndim - after)
        shapes.append([as_known(shape_i(x, a)) for a in joined])
        parts.append(join_dims(x, before, len(joined)))
    return join(before, *parts), shapes


def unpack(packed: Any, axes: Any, packed_shapes: Sequence[Any]) -> list[TensorVariable]:
    """The tensors that `pack` put into one, which gave their shapes; ``axes`` as there."""
    packed = as_tensor(packed)
    before, after = _kept_around(axes)
    if packed.ndim != before + after + 1:
        raise ShapeError(
            f"unpack: keeping the axes {axes} there is one more, and given is {describe(packed)}"
        )
    shapes = [vector_elements(shape) for shape in packed_shapes]
    parts = split(packed, [_product(shape) for shape in shapes], len(shapes), before)
    return [split_dims(x, shape, before) for x, shape in zip(parts, shapes, strict=True)]
