"""Products of sparse matrices with each other and with dense ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bitale_graph import language as T
from bitale_graph import sparse as S
from bitale_graph.extend import Apply

from ...table import Cotangents, connections, vjps

vjp = vjps.define


def _turned(x: Any) -> Any:
    return S.transpose(x) if S.is_sparse(x) else x.T


def _dense_product(x: Any, y: Any) -> Any:
    return S.dot(x, y) if S.is_sparse(x) or S.is_sparse(y) else T.dot(x, y)


@vjp(S.Dot)
def dot_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]
) -> list[Any]:
    """``ct y.T`` and ``x.T ct``, dense also by what is sparse."""
    (x, y), (ct,) = inputs, cotangents
    if y.type.ndim == 1:
        return [T.outer(ct, y), _dense_product(_turned(x), ct)]
    if x.type.ndim == 1:
        return [_dense_product(y, ct), T.outer(x, ct)]
    return [_dense_product(ct, _turned(y)), _dense_product(_turned(x), ct)]


@vjp(S.StructuredDot)
def structured_dot_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]
) -> list[Any]:
    """The same, computed by sparse operands only where they store numbers."""
    (x, y), (ct,) = inputs, cotangents
    dy = S.structured_dot(S.transpose(x), ct)
    if S.is_sparse(y):
        dx = S.stored_at(S.structured_dot(ct, S.transpose(y)), x)
        return [S.with_data(x, dx), S.with_data(y, S.stored_at(S.as_format(dy, y.format), y))]
    return [S.with_data(x, _sampled(x.format, ct, y, S.csm_indices(x), S.csm_indptr(x))), dy]


def _sampled(format: str, ct: Any, y: Any, indices: Any, indptr: Any) -> Any:
    """``ct y.T`` at the places of a matrix."""
    pair = (ct, y) if format == "csr" else (y, ct)
    return S.SampledProduct()(*pair, indices, indptr)


@vjp(S.TrueDot)
def true_dot_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]
) -> list[Any]:
    """``ct y.T`` and ``x.T ct``, sparse unless a dense operand is to have a dense one."""
    (x, y), (ct,) = inputs, cotangents
    dx = S.true_dot(ct, _turned(y), op.grad_preserves_dense)
    dy = S.true_dot(S.transpose(x), ct, op.grad_preserves_dense)
    if not S.is_sparse(y) and op.grad_preserves_dense:
        dy = S.dense_from_sparse(dy, structured=False)
    return [dx, dy]


@vjp(S.StoredProduct)
def stored_product_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]
) -> list[Any]:
    """By the stored numbers at their places; by the dense operand with the matrix turned."""
    (data, indices, indptr, n, m, y), (ct,) = inputs, cotangents
    turned = S.StoredProduct("csc" if op.format == "csr" else "csr")
    dy = turned(data, indices, indptr, m, n, ct)
    return [_sampled(op.format, ct, y, indices, indptr), *[None] * 4, dy]


@vjp(S.Usmm)
def usmm_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Cotangents
) -> list[Any]:
    """Those of the product, scaled, and of what it is added to."""
    (*factors, alpha, _), (ct,) = inputs, cotangents
    product = S.StoredProduct(op.format)
    terms = stored_product_vjp(product, factors, outputs, Cotangents.of([alpha * ct], [True]))
    return [*terms, T.sum(ct * product(*factors)), ct]


@vjp(S.SampledProduct)
def sampled_product_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]
) -> list[Any]:
    """The cotangent as a matrix, times the other operand."""
    (x, y, indices, indptr), (ct,) = inputs, cotangents
    n, m = T.shape_i(x, 0), T.shape_i(y, 0)
    dx = S.StoredProduct("csr")(ct, indices, indptr, n, m, y)
    dy = S.StoredProduct("csc")(ct, indices, indptr, m, n, x)
    return [dx, dy, None, None]


@connections.define(S.StoredProduct)
def stored_product_connection(node: Apply) -> list[list[bool]]:
    """The numbers of both operands."""
    return [[i in (0, 5)] for i in range(6)]


@connections.define(S.Usmm)
def usmm_connection(node: Apply) -> list[list[bool]]:
    """All but the places and lengths."""
    return [[i in (0, 5, 6, 7)] for i in range(8)]


@connections.define(S.SampledProduct)
def sampled_product_connection(node: Apply) -> list[list[bool]]:
    """The numbers of both operands."""
    return [[i < 2] for i in range(4)]
