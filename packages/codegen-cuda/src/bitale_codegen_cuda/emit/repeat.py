"""Slices repeated by a vector of counts."""

from __future__ import annotations

from collections.abc import Iterator

from bitale_graph.extend import Apply, Repeat
from bitale_graph.plan.builder import Builder
from bitale_graph.plan.calls import Routine
from bitale_graph.plan.expressions import number, product

from ..target import CUDA


@CUDA.emits.define(Repeat)
def emit_repeat(b: Builder, node: Apply[Repeat]) -> Iterator[None]:
    """Sum the counts up so far; then each element of the result looks up its slice."""
    axis = node.op.axis
    x, counts = (b.contiguous(b.array(v)) for v in node.inputs[:2])
    total = b.let("n", b.scalar(node.inputs[2]))
    n = x.lengths[axis]
    b.check_equal(counts.lengths[0], n)
    ends = b.allocate("ends", "int64", counts.lengths, temporary=True)
    out = b.result(node.outputs[0], [*x.lengths[:axis], total, *x.lengths[axis + 1 :]])
    yield
    routine = b.target.routine("cumulative_add", "int64")
    b.call(routine, [number(1), n, number(1), counts.pointer, ends.pointer], [ends.pointer])
    inner = product(x.lengths[axis + 1 :])
    routine = Routine("repeat", x.dtype, takes_runtime=False)
    passed = [out.count(), n, total, inner, x.pointer, ends.pointer, out.pointer]
    b.call(routine, passed, [out.pointer])
