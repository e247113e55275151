"""Indexing in C: views by arithmetic on pointers, gathers and scatters of rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bitale_graph.extend import (
    AdvancedIncSubtensor1,
    Apply,
    IncSubtensor,
    Loop,
    Result,
    Step,
    Subtensor,
    TensorType,
    Variable,
    constant_int,
    scalar,
    unpack,
)

from ..base.array import Array
from ..host.builder import Builder
from ..host.rules import emits, reuses, waits
from .loop import Nest


def _selection(b: Builder, source: Array, pattern: Any, inputs: list[Variable]) -> Array:
    """The part that an index of integers and slices selects, with checks of the integers."""
    offset: list[str] = []
    lengths: list[str] = []
    strides: list[str] = []
    for axis, part in enumerate(unpack(pattern, inputs)):
        n, s = source.lengths[axis], b.length(f"{source.name}_s", source.stride(axis))
        if isinstance(part, slice):
            start, length, step = _slice(b, n, part)
            offset.append(f"{start} * {s}")
            lengths.append(length)
            strides.append(s if step == "1" else b.length("s", f"{step} * {s}"))
        else:
            given = b.length("index", b.scalar(part))
            i = b.declare("int64_t", "index", f"{given} < 0 ? {given} + {n} : {given}")
            b.check(f"{i} >= 0 && {i} < {n}")
            offset.append(f"{i} * {s}")
    rest = range(len(pattern), source.rank)
    lengths += [source.lengths[a] for a in rest]
    strides += [source.stride(a) for a in rest]
    terms = [t for t in offset if not t.startswith("0 * ")]
    name = b.declare(f"{source.c_type} *", f"{source.name}_part", " + ".join([source.name, *terms]))
    # Rows of a contiguous array are contiguous too.
    is_block = source.strides is None and _is_block(unpack(pattern, inputs))
    strides = [b.length("s", s) for s in strides]
    return Array(name, source.dtype, lengths, None if is_block else strides, source.slots)


def _step_is_one(part: slice) -> bool:
    return part.step is None or constant_int(part.step) == 1


def _is_full(part: slice) -> bool:
    return part.start is None and part.stop is None and part.step is None


def _is_block(parts: list[Any]) -> bool:
    """Whether the selection is one block: integers, then at most one slice, then full axes."""
    seen_slice = False
    for p in parts:
        if isinstance(p, slice):
            if seen_slice and not _is_full(p):
                return False
            if not _is_full(p) and not _step_is_one(p):
                return False
            seen_slice = True
        elif seen_slice:
            return False
    return True


def _slice(b: Builder, n: str, part: slice) -> tuple[str, str, str]:
    """First index, length and step of a slice, by Python's rules."""
    if _is_full(part):
        return "0", n, "1"
    if _step_is_one(part):
        start, stop = "0", n
        if part.start is not None:
            start = _clamped(b, "start", b.scalar(part.start), n)
        if part.stop is not None:
            stop = _clamped(b, "stop", b.scalar(part.stop), n)
        length = b.declare("int64_t", "length", f"{stop} > {start} ? {stop} - {start} : 0")
        return start, length, "1"
    step = b.declare("int64_t", "step", b.scalar(part.step))
    b.check(f"{step} != 0")
    up = f"{step} > 0"
    start = b.declare("int64_t", "start", f"{up} ? 0 : {n} - 1")
    stop = b.declare("int64_t", "stop", f"{up} ? {n} : -1")
    if part.start is not None:
        start = _stepped(b, "start", b.scalar(part.start), n, up)
    if part.stop is not None:
        stop = _stepped(b, "stop", b.scalar(part.stop), n, up)
    # In this form nothing overflows, however large the step; the least int64 is its own negative.
    forwards = f"{stop} > {start} ? ({stop} - {start} - 1) / {step} + 1 : 0"
    backwards = f"{start} > {stop} && {step} ? ({start} - {stop} - 1) / -{step} + 1 : 0"
    length = b.declare("int64_t", "length", f"{up} ? ({forwards}) : ({backwards})")
    return start, length, step


