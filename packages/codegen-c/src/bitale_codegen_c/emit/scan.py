"""Recurrence in C: one loop, with the nodes of its body written inside by the rules of any graph.

A carried state is no copy: the step computes it where the next step reads it, which is the row of a
stack that keeps it, the second of two buffers that change places, or the place of the old state.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from bitale_graph.extend import Apply, Scan, Variable

from ..base.array import Array
from ..base.ctype import C_TYPES
from ..host.builder import Builder
from ..host.carried import Place, Stack, State, keep_step, without_slots
from ..host.memory import plan_memory, rank
from ..host.region import Region, taken_over
from ..host.rules import emits
from ..host.scope import Scope
from .scan_stacks import RowStacks


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
        self.index = b.node_index
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
        self.n = b.length("steps", b.scalar(self.node.inputs[0]))
        b.check(f"{self.n} >= 0")
        for x in self.outer.sequences:
            if (rows := b.array(x).lengths[0]) != self.n:
                b.check(f"{rows} >= {self.n}")
        firsts = [b.contiguous(b.array(v)) if rank(v) else None for v in self.outer.states]
        plan = plan_memory(
            self.graph,
            {
                k: old
                for k, old in enumerate(self.inner.states)
                if rank(old) and self._stack_of(old) is None
            },
        )
        clients = self.graph.clients
        scope = Scope(plan, set(), lambda v: bool(clients[v]), self.n)
        b.open(scope)
        self.t, self.i = b.name("t"), b.name("at")
        scope.moving |= {self.t, self.i}
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
        b.close()
        self._write(scope, stop)
        self._finish(scope)

    # What the body reads
    def _bind_non_sequences(self) -> None:
        b = self.b
        for v, inner in zip(self.outer.non_sequences, self.inner.non_sequences, strict=True):
            if rank(v) == 0:
                b.scalars[inner] = b.scalar(v)
            else:
                b.arrays[inner] = without_slots(b.array(v))

    def _bind_rows(self) -> None:
        b = self.b
        for x, row in zip(self.outer.sequences, self.inner.sequences, strict=True):
            if not self.graph.clients[row]:
                continue
            source = b.array(x)
            at = f"{self.i} * ({source.stride(0)})"
            if source.rank == 1:
                b.scalars[row] = b.variable(source.c_type, row.name, f"{source.name}[{at}]")
                continue
            name = b.variable(f"{source.c_type} *", row.name or "row", f"{source.name} + {at}")
            strides = source.strides[1:] if source.strides is not None else None
            b.arrays[row] = Array(name, source.dtype, source.lengths[1:], strides)

    def _bind_states(self, firsts: Sequence[Array | None]) -> None:
        b = self.b
        self.states: list[State] = []
        self.numbers: list[tuple[str, Variable, Variable]] = []
        for k, (old, new) in enumerate(zip(self.inner.states, self.rows.states, strict=True)):
            first, out = firsts[k], self.results.states[k]
            if first is None:
                name = b.variable(C_TYPES[old.type.dtype], old.name or "state")
                b.scope.before.append(f"{name} = {b.scalar(self.outer.states[k])};")
                b.scalars[old] = name
                self.numbers.append((name, new, out))
                continue
            state = State(old, new, out, first)
            self.states.append(state)
            if k in b.plan.in_place:
                state.own = self._buffer(state)
                b.scope.before.append(b.copy_text(state.own, first))
                state.now = state.own.name
            else:
                self._bind_moving(state)
            b.arrays[old] = Array(state.now, first.dtype, first.lengths)

    def _buffer(self, state: State) -> Array:
        return self.b.allocate(
            state.out.name or "state",
            state.first.dtype,
            state.first.lengths,
            keep=state.out in self.kept,
            lasts=True,
        )

    def _bind_moving(self, state: State) -> None:
        """Decide where a state lives that is not changed where it lies."""
        b, scope, first = self.b, self.b.scope, state.first
        state.now = b.variable(f"{first.c_type} *", state.old.name or "state")
        scope.written.add(state.now)
        scope.before.append(f"{state.now} = {first.name};")
        before, after = self._stack_of(state.old), self._stack_of(state.new)
        is_free = self._root(state.new) is not None
        if after is not None and is_free:
            state.stack = after
            return
        state.own = self._buffer(state)
        if before is not None and is_free and not before.is_placed:
            self._live_in_stack(state, before)
        else:
            other = b.allocate("state", first.dtype, first.lengths, lasts=True)
            state.then = b.variable(f"{first.c_type} *", "next")
            state.spare = b.variable(f"{first.c_type} *", "spare")
            scope.before.append(f"{state.then} = {state.own.name}; {state.spare} = {other.name};")
        scope.written.add(state.then)
        root = self._root(state.new)
        if root is not None and root not in scope.places:
            scope.places[root] = self._state_place(state)

    def _live_in_stack(self, state: State, stack: Stack) -> None:
        """Let the step compute a state into the next row of a stack of old states.

        The last one goes to a buffer behind the end.
        """
        b, first = self.b, state.first
        assert state.own is not None
        stack.array = b.allocate(
            stack.out.name,
            first.dtype,
            [self.n, *first.lengths],
            keep=stack.out in self.kept,
            lasts=True,
        )
        size = b.length("size", first.count())
        begin = f"({self.n} - 1) * {size}" if self.op.reverse else "0"
        row = Array(f"({stack.array.name} + {begin})", first.dtype, first.lengths)
        b.scope.before += [
            f"if ({self.n} > 0) {{",
            "    " + b.copy_text(row, first),
            f"    {state.now} = {row.name};",
            "}",
        ]
        following = f"{self.i} - 1" if self.op.reverse else f"{self.i} + 1"
        state.then = b.variable(
            f"{first.c_type} *",
            state.new.name or "next",
            f"{self.t} + 1 < {self.n} ? {stack.array.name} + ({following}) * {size} "
            f": {state.own.name}",
        )
        stack.is_placed = True

    def _state_place(self, state: State) -> Place:
        def place(lengths: Sequence[str]) -> Array:
            self._check_state(lengths, state)
            return Array(state.then, state.first.dtype, state.first.lengths)

        return place

    def _check_state(self, lengths: Sequence[str], state: State) -> None:
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
            if state.then and not self._lies_in(state):
                to = Array(state.then, state.first.dtype, state.first.lengths)
                b.put(b.copy_text(to, source))

    def _lies_in(self, state: State) -> bool:
        """Whether the new state is where the next step reads it, maybe under another name."""
        root = taken_over(self.b.plan, state.new)[-1]
        return root in self.b.scope.places and self.b.array(root).name == state.then

    # From step to step
    def _stop(self) -> str:
        """The condition to stop; a state that is one is read before it changes."""
        if self.rows.last is None:
            return ""
        stop = self.b.scalar(self.rows.last)
        is_state = any(stop == name for name, _, _ in self.numbers)
        return self.b.variable("uint8_t", "stop", stop) if is_state else stop

    def _advance(self) -> None:
        """Let the new states be the old ones."""
        b = self.b
        values = [b.scalar(new) for _, new, _ in self.numbers]
        names = {name for name, _, _ in self.numbers}
        for k, (_, new, _) in enumerate(self.numbers):
            if values[k] in names:
                values[k] = b.variable(C_TYPES[new.type.dtype], None, values[k])
        for (name, _, _), value in zip(self.numbers, values, strict=True):
            b.put(f"{name} = {value};")
        for state in self.states:
            if state.stack is not None:
                b.put(f"{state.now} = {state.stack.pointer};")
            elif state.then:
                b.put(f"{state.now} = {state.then};")
            if state.spare:
                b.put(f"{state.then} = {state.spare}; {state.spare} = {state.now};")

    def _write(self, scope: Scope, stop: str) -> None:
        """Put the loop into the scope around it."""
        b = self.b
        early, early_block = self._on_failure(scope.before, "0", is_first=True)
        lines, block = self._on_failure(scope.lines, self.t, is_first=False)
        for line in early:
            b.put(line)
        if self.results.last is not None:
            self.taken = b.variable("int64_t", "taken", self.n)
        close = b.open_steps(self.t, self.n)
        index = f"{self.n} - 1 - {self.t}" if self.op.reverse else self.t
        b.put(f"const int64_t {self.i} = {index}; (void){self.i};")
        for line in lines:
            b.put(line)
        if stop:
            b.put(f"if ({stop}) {{ {self.taken} = {self.t} + 1; {self.t} = {self.n}; break; }}")
        for line in block:
            b.put(line)
        b.put(close)
        for line in early_block:
            b.put(line)

    def _on_failure(
        self, lines: Sequence[str], t: str, is_first: bool
    ) -> tuple[list[str], list[str]]:
        """Let what fails in a step leave by a block that keeps what the step was given.

        Gives the statements and the block; the first step has the first states.
        """
        b = self.b
        label = b.name("failed")
        out = [
            line.replace("BT_FAIL(", f"BT_FAIL_AT({label}, ").replace(
                "goto leave;", f"goto {label};"
            )
            for line in lines
        ]
        if out == list(lines):
            return out, []
        at = self.i
        if is_first:
            at = f"({self.n} > 0 ? {self.n} - 1 : 0)" if self.op.reverse else "0"
        given: list[str | Array] = []
        for x in self.outer.sequences:
            source = b.array(x)
            place = f"{source.name} + {at} * ({source.stride(0)})"
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
                now = state.first.name if is_first else state.now
                given.append(Array(now, state.first.dtype, state.first.lengths))
        given += [b.scalar(v) if rank(v) == 0 else b.array(v) for v in self.outer.non_sequences]
        types = [v.type.dtype for v in self.graph.inputs]
        block = ["if (0) {", f"{label}:;"]
        block += keep_step(self.index, t, given, types)
        return out, [*block, "goto leave;", "}"]

    def _finish(self, scope: Scope) -> None:
        """Name the results, and give back what only the loop needed."""
        b = self.b
        given: set[int] = set()
        for name, _, out in self.numbers:
            b.scalars[out] = b.variable(C_TYPES[out.type.dtype], out.name, name)
        for state in self.states:
            if not self.is_wanted[state.out]:
                continue
            own = state.own or self._buffer(state)
            if state.now != own.name:
                last = Array(state.now, own.dtype, own.lengths)
                b.put(f"if ({state.now} != {own.name}) {b.copy_text(own, last)}")
            b.arrays[state.out] = own
            given |= own.slots
        for stack in self.stacks:
            made = stack.array
            assert made is not None
            lengths = list(made.lengths)
            if self.op.is_while:
                count = f"{self.taken} < {stack.keep} ? {self.taken} : {stack.keep}"
                lengths[0] = (
                    self.taken if stack.keep is None else b.declare("int64_t", "rows", count)
                )
            if self.op.reverse and self._is_growing(stack):
                # Written from the end of the buffer on.
                row = f"({made.stride(0)})"
                b.put(
                    f"__builtin_memmove({made.name}, {made.name} + ({stack.room} - {self.taken}) * "
                    f"{row}, (size_t)({self.taken} * {row}) * sizeof({made.c_type}));"
                )
            b.arrays[stack.out] = Array(made.name, made.dtype, lengths, None, made.slots)
            given |= made.slots
        if self.results.last is not None:
            b.scalars[self.results.last] = self.taken
        for slot in sorted(scope.owned):
            if slot not in given:
                b.release(slot)
