"""Tensors put together: the cotangent is cut at the seams."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import Join

from ..moves import every_part_moves
from ..table import jvps, vjps


@vjps.define(Join)
def join_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]
) -> list[Any]:
    """Give each part the slice of the cotangent where it lies."""
    (ct,) = cotangents
    before = (slice(None),) * op.axis
    terms = []
    start: Any = 0
    for part in inputs:
        length = part.type.shape[op.axis]
        # Where a seam is known as a number, so is the length of the slice.
        known = isinstance(start, int) and length is not None
        stop = start + length if known else T.add(start, T.shape_i(part, op.axis))
        terms.append(ct[(*before, slice(start, stop))])
        start = stop
    return terms


jvps.define(Join)(every_part_moves)
