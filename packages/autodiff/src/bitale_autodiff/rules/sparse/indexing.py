"""Parts of sparse matrices: what was read receives the cotangent where it stood."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bitale_graph import language as T
from bitale_graph import sparse as S

from ...table import connections, first_input_only, vjps

vjp = vjps.define


@vjp(S.GetItem2d)
def slices_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]
) -> list[Any]:
    """Put the sub-matrix back."""
    x, *bounds = inputs
    return [S.place_like(op, cotangents[0], S.lengths(x), bounds), *[None] * len(bounds)]


@vjp(S.PlaceItem2d)
def place_slices_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]
) -> list[Any]:
    """Read it again."""
    _, _, _, *bounds = inputs
    read = S.GetItem2d(op.rows, op.columns)(cotangents[0], *bounds)
    return [read, *[None] * (2 + len(bounds))]


@vjp(S.GetItemList)
def rows_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]
) -> list[Any]:
    """Add the rows where they were."""
    x, rows = inputs
    return [S.PlaceRows()(cotangents[0], rows, S.length(x, 0)), None]


@vjp(S.PlaceRows)
def place_rows_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]
) -> list[Any]:
    """Read them again."""
    return [S.GetItemList()(cotangents[0], inputs[1]), None, None]


@vjp(S.GetItem2Lists)
def numbers_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]
) -> list[Any]:
    """Add the numbers where they were."""
    x, rows, columns = inputs
    return [S.PlaceNumbers(x.format)(cotangents[0], rows, columns, *S.lengths(x)), None, None]


@vjp(S.PlaceNumbers)
def place_numbers_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]
) -> list[Any]:
    """Read them again."""
    _, rows, columns, _, _ = inputs
    return [S.GetItem2Lists()(cotangents[0], rows, columns), *[None] * 4]


@vjp(S.GetItemScalar)
def number_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]
) -> list[Any]:
    """A matrix that stores the cotangent alone."""
    x, *place = inputs
    vectors = [T.dimshuffle(v, "x") for v in (cotangents[0], *place)]
    return [S.PlaceNumbers(x.format)(*vectors, *S.lengths(x)), None, None]


@vjp(S.ConstructSparseFromList)
def rows_of_list_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]
) -> list[Any]:
    """The rows that were named, dense."""
    read = S.index(S.as_format(cotangents[0], "csr"), inputs[1])
    return [S.dense_from_sparse(read, structured=False), None, None, None]


connections.define(
    S.ConstructSparseFromList,
    S.GetItem2d,
    S.GetItemList,
    S.GetItem2Lists,
    S.GetItemScalar,
    S.PlaceItem2d,
    S.PlaceRows,
    S.PlaceNumbers,
)(first_input_only)
