"""Joins: each part is copied to its place."""

from __future__ import annotations

from collections.abc import Iterator

from ...core.graph import Apply
from ...ops.join import Join
from ..array import Array
from ..builder import Builder
from ..expressions import Expression, number
from ..target import emits


@emits.define(Join)
def emit_join(b: Builder, node: Apply[Join]) -> Iterator[None]:
    """Copy each part to its place."""
    axis = node.op.axis
    parts = [b.array(v) for v in node.inputs]
    for p in parts[1:]:
        for a in range(p.rank):
            if a != axis:
                b.check_equal(parts[0].lengths[a], p.lengths[a])
    ends: list[Expression] = [number(0)]
    for p in parts:
        ends.append(b.let("joined", ends[-1] + p.lengths[axis]))
    lengths = list(parts[0].lengths)
    lengths[axis] = ends[-1]
    out = b.result(node.outputs[0], lengths)
    yield
    strides = [out.stride(a) for a in range(out.rank)]
    for p, offset in zip(parts, ends[:-1], strict=True):
        place = Array(out.pointer + offset * strides[axis], out.dtype, p.lengths, strides)
        b.copy(place, p)
