"""Softmax and cross-entropy in C: one pass of kernels over rows, shared among threads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from bitale_graph.ops.softmax import (
    Crossentropy1Hot,
    Crossentropy1HotGrad,
    LogSoftmax,
    Softmax,
    SoftmaxCrossentropy,
    SoftmaxCrossentropyGrad,
    SoftmaxGrad,
)
from bitale_graph.variable import Apply

from ..array import Array, product
from ..ctype import SUFFIXES
from ..library import unit
from ..rules import emits, reuses
from .scalar import TRANSCENDENTAL

if TYPE_CHECKING:
    from ..builder import Builder


def _library(b: Builder, dtype: str) -> str:
    b.units.add(unit("rows", dtype))
    return SUFFIXES[dtype]


def _rows(x: Array) -> tuple[str, str]:
    return product(x.lengths[:-1]), x.lengths[-1]


def _over_rows(
    b: Builder, shape: tuple[str, str], cost: int, function: str, arguments: Sequence[str]
) -> None:
    """Call ``function(rows, n, ...)`` for each thread's rows; arguments may use lo and part."""
    rows, n = shape
    call = f"{function}(hi - lo, {n}, {', '.join(arguments)});"
    wanted = b.declare("int64_t", "parts", f"bt_parts(rt, ({rows}) * {n} * {cost})")
    most = f"({rows}) > 0 ? ({rows}) : 1"
    parts = b.declare("int64_t", "parts", f"{wanted} > ({rows}) ? {most} : {wanted}")
    b.put(f"if ({parts} == 1) {{")
    b.put(f"    const int64_t part = 0, lo = 0, hi = {rows};")
    b.put(f"    (void)part; {call}")
    b.put("} else {")
    b.put("#pragma omp parallel for num_threads(rt->threads) schedule(static, 1)")
    b.put(f"for (int64_t part = 0; part < {parts}; part++) {{")
    b.put(f"    int64_t lo = ({rows}) * part / {parts}, hi = ({rows}) * (part + 1) / {parts};")
    b.put(f"    {call}")
    b.put("}")
    b.put("}")


def _from_row(a: Array, n: str) -> str:
    """The first row of a thread."""
    return f"{a.name} + lo * {n}"


@reuses.define(Softmax, LogSoftmax)
def softmax_reuses(node: Apply) -> list[tuple[int, int]]:
    """A row is read before it is written."""
    return [(0, 0)]


@emits.define(Softmax, LogSoftmax)
def emit_softmax(b: Builder, node: Apply) -> Iterator[None]:
    """Row by row."""
    x = b.contiguous(b.array(node.inputs[0]))
    suffix = _library(b, x.dtype)
    out = b.result(node.outputs[0], x.lengths)
    yield
    rows, n = _rows(x)
    function = "bt_log_softmax" if isinstance(node.op, LogSoftmax) else "bt_softmax"
    arguments = [_from_row(x, n), _from_row(out, n)]
    _over_rows(b, (rows, n), TRANSCENDENTAL, f"{function}_{suffix}", arguments)


@reuses.define(SoftmaxGrad)
def softmax_grad_reuses(node: Apply) -> list[tuple[int, int]]:
    """A row is read before it is written."""
    return [(0, 0), (0, 1)]


@emits.define(SoftmaxGrad)
def emit_softmax_grad(b: Builder, node: Apply) -> Iterator[None]:
    """Row by row."""
    ct, y = (b.contiguous(b.array(v)) for v in node.inputs)
    for n, m in zip(ct.lengths, y.lengths, strict=True):
        b.check_equal(n, m)
    suffix = _library(b, y.dtype)
    out = b.result(node.outputs[0], y.lengths)
    yield
    rows, n = _rows(y)
    arguments = [_from_row(a, n) for a in (ct, y, out)]
    _over_rows(b, (rows, n), 3, f"bt_softmax_grad_{suffix}", arguments)


