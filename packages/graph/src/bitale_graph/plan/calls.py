"""Statements that call: a routine, a kernel, Python."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ..core.graph import Apply
from .array import Array, Buffer
from .expressions import Expression, Name
from .kernel import Kernel
from .statements import Failing, Guarded, Statement


@dataclass(frozen=True)
class Routine:
    """A function of a target's library.

    Attributes
    ----------
    name : str
    needs : object
        What brings it: the target knows.
    takes_runtime : bool
        Whether its first argument is the runtime.
    """

    name: str
    needs: Any = None
    takes_runtime: bool = True


@dataclass(eq=False)
class Call(Guarded):
    """Call a routine.

    Attributes
    ----------
    routine : Routine
    arguments : list
        Expressions; tuples of them are passed as arrays of int64.
    written : list of Expression
        Pointers to what it writes.
    result : Name or None
        The variable for what it gives.
    """

    routine: Routine
    arguments: list[Expression | tuple[Expression, ...]]
    written: list[Expression]
    result: Name | None = None

    def reads(self) -> Iterable[Expression | Array]:
        yield self.guard
        if self.result is not None:
            yield self.result
        for a in self.arguments:
            yield from a if isinstance(a, tuple) else (a,)

    def writes(self) -> Iterable[Expression]:
        return self.written


@dataclass(eq=False)
class Try(Failing):
    """Call a routine that fails if it gives anything but 0."""

    routine: Routine
    arguments: list[Expression | tuple[Expression, ...]]
    written: list[Expression]

    def reads(self) -> Iterable[Expression | Array]:
        for a in self.arguments:
            yield from a if isinstance(a, tuple) else (a,)

    def writes(self) -> Iterable[Expression]:
        return self.written


@dataclass(eq=False)
class Launch(Statement):
    """Run a kernel over its range.

    Attributes
    ----------
    kernel : Kernel
    parts : Expression
        Into how many parts the work is split.
    lengths, numbers : list of Expression
        The range, and the numbers passed by value.
    arguments : list of lists of Expression
        For each operand its pointer and what its layout asks for.
    sizes : list of Expression
        For each accumulator how many there are in a part.
    written : list of Expression
        Pointers to what it writes.
    hint : str
        A name for the kernel.
    of : Apply
        The node that it is for, and its number.
    """

    kernel: Kernel
    parts: Expression
    lengths: list[Expression]
    arguments: list[list[Expression]]
    sizes: list[Expression]
    numbers: list[Expression]
    written: list[Expression]
    hint: str
    of: Apply
    node: int

    def reads(self) -> Iterable[Expression | Array]:
        passed = [e for one in self.arguments for e in one]
        return (self.parts, *self.lengths, *passed, *self.sizes, *self.numbers)

    def writes(self) -> Iterable[Expression]:
        return self.written


@dataclass(eq=False)
class Received:
    """Where a callback's result goes: a number, or a buffer, a pointer and lengths."""

    name: Name
    lengths: list[Name]
    buffer: Buffer | None


@dataclass(eq=False)
class Callback(Failing):
    """Run a node in Python: number ``index`` of those that do."""

    index: int
    given: list[Expression | Array]
    received: list[Received]

    def reads(self) -> Iterable[Expression | Array]:
        return self.given

    def gives(self) -> Sequence[Name]:
        return [n for r in self.received for n in (r.name, *r.lengths)]
