"""Recurrence: one loop, with the nodes of its body written inside by the rules of any graph.

A carried state is no copy: the step computes it where the next step reads it, which is the row of a
stack that keeps it, the second of two buffers that change places, or the place of the old state.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ...core.graph import Apply, Variable
from ...ops.scan import Scan
from ..array import Array
from ..builder import Builder
from ..carried import Place, Stack, State, without_buffers
from ..expressions import Bytes, Element, Expression, Name, choose, number
from ..memory import plan_memory, rank
from ..opaque import seen_type
from ..region import Region, taken_over
from ..scope import Scope
from ..statements import Kept, Leave, Steps
from ..target import emits
from .scan_stacks import MOVE_BYTES, RowStacks


@emits.define(Scan)
def emit_scan(b: Builder, node: Apply[Scan]) -> Iterator[None]:
    """Write the loop."""
    yield
    _Loop(b, node).emit()


class _Loop(RowStacks):
    def __init__(self, b: Builder, node: Apply) -> None:
        op: Any = node.op
        self.b, self.node, self.op = b, node, op
        self.graph = op.body.graph
        self.outer = op.outer(node.inputs)
        self.inner = op.inner
        self.rows = op.inner_outputs
        self.results = op.outer_outputs(node.outputs)
        outside = b.scope
        self.is_wanted = {v: outside.is_read(v) for v in node.outputs}
        self.kept = outside.kept
        self.stacks = [
            Stack(row, out, keep)
            for row, out, keep in zip(self.rows.stacks, self.results.stacks, op.keeps, strict=True)
            if self.is_wanted[out]
        ]

    def emit(self) -> None:
        """Bind what the body reads, write its nodes, and put the loop around them."""
        b = self.b
        index = b.node_index
        self.n = b.let("steps", b.scalar(self.node.inputs[0]))
        b.check(self.n >= 0)
        for x in self.outer.sequences:
            if (rows := b.array(x).lengths[0]) != self.n:
                b.check(rows >= self.n)
        firsts = [b.contiguous(b.array(v)) if rank(v) else None for v in self.outer.states]
        plan = plan_memory(
            self.graph,
            {
                k: old
                for k, old in enumerate(self.inner.states)
                if rank(old) and self._stack_of(old) is None
            },
            b.target,
        )
        if self.results.last is not None:
            self.taken = b.variable("int64", "taken", self.n)
        clients = self.graph.clients
        scope = Scope(plan, set(), lambda v: bool(clients[v]), self.n)
        b.open(scope)
        self.t = b.name("t", "int64", is_variable=True)
        pace = [b.name(hint, "int64") for hint in ("left", "pace", "end")]
        self.loop = Steps(index, self.n, self.t, pace, body=scope.statements)
        self.i = b.alias("at", self.n - 1 - self.t) if self.op.reverse else self.t
        self._bind_non_sequences()
        self._bind_rows()
        self._bind_states(firsts)
        self._place_rows()
        region = Region(b)
        region.head()
        region.start_tail()
        self._copy(late=False)
        region.finish_tail()
        self._copy(late=True)
        stop = self._stop()
        self._advance()
        region.release_rest()
        if stop is not None:
            b.put(Leave(stop, self.taken, self.loop))
        self._keep_steps()
        b.close()
        b.put(self.loop)
        self._finish()

    # What the body reads
    def _bind_non_sequences(self) -> None:
        b = self.b
        for v, inner in zip(self.outer.non_sequences, self.inner.non_sequences, strict=True):
            if rank(v) == 0:
                b.scalars[inner] = b.scalar(v)
            else:
                b.arrays[inner] = without_buffers(b.array(v))

    def _bind_rows(self) -> None:
        b = self.b
        for x, row in zip(self.outer.sequences, self.inner.sequences, strict=True):
            if not self.graph.clients[row]:
                continue
            source = b.array(x)
            pointer = source.pointer + self.i * source.stride(0)
            if source.rank == 1:
                b.define(row, Element(source.pointer, self.i * source.stride(0)))
                continue
            strides = source.strides[1:] if source.strides is not None else None
            b.arrays[row] = Array(
                b.let(row.name or "row", pointer),
                source.dtype,
                source.lengths[1:],
                strides,
                level=b.scope.depth,
            )

    def _bind_states(self, firsts: Sequence[Array | None]) -> None:
        b = self.b
        self.states: list[State] = []
        self.numbers: list[tuple[Name, Variable, Variable]] = []
        for k, (old, new) in enumerate(zip(self.inner.states, self.rows.states, strict=True)):
            first, out = firsts[k], self.results.states[k]
            if first is None:
                with b.before_steps():
                    value = b.scalar(self.outer.states[k])
                    name = b.variable(old.type.dtype, old.name or "state", value)
                b.scalars[old] = name
                self.numbers.append((name, new, out))
                continue
            state = State(old, new, out, first, first.pointer)
            self.states.append(state)
            if k in b.plan.in_place:
                with b.before_steps():
                    state.own = self._buffer(state)
                    b.copy(state.own, first)
                state.now = state.own.pointer
            else:
                self._bind_moving(state)
            b.arrays[old] = Array(state.now, first.dtype, first.lengths, level=b.scope.depth)

    def _buffer(self, state: State) -> Array:
        """A buffer for a state; written in the body, and read after it."""
        first = state.first
        return self.b.allocate(
            state.out.name or "state",
            first.dtype,
            first.lengths,
            keep=state.out in self.kept,
            lasts=True,
        )

    def _bind_moving(self, state: State) -> None:
        """Decide where a state lives that is not changed where it lies."""
        b, scope, first = self.b, self.b.scope, state.first
        if self.op.is_while and b.target.keeps_numbers:
            self._bind_staying(state)
            return
        with b.before_steps():
            now = b.variable(first.dtype, state.old.name or "state", first.pointer, is_pointer=True)
        state.now = now
        before, after = self._stack_of(state.old), self._stack_of(state.new)
        is_free = self._root(state.new) is not None
        if after is not None and is_free:
            state.stack = after
            return
        with b.before_steps():
            state.own = self._buffer(state)
        if before is not None and is_free and not before.is_placed:
            self._live_in_stack(state, before)
        else:
            with b.before_steps():
                other = b.allocate("state", first.dtype, first.lengths, lasts=True)
                state.then = b.variable(first.dtype, "next", state.own.pointer, is_pointer=True)
                state.spare = b.variable(first.dtype, "spare", other.pointer, is_pointer=True)
        root = self._root(state.new)
        if root is not None and root not in scope.places:
            scope.places[root] = self._state_place(state)

    def _bind_staying(self, state: State) -> None:
        """Let a state stay at one place: host code does not know which step is the last."""
        b, first = self.b, state.first
        with b.before_steps():
            state.own = self._buffer(state)
            b.copy(state.own, first)
            other = b.allocate("state", first.dtype, first.lengths, lasts=True)
        state.now, state.then = state.own.pointer, other.pointer
        root = self._root(state.new)
        if root is not None and root not in b.scope.places:
            b.scope.places[root] = self._state_place(state)

    def _live_in_stack(self, state: State, stack: Stack) -> None:
        """Let the step compute a state into the next row of a stack of old states.

        The last one goes to a buffer behind the end.
        """
        b, first = self.b, state.first
        assert state.own is not None
        assert isinstance(state.now, Name)
        made = self._lasting(stack, [self.n, *first.lengths])
        size = b.let("size", first.count())
        with b.before_steps(), b.branch(self.n > 0):
            begin = (self.n - 1) * size if self.op.reverse else number(0)
            row = made.pointer + begin
            b.copy(Array(row, first.dtype, first.lengths), first)
            b.assign(state.now, row)
        following = self.i - 1 if self.op.reverse else self.i + 1
        place = made.pointer + following * size
        value = choose(self.t + 1 < self.n, place, state.own.pointer)
        state.then = b.variable(first.dtype, state.new.name or "next", value, is_pointer=True)
        stack.is_placed = True

    def _state_place(self, state: State) -> Place:
        def place(lengths: Sequence[Expression]) -> Array:
            self._check_state(lengths, state)
            assert state.then is not None
            first = state.first
            return Array(state.then, first.dtype, first.lengths, level=self.b.scope.depth)

        return place

    def _check_state(self, lengths: Sequence[Expression], state: State) -> None:
        for n, m in zip(lengths, state.first.lengths, strict=True):
            self.b.check_equal(n, m)

    # What the body writes
    def _copy(self, late: bool) -> None:
        """Copy the rows and states that are not computed where they shall lie.

        Late are those of nodes that change states in place; old states must be copied before.
        """
        b = self.b
        tail = set(b.plan.tail)
        for stack in self.stacks:
            if not stack.is_placed and (stack.row.owner in tail) == late:
                self._store(stack)
        for state in self.states:
            if (state.new.owner in tail) != late:
                continue
            source = b.array(state.new)
            self._check_state(source.lengths, state)
            if state.then is not None and not self._lies_in(state):
                b.copy(Array(state.then, state.first.dtype, state.first.lengths), source)

    def _lies_in(self, state: State) -> bool:
        """Whether the new state is where the next step reads it, maybe under another name."""
        root = taken_over(self.b.plan, state.new)[-1]
        return root in self.b.scope.places and self.b.array(root).pointer == state.then

    # From step to step
    def _stop(self) -> Expression | None:
        """The condition to stop; a state that is one is read before it changes."""
        if self.rows.last is None:
            return None
        stop = self.b.scalar(self.rows.last)
        is_state = any(stop == name for name, _, _ in self.numbers)
        return self.b.alias("stop", stop) if is_state or stop.loads else stop

    def _advance(self) -> None:
        """Let the new states be the old ones."""
        b = self.b
        values = [b.scalar(new) for _, new, _ in self.numbers]
        names = {name for name, _, _ in self.numbers}
        for k, value in enumerate(values):
            if value in names:
                values[k] = b.alias(None, value)
        for (name, _, _), value in zip(self.numbers, values, strict=True):
            b.assign(name, value)
        for state in self.states:
            if state.stack is not None:
                assert isinstance(state.now, Name)
                assert state.stack.pointer is not None
                b.assign(state.now, state.stack.pointer)
            elif isinstance(state.now, Name) and state.now.is_variable and state.then is not None:
                b.assign(state.now, state.then)
            elif state.then is not None and state.own is not None:
                b.copy(state.own, Array(state.then, state.first.dtype, state.first.lengths))
            if state.spare is not None:
                assert isinstance(state.then, Name)
                b.assign(state.then, state.spare)
                b.assign(state.spare, state.now)

    def _keep_steps(self) -> None:
        """Say what the first step and every step are given, for errors."""
        first = choose(self.n > 0, self.n - 1, 0) if self.op.reverse else number(0)
        types = [seen_type(v).dtype for v in self.graph.inputs]
        self.loop.first = Kept(self._given(first, is_first=True), types)
        self.loop.now = Kept(self._given(self.i, is_first=False), types)

    def _given(self, at: Expression, *, is_first: bool) -> list[Expression | Array]:
        b = self.b
        given: list[Expression | Array] = []
        for x in self.outer.sequences:
            source = b.array(x)
            place = source.pointer + at * source.stride(0)
            strides = None if source.strides is None else source.strides[1:]
            given.append(Array(place, source.dtype, source.lengths[1:], strides))
        states = {id(s.old): s for s in self.states}
        numbers = dict(
            zip((old for old in self.inner.states if not rank(old)), self.numbers, strict=True)
        )
        for v, old in zip(self.outer.states, self.inner.states, strict=True):
            if old in numbers:
                given.append(b.scalar(v) if is_first else numbers[old][0])
            else:
                state = states[id(old)]
                now = state.first.pointer if is_first else state.now
                given.append(Array(now, state.first.dtype, state.first.lengths))
        return [
            *given,
            *(b.scalar(v) if rank(v) == 0 else b.array(v) for v in self.outer.non_sequences),
        ]

    def _finish(self) -> None:
        """Name the results, as they are after the loop."""
        b, depth = self.b, self.b.scope.depth
        for name, _, out in self.numbers:
            b.scalars[out] = b.alias(out.name or "s", name)
        for state in self.states:
            if not self.is_wanted[state.out]:
                continue
            own = state.own or self._buffer(state)
            if state.now != own.pointer:
                with b.branch(state.now.differs(own.pointer)):
                    b.copy(own, Array(state.now, own.dtype, own.lengths))
            b.arrays[state.out] = Array(
                own.pointer, own.dtype, own.lengths, None, own.buffers, depth
            )
            self.loop.results |= own.buffers
        for stack in self.stacks:
            self._name_stack(stack)
        if self.results.last is not None:
            b.scalars[self.results.last] = b.alias("taken", self.taken)

    def _name_stack(self, stack: Stack) -> None:
        b, made = self.b, stack.array
        assert made is not None
        lengths = [b.alias("n", n) if isinstance(n, Name) else n for n in made.lengths]
        # A state keeps its lengths, also where no step is made that would tell others.
        for state in self.states:
            if state.new is stack.row:
                lengths[1:] = state.first.lengths
        if self.op.is_while:
            taken: Expression = self.taken
            if stack.keep is not None:
                taken = choose(taken < stack.keep, taken, stack.keep)
            lengths[0] = b.alias("rows", taken)
        pointer = b.alias(stack.out.name or "stack", made.pointer)
        if self.op.reverse and self._is_growing(stack):
            # Written from the end of the buffer on.
            assert stack.room is not None
            row = made.stride(0)
            begin = pointer + (stack.room - self.taken) * row
            size = Bytes([lengths[0], row], made.dtype)
            b.call(MOVE_BYTES, [pointer, begin, size], [pointer])
        b.arrays[stack.out] = Array(pointer, made.dtype, lengths, None, made.buffers, b.scope.depth)
        self.loop.results |= made.buffers