def _targets(b: Builder, t: Array, rows: str, classes: str) -> str:
    """The targets as non-negative int64, checked."""
    b.check_equal(rows, t.lengths[0])
    made = b.allocate("targets", "int64", [rows], temporary=True)
    bad = b.variable("int64_t", "bad", "0")
    b.put(f"for (int64_t i = 0; i < {rows}; i++) {{")
    b.put(f"    int64_t c = (int64_t){t.name}[i * ({t.stride(0)})];")
    b.put(f"    if (c < 0) c += {classes};")
    b.put(f"    {bad} += c < 0 || c >= {classes};")
    b.put(f"    {made.name}[i] = c;")
    b.put("}")
    b.check(f"{bad} == 0")
    return made.name


@emits.define(SoftmaxCrossentropy)
def emit_softmax_crossentropy(b: Builder, node: Apply) -> Iterator[None]:
    """The loss, and softmax where something reads it."""
    x = b.contiguous(b.array(node.inputs[0]))
    rows, n = _rows(x)
    t = _targets(b, b.array(node.inputs[1]), rows, n)
    suffix = _library(b, x.dtype)
    loss = b.result(node.outputs[0], [rows])
    if b.scope.is_read(node.outputs[1]):
        y, keep = _from_row(b.result(node.outputs[1], x.lengths), n), "1"
    else:
        scratch = b.allocate("scratch", x.dtype, [n, "rt->threads"], temporary=True)
        y, keep = f"{scratch.name} + part * {n}", "0"
    yield
    arguments = [_from_row(x, n), f"{t} + lo", f"{loss.name} + lo", y, keep]
    _over_rows(b, (rows, n), TRANSCENDENTAL, f"bt_crossentropy_{suffix}", arguments)


@reuses.define(SoftmaxCrossentropyGrad)
def softmax_crossentropy_grad_reuses(node: Apply) -> list[tuple[int, int]]:
    """Softmax is read row by row."""
    return [(0, 0)]


@emits.define(SoftmaxCrossentropyGrad)
def emit_softmax_crossentropy_grad(b: Builder, node: Apply) -> Iterator[None]:
    """Row by row."""
    y, ct = b.contiguous(b.array(node.inputs[0])), b.array(node.inputs[1])
    rows, n = _rows(y)
    step = ct.stride(0)
    if node.inputs[1].type.shape[0] == 1:  # type: ignore[attr-defined]
        step = "0"
    else:
        b.check_equal(rows, ct.lengths[0])
    t = _targets(b, b.array(node.inputs[2]), rows, n)
    suffix = _library(b, y.dtype)
    out = b.result(node.outputs[0], y.lengths)
    yield
    first = f"{ct.name} + lo * ({step})"
    arguments = [_from_row(y, n), first, step, f"{t} + lo", _from_row(out, n)]
    _over_rows(b, (rows, n), 2, f"bt_crossentropy_grad_{suffix}", arguments)


@emits.define(Crossentropy1Hot)
def emit_crossentropy_1hot(b: Builder, node: Apply) -> Iterator[None]:
    """One logarithm a row."""
    p = b.contiguous(b.array(node.inputs[0]))
    rows, n = _rows(p)
    t = _targets(b, b.array(node.inputs[1]), rows, n)
    loss = b.result(node.outputs[0], [rows])
    yield
    log = "__builtin_logf" if p.dtype == "float32" else "__builtin_log"
    b.put(f"for (int64_t i = 0; i < {rows}; i++)")
    b.put(f"    {loss.name}[i] = -{log}({p.name}[i * {n} + {t}[i]]);")


@emits.define(Crossentropy1HotGrad)
def emit_crossentropy_1hot_grad(b: Builder, node: Apply) -> Iterator[None]:
    """Zeros, and a quotient at each target."""
    p, ct = b.contiguous(b.array(node.inputs[0])), b.array(node.inputs[1])
    rows, n = _rows(p)
    b.check_equal(rows, ct.lengths[0])
    t = _targets(b, b.array(node.inputs[2]), rows, n)
    out = b.result(node.outputs[0], p.lengths)
    yield
    b.put(f"__builtin_memset({out.name}, 0, (size_t)({out.count()}) * sizeof({out.c_type}));")
    at = f"[i * {n} + {t}[i]]"
    b.put(f"for (int64_t i = 0; i < {rows}; i++)")
    b.put(f"    {out.name}{at} = -{ct.name}[i * ({ct.stride(0)})] / {p.name}{at};")
