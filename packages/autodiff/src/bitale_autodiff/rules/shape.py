"""Ops that move elements: the cotangent moves back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import (
    CpuContiguous,
    Dimshuffle,
    MakeVector,
    Reshape,
    ShapeI,
    SpecifyShape,
    Unbroadcast,
)

from ..moves import every_part_moves
from ..table import connections, first_input_only, jvps, linear_in_first, shapes_only, vjps

vjp = vjps.define


@vjp(Dimshuffle)
def dimshuffle_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]
) -> list[Any]:
    """Put the axes back; those that were dropped have length 1."""
    (ct,) = cotangents
    back = (op.pattern.index(a) if a in op.pattern else "x" for a in range(inputs[0].ndim))
    return [T.dimshuffle(ct, *back)]


@vjp(Reshape)
def reshape_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]
) -> list[Any]:
    """Take the old shape again; the lengths are not differentiated."""
    x = inputs[0]
    lengths = [T.shape_i(x, a) for a in range(x.ndim)]
    return [T.reshape(cotangents[0], lengths), *[None] * (len(inputs) - 1)]


vjp(SpecifyShape, CpuContiguous)(lambda op, inputs, outputs, cotangents: cotangents)
vjp(Unbroadcast)(lambda op, inputs, outputs, cotangents: [T.addbroadcast(cotangents[0], *op.axes)])
vjp(MakeVector)(
    lambda op, inputs, outputs, cotangents: [cotangents[0][i] for i in range(len(inputs))]
)
jvps.define(Dimshuffle, Reshape)(linear_in_first)
jvps.define(SpecifyShape, Unbroadcast, CpuContiguous)(
    lambda op, inputs, outputs, tangents: tangents
)
jvps.define(MakeVector)(every_part_moves)

vjp(ShapeI)(lambda op, inputs, outputs, cotangents: [None])

connections.define(Reshape)(first_input_only)
connections.define(ShapeI)(shapes_only)
