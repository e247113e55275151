"""Parts of sparse matrices by their indices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..base import dtype as dtypes
from ..base.errors import ShapeError, describe
from ..core.graph import Apply, Variable
from ..tensor.conversion import as_tensor
from ..tensor.elementwise import cast
from ..tensor.variable import TensorType
from .constructors import as_sparse_variable
from .op import SparseOp, sparse_operand
from .variable import SparseVariable

# For each bound of a slice whether it is given.
Pattern = tuple[bool, bool, bool]
ADVICE = (
    "a row alone is x[i:i + 1, :], a column x[:, j:j + 1], a number x[i, j]; rows by a list are "
    "x[rows]"
)


class GetItem2d(SparseOp):
    """A sub-matrix by two slices.

    Parameters
    ----------
    rows, columns : tuples of bools
        Which of start, stop and step are given.
    """

    __props__ = ("rows", "columns")

    def __init__(self, rows: Pattern, columns: Pattern) -> None:
        self.rows = rows
        self.columns = columns

    def make_node(self, x: Any, *bounds: Any) -> Apply:
        """Bounds are integers."""
        x = sparse_operand("x[a:b, c:d]", x, "csr", "csc")
        return Apply(self, [x, *map(as_index, bounds)], [x.type()])

    def slices(self, bounds: Sequence[Any]) -> tuple[slice, slice]:
        """The slices with bounds as they are given."""
        rest = iter(bounds)
        made = [
            slice(*(next(rest) if given else None for given in pattern))
            for pattern in (self.rows, self.columns)
        ]
        return made[0], made[1]

    def compute(self, node: Apply, *values: Any) -> Any:
        return values[0][self.slices([int(n) for n in values[1:]])].copy()


class GetItemScalar(SparseOp):
    """One number, as a 0-d tensor."""

    __props__ = ()

    def make_node(self, x: Any, i: Any, j: Any) -> Apply:
        """Indices are integers."""
        x = sparse_operand("x[i, j]", x, "csr", "csc")
        return Apply(self, [x, as_index(i), as_index(j)], [TensorType(x.dtype, ())()])

    def compute(self, node: Apply, *values: Any) -> Any:
        x, i, j = values
        return np.asarray(x[int(i), int(j)], x.dtype)

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [()]


class GetItemList(SparseOp):
    """The rows that a vector names, repeats allowed."""

    __props__ = ()

    def make_node(self, x: Any, rows: Any) -> Apply:
        """Indices are a vector of integers."""
        x = sparse_operand("x[rows]", x, "csr", "csc")
        return Apply(self, [x, as_index(rows, 1)], [x.type()])

    def compute(self, node: Apply, *values: Any) -> Any:
        x, rows = values
        return x[checked(rows, x.shape, 0)]


class GetItem2Lists(SparseOp):
    """The numbers at places, as a dense vector."""

    __props__ = ()

    def make_node(self, x: Any, rows: Any, columns: Any) -> Apply:
        """Indices are two vectors of integers."""
        x = sparse_operand("x[rows, columns]", x, "csr", "csc")
        rows, columns = as_index(rows, 1), as_index(columns, 1)
        return Apply(self, [x, rows, columns], [TensorType(x.dtype, (None,))()])

    def compute(self, node: Apply, *values: Any) -> Any:
        x, rows, columns = values
        if len(rows) != len(columns):
            raise ShapeError(
                f"x[rows, columns]: {len(rows)} rows are named with {len(columns)} columns"
            )
        rows, columns = checked(rows, x.shape, 0), checked(columns, x.shape, 1)
        return np.asarray(x[rows, columns]).reshape(-1) if len(rows) else np.zeros(0, x.dtype)

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [input_shapes[1]]


def checked(indices: Any, shape: tuple[int, int], axis: int) -> Any:
    """Indices from 0 on; an `IndexError` if one is out of bounds."""
    n = shape[axis]
    if len(indices) and not (-n <= indices.min() and indices.max() < n):
        raise IndexError(
            f"an index is out of bounds for axis {axis} of a sparse matrix of shape {shape}: they "
            f"go from {indices.min()} to {indices.max()}"
        )
    return np.where(indices < 0, indices + n, indices)


def as_index(i: Any, ndim: int = 0) -> Any:
    """An index as a tensor of integers."""
    if isinstance(i, (list, tuple)) and not i:
        i = np.zeros(0, "int64")
    v = as_tensor(i)
    if not dtypes.is_discrete(v.type.dtype) or v.type.dtype == "bool" or v.ndim != ndim:
        what = "a number" if ndim == 0 else "a vector"
        raise TypeError(
            f"an index of a sparse matrix is {what} of integers here, and got\n  {describe(v)}\n"
            f"  hint: {ADVICE}"
        )
    return v if v.type.dtype == "int64" else cast(v, "int64")


def index(x: Any, key: Any) -> Any:
    """``x[key]`` of a sparse matrix.

    Parameters
    ----------
    x : sparse matrix
    key : (int, int), (slice, slice), slice, list or (list, list)
        A number (0-d), a sub-matrix, some rows, or the numbers at places (a dense vector). Entries
        may be symbolic.

    Raises
    ------
    TypeError
        For an integer beside a slice, and others that are not served.
    """
    x = as_sparse_variable(x)
    entries = key if isinstance(key, tuple) else (key,)
    if len(entries) > 2:
        raise IndexError(f"too many indices: {len(entries)} for {describe(x)}, a matrix")
    entries = tuple(slice(None) if e is Ellipsis else e for e in entries)
    ranks = [None if isinstance(e, slice) else _rank(e) for e in entries]
    if all(r is None for r in ranks):
        return _sub_matrix(x, *entries)
    if ranks == [1] or (ranks == [1, None] and entries[1] == slice(None)):
        return GetItemList()(x, _listed(entries[0]))
    if ranks == [0, 0]:
        return GetItemScalar()(x, *entries)
    if ranks == [1, 1]:
        return GetItem2Lists()(x, *map(_listed, entries))
    raise TypeError(f"a sparse matrix has no such index: {key!r}\n  hint: {ADVICE}")


def _listed(entry: Any) -> Any:
    return np.asarray(entry, "int64") if isinstance(entry, list) and not entry else entry


def _rank(entry: Any) -> int:
    if isinstance(entry, Variable):
        rank: int = getattr(entry.type, "ndim", -1)
        return rank
    return as_tensor(_listed(entry)).ndim


def _sub_matrix(x: SparseVariable, rows: slice, columns: slice = slice(None)) -> Any:
    patterns: list[Pattern] = []
    bounds: list[Any] = []
    for one in (rows, columns):
        given = (one.start, one.stop, one.step)
        start, stop, step = (b is not None for b in given)
        patterns.append((start, stop, step))
        bounds += [b for b in given if b is not None]
    return GetItem2d(*patterns)(x, *bounds)
