"""Products: cuBLAS for matrices, kernels that sum up for vectors and integers."""

from __future__ import annotations

from collections.abc import Iterator

from bitale_graph.extend import Apply, BatchedDot, Dot
from bitale_graph.plan.builder import Builder
from bitale_graph.plan.expressions import number
from bitale_graph.plan.rules.product import (
    call_batched_product,
    call_product,
    plain_batched_dot,
    plain_dot,
)

from ..target import CUDA

# What cuBLAS multiplies.
MULTIPLIED = ("float16", "float32", "float64")


@CUDA.emits.define(Dot)
def emit_dot(b: Builder, node: Apply[Dot]) -> Iterator[None]:
    """Choose by rank and dtype."""
    x, y = (b.array(v) for v in node.inputs)
    b.check_equal(x.lengths[-1], y.lengths[0])
    if x.rank < 2 or y.rank < 2 or x.dtype not in MULTIPLIED:
        yield from plain_dot(b, node, x, y)
        return
    x, y = b.unit_some(x), b.unit_some(y)
    out = b.result(node.outputs[0], [x.lengths[0], y.lengths[1]])
    yield
    call_product(b, x, y, out, number(1, x.dtype), number(0, x.dtype))


@CUDA.emits.define(BatchedDot)
def emit_batched_dot(b: Builder, node: Apply[BatchedDot]) -> Iterator[None]:
    """Choose by dtype."""
    is_float = node.inputs[0].type.dtype in MULTIPLIED
    yield from (call_batched_product if is_float else plain_batched_dot)(b, node)
