"""Statements of host code: what a function does between and around its kernels.

A statement knows its ``level``: in how many loops, counted from outside, it must stay. The pass
`hoist` moves it out of the others. What can fail names the node that it fails for, and has a
``guard`` where it stands before a loop or a branch that may never run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from ..core.graph import Apply
from .array import Array, Buffer
from .expressions import TRUE, Expression, Name


@dataclass(eq=False)
class Statement:
    """A step of host code.

    Attributes
    ----------
    level : int
    can_fail : bool
        Whether the function may be left here with an error.
    """

    level: int = field(default=0, init=False)
    can_fail: ClassVar[bool] = False

    def reads(self) -> Iterable[Expression | Array]:
        """The expressions and arrays that are read, and the pointers written through."""
        return ()

    def gives(self) -> Sequence[Name]:
        """The names that have a value from here on."""
        return ()

    def writes(self) -> Iterable[Expression]:
        """The pointers to memory that is written, as far as it may be anybody's."""
        return ()

    def blocks(self) -> Iterable[list[Statement]]:
        """Lists of statements inside."""
        return ()


@dataclass(eq=False)
class Guarded(Statement):
    """A statement that is of effect only where a condition holds.

    Attributes
    ----------
    guard : Expression
    is_guarded : bool
        Whether it is of no effect either where the loop that it stands in makes no step.
    """

    guard: Expression = field(default=TRUE, init=False)
    is_guarded: bool = field(default=True, init=False)


@dataclass(eq=False)
class Failing(Guarded):
    """A statement that may leave the function, for node number ``node``."""

    node: int
    can_fail: ClassVar[bool] = True


@dataclass(eq=False)
class Mark(Statement):
    """Here begins what belongs to node number ``node``."""

    node: int
    of: Apply


@dataclass(eq=False)
class Let(Statement):
    """A name for a value, once and for all."""

    name: Name
    value: Expression

    def reads(self) -> Iterable[Expression | Array]:
        return (self.value,)

    def gives(self) -> Sequence[Name]:
        return (self.name,)


@dataclass(eq=False)
class Declare(Statement):
    """A variable, with its first value if there is one."""

    name: Name
    value: Expression | None = None

    def reads(self) -> Iterable[Expression | Array]:
        return () if self.value is None else (self.value,)

    def gives(self) -> Sequence[Name]:
        return (self.name,)


@dataclass(eq=False)
class Assign(Statement):
    """Another value for a variable."""

    name: Name
    value: Expression

    def reads(self) -> Iterable[Expression | Array]:
        return (self.name, self.value)


@dataclass(eq=False)
class Store(Statement):
    """Write a number to an element."""

    pointer: Expression
    index: Expression
    value: Expression

    def reads(self) -> Iterable[Expression | Array]:
        return (self.pointer, self.index, self.value)

    def writes(self) -> Iterable[Expression]:
        return (self.pointer,)


@dataclass(eq=False)
class Copy(Statement):
    """Copy an array, which broadcasts to another by strides of 0."""

    to: Array
    source: Array

    def reads(self) -> Iterable[Expression | Array]:
        return (self.to, self.source)

    def writes(self) -> Iterable[Expression]:
        return (self.to.pointer,)


@dataclass(eq=False)
class Check(Failing):
    """Leave with an error unless a condition holds."""

    condition: Expression

    def reads(self) -> Iterable[Expression | Array]:
        return (self.guard, self.condition)


@dataclass(eq=False)
class CheckStopped(Failing):
    """Leave if a signal has told that the call shall stop."""


@dataclass(eq=False)
class Take(Failing):
    """Take memory for ``size`` (of type `Bytes`), which a pointer then shows.

    Attributes
    ----------
    keeps : bool
        Whether it may outlive the call.
    lasts : bool
        Whether it is read after the step of a loop in which it is written.
    """

    pointer: Name
    buffer: Buffer
    size: Expression
    keeps: bool = False
    lasts: bool = False

    def reads(self) -> Iterable[Expression | Array]:
        return (self.guard, self.size)

    def gives(self) -> Sequence[Name]:
        return (self.pointer,)


