"""The stacks of a loop: where the row of each step is written, and memory for the rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...core.function_graph import FunctionGraph
from ...core.graph import Variable
from ..array import Array
from ..builder import Builder
from ..calls import Routine
from ..carried import Place, Stack
from ..expressions import Bytes, Expression, Name, all_of, choose, number
from ..memory import rank
from ..node_code import has_code
from ..region import has_own_buffer, taken_over
from ..statements import Give, Move, Steps, Store, Take

COPY_BYTES = Routine("copy_bytes", takes_runtime=False)
MOVE_BYTES = Routine("move_bytes", takes_runtime=False)


class RowStacks:
    """What a loop gives of all its steps.

    Attributes
    ----------
    n, i, t : Expression
        The number of steps, the row of a step, and how many were made.
    kept : set of Variable
        Those whose buffers leave the call.
    """

    b: Builder
    op: Any
    graph: FunctionGraph
    stacks: list[Stack]
    kept: set[Variable]
    loop: Steps
    n: Expression
    i: Expression
    t: Name

    def _root(self, v: Variable) -> Variable | None:
        """Whose buffer ``v`` is computed into, if that can be put where it is wanted."""
        root = taken_over(self.b.plan, v)[-1]
        if not has_own_buffer(self.graph, v) or not has_own_buffer(self.graph, root):
            return None
        is_written = root.owner is not None and has_code(self.b.target, root.owner)
        return root if is_written else None

    def _stack_of(self, row: Variable) -> Stack | None:
        """The stack that keeps ``row`` of every step."""
        for stack in self.stacks:
            if stack.row is row and stack.keep is None and not self._is_growing(stack):
                return stack
        return None

    def _is_growing(self, stack: Stack) -> bool:
        """Whether a stack takes memory as steps are made, of which there may be fewer."""
        return self.op.is_while and stack.keep is None

    def _place_rows(self) -> None:
        """Let rows be computed where they shall lie."""
        for stack in self.stacks:
            is_copied = stack.is_placed or self._is_growing(stack)
            root = None if is_copied else self._root(stack.row)
            if root is not None and root not in self.b.scope.places:
                self.b.scope.places[root] = self._row_place(stack)

    def _row_place(self, stack: Stack) -> Place:
        def place(lengths: Sequence[Expression]) -> Array | None:
            if not self.b.is_fixed(*lengths):
                return None
            made = self._take(stack, lengths)
            stack.is_placed = True
            assert stack.pointer is not None
            return Array(stack.pointer, made.dtype, list(lengths), level=made.level)

        return place

    def _lasting(self, stack: Stack, lengths: Sequence[Expression]) -> Array:
        """Memory for a stack, taken before the loop."""
        b = self.b
        with b.before_steps():
            made = b.allocate(
                stack.out.name or "stack",
                stack.row.type.dtype,
                lengths,
                keep=stack.out in self.kept,
                lasts=True,
            )
        stack.array = made
        return made

    def _take(self, stack: Stack, lengths: Sequence[Expression]) -> Array:
        """Make the stack for rows of known lengths, and the pointer to the row of the step."""
        count = self._count(stack)
        made = self._lasting(stack, [count, *lengths])
        at = made.pointer + self._row_number(stack, count) * made.stride(0)
        stack.pointer = self.b.alias(stack.row.name or "row", at)
        return made

    def _count(self, stack: Stack) -> Expression:
        """For how many rows there is room."""
        if stack.keep is None:
            return self.n
        return self.b.let("rows", choose(self.n < stack.keep, self.n, stack.keep))

    def _row_number(self, stack: Stack, count: Expression) -> Expression:
        """Where the row of the step lies; what is not kept is overwritten by what is."""
        if stack.keep is None:
            return self.i
        if self.op.is_while:
            return number(0)
        if self.op.reverse:
            return choose(self.i < count, self.i, count - 1)
        first = self.n - count
        return choose(self.i < first, 0, self.i - first)

    def _store(self, stack: Stack) -> None:
        b = self.b
        source = None if rank(stack.row) == 0 else b.array(stack.row)
        lengths = source.lengths if source is not None else []
        if self._is_growing(stack) or not b.is_fixed(*lengths):
            self._grow(stack, lengths)
        else:
            self._take(stack, lengths)
        assert stack.pointer is not None
        if source is None:
            b.put(Store(stack.pointer, number(0), b.scalar(stack.row)))
        else:
            b.copy(Array(stack.pointer, source.dtype, source.lengths), source)

    def _grow(self, stack: Stack, found: Sequence[Expression]) -> None:
        """Make a stack when the first step has told the lengths of a row.

        If a condition ends the loop, for a few rows first, and then for twice as many.
        """
        b = self.b
        dtype, keep = stack.row.type.dtype, stack.out in self.kept
        buffer, is_known = b.new_buffer(), b.is_fixed(*found)
        lengths: list[Expression] = list(found)
        count = self._count(stack)
        with b.before_steps():
            name = b.variable(dtype, stack.out.name or "stack", is_pointer=True)
            if not is_known:
                lengths = [
                    b.variable("int64", f"{name.text}_n{a}", number(0)) for a in range(len(found))
                ]
            room = b.variable("int64", "room", number(0))
            taken = b.name(None, dtype, is_pointer=True)
            empty = Take(b.node_index, taken, buffer, Bytes([number(0)], dtype), keep, lasts=True)
            empty.is_guarded = False
            b.put(empty)
            b.assign(name, taken)
        self.loop.results.add(buffer)
        made = Array(name, dtype, [count, *lengths], None, frozenset([buffer]), b.scope.depth)
        if not is_known:
            self._tell_lengths(lengths, found)
        with b.branch((self.t >= room) & (room < count)):
            self._enlarge(stack, made, room, keep=keep)
        stack.array, stack.room = made, room
        row = self._row_number(stack, count)
        if self.op.reverse and self._is_growing(stack):
            row = room - 1 - self.t
        stack.pointer = name + row * made.stride(0)

    def _tell_lengths(self, lengths: Sequence[Expression], found: Sequence[Expression]) -> None:
        """Note the lengths of the first row, and check those of the others."""
        b = self.b
        with b.branch(self.t.equals(0)):
            for n, m in zip(lengths, found, strict=True):
                assert isinstance(n, Name)
                b.assign(n, m)
        b.check(all_of(n.equals(m) for n, m in zip(lengths, found, strict=True)))

    def _enlarge(self, stack: Stack, made: Array, room: Name, *, keep: bool) -> None:
        """Move the rows to where there is room for more."""
        b = self.b
        count, *lengths = made.lengths
        was = b.alias("was", room)
        if self._is_growing(stack):
            b.assign(room, choose(room < 4, 8, room * 2))
            b.assign(room, choose(room > count, count, room))
        else:
            b.assign(room, count)
        larger = b.allocate("larger", made.dtype, [room, *lengths], keep=keep, moves=True)
        start = larger.pointer
        if self.op.reverse and self._is_growing(stack):
            start = start + (room - was) * made.stride(0)
        size = Bytes([was, *lengths], made.dtype)
        b.call(COPY_BYTES, [start, made.pointer, size], [larger.pointer])
        (old,), (new,) = made.buffers, larger.buffers
        assert isinstance(made.pointer, Name)
        b.put(Give(old))
        b.put(Move(old, new, made.pointer, larger.pointer))
