"""What moves the numbers of sparse matrices: transposes, matrices side by side, diagonals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..base import dtype as dtypes
from ..base.errors import DtypeError, ShapeError, describe
from ..core.graph import Apply
from ..ops.assertion import Assert
from ..ops.creation import arange, ones_like, zeros
from ..ops.math import add as add_dense
from ..ops.math import eq, lt, switch
from ..ops.reshape import reshape
from ..ops.shape import dimshuffle, shape_i
from ..tensor.conversion import as_tensor
from ..tensor.elementwise import cast as cast_dense
from ..tensor.variable import TensorType
from .arithmetic import cast, upcast
from .constructors import as_sparse_variable
from .dense import SparseFromDense
from .indexing import checked
from .library import scipy_sparse
from .op import SparseOp, sparse_operand
from .parts import CSM, csm_data, length, lengths, with_data
from .variable import DTYPES, SparseType, SparseVariable


class Stack(SparseOp):
    """Matrices side by side along an axis.

    Parameters
    ----------
    axis : int
    format, dtype : str
        Of the result.
    """

    __props__ = ("axis", "dtype", "format")

    def __init__(self, axis: int, format: str, dtype: str) -> None:
        self.axis = axis
        self.format = format
        self.dtype = dtype

    def make_node(self, *blocks: Any) -> Apply:
        """Cast the blocks."""
        made = [cast(as_sparse_variable(x), self.dtype) for x in blocks]
        out: Any = SparseType(self.format, self.dtype)()
        return Apply(self, made, [out])

    def compute(self, node: Apply, *values: Any) -> Any:
        name = ("vstack", "hstack")[self.axis]
        if len({x.shape[1 - self.axis] for x in values}) > 1:
            shapes = ", ".join(str(x.shape) for x in values)
            raise ShapeError(
                f"{name}: the blocks must have as many {('columns', 'rows')[self.axis]}; their "
                f"shapes are {shapes}"
            )
        return getattr(scipy_sparse(), name)(values, format=self.format, dtype=self.dtype)


class Diag(SparseOp):
    """The diagonal of a square sparse matrix, as a dense vector."""

    __props__ = ()

    def make_node(self, x: Any) -> Apply:
        """Take a sparse matrix."""
        x = sparse_operand("diag", x)
        return Apply(self, [x], [TensorType(x.dtype, (None,))()])

    def compute(self, node: Apply, *values: Any) -> Any:
        (x,) = values
        if x.shape[0] != x.shape[1]:
            raise ShapeError(f"diag takes a square matrix, and got one of shape {x.shape}")
        return x.diagonal()

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [(length(node.inputs[0], 0),)]

    def passed_lengths(
        self, node: Apply, input_shapes: Sequence[Sequence[Any]]
    ) -> Sequence[Sequence[Any] | None] | None:
        return None


class ConstructSparseFromList(SparseOp):
    """A csc matrix of given lengths with rows of values added at the rows named."""

    __props__ = ()
    is_safe = True

    def make_node(self, values: Any, rows: Any, n: Any, m: Any) -> Apply:
        """Take a dense matrix, a vector of integers, and the lengths."""
        values, rows = as_tensor(values), as_tensor(rows)
        if (values.ndim, rows.ndim) != (2, 1):
            raise ShapeError(
                "construct_sparse_from_list takes a matrix of values and a vector of rows, and got"
                f"\n  {describe(values)}\n  {describe(rows)}"
            )
        if not dtypes.is_discrete(rows.type.dtype) or rows.type.dtype == "bool":
            raise DtypeError(f"construct_sparse_from_list: rows are integers\n  {describe(rows)}")
        out: Any = SparseType("csc", values.type.dtype)()
        return Apply(self, [values, rows, cast_dense(n, "int64"), cast_dense(m, "int64")], [out])

    def compute(self, node: Apply, *values: Any) -> Any:
        given, rows, n, m = values
        shape = int(n), int(m)
        if given.shape != (len(rows), shape[1]):
            raise ShapeError(
                f"construct_sparse_from_list: {len(rows)} rows of a matrix of shape {shape} are "
                f"named, and values have shape {given.shape}"
            )
        places = np.tile(checked(rows, shape, 0), shape[1])
        indptr = np.arange(shape[1] + 1) * len(rows)
        kind = scipy_sparse().csc_matrix
        return kind((given.T.ravel(), places, indptr), shape=shape)


def list_as_matrix(values: Any, rows: Any, n: Any, m: Any) -> Any:
    """What `ConstructSparseFromList` makes, as an expression."""
    count = shape_i(rows, 0)
    fits = eq(shape_i(values, 0), count), eq(shape_i(values, 1), m)
    told = "construct_sparse_from_list: there is one row of values for each row that is named"
    values = Assert(told, "ShapeError")(values, *fits)
    places = cast_dense(switch(lt(rows, 0), add_dense(cast_dense(rows, "int64"), n), rows), "int32")
    repeated = add_dense(zeros((m, 1), "int32"), dimshuffle(places, "x", 0))
    indptr = cast_dense(arange(add_dense(m, 1)) * count, "int32")
    data = reshape(dimshuffle(values, 1, 0), (m * count,))
    return CSM("csc")(data, reshape(repeated, (m * count,)), indptr, n, m)


def hstack(blocks: Sequence[Any], format: str | None = None, dtype: str | None = None) -> Any:
    """Sparse matrices side by side.

    Parameters
    ----------
    blocks : list of sparse matrices
        With as many rows.
    format : str, optional
        Of the result, by default ``"csc"``.
    dtype : str, optional
        Of the result; by default the one to which all blocks go.
    """
    return _stacked("hstack", 1, blocks, format or "csc", dtype)


def vstack(blocks: Sequence[Any], format: str | None = None, dtype: str | None = None) -> Any:
    """Sparse matrices one above the other; parameters as those of `hstack`."""
    return _stacked("vstack", 0, blocks, format or "csc", dtype)


def _stacked(name: str, axis: int, blocks: Any, format: str, dtype: str | None) -> Any:
    if isinstance(blocks, SparseVariable) or not isinstance(blocks, (list, tuple)) or not blocks:
        raise TypeError(f"{name} takes a list of sparse matrices, and got {blocks!r:.80}")
    made = [as_sparse_variable(x) for x in blocks]
    return Stack(axis, format, dtypes.check(dtype) if dtype else upcast(*made))(*made)


def diag(x: Any) -> Any:
    """The diagonal of a square sparse matrix, as a dense vector."""
    return Diag()(as_sparse_variable(x))


def square_diagonal(diagonal: Any) -> Any:
    """A square csc matrix with a dense vector on its diagonal, and nothing elsewhere."""
    diagonal = as_tensor(diagonal)
    if diagonal.ndim != 1:
        raise ShapeError(f"square_diagonal takes a vector, and got\n  {describe(diagonal)}")
    if diagonal.type.dtype not in DTYPES:
        raise DtypeError(
            f"square_diagonal: SciPy has no sparse matrices of dtype {diagonal.type.dtype}"
        )
    n = shape_i(diagonal, 0)
    places = cast_dense(arange(n), "int32")
    return CSM("csc")(diagonal, places, cast_dense(arange(add_dense(n, 1)), "int32"), n, n)


def sp_ones_like(x: Any) -> SparseVariable:
    """A matrix with ones where ``x`` stores numbers."""
    x = as_sparse_variable(x)
    made: SparseVariable = with_data(x, ones_like(csm_data(x)))
    return made


def sp_zeros_like(x: Any) -> Any:
    """A matrix of the shape, format and dtype of ``x`` that stores nothing."""
    x = as_sparse_variable(x)
    if x.format == "bsr":
        return SparseFromDense("bsr")(zeros(lengths(x), x.dtype))
    n, m = lengths(x)
    major = n if x.format == "csr" else m
    none = zeros((0,), x.dtype)
    indptr = zeros((add_dense(major, 1),), "int32")
    return CSM(x.format)(none, cast_dense(none, "int32"), indptr, n, m)


def construct_sparse_from_list(x: Any, values: Any, rows: Any) -> Any:
    """A csc matrix of the shape of ``x`` with rows of values added at the rows named.

    Parameters
    ----------
    x : dense matrix
        Only its shape is read.
    values : dense matrix
        One row for each one named.
    rows : vector of integers
        A negative one counts from the end; a row may be named several times.
    """
    x = as_tensor(x)
    if x.ndim != 2:
        raise ShapeError(f"construct_sparse_from_list takes a matrix\n  {describe(x)}")
    return ConstructSparseFromList()(values, rows, shape_i(x, 0), shape_i(x, 1))
