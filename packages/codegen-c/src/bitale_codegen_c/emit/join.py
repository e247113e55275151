"""Joins: each part is copied to its place."""

from __future__ import annotations

from collections.abc import Iterator

from bitale_graph.extend import Apply, Join

from ..base.array import Array
from ..host.builder import Builder
from ..host.rules import emits


@emits.define(Join)
def emit_join(b: Builder, node: Apply[Join]) -> Iterator[None]:
    """Copy each part to its place."""
    axis = node.op.axis
    parts = [b.array(v) for v in node.inputs]
    for p in parts[1:]:
        for a in range(p.rank):
            if a != axis:
                b.check_equal(parts[0].lengths[a], p.lengths[a])
    lengths = list(parts[0].lengths)
    lengths[axis] = b.length("joined", " + ".join(p.lengths[axis] for p in parts))
    out = b.result(node.outputs[0], lengths)
    yield
    offset = b.variable("int64_t", "offset", "0")
    for p in parts:
        place = Array(
            f"{out.name} + {offset} * ({out.stride(axis)})",
            out.dtype,
            p.lengths,
            [out.stride(a) for a in range(out.rank)],
        )
        b.put(b.copy_text(place, p))
        b.put(f"{offset} += {p.lengths[axis]};")
