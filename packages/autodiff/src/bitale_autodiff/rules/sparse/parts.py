"""Matrices and their parts: the stored numbers pass derivatives on, where they stand does not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bitale_graph import sparse as S
from bitale_graph.extend import Apply

from ...table import connections, first_input_only, shapes_only, vjps

vjp = vjps.define


@vjp(S.CSM)
def made_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]
) -> list[Any]:
    """The numbers of the cotangent at the places of the matrix."""
    return [S.stored_at(cotangents[0], outputs[0]), *[None] * 4]


@vjp(S.Stored)
def stored_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]
) -> list[Any]:
    """The cotangent of the stored numbers, at their places."""
    return [S.with_data(inputs[0], cotangents[0])]


@vjp(S.StoredAt)
def stored_at_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]
) -> list[Any]:
    """The cotangent at the places that were read."""
    x, indices, indptr = inputs
    made = S.CSM(x.format)(cotangents[0], indices, indptr, *S.lengths(x))
    return [made, None, None]


@vjp(S.Transpose)
def transpose_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]
) -> list[Any]:
    """Turn back; what is made of its parts stays so."""
    (ct,) = cotangents
    if ct.owner is None or not isinstance(ct.owner.op, S.CSM):
        return [S.transpose(ct)]
    data, indices, indptr, n, m = ct.owner.inputs
    return [S.CSM(inputs[0].format)(data, indices, indptr, m, n)]


@connections.define(S.Stored)
def stored_connection(node: Apply[Any]) -> list[list[bool]]:
    """Numbers depend on numbers; places do not."""
    return [[node.op.part == "data"]]


connections.define(S.CSM, S.StoredAt)(first_input_only)
connections.define(S.SparseLength, S.MajorOf)(shapes_only)
