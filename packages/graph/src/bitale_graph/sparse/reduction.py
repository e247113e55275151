"""Sums of sparse matrices, and their rows and columns times numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..base.errors import ShapeError, describe
from ..core.graph import Apply
from ..ops.shape import dimshuffle
from ..tensor.conversion import as_tensor
from ..tensor.variable import TensorType
from .arithmetic import mul
from .constructors import as_sparse_variable
from .op import SparseOp, sparse_operand
from .parts import length


class SpSum(SparseOp):
    """The sum of all numbers of a sparse matrix, or that along an axis, as a dense tensor.

    Parameters
    ----------
    axis : int or None
    sparse_grad : bool
        Whether its derivative is by the stored numbers alone.
    """

    __props__ = ("axis", "sparse_grad")

    def __init__(self, axis: int | None, sparse_grad: bool = False) -> None:
        self.axis = axis
        self.sparse_grad = sparse_grad

    def make_node(self, x: Any) -> Apply:
        """The dtype is that of the matrix; of truth values and narrow integers int64."""
        x = sparse_operand("sp_sum", x)
        wide = x.dtype if np.dtype(x.dtype).kind in "fc" else _wide(x.dtype)
        return Apply(self, [x], [TensorType(wide, () if self.axis is None else (None,))()])

    def compute(self, node: Apply, *values: Any) -> Any:
        found = values[0].sum(axis=self.axis, dtype=node.outputs[0].type.dtype)
        return np.asarray(found).reshape(() if self.axis is None else (-1,))

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [() if self.axis is None else (length(node.inputs[0], 1 - self.axis),)]

    def passed_lengths(
        self, node: Apply, input_shapes: Sequence[Sequence[Any]]
    ) -> Sequence[Sequence[Any] | None] | None:
        return None


def _wide(dtype: str) -> str:
    return "uint64" if dtype.startswith("uint") else "int64"


def sp_sum(x: Any, axis: int | None = None, sparse_grad: bool = False) -> Any:
    """The sum of a sparse matrix, dense.

    Parameters
    ----------
    x : sparse matrix
    axis : int, optional
        0 for the sum of each column, 1 for that of each row; by default of all.
    sparse_grad : bool
        Whether its derivative is by the stored numbers alone, and stores as many; by default it is
        by all of the matrix.
    """
    if axis is not None and (isinstance(axis, bool) or axis not in (-2, -1, 0, 1)):
        raise ValueError(f"sp_sum: the axis of a matrix is 0, 1 or None, not {axis!r}")
    return SpSum(None if axis is None else int(axis) % 2, sparse_grad)(as_sparse_variable(x))


def col_scale(x: Any, s: Any) -> Any:
    """A sparse matrix with each column multiplied by an element of the dense vector ``s``."""
    return mul(as_sparse_variable(x), dimshuffle(_factors("col_scale", s), "x", 0))


def row_scale(x: Any, s: Any) -> Any:
    """A sparse matrix with each row multiplied by an element of the dense vector ``s``."""
    return mul(as_sparse_variable(x), dimshuffle(_factors("row_scale", s), 0, "x"))


def _factors(name: str, s: Any) -> Any:
    s = as_tensor(s)
    if s.ndim != 1:
        raise ShapeError(f"{name} takes a vector of factors, and got\n  {describe(s)}")
    return s
