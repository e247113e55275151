"""Products: by a target's library, or as kernels where it has none for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ...core.graph import Apply
from ...ops.loop import Loop, Result, Step
from ...ops.product import BatchedDot, Dot, Gemm
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
    yield from Nest(b, node, product_loop(x.dtype, ndim, ndim - y.rank), [left, right]).emit()


def product_loop(dtype: str, ndim: int, axis: int) -> Loop:
    """Products of two inputs, summed along an axis."""
    # NumPy, too, multiplies and adds up numbers of 16 bits in float32.
    work = "float32" if dtype == "float16" else dtype
    widened = tuple(Step(scalar.cast_to(work), (j,), work) for j in range(2) if work != dtype)
    steps = (*widened, Step(scalar.mul, (2, 3) if widened else (0, 1), work))
    return Loop(ndim, steps, (Result(1 + len(steps), dtype, scalar.add, (axis,), work),))


def plain_batched_dot(b: Builder, node: Apply[BatchedDot]) -> Iterator[None]:
    """Products of stacks as sums in a kernel, for numbers of any kind."""
    ndim = node.inputs[0].type.ndim + 1
    views = []
    # The range is that of the stack, rows, what is summed, columns; each has not one of these.
    for v, at in zip(node.inputs, (ndim - 1, ndim - 3), strict=True):
        array = b.array(v)
        strides = [array.stride(a) for a in range(array.rank)]
        shape, lengths = list(v.type.shape), list(array.lengths)
        shape.insert(at, 1)
        lengths.insert(at, number(1))
        strides.insert(at, number(0))
        views.append(TensorType(array.dtype, shape)())
        b.arrays[views[-1]] = replace(array, lengths=lengths, strides=strides)
    loop = product_loop(node.inputs[0].type.dtype, ndim, ndim - 2)
    yield from Nest(b, node, loop, views).emit()


def call_batched_product(b: Builder, node: Apply[BatchedDot]) -> Iterator[None]:
    """Let the target's library multiply the matrices of two stacks."""
    x, y = (b.array(v) for v in node.inputs)
    b.check_equal(x.lengths[-1], y.lengths[-2])
    stretched = [[n == 1 for n in v.type.shape[:-2]] for v in node.inputs]
    batch = []
    for a in range(x.rank - 2):
        if not (stretched[0][a] or stretched[1][a]):
            b.check_equal(x.lengths[a], y.lengths[a])
        batch.append((y if stretched[0][a] else x).lengths[a])
    x, y = b.unit_some(x), b.unit_some(y)
    out = b.result(node.outputs[0], [*batch, x.lengths[-2], y.lengths[-1]])
    yield
    arguments: list[Expression | tuple[Expression, ...]] = [
        *(number(len(batch)), tuple(batch), x.lengths[-2], y.lengths[-1], x.lengths[-1])
    ]
    for one, ones in zip((x, y), stretched, strict=True):
        steps = (number(0) if ones[a] else one.stride(a) for a in range(len(batch)))
        arguments += [one.pointer, tuple(steps), one.stride(one.rank - 2), one.stride(one.rank - 1)]
    b.call(b.target.routine("batched_gemm", x.dtype), [*arguments, out.pointer], [out.pointer])


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
