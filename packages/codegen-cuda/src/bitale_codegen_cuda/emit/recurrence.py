"""Loops of which a step works element by element, as one kernel; all others are traced."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bitale_graph.extend import (
    Apply,
    Constant,
    Index,
    Literal,
    Load,
    Loop,
    Scan,
    Variable,
    as_loop,
    scalar,
)
from bitale_graph.plan.array import Array
from bitale_graph.plan.builder import Builder
from bitale_graph.plan.calls import Routine
from bitale_graph.plan.expressions import Expression, choose, number
from bitale_graph.plan.rules.scan import emit_scan
from bitale_graph.plan.statements import Store

from ..kernel.recurrence_kernel import Recurrence, axes_of
from ..target import CUDA


def recurrence_of(node: Apply[Scan]) -> Recurrence | None:
    """What one kernel would do for a loop, if it can."""
    op = node.op
    rows = op.inner_outputs
    if op.is_while and any(keep is None for keep in op.keeps):
        return None  # how many rows there are is not known before the device has made them
    ndim = 0
    for v in (*op.body.inputs, *op.body.outputs):
        ndim = max(ndim, v.type.ndim)
    for inner in op.body.graph.toposort():
        form = as_loop(inner)
        if form is None or not CUDA.has_rule(inner) or not _is_elementwise(form.loop):
            return None
        if any(v not in inner.inputs for v in form.inputs):
            return None
        ndim = max(ndim, form.loop.ndim)
    known = {v for inner in op.body.graph.toposort() for v in inner.outputs} | {*op.body.inputs}
    for v in op.body.graph.variables:
        if v not in known and not (isinstance(v, Constant) and v.type.ndim == 0):
            return None
    if rows.last is not None and rows.last.type.ndim:
        return None
    return Recurrence(op, ndim) if _is_one_range(op, ndim) else None


def _is_one_range(op: Scan, ndim: int) -> bool:
    """Whether the lengths of all that moves must agree for a step to be made."""
    groups: list[set[Variable]] = []
    graph = op.body.graph
    together = [{*node.inputs, *node.outputs} for node in graph.toposort()]
    together += [{a, b} for a, b in zip(op.inner.states, op.inner_outputs.states, strict=True)]
    together += [{v} for v in op.inner_outputs.stacks]
    for some in together:
        moving = {v for v in some if axes_of(v, ndim)}
        if moving:
            apart = [one for one in groups if not one & moving]
            groups = [*apart, moving.union(*(one for one in groups if one & moving))]
    return len(groups) <= 1


def _is_elementwise(loop: Loop) -> bool:
    if any(n is not None for n in loop.lengths):
        return False
    if any(r.reduce is not None or r.into is not None for r in loop.results):
        return False
    for step in loop.steps:
        if isinstance(step, Load) or any(isinstance(a, Index) for a in step.args):
            return False
        # An exponent of integers is checked where it is not a constant.
        if step.op is scalar.pow and step.dtype.startswith("int"):
            return isinstance(step.args[1], Literal)
    return True


@CUDA.emits.define(Scan)
def emit_loop(b: Builder, node: Apply[Scan]) -> Iterator[None]:
    """One kernel where each element goes its own way."""
    found = recurrence_of(node)
    if found is None:
        yield from emit_scan(b, node)
        return
    yield from _Recurrent(b, node, found).emit()


class _Recurrent:
    def __init__(self, b: Builder, node: Apply[Scan], found: Recurrence) -> None:
        self.b, self.node, self.op, self.ndim = b, node, node.op, found.ndim
        self.is_read = found.is_read
        self.lengths: list[Expression | None] = [None] * found.ndim
        self.arguments: list[Expression] = []

    def emit(self) -> Iterator[None]:
        """Checks, then memory for what is given, then the launch."""
        b, op = self.b, self.op
        outer, inner = op.outer(self.node.inputs), op.inner
        results, rows = op.outer_outputs(self.node.outputs), op.inner_outputs
        steps = b.let("steps", b.scalar(self.node.inputs[0]))
        b.check(steps >= 0)
        for x in outer.sequences:
            length = b.array(x).lengths[0]
            if length != steps:
                b.check(length >= steps)
        self.steps = steps
        for x, row in zip(outer.sequences, inner.sequences, strict=True):
            if not self.is_read(row):
                continue
            a = b.array(x)
            self._add(row, a.pointer, a.lengths[1:], [a.stride(k) for k in range(a.rank)], True)
        same = [*outer.non_sequences, *outer.states]
        firsts: list[Array] = []
        lasts: list[Array] = []
        for x, v in zip(same, [*inner.non_sequences, *inner.states], strict=True):
            if not self.is_read(v) and v not in inner.states:
                continue
            a = self._array(x)
            firsts += [a] * (v in inner.states)
            self._add(v, a.pointer, a.lengths, [a.stride(k) for k in range(a.rank)])
        read = tuple(k for k, v in enumerate(results.stacks) if b.scope.is_read(v))
        lengths = [number(1) if n is None else n for n in self.lengths]
        written: list[Expression] = []
        for out, x, v in zip(results.states, outer.states, inner.states, strict=True):
            like = b.array(x).lengths if v.type.ndim else []
            made = b.result(out, like)
            lasts.append(made)
            self._add(v, made.pointer, made.lengths, [made.stride(k) for k in range(made.rank)])
            written.append(made.pointer)
        kept = []
        for k in read:
            keep, v = op.keeps[k], rows.stacks[k]
            count = steps
            if keep is not None:
                count = b.let("rows", choose(steps < keep, steps, keep))
            own = self._lengths_of(v, lengths)
            if v in rows.states:  # a state has its lengths also where no step is made
                own = lasts[rows.states.index(v)].lengths
            made = b.result(results.stacks[k], [count, *own])
            strides = [made.stride(a) for a in range(made.rank)]
            self._add(v, made.pointer, made.lengths[1:], strides, True)
            written.append(made.pointer)
            kept.append(count)
        taken = []
        if results.last is not None:
            taken = [b.result(results.last, []).pointer]
            written += taken
        yield
        with b.branch(steps.equals(0)):
            for first, last in zip(firsts, lasts, strict=True):
                b.copy(last, first)
            for pointer in taken:
                b.put(Store(pointer, number(0), number(0)))
        spec = Recurrence(op, self.ndim, read)
        arguments = [steps, *lengths, *self.arguments, *kept, *taken]
        b.call(
            Routine("recurrence", spec, takes_runtime=False), arguments, written, None, steps > 0
        )

    def _array(self, v: Variable) -> Array:
        """A variable as an array; a number that host code has is stored in one."""
        b = self.b
        if v in b.arrays:
            return b.arrays[v]
        made = b.allocate(v.name or "number", v.type.dtype, [], temporary=True)
        b.put(Store(made.pointer, number(0), b.scalar(v)))
        return made

    def _lengths_of(self, v: Any, range_: list[Expression]) -> list[Expression]:
        shift = self.ndim - v.type.ndim
        return [
            range_[a + shift] if v.type.shape[a] is None else number(v.type.shape[a])
            for a in range(v.type.ndim)
        ]

    def _add(
        self,
        v: Any,
        pointer: Expression,
        lengths: list[Expression],
        strides: list[Expression],
        is_stepped: bool = False,
    ) -> None:
        """Pass an address and strides; what moves along an axis has the length of the range."""
        self.arguments.append(pointer)
        if is_stepped:
            self.arguments.append(strides[0])
            strides = strides[1:]
        shift = self.ndim - v.type.ndim
        for a in axes_of(v, self.ndim):
            n, known = lengths[a - shift], self.lengths[a]
            if known is None:
                self.lengths[a] = n
            elif known != n:
                # Where no step is made, nothing is compared.
                self.b.check(self.steps.equals(0) | known.equals(n))
            self.arguments.append(strides[a - shift])
