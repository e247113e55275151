"""The places of true elements."""

from __future__ import annotations

from collections.abc import Iterator

from bitale_graph.extend import Apply, Nonzero
from bitale_graph.plan.builder import Builder
from bitale_graph.plan.calls import Routine
from bitale_graph.plan.expressions import number

from ..target import CUDA

# One number for each block that may be launched.
MOST_BLOCKS = 1024


@CUDA.emits.define(Nonzero)
def emit_nonzero(b: Builder, node: Apply[Nonzero]) -> Iterator[None]:
    """Two launches; how many places there are is a length, which the host asks the device for."""
    mask = b.contiguous(b.array(node.inputs[0]))
    count = b.let("n", b.scalar(node.inputs[1]))
    counts = b.allocate("counts", "int64", [number(MOST_BLOCKS)], temporary=True)
    places = [b.result(v, [count]) for v in node.outputs]
    yield
    pointers = [p.pointer for p in places]
    routine = Routine("nonzero", (mask.rank, MOST_BLOCKS), takes_runtime=False)
    b.call(
        routine,
        [mask.pointer, *mask.lengths, counts.pointer, count, *pointers],
        [counts.pointer, *pointers],
    )
