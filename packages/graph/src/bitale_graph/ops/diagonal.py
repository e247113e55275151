"""Diagonals: views of them, writes to them, and matrices that have nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from ..base import dtype as dtypes
from ..base.errors import DtypeError, ShapeError, describe
from ..core.graph import Apply, Storage
from ..ops import math as tm
from ..tensor.conversion import as_tensor, constant_int
from ..tensor.elementwise import cast
from ..tensor.variable import TensorType, TensorVariable
from .axes import axes_in_order, moveaxis
from .creation import zeros
from .index_pattern import check_fits, fitting
from .places import Read, Write
from .reduction import sum as sum_of
from .shape import shape_i
from .split import as_known, plus


def _length(n: Any, m: Any, offset: Any) -> Any:
    """How many elements a diagonal of an n by m matrix has."""
    if all(isinstance(v, int) for v in (n, m, offset)):
        return max(0, min(n + min(offset, 0), m - max(offset, 0)))
    rows, columns = tm.add(n, tm.minimum(offset, 0)), tm.sub(m, tm.maximum(offset, 0))
    return cast(tm.maximum(tm.minimum(rows, columns), 0), "int64")


class Diagonal(Read):
    """The elements ``x[..., i, i + offset]`` of the axes ``axis1`` and ``axis2``: a view.

    They are the last axis of the result. ``Diagonal(axis1, axis2)(x, offset)``.
    """

    __props__ = ("axis1", "axis2")
    view_map: ClassVar = {0: [0]}

    def __init__(self, axis1: int, axis2: int) -> None:
        self.axis1 = axis1
        self.axis2 = axis2

    def make_node(self, x: Any, offset: Any) -> Apply:
        """The offset is a 0-d integer."""
        x, offset = as_tensor(x), as_tensor(offset)
        if offset.ndim or not dtypes.is_discrete(offset.type.dtype):
            raise DtypeError(
                f"diagonal: the offset must be an integer scalar, and is {describe(offset)}"
            )
        if self.axis1 == self.axis2 or not min(self.axis1, self.axis2) >= 0:
            raise ShapeError(f"diagonal: the axes {self.axis1} and {self.axis2} are no two axes")
        if max(self.axis1, self.axis2) >= x.ndim:
            raise ShapeError(f"diagonal takes a tensor of rank 2 or more, and got {describe(x)}")
        offset = cast(offset, "int64")
        n, m, k = x.type.shape[self.axis1], x.type.shape[self.axis2], constant_int(offset)
        length = None if None in (n, m, k) else _length(n, m, k)
        shape = (*self._others(x.type.shape), length)
        return Apply(self, [x, offset], [TensorType(x.type.dtype, shape)()])

    def _others(self, lengths: Sequence[Any]) -> list[Any]:
        return [n for a, n in enumerate(lengths) if a not in (self.axis1, self.axis2)]

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        x, offset = inputs
        output_storage[0][0] = np.diagonal(x, int(offset), self.axis1, self.axis2)

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        lengths = input_shapes[0]
        n, m, k = (as_known(v) for v in (lengths[self.axis1], lengths[self.axis2], node.inputs[1]))
        return [(*self._others(lengths), as_tensor(_length(n, m, k)))]

    def passed_lengths(
        self, node: Apply, input_shapes: Sequence[Sequence[Any]]
    ) -> Sequence[Sequence[Any] | None] | None:
        return [[*self._others(input_shapes[0]), None]]

    def writing(self, set: bool) -> Write:
        return IncDiagonal(self.axis1, self.axis2, set)


class IncDiagonal(Write):
    """A copy of x with ``y`` written at a diagonal (``set``) or added there."""

    __props__ = ("axis1", "axis2", "set")

    def __init__(self, axis1: int, axis2: int, set: bool) -> None:
        self.axis1 = axis1
        self.axis2 = axis2
        self.set = set

    def make_node(self, x: Any, y: Any, offset: Any) -> Apply:
        """``y`` must broadcast to the diagonal."""
        view = Diagonal(self.axis1, self.axis2).make_node(x, offset)
        x, offset = view.inputs
        y = fitting(x, y, view.outputs[0].type.shape)
        return Apply(self, [x, y, offset], [x.type()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        x, y, offset = inputs
        out = np.array(x)
        matrices = np.moveaxis(out, (self.axis1, self.axis2), (-2, -1))
        k = int(offset)
        n, m = matrices.shape[-2:]
        rows = np.arange(_length(n, m, k)) - min(k, 0)
        place = (..., rows, rows + k)
        check_fits(node.inputs[1].type.shape, y, matrices[place].shape)
        with np.errstate(all="ignore"):
            matrices[place] = y if self.set else matrices[place] + y
        output_storage[0][0] = out

    def reading(self) -> Read:
        return Diagonal(self.axis1, self.axis2)


def diagonal(x: Any, offset: Any = 0, axis1: int = 0, axis2: int = 1) -> TensorVariable:
    """The diagonal of two axes as the last axis, as `numpy.diagonal`: a view.

    Parameters
    ----------
    offset : int or 0-d integer variable
        How far to the right of the main diagonal; beyond the matrix there is nothing.
    axis1, axis2 : int
        The rows and the columns of the matrices.
    """
    x = as_tensor(x)
    if x.ndim < 2:
        raise ShapeError(f"diagonal takes a tensor of rank 2 or more, and got {describe(x)}")
    return Diagonal(*axes_in_order("diagonal", (axis1, axis2), x))(x, offset)


def trace(
    x: Any, offset: Any = 0, axis1: int = 0, axis2: int = 1, dtype: str | None = None
) -> TensorVariable:
    """The sum of a diagonal, see `diagonal`; dtypes as in `sum`."""
    return sum_of(diagonal(x, offset, axis1, axis2), axis=-1, dtype=dtype)


class AllocDiag:
    """Makes square matrices, zero but on a diagonal: ``AllocDiag(offset, axis1, axis2)(v)``.

    The last axis of ``v`` becomes the diagonal; ``axis1`` and ``axis2`` are where the rows and the
    columns stand in the result.
    """

    def __init__(self, offset: Any = 0, axis1: int = 0, axis2: int = 1) -> None:
        self.offset = offset
        self.axis1 = axis1
        self.axis2 = axis2

    def __call__(self, v: Any) -> TensorVariable:
        """The matrices."""
        v = as_tensor(v)
        if v.ndim < 1:
            raise ShapeError(f"a diagonal has rank 1 or more, and given is {describe(v)}")
        axes = axes_in_order("AllocDiag", (self.axis1, self.axis2), v.ndim + 1)
        offset = as_known(as_tensor(self.offset))
        lead = [shape_i(v, a) for a in range(v.ndim - 1)]
        wider = abs(offset) if isinstance(offset, int) else tm.abs_(offset)
        side = plus(as_known(shape_i(v, v.ndim - 1)), wider)
        blank = zeros([*lead, side, side], v.type.dtype)
        made = IncDiagonal(v.ndim - 1, v.ndim, True)(blank, v, offset)
        return moveaxis(made, (-2, -1), axes)


def diag(v: Any, k: Any = 0) -> TensorVariable:
    """A square matrix with the vector ``v`` on diagonal ``k``, or diagonal ``k`` of a matrix."""
    v = as_tensor(v)
    if v.ndim == 1:
        return AllocDiag(k)(v)
    if v.ndim == 2:
        return diagonal(v, k)
    raise ShapeError(f"diag takes a vector or a matrix, and got {describe(v)}")
