"""Products: cuBLAS for matrices, kernels that sum up for vectors and integers."""

from __future__ import annotations

from collections.abc import Iterator

from bitale_graph.extend import Apply, Dot, Gemm
from bitale_graph.plan.array import Array
from bitale_graph.plan.builder import Builder
from bitale_graph.plan.expressions import Expression, number
from bitale_graph.plan.rules.product import plain_dot

from ..target import CUDA


@CUDA.emits.define(Dot)
def emit_dot(b: Builder, node: Apply[Dot]) -> Iterator[None]:
    """Choose by rank and dtype."""
    x, y = (b.array(v) for v in node.inputs)
    b.check_equal(x.lengths[-1], y.lengths[0])
    if x.rank < 2 or y.rank < 2 or x.dtype not in ("float16", "float32", "float64"):
        yield from plain_dot(b, node, x, y)
        return
    x, y = b.unit_some(x), b.unit_some(y)
    out = b.result(node.outputs[0], [x.lengths[0], y.lengths[1]])
    yield
    _call(b, x, y, out, number(1, x.dtype), number(0, x.dtype))


@CUDA.reuses.define(Gemm)
def gemm_reuses(node: Apply[Gemm]) -> list[tuple[int, int]]:
    """The product is added where z lies."""
    return [(0, 0)]


@CUDA.emits.define(Gemm)
def emit_gemm(b: Builder, node: Apply[Gemm]) -> Iterator[None]:
    """Copy z, unless its buffer was taken over; then let the library add to it."""
    z, alpha, x, y, beta = node.inputs
    left, right, base = b.array(x), b.array(y), b.array(z)
    b.check_equal(left.lengths[1], right.lengths[0])
    b.check_equal(base.lengths[0], left.lengths[0])
    b.check_equal(base.lengths[1], right.lengths[1])
    left, right = b.unit_some(left), b.unit_some(right)
    out = b.result(node.outputs[0], base.lengths)
    yield
    if node.outputs[0] not in b.plan.reused:
        b.copy(out, base)
    _call(b, left, right, out, b.scalar(alpha), b.scalar(beta))


def _call(b: Builder, x: Array, y: Array, out: Array, alpha: Expression, beta: Expression) -> None:
    arguments = [
        *(x.lengths[0], y.lengths[1], x.lengths[1], alpha),
        *(x.pointer, x.stride(0), x.stride(1)),
        *(y.pointer, y.stride(0), y.stride(1)),
        *(beta, out.pointer, out.stride(0)),
    ]
    b.call(b.target.routine("gemm", x.dtype), arguments, [out.pointer])
