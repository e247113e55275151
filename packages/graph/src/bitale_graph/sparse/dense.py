"""From sparse to dense matrices and back, and from one format to another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..base.errors import DtypeError, ShapeError, describe
from ..core.graph import Apply
from ..tensor.conversion import as_tensor
from ..tensor.variable import TensorType
from .constructors import as_sparse_variable
from .op import SparseOp, is_sparse, sparse_operand
from .parts import lengths
from .variable import DTYPES, FORMATS, SparseType


class DenseFromSparse(SparseOp):
    """The numbers of a sparse matrix, with zeros where it stores none.

    Parameters
    ----------
    structured : bool
        Whether derivatives are those by the stored numbers alone.
    """

    is_safe = True
    __props__ = ("structured",)

    def __init__(self, structured: bool = True) -> None:
        self.structured = structured

    def make_node(self, x: Any) -> Apply:
        """Take a sparse matrix."""
        x = sparse_operand("dense_from_sparse", x)
        return Apply(self, [x], [TensorType(x.dtype, (None, None))()])

    def compute(self, node: Apply, *values: Any) -> Any:
        return values[0].toarray()

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [lengths(node.inputs[0])]

    def passed_lengths(
        self, node: Apply, input_shapes: Sequence[Sequence[Any]]
    ) -> Sequence[Sequence[Any] | None] | None:
        return None


class SparseFromDense(SparseOp):
    """The numbers of a dense matrix that are not zero, as a sparse one."""

    is_safe = True
    __props__ = ("format",)

    def __init__(self, format: str) -> None:
        if format not in FORMATS:
            raise ValueError(f"the format is one of {', '.join(FORMATS)}, not {format!r}")
        self.format = format

    def make_node(self, x: Any) -> Apply:
        """Take a matrix of a dtype that SciPy has."""
        x = as_tensor(x)
        if x.ndim != 2:
            raise ShapeError(
                f"{self.format}_from_dense takes a matrix, and got\n  {describe(x)}\n"
                "  hint: x.dimshuffle('x', 0) is a vector as a row"
            )
        if x.type.dtype not in DTYPES:
            raise DtypeError(
                f"{self.format}_from_dense: SciPy has no sparse matrices of dtype {x.type.dtype}"
                f"\n  {describe(x)}"
            )
        out: Any = SparseType(self.format, x.type.dtype)()
        return Apply(self, [x], [out])

    def compute(self, node: Apply, *values: Any) -> Any:
        return np.asarray(values[0])


class AsFormat(SparseOp):
    """The same matrix in another format."""

    is_safe = True
    __props__ = ("format",)

    def __init__(self, format: str) -> None:
        self.format = format

    def make_node(self, x: Any) -> Apply:
        """Take a sparse matrix."""
        x = sparse_operand("as_format", x)
        return Apply(self, [x], [x.type.clone(format=self.format)()])

    def compute(self, node: Apply, *values: Any) -> Any:
        return values[0].asformat(self.format, copy=True)


def dense_from_sparse(x: Any, structured: bool = True) -> Any:
    """The same numbers as a dense matrix; a dense one stands for itself.

    Parameters
    ----------
    x : sparse matrix
    structured : bool
        Whether its derivative is by the stored numbers alone, as Theano's default is; otherwise it
        is by all of the matrix.
    """
    if is_sparse(x):
        return DenseFromSparse(structured)(x)
    try:
        return DenseFromSparse(structured)(as_sparse_variable(x))
    except TypeError:
        return as_tensor(x)


def csr_from_dense(x: Any) -> Any:
    """A dense matrix stored by rows, without its zeros."""
    return SparseFromDense("csr")(x)


def csc_from_dense(x: Any) -> Any:
    """A dense matrix stored by columns, without its zeros."""
    return SparseFromDense("csc")(x)


def as_format(x: Any, format: str) -> Any:
    """A sparse matrix in the format ``"csr"``, ``"csc"`` or ``"bsr"``."""
    x = as_sparse_variable(x)
    return x if x.format == format else AsFormat(format)(x)


def as_sparse_or_tensor_variable(x: Any) -> Any:
    """An operand of a function of sparse or dense ones: as it is if sparse, else a tensor."""
    if is_sparse(x):
        return x
    try:
        return as_sparse_variable(x)
    except TypeError:
        return as_tensor(x)
