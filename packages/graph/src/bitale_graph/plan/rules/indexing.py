"""Indexing by integers and slices: views by arithmetic on pointers, and writes to them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...core.graph import Apply, Variable
from ...core.order import toposort
from ...ops.along_axis import PutAlongAxis
from ...ops.diagonal import Diagonal, IncDiagonal
from ...ops.index_pattern import Entry, unpack
from ...ops.indexing import (
    AdvancedIncSubtensor,
    AdvancedIncSubtensor1,
    IncSubtensor,
    Subtensor,
)
from ...ops.loop import Loop, Result, Step
from ...ops.loop_forms import indexed_range
from ...tensor import scalar
from ...tensor.conversion import constant_int
from ...tensor.variable import TensorType
from ..array import Array
from ..builder import Builder
from ..expressions import Computed, Element, Expression, Name, choose, number
from ..statements import Store
from ..target import emits, reuses, waits
from .loop import Nest


def _selection(b: Builder, source: Array, pattern: Any, inputs: list[Variable]) -> Array:
    """The part that an index of integers and slices selects, with checks of the integers."""
    parts = unpack(pattern, inputs)
    base = source.pointer.text if isinstance(source.pointer, Name) else "part"
    pointer = source.pointer
    lengths: list[Expression] = []
    strides: list[Expression] = []
    for axis, part in enumerate(parts):
        n, s = source.lengths[axis], b.let(f"{base}_s", source.stride(axis))
        if isinstance(part, slice):
            start, length, step = _slice(b, n, part)
            pointer = pointer + start * s
            lengths.append(length)
            strides.append(b.let("s", step * s))
        else:
            i = b.let("index", _from_end(b, "index", b.scalar(part), n))
            b.check((i >= 0) & (i < n))
            pointer = pointer + i * s
    rest = range(len(pattern), source.rank)
    lengths += [source.lengths[a] for a in rest]
    strides += [source.stride(a) for a in rest]
    # Rows of a contiguous array are contiguous too.
    is_block = source.strides is None and _is_block(parts)
    kept = None if is_block else [b.let("s", s) for s in strides]
    pointer = b.let(f"{base}_part", pointer)
    return Array(pointer, source.dtype, lengths, kept, source.buffers, source.level)


def _from_end(b: Builder, hint: str, value: Expression, n: Expression) -> Expression:
    """An index, or a bound, that counts from the end if it is negative."""
    given = b.let(hint, value)
    return choose(given < 0, given + n, given)


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


def _slice(b: Builder, n: Expression, part: slice) -> tuple[Expression, Expression, Expression]:
    """First index, length and step of a slice, by Python's rules."""
    zero, one = number(0), number(1)
    if _is_full(part):
        return zero, n, one
    if _step_is_one(part):
        start, stop = zero, n
        if part.start is not None:
            start = _clamped(b, "start", b.scalar(part.start), n)
        if part.stop is not None:
            stop = _clamped(b, "stop", b.scalar(part.stop), n)
        length = stop if start == zero else choose(stop > start, stop - start, zero)
        return start, b.let("length", length), one
    step = b.let("step", b.scalar(part.step))
    b.check(step.differs(0))
    up = step > 0
    start, stop = choose(up, zero, n - 1), choose(up, n, number(-1))
    if part.start is not None:
        start = _stepped(b, "start", b.scalar(part.start), n, up)
    if part.stop is not None:
        stop = _stepped(b, "stop", b.scalar(part.stop), n, up)
    start, stop = b.let("start", start), b.let("stop", stop)
    # In this form nothing overflows, however large the step; the least int64 is its own negative.
    forwards = choose(stop > start, (stop - start - 1).divided_by(step) + 1, 0)
    is_back = (start > stop) & step.differs(0)
    backwards = choose(is_back, (start - stop - 1).divided_by(-step) + 1, 0)
    return start, b.let("length", choose(up, forwards, backwards)), step


def _clamped(b: Builder, hint: str, value: Expression, n: Expression) -> Expression:
    at = b.let(hint, _from_end(b, hint, value, n))
    return b.let(hint, choose(at < 0, 0, choose(at > n, n, at)))


def _stepped(b: Builder, hint: str, value: Expression, n: Expression, up: Expression) -> Expression:
    """A bound of a slice with a step, which may stand before the first element."""
    at = b.let(hint, _from_end(b, hint, value, n))
    forwards = choose(at < 0, 0, choose(at > n, n, at))
    backwards = choose(at < -1, -1, choose(at >= n, n - 1, at))
    return choose(up, forwards, backwards)


@emits.define(Subtensor)
def emit_subtensor(b: Builder, node: Apply[Subtensor]) -> Iterator[None]:
    """A view; a single element is loaded."""
    x, *inputs = node.inputs
    part = _selection(b, b.array(x), node.op.pattern, inputs)
    if part.rank == 0:
        yield
        b.show_element(node.outputs[0], part)
        return
    b.arrays[node.outputs[0]] = part
    yield


