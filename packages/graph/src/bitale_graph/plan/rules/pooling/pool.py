"""Pooling: routines over planes of three axes, which every target has for floats."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ....core.graph import Apply
from ....pooling import MaxPoolGrad, MaxPoolTangent, Pool, PoolGrad
from ....pooling.windows import MODES, MOST, Windows
from ...array import Array
from ...builder import Builder
from ...expressions import Expression, Threads, all_of, choose, number, product
from ...target import Target, emits, supports

Operands = list[Expression | tuple[Expression, ...]]
# Numbers of scratch memory beside what goes with the lengths of rows.
BLOCK = 4096


@supports.define(Pool, PoolGrad, MaxPoolGrad, MaxPoolTangent)
def computes_windows(target: Target, node: Apply) -> bool:
    """All tensors are of one dtype; integers go through NumPy where threads have parts."""
    dtype, *others = {v.type.dtype for v in (*node.inputs, *node.outputs) if v.type.ndim}
    is_served = dtype.startswith("float") or not target.sums_in_parts
    return not others and is_served and target.computes(dtype)


class _Geometry:
    """The sizes of windows as expressions, once they are checked.

    Attributes
    ----------
    counts : list of Expression
        How many windows there are along each axis.
    sizes : tuple of Expression
        What routines take: lengths, counts, windows, steps and pads of three axes, of which the
        first have length 1 where there are fewer.
    """

    def __init__(self, b: Builder, node: Apply[Any], lengths: Sequence[Expression]) -> None:
        op: Windows = node.op
        n = op.n
        given = [b.let("size", b.scalar(v)) for v in op.sizes_of(node)]
        axes = [
            self._axis(b, op, *each)
            for each in zip(lengths, given[:n], given[n : 2 * n], given[2 * n :], strict=True)
        ]
        self.counts = [axis[1] for axis in axes]
        one = number(1)
        whole = [(one, one, one, one, number(0))] * (3 - n) + axes
        self.sizes = tuple(axis[k] for k in range(5) for axis in whole)
        i, count, w, s, p = axes[-1]
        self.room = BLOCK + 4 * (i + 2 * p + w + s) + 3 * count

    def _axis(
        self, b: Builder, op: Windows, i: Expression, w: Expression, s: Expression, p: Expression
    ) -> tuple[Expression, ...]:
        """Length, count, window, step and pad; a window is no longer than what there is."""
        b.check(all_of([w >= 1, w < MOST, s >= 1, s < MOST, p >= 0, p < w]))
        s = b.let("step", choose(s >= 1, s, 1))
        if op.ignore_border:
            count = choose(i + 2 * p < w, 0, (i + 2 * p - w).divided_by(s) + 1)
        else:
            b.check(p.equals(0))
            longer = choose(w > s, w, s)
            rest = i - 1 - longer + s
            count = choose(rest < 0, choose(s >= w, 0, 1), rest.divided_by(s) + 1)
        count = b.let("count", count)
        whole = i + 2 * p
        window = b.let("window", choose(w < whole, w, choose(whole < 1, 1, whole)))
        step = b.let("step", choose(count > 1, s, window))
        return i, count, window, step, p

    def scratch(self, b: Builder, dtype: str) -> list[Expression]:
        """The arguments for scratch memory, where routines want some for each thread."""
        if not b.target.sums_in_parts:
            return []
        room = b.let("room", self.room)
        made = b.allocate("scratch", dtype, [b.let("most", Threads()), room], temporary=True)
        return [made.pointer, room]


def _planes(x: Array, n: int) -> Expression:
    return product(x.lengths[: x.rank - n])


@emits.define(Pool)
def emit_pool(b: Builder, node: Apply[Pool]) -> Iterator[None]:
    """One call."""
    x, op = b.contiguous(b.array(node.inputs[0])), node.op
    windows = _Geometry(b, node, x.lengths[-op.n :])
    scratch = windows.scratch(b, x.dtype)
    out = b.result(node.outputs[0], [*x.lengths[: -op.n], *windows.counts])
    yield
    routine = b.target.routine("pool", x.dtype)
    mode = number(MODES.index(op.mode))
    operands: Operands = [_planes(x, op.n), windows.sizes, mode, x.pointer, out.pointer, *scratch]
    b.call(routine, operands, [out.pointer, *scratch[:1]])


@emits.define(PoolGrad)
def emit_pool_grad(b: Builder, node: Apply[PoolGrad]) -> Iterator[None]:
    """One call, once there are as many numbers as windows."""
    g, op = b.contiguous(b.array(node.inputs[0])), node.op
    lengths = [b.let("n", b.scalar(v)) for v in node.inputs[1 : 1 + op.n]]
    for length in lengths:
        b.check(length >= 0)
    windows = _Geometry(b, node, lengths)
    for length, count in zip(g.lengths[-op.n :], windows.counts, strict=True):
        b.check_equal(length, count)
    scratch = windows.scratch(b, g.dtype)
    out = b.result(node.outputs[0], [*g.lengths[: -op.n], *lengths])
    yield
    routine = b.target.routine("pool_grad", g.dtype)
    mode = number(MODES.index(op.mode))
    operands: Operands = [_planes(g, op.n), windows.sizes, mode, g.pointer, out.pointer, *scratch]
    b.call(routine, operands, [out.pointer, *scratch[:1]])


def _of_maxima(b: Builder, node: Apply[Any]) -> tuple[list[Array], _Geometry]:
    """What was pooled, the maxima and the third tensor, once their shapes are checked."""
    n = node.op.n
    x, y, third = (b.contiguous(b.array(v)) for v in node.inputs[:3])
    windows = _Geometry(b, node, x.lengths[-n:])
    for one, other in zip(y.lengths, [*x.lengths[:-n], *windows.counts], strict=True):
        b.check_equal(one, other)
    like = y if isinstance(node.op, MaxPoolGrad) else x
    for one, other in zip(third.lengths, like.lengths, strict=True):
        b.check_equal(one, other)
    return [x, y, third], windows


@emits.define(MaxPoolGrad)
def emit_max_pool_grad(b: Builder, node: Apply[MaxPoolGrad]) -> Iterator[None]:
    """One call."""
    (x, y, g), windows = _of_maxima(b, node)
    scratch = windows.scratch(b, x.dtype)
    out = b.result(node.outputs[0], x.lengths)
    yield
    pointers = [x.pointer, y.pointer, g.pointer, out.pointer]
    operands: Operands = [_planes(x, node.op.n), windows.sizes, *pointers, *scratch]
    b.call(b.target.routine("max_pool_grad", x.dtype), operands, [out.pointer, *scratch[:1]])


@emits.define(MaxPoolTangent)
def emit_max_pool_tangent(b: Builder, node: Apply[MaxPoolTangent]) -> Iterator[None]:
    """One call."""
    (x, y, v), windows = _of_maxima(b, node)
    out = b.result(node.outputs[0], y.lengths)
    yield
    pointers = [x.pointer, y.pointer, v.pointer, out.pointer]
    operands: Operands = [_planes(x, node.op.n), windows.sizes, *pointers]
    b.call(b.target.routine("max_pool_tangent", x.dtype), operands, [out.pointer])
