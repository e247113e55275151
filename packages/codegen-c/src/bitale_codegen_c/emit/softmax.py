"""Softmax and cross-entropy in C: one pass of kernels over rows, shared among threads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bitale_graph.extend import (
    Apply,
    Crossentropy1Hot,
    Crossentropy1HotGrad,
    LogSoftmax,
    Softmax,
    SoftmaxCrossentropy,
    SoftmaxCrossentropyGrad,
    SoftmaxGrad,
)

from ..base.array import Array, product
from ..base.ctype import SUFFIXES
from ..host.builder import Builder
from ..host.rules import emits, reuses
from ..library.units import unit


def _library(b: Builder, name: str, dtype: str) -> str:
    b.units.add(unit(name, dtype))
    return SUFFIXES[dtype]


def _rows(x: Array) -> tuple[str, str]:
    return product(x.lengths[:-1]), x.lengths[-1]


def _call(b: Builder, function: str, shape: tuple[str, str], *arguments: str) -> None:
    b.put(f"{function}(rt, {', '.join([*shape, *arguments])});")


@reuses.define(Softmax, LogSoftmax)
def softmax_reuses(node: Apply) -> list[tuple[int, int]]:
    """A row is read before it is written."""
    return [(0, 0)]


@emits.define(Softmax, LogSoftmax)
def emit_softmax(b: Builder, node: Apply) -> Iterator[None]:
    """Row by row."""
    x = b.contiguous(b.array(node.inputs[0]))
    name = "log_softmax" if isinstance(node.op, LogSoftmax) else "softmax"
    suffix = _library(b, name, x.dtype)
    out = b.result(node.outputs[0], x.lengths)
    yield
    rows, n = _rows(x)
    _call(b, f"bt_{name}_{suffix}", (rows, n), x.name, out.name)


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
    suffix = _library(b, "softmax", y.dtype)
    out = b.result(node.outputs[0], y.lengths)
    yield
    rows, n = _rows(y)
    _call(b, f"bt_softmax_grad_{suffix}", (rows, n), ct.name, y.name, out.name)


def _targets(b: Builder, t: Array, rows: str, classes: str, op: Any = None) -> tuple[str, str]:
    """The targets as non-negative int64, checked, and how many rows they are of."""
    if op is not None and op.partial:
        b.check(f"{t.lengths[0]} <= {rows}")
        rows = t.lengths[0]
    else:
        b.check_equal(rows, t.lengths[0])
    made = b.allocate("targets", "int64", [rows], temporary=True)
    bad = b.variable("int64_t", "bad", "0")
    b.put(f"for (int64_t i = 0; i < {rows}; i++) {{")
    b.put(f"    int64_t c = (int64_t){t.name}[i * ({t.stride(0)})];")
    if op is not None and op.wraps:
        b.put(f"    if (c < 0) c += {classes};")
    b.put(f"    {bad} += c < 0 || c >= {classes};")
    b.put(f"    {made.name}[i] = c;")
    b.put("}")
    b.check(f"{bad} == 0")
    return made.name, rows


@emits.define(SoftmaxCrossentropy)
def emit_softmax_crossentropy(b: Builder, node: Apply[SoftmaxCrossentropy]) -> Iterator[None]:
    """The loss, and softmax where something reads it."""
    x = b.contiguous(b.array(node.inputs[0]))
    rows, n = _rows(x)
    t, picked = _targets(b, b.array(node.inputs[1]), rows, n, node.op)
    suffix = _library(b, "crossentropy", x.dtype)
    loss = b.result(node.outputs[0], [picked])
    if b.scope.is_read(node.outputs[1]):
        y, keep, most = b.result(node.outputs[1], x.lengths), "1", "0"
    else:
        # The number of threads may be changed at any time.
        most = b.declare("int64_t", "most", "rt->threads")
        y, keep = b.allocate("scratch", x.dtype, [n, most], temporary=True), "0"
    yield
    _call(b, f"bt_crossentropy_{suffix}", (picked, n), x.name, t, loss.name, y.name, keep, most)
    if picked != rows and keep == "1":
        _library(b, "softmax", x.dtype)
        rest = f"{picked} * ({n})"
        shape = (f"({rows}) - {picked}", n)
        _call(b, f"bt_softmax_{suffix}", shape, f"{x.name} + {rest}", f"{y.name} + {rest}")


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
    t, picked = _targets(b, b.array(node.inputs[2]), rows, n, node.op)
    step = ct.stride(0)
    if node.inputs[1].type.shape[0] == 1:
        step = "0"
    else:
        b.check_equal(picked, ct.lengths[0])
    suffix = _library(b, "crossentropy", y.dtype)
    out = b.result(node.outputs[0], y.lengths)
    yield
    operands = [y.name, ct.name, step, t, out.name]
    _call(b, f"bt_crossentropy_grad_{suffix}", (picked, n), *operands)
    if picked != rows:
        size = f"(({rows}) - {picked}) * ({n}) * sizeof(*{out.name})"
        b.put(f"__builtin_memset({out.name} + {picked} * ({n}), 0, {size});")


@emits.define(Crossentropy1Hot)
def emit_crossentropy_1hot(b: Builder, node: Apply[Crossentropy1Hot]) -> Iterator[None]:
    """One logarithm a row."""
    p = b.contiguous(b.array(node.inputs[0]))
    rows, n = _rows(p)
    t, _ = _targets(b, b.array(node.inputs[1]), rows, n)
    loss = b.result(node.outputs[0], [rows])
    yield
    log = "__builtin_logf" if p.dtype == "float32" else "__builtin_log"
    b.put(f"for (int64_t i = 0; i < {rows}; i++)")
    b.put(f"    {loss.name}[i] = -{log}({p.name}[i * {n} + {t}[i]]);")


@emits.define(Crossentropy1HotGrad)
def emit_crossentropy_1hot_grad(b: Builder, node: Apply[Crossentropy1HotGrad]) -> Iterator[None]:
    """Zeros, and a quotient at each target."""
    p, ct = b.contiguous(b.array(node.inputs[0])), b.array(node.inputs[1])
    rows, n = _rows(p)
    b.check_equal(rows, ct.lengths[0])
    t, _ = _targets(b, b.array(node.inputs[2]), rows, n)
    out = b.result(node.outputs[0], p.lengths)
    yield
    b.put(f"__builtin_memset({out.name}, 0, (size_t)({out.count()}) * sizeof({out.c_type}));")
    at = f"[i * {n} + {t}[i]]"
    b.put(f"for (int64_t i = 0; i < {rows}; i++)")
    b.put(f"    {out.name}{at} = -{ct.name}[i * ({ct.stride(0)})] / {p.name}{at};")
