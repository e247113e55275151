"""How many numbers a range has; what is made of numbers alone is a loop."""

from __future__ import annotations

from collections.abc import Iterator

from bitale_graph.extend import Apply, ArangeLength

from ..host.builder import Builder
from ..host.rules import emits


@emits.define(ArangeLength)
def emit_arange_length(b: Builder, node: Apply[ArangeLength]) -> Iterator[None]:
    """Count without overflow."""
    start, stop, step = (b.scalar(v) for v in node.inputs)
    b.check(f"{step} != 0")
    one = b.declare("int64_t", "step", step)
    # The distance may be any uint64; the quotient by a step other than 1 fits int64.
    up, down = (
        f"(uint64_t){last} - (uint64_t){first} - 1"
        for first, last in ((start, stop), (stop, start))
    )
    distance = b.declare("uint64_t", "distance", f"{one} > 0 ? {up} : {down}")
    size = f"{distance} / ({one} > 0 ? (uint64_t){one} : -(uint64_t){one})"
    some = f"{one} > 0 ? {start} < {stop} : {one} && {stop} < {start}"
    b.scalars[node.out] = b.declare("int64_t", "n", f"({some}) ? (int64_t)({size}) + 1 : 0")
    yield
