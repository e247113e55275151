"""Slices that are repeated: what goes to the copies is added up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import Repeat

from ..table import connections, first_input_only, jvps, linear_in_first, vjps
from ..walker import zeros_for


@vjps.define(Repeat)
def repeat_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]
) -> list[Any]:
    """Each slice receives what its copies do; the counts are not differentiated."""
    x, counts, _ = inputs
    rows = T.repeat(T.arange(T.shape_i(x, op.axis)), counts)
    zeros = T.moveaxis(zeros_for(x), op.axis, 0)
    added = T.inc_subtensor(zeros[rows], T.moveaxis(cotangents[0], op.axis, 0))
    return [T.moveaxis(added, 0, op.axis), None, None]


jvps.define(Repeat)(linear_in_first)
connections.define(Repeat)(first_input_only)
