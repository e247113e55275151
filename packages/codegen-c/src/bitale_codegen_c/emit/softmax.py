"""Softmax and cross-entropy in C: one pass of routines over rows, shared among threads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from bitale_graph.extend import (
    INT64_SCALAR,
    Apply,
    Literal,
    LogSoftmax,
    Loop,
    Result,
    Softmax,
    SoftmaxCrossentropy,
    SoftmaxCrossentropyGrad,
    SoftmaxGrad,
    Step,
    Variable,
    scalar,
)
from bitale_graph.plan.array import Array
from bitale_graph.plan.builder import Builder
from bitale_graph.plan.calls import Routine
from bitale_graph.plan.expressions import Bytes, Expression, Threads, number, product
from bitale_graph.plan.rules.loop import Nest, check_none

from ..base.ctype import SUFFIXES
from ..host.target import C
from ..kernel.c_file import Needs
from ..library.units import unit

ZERO = Literal.of(np.zeros((), "int64"))
CLEAR = Routine("__builtin_memset", takes_runtime=False)


def _routine(name: str, dtype: str, file: str) -> Routine:
    return Routine(f"bt_{name}_{SUFFIXES[dtype]}", Needs((unit(file, dtype),)))


def _rows(x: Array) -> tuple[Expression, Expression]:
    return product(x.lengths[:-1]), x.lengths[-1]


@C.reuses.define(Softmax, LogSoftmax)
def softmax_reuses(node: Apply) -> list[tuple[int, int]]:
    """A row is read before it is written."""
    return [(0, 0)]


@C.emits.define(Softmax, LogSoftmax)
def emit_softmax(b: Builder, node: Apply) -> Iterator[None]:
    """Row by row."""
    x = b.contiguous(b.array(node.inputs[0]))
    name = "log_softmax" if isinstance(node.op, LogSoftmax) else "softmax"
    out = b.result(node.outputs[0], x.lengths)
    yield
    b.call(_routine(name, x.dtype, name), [*_rows(x), x.pointer, out.pointer], [out.pointer])


@C.reuses.define(SoftmaxGrad)
def softmax_grad_reuses(node: Apply[SoftmaxGrad]) -> list[tuple[int, int]]:
    """A row is read before it is written."""
    return [(0, 0), (0, 1)]


@C.emits.define(SoftmaxGrad)
def emit_softmax_grad(b: Builder, node: Apply[SoftmaxGrad]) -> Iterator[None]:
    """Row by row."""
    ct, y = (b.contiguous(b.array(v)) for v in node.inputs)
    for n, m in zip(ct.lengths, y.lengths, strict=True):
        b.check_equal(n, m)
    out = b.result(node.outputs[0], y.lengths)
    yield
    operands = [*_rows(y), ct.pointer, y.pointer, out.pointer]
    b.call(_routine("softmax_grad", y.dtype, "softmax"), operands, [out.pointer])


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


@C.emits.define(SoftmaxCrossentropy)
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
        most = b.let("most", Threads())
        y = b.allocate("scratch", x.dtype, [n, most], temporary=True)
    yield
    operands = [picked, n, x.pointer, t, loss.pointer, y.pointer, number(int(keeps)), most]
    routine = _routine("crossentropy", x.dtype, "crossentropy")
    b.call(routine, operands, [loss.pointer, y.pointer])
    if picked != rows and keeps:
        rest = picked * n
        others = [rows - picked, n, x.pointer + rest, y.pointer + rest]
        b.call(_routine("softmax", x.dtype, "softmax"), others, [y.pointer])


@C.reuses.define(SoftmaxCrossentropyGrad)
def softmax_crossentropy_grad_reuses(node: Apply[SoftmaxCrossentropyGrad]) -> list[tuple[int, int]]:
    """Softmax is read row by row."""
    return [(0, 0)]


@C.emits.define(SoftmaxCrossentropyGrad)
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
    b.call(_routine("crossentropy_grad", y.dtype, "crossentropy"), operands, [out.pointer])
    if picked != rows:
        rest = [rows - picked, n]
        start = out.pointer + picked * n
        b.call(CLEAR, [start, number(0), Bytes(rest, y.dtype)], [out.pointer])
