"""Products as kernels, where a target has no library for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ...core.graph import Apply
from ...ops.loop import Loop, Result, Step
from ...ops.product import Dot
from ...tensor import scalar
from ...tensor.variable import TensorType
from ..array import Array
from ..builder import Builder
from ..expressions import number
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
