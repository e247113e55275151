"""What goes by the order of numbers."""

from __future__ import annotations

from collections.abc import Iterator

from bitale_graph.extend import Apply, SearchSorted
from bitale_graph.plan.builder import Builder
from bitale_graph.plan.calls import Routine
from bitale_graph.plan.expressions import number, product
from bitale_graph.plan.statements import Store

from ..target import CUDA


@CUDA.emits.define(SearchSorted)
def emit_searchsorted(b: Builder, node: Apply[SearchSorted]) -> Iterator[None]:
    """One launch for all numbers; one that host code has is stored for it."""
    x, v = b.array(node.inputs[0]), node.inputs[1]
    lies = v in b.arrays
    keys = b.contiguous(b.array(v)) if lies else b.allocate("key", x.dtype, [], temporary=True)
    out = b.result(node.outputs[0], keys.lengths)
    yield
    if not lies:
        b.put(Store(keys.pointer, number(0), b.scalar(v)))
    place = [x.pointer, x.lengths[0], x.stride(0)]
    count = product(keys.lengths)
    routine = Routine("search", (node.op.side, x.dtype), takes_runtime=False)
    b.call(routine, [*place, keys.pointer, count, out.pointer], [out.pointer])
