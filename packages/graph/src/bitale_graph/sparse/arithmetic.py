"""Sums and products element by element, of sparse matrices with each other or with dense ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..base import dtype as dtypes
from ..base.errors import DtypeError, ShapeError, describe
from ..core.graph import Apply
from ..ops import math as tm
from ..ops.assertion import Assert
from ..ops.indexing import inc_subtensor
from ..ops.shape import shape_i
from ..tensor.conversion import as_tensor, is_python_number
from ..tensor.elementwise import cast as cast_dense
from .constructors import as_sparse_variable
from .dense import as_format, as_sparse_or_tensor_variable
from .op import SparseOp, is_sparse, sparse_operand
from .parts import csm_data, length, rows_and_columns, same_shape_error, with_data
from .variable import DTYPES, SparseVariable


class Neg(SparseOp):
    """The same matrix with the other sign."""

    is_safe = True
    __props__ = ()

    def make_node(self, x: Any) -> Apply:
        """Refuse truth values, which have no sign."""
        x = sparse_operand("neg", x)
        if x.dtype == "bool":
            raise DtypeError(f"neg: truth values have no sign\n  {describe(x)}")
        return Apply(self, [x], [x.type()])

    def compute(self, node: Apply, *values: Any) -> Any:
        return -values[0]


class Conj(SparseOp):
    """The complex conjugate."""

    is_safe = True
    __props__ = ()

    def make_node(self, x: Any) -> Apply:
        """Take a sparse matrix."""
        x = sparse_operand("conj", x)
        return Apply(self, [x], [x.type()])

    def compute(self, node: Apply, *values: Any) -> Any:
        return values[0].conj(copy=True)


class Cast(SparseOp):
    """The same matrix in another dtype."""

    is_safe = True
    __props__ = ("dtype",)

    def __init__(self, dtype: str) -> None:
        self.dtype = dtypes.check(dtype)

    def make_node(self, x: Any) -> Apply:
        """Refuse to drop imaginary parts, and what SciPy does not have."""
        x = sparse_operand("cast", x)
        if dtypes.is_complex(x.dtype) and not dtypes.is_complex(self.dtype):
            raise DtypeError(f"cast: imaginary parts would be lost\n  {describe(x)}")
        return Apply(self, [x], [x.type.clone(dtype=self.dtype)()])

    def compute(self, node: Apply, *values: Any) -> Any:
        (x,) = values
        if x.format == "bsr":
            return x.astype(self.dtype)
        # SciPy's own sorts what is stored, and rewriting relies on places that stay.
        made = x.copy()
        made.data = x.data.astype(self.dtype)
        return made


class AddSS(SparseOp):
    """The sum of two sparse matrices of one format and dtype."""

    __props__ = ()

    def make_node(self, x: Any, y: Any) -> Apply:
        """Cast to one dtype; the second takes the format of the first."""
        x, y = alike(x, y)
        return Apply(self, [x, y], [x.type()])

    def compute(self, node: Apply, *values: Any) -> Any:
        x, y = values
        if x.shape != y.shape:
            raise same_shape_error("add", x, y)
        return x + y


class AddSD(SparseOp):
    """The sum of a sparse matrix and a dense one, which is dense."""

    __props__ = ()
    is_safe = True

    def make_node(self, x: Any, y: Any) -> Apply:
        """Cast to one dtype."""
        x, y = sparse_operand("add", x, "csr", "csc"), as_tensor(y)
        if y.ndim != 2:
            raise ShapeError(f"add: the dense operand is a matrix\n  {describe(y)}")
        dtype = upcast(x, y)
        x, y = cast(x, dtype), cast_dense(y, dtype)
        return Apply(self, [x, y], [y.type()])

    def compute(self, node: Apply, *values: Any) -> Any:
        x, y = values
        if x.shape != y.shape:
            raise same_shape_error("add", x, y)
        return x + y

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [input_shapes[1]]


class MulSS(SparseOp):
    """The product of two sparse matrices, element by element, where both store a number."""

    __props__ = ()

    def make_node(self, x: Any, y: Any) -> Apply:
        """Cast to one dtype; the second takes the format of the first."""
        x, y = alike(x, y)
        return Apply(self, [x, y], [x.type()])

    def compute(self, node: Apply, *values: Any) -> Any:
        x, y = values
        if x.shape != y.shape:
            raise same_shape_error("mul", x, y)
        return x.multiply(y)


class MulSD(SparseOp):
    """A sparse matrix times a dense matrix (or a row or a column), where it stores a number."""

    is_safe = True
    __props__ = ()

    def make_node(self, x: Any, y: Any) -> Apply:
        """Cast to one dtype."""
        x, y = sparse_operand("mul", x, "csr", "csc"), as_tensor(y)
        if y.ndim != 2:
            raise ShapeError(f"mul: the dense operand is a matrix\n  {describe(y)}")
        dtype = upcast(x, y)
        x, y = cast(x, dtype), cast_dense(y, dtype)
        return Apply(self, [x, y], [x.type()])

    def compute(self, node: Apply, *values: Any) -> Any:
        x, y = values
        stretched = [n == 1 for n in node.inputs[1].type.shape]
        if any(n != m and not s for n, m, s in zip(y.shape, x.shape, stretched, strict=True)):
            raise same_shape_error("mul", x, y)
        major = np.repeat(np.arange(len(x.indptr) - 1), np.diff(x.indptr))
        indices = x.indices[: x.indptr[-1]]
        rows, columns = (major, indices) if x.format == "csr" else (indices, major)
        factor = y[0 if stretched[0] else rows, 0 if stretched[1] else columns]
        made = x.copy()
        made.data = x.data[: x.indptr[-1]] * factor
        return made


def upcast(*operands: Any) -> str:
    """The dtype of a result; float16, which SciPy does not have, becomes float32."""
    dtype = dtypes.upcast(*(v.type.dtype for v in operands))
    return dtype if dtype in DTYPES else "float32"


def alike(x: Any, y: Any) -> tuple[Any, Any]:
    """Two sparse matrices in one dtype, and in the format of the first."""
    x, y = as_sparse_variable(x), as_sparse_variable(y)
    dtype = upcast(x, y)
    return cast(x, dtype), cast(as_format(y, x.format), dtype)


def beside(x: SparseVariable, y: Any) -> Any:
    """A dense operand of a sparse one; Python numbers are weak."""
    if is_python_number(y):
        dtype = dtypes.weak(y, x.dtype)
        return as_tensor(np.asarray(y, dtype if dtype in DTYPES else "float32"))
    y = as_tensor(y)
    if y.ndim > 2:
        raise ShapeError(
            f"a sparse matrix goes with numbers, vectors and matrices, and got\n  {describe(y)}"
        )
    return y


def at_places(x: Any, y: Any) -> Any:
    """The elements of a dense operand where ``x`` stores numbers, broadcast to its shape.

    A number stays one; of a vector there is one element for each column.
    """
    if y.ndim == 0:
        return y
    rows, columns = rows_and_columns(x)
    if y.ndim == 1:
        return y[0] if y.type.shape == (1,) else checked_lengths(x, y, 1)[columns]
    if y.type.shape == (1, 1):
        return y[0, 0]
    if y.type.shape[0] == 1:
        return checked_lengths(x, y, 1)[0][columns]
    if y.type.shape[1] == 1:
        return checked_lengths(x, y, 0)[:, 0][rows]
    return checked_lengths(x, y, 0, 1)[rows, columns]


def checked_lengths(x: Any, y: Any, *axes: int) -> Any:
    """``y``, whose axes (counted as in ``x``) must have the lengths of those of ``x``."""
    same = [tm.eq(shape_i(y, axis - 2), length(x, axis)) for axis in axes]
    told = f"shapes do not match: a sparse matrix ({x}) beside a dense operand ({y})"
    return Assert(told, "ShapeError")(y, *same)


def add(x: Any, y: Any) -> Any:
    """The sum of two matrices, at least one of them sparse.

    Sparse if both are; else dense, with the numbers of the sparse one added where it stores them.
    A number or vector stretches to a dense matrix.
    """
    x, y = operands("add", x, y)
    if is_sparse(x) and is_sparse(y):
        return AddSS()(x, y)
    return _add_to_dense(x, y) if is_sparse(x) else _add_to_dense(y, x)


def _add_to_dense(x: Any, y: Any) -> Any:
    dtype = upcast(x, y)
    y = cast_dense(y, dtype)
    if y.ndim != 2 or 1 in y.type.shape or x.format == "bsr":
        return tm.add(cast(x, dtype).toarray(), y)
    return AddSD()(x, y)


def sum_with_dense(x: Any, y: Any) -> Any:
    """What `AddSD` makes, as an expression."""
    place = checked_lengths(x, y, 0, 1)[rows_and_columns(x)]
    return inc_subtensor(place, cast_dense(csm_data(x), y.type.dtype))


def sub(x: Any, y: Any) -> Any:
    """The difference of two matrices, at least one of them sparse; see `add`."""
    x, y = operands("sub", x, y)
    if is_sparse(y):
        return add(x, neg(y))
    return add(x, tm.neg(y))


def mul(x: Any, y: Any) -> Any:
    """The product of two matrices element by element, at least one of them sparse.

    The result is sparse. A dense operand may be a number, a vector (one element for each column),
    a row, a column or a matrix.
    """
    x, y = operands("mul", x, y)
    if is_sparse(x) and is_sparse(y):
        return MulSS()(x, y)
    if is_sparse(y):
        x, y = y, x
    if y.ndim == 2 and y.type.shape != (1, 1):
        return MulSD()(x, y)
    return with_data(x, tm.mul(csm_data(x), _narrow(at_places(x, y))))


def true_div(x: Any, y: Any) -> Any:
    """A sparse matrix divided by a dense operand, where it stores numbers; see `mul`."""
    x = as_sparse_variable(x)
    return with_data(x, tm.true_div(csm_data(x), _narrow(at_places(x, beside(x, y)))))


def _narrow(y: Any) -> Any:
    return cast_dense(y, "float32") if y.type.dtype == "float16" else y


def structured_add_s_v(x: Any, y: Any) -> Any:
    """A sparse matrix with an element of the vector ``y`` added to each stored number, by column.

    Its derivative is by the stored numbers.
    """
    x = as_sparse_variable(x)
    return with_data(x, tm.add(csm_data(x), _narrow(at_places(x, beside(x, y)))))


# Theano's names by what the operands are: sparse (s), dense (d), a vector (v).
add_s_s = add_s_d = add
mul_s_s = mul_s_d = mul_s_v = mul


def neg(x: Any) -> Any:
    """The same matrix with the other sign."""
    return Neg()(as_sparse_variable(x))


def conj(x: Any) -> Any:
    """The complex conjugate; a real matrix stands for itself."""
    x = as_sparse_variable(x)
    return Conj()(x) if dtypes.is_complex(x.dtype) else x


def cast(x: Any, dtype: str) -> Any:
    """The same sparse matrix in another dtype."""
    x = as_sparse_variable(x)
    dtype = dtypes.check(dtype)
    return x if x.dtype == dtype else Cast(dtype)(x)


def operands(name: str, x: Any, y: Any) -> tuple[Any, Any]:
    """Two operands as variables, at least one of them sparse."""
    if is_sparse(x):
        return x, y if is_sparse(y) else _other(x, y)
    if is_sparse(y):
        return _other(y, x), y
    x, y = as_sparse_or_tensor_variable(x), as_sparse_or_tensor_variable(y)
    if not is_sparse(x) and not is_sparse(y):
        raise TypeError(
            f"{name} of sparse matrices needs one of them, and got\n  {describe(x)}\n"
            f"  {describe(y)}\n  hint: use {name} of bitale.tensor"
        )
    return x, y


def _other(x: Any, y: Any) -> Any:
    y = as_sparse_or_tensor_variable(y) if not is_python_number(y) else y
    return y if is_sparse(y) else beside(x, y)


def bcast(x: Any) -> Any:
    """The same matrix in int8."""
    return cast(x, "int8")


def wcast(x: Any) -> Any:
    """The same matrix in int16."""
    return cast(x, "int16")


def icast(x: Any) -> Any:
    """The same matrix in int32."""
    return cast(x, "int32")


def lcast(x: Any) -> Any:
    """The same matrix in int64."""
    return cast(x, "int64")


def fcast(x: Any) -> Any:
    """The same matrix in float32."""
    return cast(x, "float32")


def dcast(x: Any) -> Any:
    """The same matrix in float64."""
    return cast(x, "float64")


def ccast(x: Any) -> Any:
    """The same matrix in complex64."""
    return cast(x, "complex64")


def zcast(x: Any) -> Any:
    """The same matrix in complex128."""
    return cast(x, "complex128")
