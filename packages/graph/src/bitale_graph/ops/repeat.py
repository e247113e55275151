"""Tensors made of several copies of the elements of one: tiles, and elements one by one."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..base import dtype as dtypes
from ..base.errors import DtypeError, ShapeError, describe
from ..core.graph import Apply, Constant, Storage
from ..ops import math as tm
from ..tensor.conversion import as_tensor
from ..tensor.elementwise import cast
from ..tensor.op import TensorOp
from ..tensor.variable import TensorType, TensorVariable
from .assertion import Assert
from .axes import shape_padleft, shape_padright
from .creation import Alloc
from .join import Join
from .reduction import sum as total_of
from .reshape import flatten
from .shape import Reshape, as_lengths, dimshuffle, shape_i, with_lengths
from .split import as_known, one_axis

# Copies of single elements up to this number are written side by side, each in one go.
MOST_INTERLEAVED = 4


def tile(x: Any, reps: Any, ndim: int | None = None) -> TensorVariable:
    """Copies of ``x`` side by side along each axis, as `numpy.tile`.

    Parameters
    ----------
    reps : int, sequence of ints and 0-d integer variables, or integer vector
        How many along the last axes; others have one. Where there are more than ``x`` has axes,
        it gets new ones in front.
    ndim : int, optional
        The rank of the result, if higher; needed where ``reps`` is a vector of unknown length, of
        which it tells that.

    Raises
    ------
    ShapeError
        If a number of copies is negative: now where it is known, else when it runs.
    """
    x = as_tensor(x)
    counts = [as_known(n) for n in as_lengths("tile", reps, ndim)]
    rank = max(x.ndim, len(counts))
    if ndim is not None:
        if ndim < rank:
            raise ValueError(f"tile: ndim {ndim} is lower than the rank {rank} of the result")
        rank = ndim
    counts = [1] * (rank - len(counts)) + counts
    x = shape_padleft(x, rank - x.ndim)
    groups = [[(m, "x"), (shape_i(x, a), a)] for a, m in enumerate(counts)]
    return stretched("tile", x, groups)


def stretched(name: str, x: Any, groups: Sequence[Sequence[tuple[Any, Any]]]) -> TensorVariable:
    """``x`` stretched along new axes, which are joined with old ones.

    ``groups`` has for each axis of the result the lengths of those that it is made of, and for each
    which old one it is, or "x".
    """
    known = [[(as_known(n), a) for n, a in group] for group in groups]
    # Axes of length 1 change nothing.
    kept = [[(n, a) for n, a in group if not (isinstance(n, int) and n == 1)] for group in known]
    flat = [pair for group in kept for pair in group]
    copies = [n for n, a in flat if a == "x"]
    if any(isinstance(n, int) and n < 0 for n in copies):
        raise ShapeError(f"{name}: a number of copies cannot be negative: {copies}")
    if not copies:
        return as_tensor(x)
    wide = Alloc()(dimshuffle(x, *(a for _, a in flat)), *(n for n, _ in flat))
    if all(len(group) == 1 for group in kept):
        return wide
    return Reshape()(wide, *(_product([n for n, _ in group]) for group in kept))


def _product(lengths: Sequence[Any]) -> Any:
    if all(isinstance(n, int) for n in lengths):
        return math.prod(lengths)
    return lengths[0] if len(lengths) == 1 else tm.mul(*lengths)


class Repeat(TensorOp):
    """Each slice along ``axis`` as often as a vector of counts says.

    ``Repeat(axis)(x, counts)`` adds their sum, the length of the result, as a third input.
    """

    __props__ = ("axis",)

    def __init__(self, axis: int) -> None:
        self.axis = axis

    def make_node(self, x: Any, counts: Any, total: Any = None) -> Apply:
        """There is a count for each slice, and none is negative."""
        x, counts = as_tensor(x), as_tensor(counts)
        if counts.ndim != 1 or not dtypes.is_discrete(counts.type.dtype):
            raise DtypeError(f"repeat: the counts are an integer vector, not {describe(counts)}")
        lengths = list(x.type.shape)
        n, m = lengths[self.axis], counts.type.shape[0]
        if n is not None and m is not None and n != m:
            raise ShapeError(f"repeat: {m} counts do not go with axis {self.axis} of {describe(x)}")
        lengths[self.axis] = None
        counts = cast(counts, "int64")
        if total is None:
            fits = Assert("repeat: a count cannot be negative", "ShapeError")
            total = fits(total_of(counts), tm.ge(counts, 0))
        return Apply(self, [x, counts, total], [TensorType(x.type.dtype, lengths)()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        x, counts, total = inputs
        if x.shape[self.axis] != len(counts):
            raise ShapeError(
                f"repeat: {len(counts)} counts do not go with axis {self.axis} of the shape "
                f"{x.shape}"
            )
        if (counts < 0).any() or counts.sum() != total:
            raise ShapeError(f"repeat: counts must be positive or 0, and add up to {total}")
        output_storage[0][0] = np.repeat(x, counts, self.axis)

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        lengths = list(input_shapes[0])
        lengths[self.axis] = node.inputs[2]
        return [tuple(lengths)]

    def passed_lengths(
        self, node: Apply, input_shapes: Sequence[Sequence[Any]]
    ) -> Sequence[Sequence[Any] | None] | None:
        return [[None if a == self.axis else n for a, n in enumerate(input_shapes[0])]]

    def compared_lengths(
        self, node: Apply, input_shapes: Sequence[Sequence[Any]]
    ) -> Iterable[tuple[Any, Any]]:
        return [(input_shapes[0][self.axis], input_shapes[1][0])]


def repeat(x: Any, repeats: Any, axis: Any = None) -> TensorVariable:
    """Each slice of ``x`` along an axis ``repeats`` times in a row, as `numpy.repeat`.

    Parameters
    ----------
    repeats : int, 0-d integer variable, or integer vector
        A number for all, or one for each slice.
    axis : int, optional
        None repeats the elements in row-major order, into a vector.

    Raises
    ------
    ShapeError
        If a number is negative, or there is not one for each slice: now where that is known, else
        when it runs.
    """
    x = as_tensor(x)
    if axis is None:
        x, axis = flatten(x), 0
    axis = one_axis("repeat", axis, x)
    given = as_tensor(repeats)
    if not dtypes.is_discrete(given.type.dtype):
        raise DtypeError(f"repeat: a number of copies must be an integer, and is {describe(given)}")
    if given.ndim > 1:
        raise ShapeError(f"repeat: repeats is a number or a vector, not {describe(given)}")
    if given.ndim == 0 or given.type.shape[0] == 1:
        single = given.data.reshape(()) if isinstance(given, Constant) else given.flatten()[0]
        return _each_repeated(x, as_known(cast(single, "int64")), axis)
    if isinstance(given, Constant):
        return _by_rows(x, given.data, axis)
    return Repeat(axis)(x, given)


def _each_repeated(x: Any, count: Any, axis: int) -> TensorVariable:
    groups: list[list[tuple[Any, Any]]] = [[(shape_i(x, a), a)] for a in range(x.ndim)]
    groups[axis].append((count, "x"))
    if isinstance(count, int) and 1 < count <= MOST_INTERLEAVED and axis == x.ndim - 1:
        side_by_side = Join(x.ndim)(*[shape_padright(x)] * count)
        return Reshape()(side_by_side, *(_product([as_known(n) for n, _ in g]) for g in groups))
    return stretched("repeat", x, groups)


def _by_rows(x: Any, counts: Any, axis: int) -> TensorVariable:
    """By numbers that are known the rows to read are known."""
    if (counts < 0).any():
        raise ShapeError(f"repeat: a count cannot be negative: {counts}")
    n = x.type.shape[axis]
    if n is not None and n != len(counts):
        raise ShapeError(
            f"repeat: {len(counts)} counts do not go with axis {axis} of {describe(x)}"
        )
    x = with_lengths(x, [len(counts) if a == axis else None for a in range(x.ndim)])
    rows = np.repeat(np.arange(len(counts)), counts)
    return as_tensor(x[(slice(None),) * axis + (rows,)])
