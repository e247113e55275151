"""Softmax and cross-entropy: routines over rows, which every target has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...core.graph import Apply, Variable
from ...ops.loop import Literal, Loop, Result, Step
from ...ops.shape import INT64_SCALAR
from ...ops.softmax import (
    LogSoftmax,
    Softmax,
    SoftmaxCrossentropy,
    SoftmaxCrossentropyGrad,
    SoftmaxGrad,
)
from ...tensor import scalar
from ..array import Array
from ..builder import Builder
from ..expressions import Bytes, Expression, Threads, number, product
from ..target import emits, reuses
from .loop import Nest, check_none

ZERO = Literal.of(np.zeros((), "int64"))


def _rows(x: Array) -> tuple[Expression, Expression]:
    return product(x.lengths[:-1]), x.lengths[-1]


@reuses.define(Softmax, LogSoftmax)
def softmax_reuses(node: Apply) -> list[tuple[int, int]]:
    """A row is read before it is written."""
    return [(0, 0)]


@emits.define(Softmax, LogSoftmax)
def emit_softmax(b: Builder, node: Apply) -> Iterator[None]:
    """Row by row."""
    x = b.contiguous(b.array(node.inputs[0]))
    name = "log_softmax" if isinstance(node.op, LogSoftmax) else "softmax"
    out = b.result(node.outputs[0], x.lengths)
    yield
    routine = b.target.routine(name, x.dtype)
    b.call(routine, [*_rows(x), x.pointer, out.pointer], [out.pointer])


@reuses.define(SoftmaxGrad)
def softmax_grad_reuses(node: Apply[SoftmaxGrad]) -> list[tuple[int, int]]:
    """A row is read before it is written."""
    return [(0, 0), (0, 1)]


@emits.define(SoftmaxGrad)
def emit_softmax_grad(b: Builder, node: Apply[SoftmaxGrad]) -> Iterator[None]:
    """Row by row."""
    ct, y = (b.contiguous(b.array(v)) for v in node.inputs)
    for n, m in zip(ct.lengths, y.lengths, strict=True):
        b.check_equal(n, m)
    out = b.result(node.outputs[0], y.lengths)
    yield
    operands = [*_rows(y), ct.pointer, y.pointer, out.pointer]
    b.call(b.target.routine("softmax_grad", y.dtype), operands, [out.pointer])


def _targets(
    b: Builder, node: Apply[Any], v: Variable, rows: Expression, classes: Expression
) -> tuple[Expression, Expression]:
    """The targets as non-negative int64, checked, and how many rows they are of."""
    op, t = node.op, b.array(v)
    if op.partial:
        b.check(t.lengths[0] <= rows)
        rows = t.lengths[0]
    else:
        b.check_equal(rows, t.lengths[0])
    n = INT64_SCALAR()
    b.scalars[n] = classes
    # Inputs are the targets and the number of classes; value 2 is a target as int64.
    steps = [Step(scalar.cast_to("int64"), (0,), "int64")]
    if op.wraps:
        steps += [
            Step(scalar.add, (2, 1), "int64"),
            Step(scalar.lt, (2, ZERO), "bool"),
            Step(scalar.switch, (4, 3, 2), "int64"),
        ]
    at = 1 + len(steps)
    bad = [
        Step(scalar.lt, (at, ZERO), "bool"),
        Step(scalar.ge, (at, 1), "bool"),
        Step(scalar.or_, (at + 1, at + 2), "bool"),
    ]
    check_none(b, (*steps, *bad), v, n)
    if v.type.dtype == "int64" and not op.wraps:
        return b.contiguous(t).pointer, rows
    made = b.allocate("targets", "int64", [rows], temporary=True)
    loop = Loop(1, tuple(steps), (Result(at, "int64"),))
    for _ in Nest(b, node, loop, [v, n]).write(made):
        pass
    return made.pointer, rows


@emits.define(SoftmaxCrossentropy)
def emit_softmax_crossentropy(b: Builder, node: Apply[SoftmaxCrossentropy]) -> Iterator[None]:
    """The loss, and softmax where something reads it."""
    x = b.contiguous(b.array(node.inputs[0]))
    rows, n = _rows(x)
    t, picked = _targets(b, node, node.inputs[1], rows, n)
    loss = b.result(node.outputs[0], [picked])
    keeps = b.scope.is_read(node.outputs[1])
    if keeps:
        y, most = b.result(node.outputs[1], x.lengths), number(0)
    else:
        most = b.let("most", Threads()) if b.target.sums_in_parts else number(0)
        y = b.allocate("scratch", x.dtype, [n, most], temporary=True)
    yield
    operands = [picked, n, x.pointer, t, loss.pointer, y.pointer, number(int(keeps)), most]
    routine = b.target.routine("crossentropy", x.dtype)
    b.call(routine, operands, [loss.pointer, y.pointer])
    if picked != rows and keeps:
        rest = picked * n
        others = [rows - picked, n, x.pointer + rest, y.pointer + rest]
        b.call(b.target.routine("softmax", x.dtype), others, [y.pointer])


@reuses.define(SoftmaxCrossentropyGrad)
def softmax_crossentropy_grad_reuses(node: Apply[SoftmaxCrossentropyGrad]) -> list[tuple[int, int]]:
    """Softmax is read row by row."""
    return [(0, 0)]


@emits.define(SoftmaxCrossentropyGrad)
def emit_softmax_crossentropy_grad(
    b: Builder, node: Apply[SoftmaxCrossentropyGrad]
) -> Iterator[None]:
    """Row by row."""
    y, ct = b.contiguous(b.array(node.inputs[0])), b.array(node.inputs[1])
    rows, n = _rows(y)
    t, picked = _targets(b, node, node.inputs[2], rows, n)
    step = ct.stride(0)
    if node.inputs[1].type.shape[0] == 1:
        step = number(0)
    else:
        b.check_equal(picked, ct.lengths[0])
    out = b.result(node.outputs[0], y.lengths)
    yield
    operands = [picked, n, y.pointer, ct.pointer, step, t, out.pointer]
    b.call(b.target.routine("crossentropy_grad", y.dtype), operands, [out.pointer])
    if picked != rows:
        rest = [rows - picked, n]
        start = out.pointer + picked * n
        clear = b.target.routine("clear", y.dtype)
        b.call(clear, [start, number(0), Bytes(rest, y.dtype)], [out.pointer])
