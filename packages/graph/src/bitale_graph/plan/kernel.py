"""Kernels: a loop over operands of known layout, before any target has spelled it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from ..ops.loop import Index, Load, Loop


@dataclass(frozen=True)
class Operand:
    """Something that a kernel reads or writes by pointer.

    Attributes
    ----------
    kind : str
        "in", "out", "sum" (an accumulator), "place" (where the largest value was met), "table"
        (read at computed places), "into" (written at computed places), or "total" (what a sum
        becomes).
    index : int
        Counts inputs or results.
    dtype : str
    moves : tuple of str
        For each axis how far it moves: "0" (it stands still), "1", or "d", a number of elements
        that is known when the kernel runs. Along the last axis that is 0 or 1, unless a part of an
        array is written.
    strides : tuple of str
        Of a table, along its own axes: "1", or "d".
    """

    kind: str
    index: int
    dtype: str
    moves: tuple[str, ...]
    strides: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Its name in the kernel."""
        return f"{self.kind}{self.index}"

    @property
    def is_read_only(self) -> bool:
        """Whether the kernel only reads it."""
        return self.kind in ("in", "table")

    def move(self, axis: int) -> str:
        """How far it moves along an axis, as an expression in the kernel."""
        return f"{self.name}_d{axis}" if self.moves[axis] == "d" else self.moves[axis]


@dataclass(frozen=True)
class Kernel:
    """A loop over operands of known layout; equal kernels have equal text.

    A call passes the lengths of the range; for each operand its pointer, the moves that are "d",
    for a table its lengths and the strides that are "d"; for each accumulator how many a part has;
    and the numbers.

    Attributes
    ----------
    loop : Loop
    dtypes : tuple of str
        Of all inputs.
    operands : tuple of Operand
    by_value : tuple of int
        The inputs of rank 0.
    cost : int
        Of an element, in multiplications.
    """

    loop: Loop
    dtypes: tuple[str, ...]
    operands: tuple[Operand, ...]
    by_value: tuple[int, ...]
    cost: int

    @property
    def inner(self) -> int:
        """The last axis."""
        return self.loop.ndim - 1

    @cached_property
    def indexed(self) -> list[int]:
        """The axes whose index is a number of the program, or may be a result."""
        steps = (a for s in self.loop.steps for a in (s.at if isinstance(s, Load) else s.args))
        used = (*steps, *(a for r in self.loop.results for a in r.at))
        named = {a.axis for a in used if isinstance(a, Index)}
        return sorted(named.union(*(r.axes for r in self.loop.results if r.place)))

    def of_kind(self, kind: str) -> list[Operand]:
        """The operands of a kind."""
        return [o for o in self.operands if o.kind == kind]

    def program(self) -> str:
        """The loop in words, cut off where it is long."""
        text = self.loop.program(len(self.dtypes))
        return text if len(text) <= 600 else f"{text[:600]}..."


def is_apart(loop: Loop, axis: int) -> bool:
    """Whether what is written at different indices of an axis lies at different places."""
    return all(Index(axis) in r.at for r in loop.results if r.into is not None)
