"""Factors of matrices.

Of Cholesky's Murray, Differentiation of the Cholesky decomposition (2016); of QR Liao and others,
Differentiable programming tensor networks (2019), and of one with more columns than rows Roberts
and Roberts, QR and LQ decomposition matrix backpropagation algorithms for square, wide and deep
matrices (2020); of singular values Townsend, Differentiating the singular value decomposition
(2016). The way back through LU inverts the way there: d(LU) = dL U + L dU.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import Apply, Assert
from bitale_graph.extend import dtype as dtypes
from bitale_graph.linalg import QR, SVD, Cholesky, LUFactor, PivotOrder, SolveTriangular, triangle

from ...conjugates import of_parts
from ...table import Cotangents, connections, vjps
from ...zero import grad_not_implemented, grad_undefined
from .matrices import (
    adjoint,
    as_column,
    as_row,
    diagonal,
    half_lower,
    identity_of,
    inverse_differences,
    on_diagonal,
    product,
    real_diagonal,
)

vjp = vjps.define
of_parts(QR, SVD, Cholesky, LUFactor)


def _times_inverse(x: Any, factor: Any, lower: bool, trans: str = "N") -> Any:
    """``x inv(factor)``, or by its adjoint, of a triangular factor."""
    other = "C" if trans == "N" else "N"
    return adjoint(SolveTriangular(lower, other)(factor, adjoint(x)))


@vjp(Cholesky)
def cholesky_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Cotangents
) -> list[Any]:
    """``inv(L).T P(L.T ct) inv(L)``, in the triangle that is read; P halves the diagonal."""
    factor, ct = outputs[0], cotangents[0]
    if not op.lower:
        factor, ct = adjoint(factor), adjoint(ct)
    half = SolveTriangular(True, "C")(factor, half_lower(product(adjoint(factor), ct)))
    whole = _times_inverse(half, factor, True)
    # Both elements across the diagonal are one number, which is read once.
    both = 0.5 * (whole + adjoint(whole))
    found = triangle(both, True) + triangle(both, True, -1)
    return [found if op.lower else adjoint(found)]


@vjp(QR)
def qr_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Cotangents
) -> list[Any]:
    """Of the square part of R, and of the columns of Q R beside it."""
    (x,) = inputs
    n, m = x.type.shape[-2:]
    if op.mode == "raw":
        return [grad_not_implemented(op, 0, x, "take the mode 'reduced'")]
    by_q, by_r = cotangents if len(outputs) > 1 else (None, cotangents[0])
    if by_q is None:
        q, r = QR()(x)
        by_r = by_r[..., : T.shape_i(q, -1), :] if op.mode == "complete" else by_r
    else:
        q, r = outputs
    if op.mode == "complete" and by_q is not None and (n is None or m is None or n > m):
        text = "qr: columns that mode='complete' adds have no derivatives; take mode='reduced'"
        if None not in (n, m):
            return [grad_undefined(op, 0, x, text)]
        by_q = Assert(text)(by_q, T.le(T.shape_i(x, -2), T.shape_i(x, -1)))
    return [_qr_vjp(x, q, r, by_q, by_r, is_tall=None not in (n, m) and n >= m)]


def _qr_vjp(x: Any, q: Any, r: Any, by_q: Any, by_r: Any, is_tall: bool) -> Any:
    if is_tall:
        return _tall_qr_vjp(q, r, by_q, by_r)
    k = T.shape_i(q, -1)
    beside = None
    if by_r is not None:
        # x = q [u, v]: v is q.T x there, and moves with q too.
        behind = by_r[..., k:]
        moved = product(x[..., k:], adjoint(behind))
        by_q = moved if by_q is None else by_q + moved
        beside, by_r = product(q, behind), by_r[..., :k]
    square = _tall_qr_vjp(q, r[..., :k], by_q, by_r)
    if beside is None:
        beside = T.zeros_like(x[..., k:])
    return T.concatenate([square, beside], axis=x.ndim - 1)


def _tall_qr_vjp(q: Any, r: Any, by_q: Any, by_r: Any) -> Any:
    """``(ct_q + q C(M)) inv(r).T`` with ``M = r ct_r.T - ct_q.T q``, C copying the lower part."""
    inner: Any = 0
    if by_r is not None:
        inner = product(r, adjoint(by_r))
    if by_q is not None:
        inner = inner - product(adjoint(by_q), q)
    below = triangle(inner, True, -1)
    # The diagonal of R is real.
    whole = product(q, below + adjoint(below) + real_diagonal(inner))
    return _times_inverse(whole if by_q is None else by_q + whole, r, False, "C")


@vjp(SVD)
def svd_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Cotangents
) -> list[Any]:
    """``U (diag(ct_s) + ...) V.T``; by vectors also what leaves the spaces that they span."""
    (x,) = inputs
    by_u, by_s, by_vt = cotangents if op.compute_uv else (None, cotangents[0], None)
    if by_u is None and by_vt is None:
        u, _, vt = SVD(full_matrices=False)(x)
        return [product(u * as_row(by_s), vt)]
    u, s, vt = outputs
    n, m = x.type.shape[-2:]
    is_square = n is not None and n == m
    if op.full_matrices and not is_square:
        if None not in (n, m) and (by_u if n > m else by_vt) is not None:
            return [grad_undefined(op, 0, x, _ADDED)]
        k = T.shape_i(s, -1)
        by_u, by_vt = _of_all(by_u, k, -1), _of_all(by_vt, k, -2)
        u, vt = u[..., :k], vt[..., :k, :]
        by_u = None if by_u is None else by_u[..., :k]
        by_vt = None if by_vt is None else by_vt[..., :k, :]
    return [_svd_vjp((u, s, vt), (by_u, by_s, by_vt), is_square)]


_ADDED = "svd: vectors that full_matrices=True adds have no derivatives; take full_matrices=False"


def _of_all(ct: Any, k: Any, axis: int) -> Any:
    """The cotangent of vectors, checked to be no more than there are values."""
    if ct is None:
        return None
    return Assert(_ADDED)(ct, T.eq(T.shape_i(ct, axis), k))


def _svd_vjp(outputs: Sequence[Any], cotangents: Sequence[Any], is_square: bool) -> Any:
    (u, s, vt), (by_u, by_s, by_vt) = outputs, cotangents
    inner: Any = 0 if by_s is None else on_diagonal(by_s)
    differences = inverse_differences(T.sqr(s))
    outside: list[Any] = []
    if by_u is not None:
        turned = product(adjoint(u), by_u)
        inner = inner + differences * (turned - adjoint(turned)) * as_row(s)
        if dtypes.is_complex(inner.dtype):
            # A cost that does not depend on phases: those of V are taken to stay.
            phases = T.imag(diagonal(turned)) / s
            inner = inner + on_diagonal(T.complex(T.zeros_like(phases), phases))
        if not is_square:
            outside.append(product((by_u - product(u, turned)) / as_row(s), vt))
    if by_vt is not None:
        turned = product(vt, adjoint(by_vt))
        inner = inner + as_column(s) * (differences * (turned - adjoint(turned)))
        if not is_square:
            leaving = by_vt - product(adjoint(turned), vt)
            outside.append(product(u, leaving / as_column(s)))
    found = product(u, inner, vt)
    return T.add(found, *outside) if outside else found


@vjp(LUFactor)
def lu_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Cotangents
) -> list[Any]:
    """``inv(L).T (lower(L.T ct_L) + upper(ct_U U.T)) inv(U).T``, with the rows put back."""
    (factors, pivots), ct = outputs, cotangents[0]
    lower = triangle(factors, True, -1) + identity_of(factors)
    upper = triangle(factors, False)
    below = triangle(product(adjoint(lower), triangle(ct, True, -1)), True, -1)
    above = triangle(product(triangle(ct, False), adjoint(upper)), False)
    half = SolveTriangular(True, "C", True)(factors, below + above)
    whole = _times_inverse(half, factors, False, "C")
    places = T.argsort(PivotOrder()(pivots), axis=-1)
    return [T.take_along_axis(whole, as_column(places), whole.ndim - 2)]


@connections.define(LUFactor)
def lu_connection(node: Apply) -> list[list[bool]]:
    """The pivots are integers."""
    return [[True, False]]