def _clamped(b: Builder, hint: str, value: str, n: str) -> str:
    given = b.length(hint, value)
    at = b.declare("int64_t", hint, f"{given} < 0 ? {given} + {n} : {given}")
    return b.declare("int64_t", hint, f"{at} < 0 ? 0 : {at} > {n} ? {n} : {at}")


def _stepped(b: Builder, hint: str, value: str, n: str, up: str) -> str:
    """A bound of a slice with a step, which may stand before the first element."""
    given = b.length(hint, value)
    at = b.declare("int64_t", hint, f"{given} < 0 ? {given} + {n} : {given}")
    forwards = f"{at} < 0 ? 0 : {at} > {n} ? {n} : {at}"
    backwards = f"{at} < -1 ? -1 : {at} >= {n} ? {n} - 1 : {at}"
    return b.declare("int64_t", hint, f"{up} ? ({forwards}) : ({backwards})")


@emits.define(Subtensor)
def emit_subtensor(b: Builder, node: Apply[Subtensor]) -> Iterator[None]:
    """A view; a single element is loaded."""
    x, *inputs = node.inputs
    part = _selection(b, b.array(x), node.op.pattern, inputs)
    if part.rank == 0:
        yield
        b.define_scalar(node.outputs[0], f"*{part.name}")
        return
    b.arrays[node.outputs[0]] = part
    yield


@reuses.define(IncSubtensor, AdvancedIncSubtensor1)
def inc_reuses(node: Apply) -> list[tuple[int, int]]:
    """What is written into may be written into where it lies."""
    return [(0, 0)]


@waits.define(IncSubtensor, AdvancedIncSubtensor1)
def inc_waits(node: Apply) -> tuple[int, ...]:
    """Indices are checked, the numbers themselves are not."""
    return (0, 1)


def _copied(b: Builder, node: Apply, x: Array) -> tuple[Array, bool]:
    """The array of the result, and whether ``x`` must be copied to it."""
    out = b.result(node.outputs[0], x.lengths)
    return out, node.outputs[0] not in b.plan.reused


def _assignment(node: Apply[Any], out: Array) -> str:
    if node.op.set:
        return "="
    return "|=" if out.dtype == "bool" else "+="  # sums of bools are or, as in NumPy


@emits.define(IncSubtensor)
def emit_inc_subtensor(b: Builder, node: Apply[IncSubtensor]) -> Iterator[None]:
    """Copy, unless the buffer was taken over; then write to the selection."""
    x, y, *inputs = node.inputs
    source = b.array(x)
    out, is_copy = _copied(b, node, source)
    place = _selection(b, out, node.op.pattern, inputs)
    shape = y.type.shape
    for a, n in enumerate(shape):
        if n != 1:
            b.check_equal(b.array(y).lengths[a], place.lengths[a - len(shape)])
    work = _writing(b, node, place, y) if place.rank else None
    if work is not None:
        next(work)
    yield
    if is_copy:
        b.put(b.copy_text(out, source))
    if work is None:
        b.put(f"{place.name}[0] {_assignment(node, out)} {b.scalar(y)};")
        return
    for _ in work:
        pass


def _writing(b: Builder, node: Apply[IncSubtensor], place: Array, y: Variable) -> Iterator[None]:
    """The kernel that writes ``y`` to a part of an array, or adds it to what is there."""
    rank, dtype = place.rank, place.dtype
    steps: tuple[Step, ...] = ()
    inputs: list[Variable] = [y]
    if not node.op.set:
        old = TensorType(dtype, (None,) * rank)()
        b.arrays[old] = place
        inputs.append(old)
        steps = (Step(scalar.add, (1, 0), dtype),)
    loop = Loop(rank, steps, (Result(len(inputs) + len(steps) - 1, dtype),))
    return Nest(b, node, loop, inputs).write(place)
