"""Products of vectors and matrices, single or in stacks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import BatchedDot, Dot, Gemm

from ..table import Cotangents, jvps, vjps


def _outer(x: Any, y: Any) -> Any:
    """The outer product of two vectors, elementwise so that it fuses with what follows."""
    return T.dimshuffle(x, 0, "x") * T.dimshuffle(y, "x", 0)


@vjps.define(Dot)
def dot_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Cotangents
) -> tuple[Any, Any]:
    """For matrices ``ct y.T`` and ``x.T ct``; a vector makes an outer product of one of them."""
    (x, y), (ct,) = inputs, cotangents
    if x.ndim == 1 and y.ndim == 1:
        return ct * y, ct * x
    if x.ndim == 1:
        return T.dot(y, ct), _outer(x, ct)
    if y.ndim == 1:
        return _outer(ct, y), T.dot(x.T, ct)
    if x.type.shape[1] == y.type.shape[0] == 1 and cotangents.conditions[0] is not None:
        # A column times a row, element by element: some of them were not chosen.
        return ct * y, x * ct
    return T.dot(ct, y.T), T.dot(x.T, ct)


@vjps.define(BatchedDot)
def batched_dot_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Cotangents
) -> tuple[Any, Any]:
    """``ct y.T`` and ``x.T ct`` for each pair, summed over the pairs that a matrix is in."""
    (x, y), (ct,) = inputs, cotangents
    if x.type.shape[-1] == y.type.shape[-2] == 1 and cotangents.conditions[0] is not None:
        return ct * y, x * ct
    stack = list(range(ct.ndim - 2))
    rows, inner, columns = range(len(stack), len(stack) + 3)
    pairs = [*stack, rows, columns]
    return (
        _for_pairs(x, [ct, pairs, y, [*stack, inner, columns]], [rows, inner]),
        _for_pairs(y, [x, [*stack, rows, inner], ct, pairs], [inner, columns]),
    )


def _for_pairs(v: Any, factors: Sequence[Any], matrix: Sequence[int]) -> Any:
    """A sum of products in the shape of ``v``, along whose axes of length 1 there is one matrix."""
    each = [a for a in range(v.ndim - 2) if v.type.shape[a] != 1]
    found = T.einsum(*factors, [*each, *matrix])
    places = iter(range(found.ndim))
    kept = [*each, v.ndim - 2, v.ndim - 1]
    return T.dimshuffle(found, *(next(places) if a in kept else "x" for a in range(v.ndim)))


@vjps.define(Gemm)
def gemm_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]
) -> tuple[Any, ...]:
    """Differentiate ``beta z + alpha x y``."""
    (z, alpha, x, y, beta), (ct,) = inputs, cotangents
    return (
        beta * ct,
        T.sum(ct * T.dot(x, y)),
        alpha * T.dot(ct, y.T),
        alpha * T.dot(x.T, ct),
        T.sum(ct * z),
    )


@jvps.define(Dot, BatchedDot)
def dot_jvp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], tangents: Sequence[Any]
) -> list[Any]:
    """D (x y) = dx y + x dy."""
    (x, y), (dx, dy) = inputs, tangents
    terms = [
        *([] if dx is None else [op(dx, y)]),
        *([] if dy is None else [op(x, dy)]),
    ]
    return [T.add(*terms)]


@jvps.define(Gemm)
def gemm_jvp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], tangents: Sequence[Any]
) -> list[Any]:
    """Differentiate ``beta z + alpha x y``."""
    z, alpha, x, y, beta = inputs
    dz, dalpha, dx, dy, dbeta = tangents
    terms = [
        *([] if dz is None else [beta * dz]),
        *([] if dalpha is None else [dalpha * T.dot(x, y)]),
        *([] if dx is None else [alpha * T.dot(dx, y)]),
        *([] if dy is None else [alpha * T.dot(x, dy)]),
        *([] if dbeta is None else [dbeta * z]),
    ]
    return [T.add(*terms)]
