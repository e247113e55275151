"""The stacks of a loop in C: where the row of each step is written, and memory for the rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bitale_graph.extend import FunctionGraph, Variable

from ..base.array import Array, size_of
from ..base.ctype import C_TYPES
from ..host.builder import Builder
from ..host.carried import Place, Stack
from ..host.memory import rank
from ..host.node_text import has_c_text
from ..host.region import has_own_buffer, taken_over


class RowStacks:
    """What a loop gives of all its steps.

    Attributes
    ----------
    n, i, t : str
        Names of the number of steps, of the row of a step, and of how many were made.
    kept : set of Variable
        Those whose buffers leave the call.
    """

    b: Builder
    op: Any
    graph: FunctionGraph
    stacks: list[Stack]
    kept: set[Variable]
    n: str
    i: str
    t: str

    def _root(self, v: Variable) -> Variable | None:
        """Whose buffer ``v`` is computed into, if that can be put where it is wanted."""
        root = taken_over(self.b.plan, v)[-1]
        if not has_own_buffer(self.graph, v) or not has_own_buffer(self.graph, root):
            return None
        return root if root.owner is not None and has_c_text(root.owner) else None

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
        def place(lengths: Sequence[str]) -> Array | None:
            if not self.b.scope.is_fixed(" ".join(lengths)):
                return None
            made = self._take(stack, lengths)
            stack.is_placed = True
            return Array(stack.pointer, made.dtype, list(lengths))

        return place

    def _take(self, stack: Stack, lengths: Sequence[str]) -> Array:
        """Make the stack for rows of known lengths, and the pointer to the row of the step."""
        b = self.b
        dtype = stack.row.type.dtype
        count = self._count(stack)
        made = b.allocate(
            stack.out.name or "stack",
            dtype,
            [count, *lengths],
            keep=stack.out in self.kept,
            lasts=True,
        )
        stack.array = made
        at = f"{made.name} + {self._row_number(stack, count)} * ({made.stride(0)})"
        stack.pointer = b.variable(f"{made.c_type} *", stack.row.name or "row", at)
        b.scope.written.add(stack.pointer)
        return made

    def _count(self, stack: Stack) -> str:
        """For how many rows there is room."""
        if stack.keep is None:
            return self.n
        return self.b.length("rows", f"{self.n} < {stack.keep} ? {self.n} : {stack.keep}")

    def _row_number(self, stack: Stack, count: str) -> str:
        """Where the row of the step lies; what is not kept is overwritten by what is."""
        if stack.keep is None:
            return self.i
        if self.op.is_while:
            return "0"
        if self.op.reverse:
            return f"({self.i} < {count} ? {self.i} : {count} - 1)"
        first = f"({self.n} - {count})"
        return f"({self.i} < {first} ? 0 : {self.i} - {first})"

    def _store(self, stack: Stack) -> None:
        b = self.b
        source = None if rank(stack.row) == 0 else b.array(stack.row)
        lengths = source.lengths if source is not None else []
        if self._is_growing(stack) or not b.scope.is_fixed(" ".join(lengths)):
            self._grow(stack, lengths)
        else:
            self._take(stack, lengths)
        if source is None:
            b.put(f"*({stack.pointer}) = {b.scalar(stack.row)};")
        else:
            b.put(b.copy_text(Array(stack.pointer, source.dtype, source.lengths), source))

    def _grow(self, stack: Stack, found: Sequence[str]) -> None:
        """Make a stack when the first step has told the lengths of a row.

        If a condition ends the loop, for a few rows first, and then for twice as many.
        """
        b = self.b
        dtype = stack.row.type.dtype
        c_type = C_TYPES[dtype]
        slot, name = b.new_slot(), b.variable(f"{c_type} *", stack.out.name or "stack")
        is_known = b.scope.is_fixed(" ".join(found))
        lengths = list(found)
        if not is_known:
            lengths = [b.variable("int64_t", f"{name}_n{a}") for a in range(len(found))]
        room, count = b.variable("int64_t", "room"), self._count(stack)
        made = Array(name, dtype, [count, *lengths], None, frozenset([slot]))
        size = size_of([room, *lengths], f"sizeof({c_type})")
        keep = int(stack.out in self.kept)
        no_memory = f"BT_FAIL({b.node_index}, BT_OUT_OF_MEMORY);"
        b.scope.before += [
            f"{room} = 0;",
            *(f"{n} = 0;" for n in lengths if not is_known),
            f"if (!(owned[{slot}] = {name} = bt_take(&frame, 0, {keep}))) {no_memory}",
        ]
        if not is_known:
            same = " && ".join(f"{n} == {m}" for n, m in zip(lengths, found, strict=True))
            told = " ".join(f"{n} = {m};" for n, m in zip(lengths, found, strict=True))
            b.put(f"if ({self.t} == 0) {{ {told} }}")
            b.put(f"else if (!({same})) BT_FAIL({b.node_index}, BT_CHECK_FAILED);")
        more = f"{room} = {count};"
        if self._is_growing(stack):
            more = f"{room} = {room} < 4 ? 8 : 2 * {room}; if ({room} > {count}) {room} = {count};"
        b.put(f"if ({self.t} >= {room} && {room} < {count}) {{")
        b.put(f"    const size_t written = {size};")
        b.put(f"    {more}")
        b.put(f"    void *larger = bt_take(&frame, {size}, {keep});")
        b.put(f"    if (!larger) {no_memory}")
        at = f" + {size} - written" if self.op.reverse and self._is_growing(stack) else ""
        b.put(f"    __builtin_memcpy((char *)larger{at}, {name}, written);")
        b.put(f"    bt_give(&frame, arena, &owned[{slot}]);")
        b.put(f"    owned[{slot}] = {name} = larger;")
        b.put("}")
        stack.array, stack.room = made, room
        row = self._row_number(stack, count)
        if self.op.reverse and self._is_growing(stack):
            row = f"({room} - 1 - {self.t})"
        stack.pointer = f"{name} + {row} * ({made.stride(0)})"
