"""Sums and products so far: a kernel over the lines along the axis."""

from __future__ import annotations

from collections.abc import Iterator

from bitale_graph.extend import Apply, Cumulative
from bitale_graph.plan.builder import Builder
from bitale_graph.plan.expressions import product

from ..target import CUDA


@CUDA.emits.define(Cumulative)
def emit_cumulative(b: Builder, node: Apply[Cumulative]) -> Iterator[None]:
    """One launch, over contiguous numbers."""
    x, axis = b.contiguous(b.array(node.inputs[0])), node.op.axis
    out = b.result(node.outputs[0], x.lengths)
    yield
    inner = product(x.lengths[axis + 1 :])
    lines = product([*x.lengths[:axis], inner])
    routine = b.target.routine(f"cumulative_{node.op.scalar_op.name}", x.dtype)
    b.call(routine, [lines, x.lengths[axis], inner, x.pointer, out.pointer], [out.pointer])
