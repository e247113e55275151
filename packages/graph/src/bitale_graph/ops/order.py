"""The elements of a tensor in another order along axes: rolled, flipped, turned."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

import numpy as np

from ..base import dtype as dtypes
from ..base.errors import DtypeError, ShapeError, describe
from ..ops import math as tm
from ..tensor.conversion import as_tensor
from ..tensor.elementwise import cast
from ..tensor.variable import TensorVariable
from .axes import axes_in_order, normalize_axes, swapaxes
from .creation import empty
from .indexing import set_subtensor
from .join import Join
from .reshape import flatten, reshape
from .shape import shape_i, with_lengths
from .split import as_known, minus, part_of


def roll(x: Any, shift: Any, axis: Any = None) -> TensorVariable:
    """``x`` with the elements moved on by ``shift`` along an axis; the last ones come in first.

    Parameters
    ----------
    shift : int or 0-d integer variable, or a tuple of them
        Negative ones move elements back.
    axis : int or tuple of ints, optional
        None rolls the elements in row-major order. Several axes are rolled one after the other,
        each by its own shift, or all by one.
    """
    x = as_tensor(x)
    if axis is None:
        if isinstance(shift, (list, tuple)):
            shift = _sum(shift)
        return reshape(roll(flatten(x), shift, 0), [shape_i(x, a) for a in range(x.ndim)])
    axes = [axis] if not isinstance(axis, Iterable) else list(axis)
    shifts = list(shift) if isinstance(shift, (list, tuple)) else [shift]
    if 1 not in (len(axes), len(shifts)) and len(axes) != len(shifts):
        raise ShapeError(f"roll: {len(shifts)} shifts do not go with {len(axes)} axes")
    count = max(len(axes), len(shifts))
    by_axis: dict[int, list[Any]] = {}
    pairs = zip(axes * (count // len(axes)), shifts * (count // len(shifts)), strict=True)
    for a, by in pairs:
        (place,) = axes_in_order("roll", a, x)
        by_axis.setdefault(place, []).append(by)
    cuts = {a: _cut(x, by[0] if len(by) == 1 else _sum(by), a) for a, by in by_axis.items()}
    cuts = {a: cut for a, cut in cuts.items() if cut != 0}
    if not cuts:
        return as_tensor(x)
    return _cut_once(x, *cuts.popitem()) if len(cuts) == 1 else _in_blocks(x, cuts)


def _sum(shifts: Iterable[Any]) -> Any:
    total: Any = 0
    for by in shifts:
        total = tm.add(total, by)
    return total


def _cut(x: Any, shift: Any, axis: int) -> Any:
    """How many elements come to lie behind the others: an int where it is known."""
    given = as_tensor(shift)
    if given.ndim or not dtypes.is_discrete(given.type.dtype):
        raise DtypeError(f"roll: a shift must be an integer scalar, and is {describe(given)}")
    n, by = as_known(shape_i(x, axis)), as_known(cast(given, "int64"))
    if isinstance(by, int) and (by == 0 or isinstance(n, int)):
        return -by % n if by and n else 0
    return tm.mod(tm.neg(by), n)


def _cut_once(x: Any, axis: int, cut: Any) -> TensorVariable:
    rolled = Join(axis)(part_of(x, axis, cut, None), part_of(x, axis, None, cut))
    return with_lengths(rolled, x.type.shape)


def _in_blocks(x: Any, cuts: dict[int, Any]) -> TensorVariable:
    """Each block that the cuts make is written to its place."""
    lengths = [as_known(shape_i(x, a)) for a in range(x.ndim)]
    made = empty(lengths, x.type.dtype)
    for is_first in itertools.product((True, False), repeat=len(cuts)):
        source, place = ([slice(None)] * x.ndim for _ in range(2))
        for (a, cut), first in zip(cuts.items(), is_first, strict=True):
            # What was first lies behind what was last.
            seam = minus(lengths[a], cut)
            source[a] = slice(None, cut) if first else slice(cut, None)
            place[a] = slice(seam, None) if first else slice(None, seam)
        made = set_subtensor(made[tuple(place)], x[tuple(source)])
    return made


def flip(x: Any, axis: Any = None) -> TensorVariable:
    """``x`` with the order of elements reversed along ``axis`` (an int, several, or None: all)."""
    x = as_tensor(x)
    axes = normalize_axes("flip", axis, x)
    found: TensorVariable = x
    if axes:
        found = x[tuple(slice(None, None, -1 if a in axes else None) for a in range(x.ndim))]
    return found


def flipud(x: Any) -> TensorVariable:
    """``x`` with its first axis reversed."""
    return flip(_with_rank("flipud", x, 1), 0)


def fliplr(x: Any) -> TensorVariable:
    """``x`` with its second axis reversed."""
    return flip(_with_rank("fliplr", x, 2), 1)


def _with_rank(name: str, x: Any, least: int) -> Any:
    x = as_tensor(x)
    if x.ndim < least:
        raise ShapeError(f"{name} needs rank {least} or more, and got {describe(x)}")
    return x


def rot90(x: Any, k: int = 1, axes: Any = (0, 1)) -> TensorVariable:
    """``x`` turned by ``k`` quarters in the plane of two axes, from the first to the second."""
    x = as_tensor(x)
    if not isinstance(k, (int, np.integer)):
        raise TypeError(f"rot90: the number of quarters is an int, not {k!r}")
    plane = axes_in_order("rot90", tuple(axes), x)
    if len(plane) != 2:
        raise ShapeError(f"rot90: a plane has two axes, not {len(plane)}")
    first, second = plane
    quarters = int(k) % 4
    if quarters == 0:
        return as_tensor(x)
    if quarters == 2:
        return flip(x, plane)
    if quarters == 1:
        return swapaxes(flip(x, second), first, second)
    return flip(swapaxes(x, first, second), second)
