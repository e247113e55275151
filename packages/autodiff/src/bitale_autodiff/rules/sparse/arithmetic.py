"""Arithmetic, forms and sums of sparse matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bitale_graph import language as T
from bitale_graph import sparse as S

from ...table import vjps

vjp = vjps.define

# What keeps all numbers: the cotangent is taken to the format and dtype of the operand.
vjp(S.AsFormat, S.Cast, S.EnsureSortedIndices, S.Remove0)(
    lambda op, inputs, outputs, cotangents: [cotangents[0]]
)
vjp(S.Neg)(lambda op, inputs, outputs, cotangents: [S.neg(cotangents[0])])
vjp(S.Conj)(lambda op, inputs, outputs, cotangents: [S.conj(cotangents[0])])
vjp(S.AddSS)(lambda op, inputs, outputs, cotangents: [cotangents[0], cotangents[0]])
vjp(S.Diag)(lambda op, inputs, outputs, cotangents: [S.square_diagonal(cotangents[0])])
vjp(S.SparseFromDense)(
    lambda op, inputs, outputs, cotangents: [S.dense_from_sparse(cotangents[0], structured=False)]
)


@vjp(S.DenseFromSparse)
def dense_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]
) -> list[Any]:
    """The cotangent where numbers are stored, or all of it."""
    (x,), (ct,) = inputs, cotangents
    if not op.structured:
        return [S.SparseFromDense(x.format)(ct)]
    by_rows = S.as_format(x, "csr") if x.format == "bsr" else x
    return [S.with_data(by_rows, S.at_places(by_rows, ct))]


@vjp(S.AddSD)
def sum_with_dense_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]
) -> list[Any]:
    """The cotangent where numbers are stored, and all of it."""
    (x, _), (ct,) = inputs, cotangents
    return [S.with_data(x, S.at_places(x, ct)), ct]


@vjp(S.MulSS)
def product_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]
) -> list[Any]:
    """Each by the other."""
    (x, y), (ct,) = inputs, cotangents
    return [S.mul(ct, y), S.mul(ct, x)]


@vjp(S.MulSD)
def product_with_dense_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]
) -> list[Any]:
    """Each by the other; what a row or column receives is summed without a dense matrix."""
    (x, y), (ct,) = inputs, cotangents
    received = S.with_data(x, T.mul(S.stored_at(ct, x), S.csm_data(x)))
    if y.type.shape[0] == 1:
        dense = T.dimshuffle(S.sp_sum(received, 0, sparse_grad=True), "x", 0)
    elif y.type.shape[1] == 1:
        dense = T.dimshuffle(S.sp_sum(received, 1, sparse_grad=True), 0, "x")
    else:
        dense = S.dense_from_sparse(received)
    return [S.mul(ct, y), dense]


@vjp(S.SpSum)
def sum_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]
) -> list[Any]:
    """The cotangent of each sum for all that was summed, or for what is stored of it."""
    (x,), (ct,) = inputs, cotangents
    axes = {None: ("x", "x"), 0: ("x", 0), 1: (0, "x")}[op.axis]
    spread = T.dimshuffle(ct, *axes)
    if op.sparse_grad and x.format != "bsr":
        like = T.ones_like(S.csm_data(x), dtype=ct.dtype)
        return [S.with_data(x, like * S.at_places(x, spread))]
    return [S.SparseFromDense(x.format)(T.alloc(spread, *S.lengths(x)))]


@vjp(S.Stack)
def stack_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]
) -> list[Any]:
    """Each block receives its part."""
    (ct,) = cotangents
    terms, start = [], T.constant(0, dtype="int64")
    for block in inputs:
        stop = start + S.length(block, op.axis)
        terms.append(ct[start:stop] if op.axis == 0 else ct[:, start:stop])
        start = stop
    return terms
