"""Products of matrices of which one or both are sparse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from ..base.errors import ShapeError, describe
from ..core.graph import Apply
from ..ops import math as tm
from ..ops.shape import dimshuffle
from ..tensor.conversion import as_tensor
from ..tensor.elementwise import cast as cast_dense
from ..tensor.variable import TensorType
from .arithmetic import cast, upcast
from .constructors import as_sparse_variable
from .dense import as_format, as_sparse_or_tensor_variable
from .op import SparseOp, is_sparse
from .parts import csm_data, csm_indices, csm_indptr, length, same_shape_error, transpose, with_data
from .patterns import SampledProduct


class _Product(SparseOp):
    """The product of two matrices, or of a matrix and a vector, of one dtype."""

    is_safe = True
    name: ClassVar[str]

    def compute(self, node: Apply, *values: Any) -> Any:
        x, y = values
        if x.shape[-1] != y.shape[0]:
            raise same_shape_error(self.name, x, y)
        return self.finished(x @ y)

    def finished(self, found: Any) -> Any:
        """The product in the form of the output."""
        return found

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        x, y = node.inputs
        rows = () if x.type.ndim == 1 else (length(x, 0),)
        return [(*rows, *(() if y.type.ndim == 1 else (length(y, 1),)))]

    def passed_lengths(
        self, node: Apply, input_shapes: Sequence[Sequence[Any]]
    ) -> Sequence[Sequence[Any] | None] | None:
        return None


class Dot(_Product):
    """The product as a dense tensor, differentiated by all of the operands."""

    __props__ = ()
    name = "dot"

    def make_node(self, x: Any, y: Any) -> Apply:
        """Cast to one dtype; dense operands are vectors or matrices."""
        x, y = _factors(self.name, x, y)
        out = TensorType(x.type.dtype, _dense_lengths(x, y))
        return Apply(self, [x, y], [out()])

    def finished(self, found: Any) -> Any:
        return found.toarray() if hasattr(found, "toarray") else found


class StructuredDot(_Product):
    """The product of a sparse matrix and a sparse or dense one.

    It is sparse if both are. By a sparse operand it is differentiated where numbers are stored.
    """

    __props__ = ()
    name = "structured_dot"

    def make_node(self, x: Any, y: Any) -> Apply:
        """The first operand is sparse; a sparse result has its format."""
        x, y = _factors(self.name, as_sparse_variable(x), y)
        if is_sparse(y):
            return Apply(self, [x, as_format(y, x.format)], [x.type()])
        return Apply(self, [x, y], [TensorType(x.dtype, _dense_lengths(x, y))()])


class TrueDot(_Product):
    """The product as a sparse matrix, differentiated by all of the operands.

    Parameters
    ----------
    grad_preserves_dense : bool
        Whether derivatives by dense operands are dense.
    """

    __props__ = ("grad_preserves_dense",)
    name = "true_dot"

    def __init__(self, grad_preserves_dense: bool = True) -> None:
        self.grad_preserves_dense = grad_preserves_dense

    def make_node(self, x: Any, y: Any) -> Apply:
        """The first operand is sparse, and the result has its format; no operand is a vector."""
        x, y = _factors(self.name, as_sparse_variable(x), y)
        if y.type.ndim != 2:
            raise ShapeError(f"true_dot takes two matrices, and got\n  {describe(y)}")
        return Apply(self, [x, y], [x.type()])


def _factors(name: str, x: Any, y: Any) -> tuple[Any, Any]:
    x, y = as_sparse_or_tensor_variable(x), as_sparse_or_tensor_variable(y)
    if not is_sparse(x) and not is_sparse(y):
        raise TypeError(
            f"{name} of sparse matrices needs one of them, and got\n  {describe(x)}\n"
            f"  {describe(y)}\n  hint: use dot of bitale.tensor"
        )
    if x.type.ndim not in (1, 2) or y.type.ndim not in (1, 2):
        raise ShapeError(
            f"{name} takes vectors and matrices, and got\n  {describe(x)}\n  {describe(y)}"
        )
    dtype = upcast(x, y)
    made = [cast(v, dtype) if is_sparse(v) else cast_dense(v, dtype) for v in (x, y)]
    return made[0], made[1]


def _dense_lengths(x: Any, y: Any) -> tuple[int | None, ...]:
    """What is known of the lengths of a product."""
    rows = (None,) if is_sparse(x) else x.type.shape[:-1]
    columns = (None,) if is_sparse(y) else y.type.shape[1:]
    return (*rows, *columns)


def dot(x: Any, y: Any) -> Any:
    """The dense product of two operands, at least one of them sparse.

    Parameters
    ----------
    x, y : sparse or dense matrices, or a dense vector

    Returns
    -------
    TensorVariable
        Its derivative by either operand is dense, and by all numbers, stored or not: for large
        sparse matrices `structured_dot` is meant.
    """
    return Dot()(x, y)


def structured_dot(x: Any, y: Any) -> Any:
    """The product of two operands, at least one of them sparse; dense if the other is dense.

    By a sparse operand its derivative is sparse, with the same places; by a dense one it is dense.
    """
    x, y = as_sparse_or_tensor_variable(x), as_sparse_or_tensor_variable(y)
    if is_sparse(x):
        return StructuredDot()(x, y)
    if not is_sparse(y):
        _factors("structured_dot", x, y)
    turned = StructuredDot()(transpose(y), x.T if x.ndim == 2 else x)
    return dimshuffle(turned, 1, 0) if turned.ndim == 2 else turned


def true_dot(x: Any, y: Any, grad_preserves_dense: bool = True) -> Any:
    """The product of two matrices, at least one of them sparse, as a sparse matrix.

    Parameters
    ----------
    x, y : sparse or dense matrices
    grad_preserves_dense : bool
        Whether its derivative by a dense operand is dense; otherwise it is sparse. Derivatives are
        by all numbers, stored or not.
    """
    x, y = as_sparse_or_tensor_variable(x), as_sparse_or_tensor_variable(y)
    if is_sparse(x):
        return TrueDot(grad_preserves_dense)(x, y)
    if not is_sparse(y):
        _factors("true_dot", x, y)
    return transpose(TrueDot(grad_preserves_dense)(transpose(y), x.T))


def sampling_dot(x: Any, y: Any, p: Any) -> Any:
    """The product ``x y.T`` where ``p`` stores numbers, times these.

    Parameters
    ----------
    x, y : dense matrices
        With as many columns.
    p : sparse matrix
        With a row for each row of ``x``, and a column for each row of ``y``.

    Returns
    -------
    SparseVariable
        Of the format of ``p``; what it does not store is not computed, and derivatives are by what
        it stores.
    """
    x, y, p = as_tensor(x), as_tensor(y), as_sparse_variable(p)
    if x.ndim != 2 or y.ndim != 2:
        raise ShapeError(f"sampling_dot takes matrices, and got\n  {describe(x)}\n  {describe(y)}")
    dtype = upcast(x, y, p)
    x, y, p = cast_dense(x, dtype), cast_dense(y, dtype), cast(p, dtype)
    left, right = (x, y) if p.format == "csr" else (y, x)
    found = SampledProduct()(left, right, csm_indices(p), csm_indptr(p))
    return with_data(p, tm.mul(csm_data(p), found))