@dataclass(eq=False)
class Give(Statement):
    """Give memory back."""

    buffer: Buffer


@dataclass(eq=False)
class Move(Statement):
    """Let ``to`` own the memory of ``source``, and a variable show it."""

    to: Buffer
    source: Buffer
    pointer: Name | None = None
    value: Expression | None = None

    def reads(self) -> Iterable[Expression | Array]:
        return () if self.pointer is None or self.value is None else (self.pointer, self.value)


@dataclass(eq=False)
class Pack(Failing):
    """Show an array in a layout: where it lies if a condition holds, else in a packed copy.

    Attributes
    ----------
    array : Array
    fits : Expression
    pointer : Name
    strides : list of Name
        Those of what is shown; none if it is contiguous either way.
    buffer : Buffer
    """

    array: Array
    fits: Expression
    pointer: Name
    strides: list[Name]
    buffer: Buffer

    def reads(self) -> Iterable[Expression | Array]:
        return (self.guard, self.fits, self.array)

    def gives(self) -> Sequence[Name]:
        return (self.pointer, *self.strides)


@dataclass(eq=False)
class If(Statement):
    """One of two lists of statements."""

    condition: Expression
    then: list[Statement]
    otherwise: list[Statement]

    def reads(self) -> Iterable[Expression | Array]:
        return (self.condition,)

    def blocks(self) -> Iterable[list[Statement]]:
        return (self.then, self.otherwise)


@dataclass(eq=False)
class Kept:
    """What a step was given, which is kept for the words of an error if it fails.

    Attributes
    ----------
    given : list of Expression or Array
    dtypes : list of str
    """

    given: list[Expression | Array]
    dtypes: list[str]


@dataclass(eq=False)
class Steps(Statement):
    """A loop that ends after a number of steps, or earlier by `Leave`.

    Attributes
    ----------
    node : int
    steps : Expression
    t : Name
        Counts the steps, from 0.
    before : list of Statement
        What is done once, before the first step; where that fails, it fails for the first step.
    body : list of Statement
    first, now : Kept
        What the first step and the present one are given.
    results : set of Buffer
        Those taken before the loop that are read after it.
    """

    node: int
    steps: Expression
    t: Name
    pace: Sequence[Name]
    before: list[Statement] = field(default_factory=list)
    body: list[Statement] = field(default_factory=list)
    first: Kept | None = None
    now: Kept | None = None
    results: set[Buffer] = field(default_factory=set)
    can_fail: ClassVar[bool] = True

    def reads(self) -> Iterable[Expression | Array]:
        return (self.steps,)

    def blocks(self) -> Iterable[list[Statement]]:
        return (self.before, self.body)


@dataclass(eq=False)
class Leave(Statement):
    """End a loop after this step if a condition holds; a variable has the number of steps made."""

    condition: Expression
    taken: Name
    loop: Steps

    def reads(self) -> Iterable[Expression | Array]:
        return (self.condition, self.taken)


@dataclass(eq=False)
class Hold(Statement):
    """From here on nothing fails: shared variables are written where they lie."""


@dataclass(eq=False)
class Deliver(Statement):
    """Hand a result over: a number, or an array with its buffer."""

    place: int
    value: Expression | Array
    buffer: Buffer | None = None

    def reads(self) -> Iterable[Expression | Array]:
        return (self.value,)


def walk(statements: Sequence[Statement]) -> Iterator[Statement]:
    """All statements, those inside others after them."""
    for one in statements:
        yield one
        for block in one.blocks():
            yield from walk(block)


def expressions_read(one: Statement) -> Iterator[Expression]:
    """The expressions that a statement reads, those of arrays one by one."""
    for e in one.reads():
        if isinstance(e, Array):
            yield from e.expressions()
        else:
            yield e


def kept_expressions(kept: Kept | None) -> Iterator[Expression]:
    """The expressions of what a step is given, those of arrays one by one."""
    for e in () if kept is None else kept.given:
        if isinstance(e, Array):
            yield from e.expressions()
        else:
            yield e
