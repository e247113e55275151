"""Products: by a target's library, or as kernels where it has none for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ...core.graph import Apply
from ...ops.loop import Loop, Result, Step
from ...ops.product import Dot, Gemm
from ...tensor import scalar
from ...tensor.variable import TensorType
from ..array import Array
from ..builder import Builder
from ..expressions import TRUE, Expression, number
from ..target import emits, reuses
from .loop import Nest


def plain_dot(b: Builder, node: Apply[Dot], x: Array, y: Array) -> Iterator[None]:
    """A product as a sum in a kernel, for numbers of any kind; sums of bools are or."""
    left, right = node.inputs
    if y.rank == 2:
        left = TensorType(x.dtype, (*left.type.shape, 1))()
        strides = [*(x.stride(a) for a in range(x.rank)), number(0)]
        b.arrays[left] = replace(x, lengths=[*x.lengths, number(1)], strides=strides)
    ndim = max(left.type.ndim, y.rank)
    axis = ndim - y.rank
    # NumPy, too, multiplies and adds up numbers of 16 bits in float32.
    work = "float32" if x.dtype == "float16" else x.dtype
    steps: tuple[Step, ...] = (Step(scalar.mul, (0, 1), work),)
    if work != x.dtype:
        widen = scalar.cast_to(work)
        steps = (Step(widen, (0,), work), Step(widen, (1,), work), Step(scalar.mul, (2, 3), work))
    total = Result(1 + len(steps), x.dtype, scalar.add, (axis,), work)
    loop = Loop(ndim, steps, (total,))
    yield from Nest(b, node, loop, [left, right]).emit()


@reuses.define(Gemm)
def gemm_reuses(node: Apply[Gemm]) -> list[tuple[int, int]]:
    """The product is added where z lies."""
    return [(0, 0)]


@emits.define(Gemm)
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
    call_product(b, left, right, out, b.scalar(alpha), b.scalar(beta))


def call_product(
    b: Builder,
    x: Array,
    y: Array,
    out: Array,
    alpha: Expression,
    beta: Expression,
    condition: Expression = TRUE,
) -> None:
    """Let the target's library compute alpha x y + beta out, if a condition holds."""
    arguments = [
        *(x.lengths[0], y.lengths[1], x.lengths[1], alpha),
        *(x.pointer, x.stride(0), x.stride(1)),
        *(y.pointer, y.stride(0), y.stride(1)),
        *(beta, out.pointer, out.stride(0)),
    ]
    b.call(b.target.routine("gemm", x.dtype), arguments, [out.pointer], condition=condition)