def _diagonal(b: Builder, source: Array, op: Any, offset: Variable) -> Array:
    """The diagonal of two axes as the last axis."""
    n, m = source.lengths[op.axis1], source.lengths[op.axis2]
    s, t = source.stride(op.axis1), source.stride(op.axis2)
    k = b.let("offset", b.scalar(offset))
    down = b.let("down", choose(k < 0, choose(k > -n, -k, n), 0))
    right = b.let("right", choose(k > 0, choose(k < m, k, m), 0))
    rows, columns = n - down, m - right
    length = b.let("length", choose(rows < columns, rows, columns))
    # Beyond the matrix there is nothing, not even a place.
    place = choose(length > 0, down * s + right * t, 0)
    others = [a for a in range(source.rank) if a not in (op.axis1, op.axis2)]
    lengths = [*(source.lengths[a] for a in others), length]
    strides = [*(b.let("s", source.stride(a)) for a in others), b.let("s", s + t)]
    pointer = b.let("diagonal", source.pointer + place)
    return Array(pointer, source.dtype, lengths, strides, source.buffers, source.level)


@emits.define(Diagonal)
def emit_diagonal(b: Builder, node: Apply[Diagonal]) -> Iterator[None]:
    """A view."""
    x, offset = node.inputs
    b.arrays[node.outputs[0]] = _diagonal(b, b.array(x), node.op, offset)
    yield


@reuses.define(IncSubtensor, IncDiagonal, AdvancedIncSubtensor1, AdvancedIncSubtensor, PutAlongAxis)
def inc_reuses(node: Apply) -> list[tuple[int, int]]:
    """What is written into may be written into where it lies."""
    return [(0, 0)]


@waits.define(IncSubtensor, IncDiagonal, AdvancedIncSubtensor1, AdvancedIncSubtensor, PutAlongAxis)
def inc_waits(node: Apply) -> tuple[int, ...]:
    """Indices are checked, the numbers themselves are not."""
    return (0, 1)


@emits.define(IncSubtensor, IncDiagonal)
def emit_inc_subtensor(b: Builder, node: Apply[Any]) -> Iterator[None]:
    """Copy, unless the buffer was taken over; then write to the selection."""
    x, y, *inputs = node.inputs
    source = b.array(x)
    out = b.result(node.outputs[0], source.lengths)
    if isinstance(node.op, IncDiagonal):
        place = _diagonal(b, out, node.op, inputs[0])
    else:
        place = _selection(b, out, node.op.pattern, inputs)
    shape = y.type.shape
    for a, n in enumerate(shape):
        if n != 1:
            b.check_equal(b.array(y).lengths[a], place.lengths[a - len(shape)])
    work = _writing(b, node, place, y) if place.rank else None
    if work is not None:
        next(work)
    yield
    if node.outputs[0] not in b.plan.reused:
        b.copy(out, source)
    if work is None:
        value = b.scalar(y)
        if not node.op.set:
            value = Computed(scalar.add, out.dtype, (Element(place.pointer), value))
        b.put(Store(place.pointer, number(0), value))
        return
    for _ in work:
        pass


def _writing(b: Builder, node: Apply[Any], place: Array, y: Variable) -> Iterator[None]:
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


@emits.define(AdvancedIncSubtensor)
def emit_write_at_arrays(b: Builder, node: Apply[AdvancedIncSubtensor]) -> Iterator[None]:
    """Copy, unless the buffer was taken over; then write where the slices and arrays say."""
    x, y, *inputs = node.inputs
    source = b.array(x)
    out = b.result(node.out, source.lengths)
    parts = unpack(node.op.pattern, inputs)
    bounds = [
        v for p in parts if isinstance(p, slice) for v in (p.start, p.stop, p.step) if v is not None
    ]
    slices = tuple((False,) * 3 if isinstance(e, str) else e for e in node.op.pattern)
    place = _selection(b, out, slices, bounds) if bounds else out
    table = TensorType(out.dtype, (None,) * out.rank)()
    b.arrays[table] = place
    arrays = [p for p in parts if not isinstance(p, slice)]
    left: tuple[Entry, ...] = tuple(
        e if isinstance(e, str) else (False,) * 3 for e in node.op.pattern
    )
    found = indexed_range(table, left, arrays).counted_from(2)
    given = [table, y, *found.places, *found.lengths]
    for made in toposort(given, stop_at={table, *node.inputs}):
        for _ in b.target.emits[type(made.op)](b, made):
            pass
    combine = None if node.op.set else scalar.add
    result = Result(1, out.dtype, into=0, at=found.at, combine=combine)
    loop = Loop(len(found.given), (), (result,), found.given)
    work = Nest(b, node, loop, given).write_at_places(place)
    next(work)
    yield
    if node.out not in b.plan.reused:
        b.copy(out, source)
    for _ in work:
        pass
