"""What must hold of host code, checked on its statements.

- Every name has a value where it is read.
- Nothing that can fail comes after the first write to shared storage, and that comes after `Hold`.
- Memory is read and written only while it is held; it is taken and given back once.
- A statement stands in as many loops as its level says, and no deeper.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .array import Buffer
from .calls import Callback
from .expressions import Expression, Given, Name
from .statements import (
    Assign,
    Declare,
    Deliver,
    Give,
    Hold,
    If,
    Let,
    Move,
    Pack,
    Statement,
    Steps,
    Take,
    expressions_read,
)

Root = Buffer | int  # a buffer, or the number of what is given


class HostCodeError(AssertionError):
    """Host code breaks a rule: a fault of bitale, not of the user."""


def verify(statements: Sequence[Statement]) -> None:
    """Check host code.

    Raises
    ------
    HostCodeError
        That names the statement and the rule.
    """
    _Verifier().run(statements, set(), 0)


class _Verifier:
    def __init__(self) -> None:
        self.is_held = False
        self.held: set[Buffer] = set()
        # What each pointer may show; the memory of a buffer that has been moved is another's.
        self.roots: dict[Name, set[Root]] = {}

    def run(self, statements: Sequence[Statement], known: set[Name], depth: int) -> None:
        for one in statements:
            self._one(one, known, depth)

    def _one(self, one: Statement, known: set[Name], depth: int) -> None:
        if one.level < depth and not isinstance(one, Give):
            self._fail(one, f"stands in {depth} loops, and is the same in {depth - one.level}")
        if self.is_held and one.can_fail:
            self._fail(one, "may fail after shared variables are held")
        self._reads(one, known)
        for pointer in one.writes():
            for root in self._roots(pointer):
                if isinstance(root, int) and not self.is_held:
                    self._fail(one, f"writes to what is given, input {root}, which is not held")
        self._memory(one)
        known.update(one.gives())
        if isinstance(one, Hold):
            self.is_held = True
        elif isinstance(one, If):
            self._branches(one, known, depth)
        elif isinstance(one, Steps):
            self._steps(one, known, depth)

    def _branches(self, one: If, known: set[Name], depth: int) -> None:
        before = set(self.held)
        ends = []
        for block in one.blocks():
            self.held = set(before)
            self.run(block, set(known), depth)
            ends.append(self.held)
        # What only one branch took stays with what shows it; what one gave is gone.
        self.held = set.union(*ends) - {b for b in before if any(b not in end for end in ends)}

    def _steps(self, one: Steps, known: set[Name], depth: int) -> None:
        self.run(one.before, known, depth)
        before = set(self.held)
        self.run(one.body, {*known, one.t}, depth + 1)
        lost = before - self.held
        if lost:
            self._fail(one, f"gives back {_listed(lost)} at every step")
        if self.held - before:
            self._fail(one, f"takes {_listed(self.held - before)} at every step and keeps it")

    def _reads(self, one: Statement, known: set[Name]) -> None:
        for e in expressions_read(one):
            for name in e.names():
                if name not in known:
                    self._fail(one, f"reads {name} before it has a value")
                gone = {r for r in self.roots.get(name, ()) if isinstance(r, Buffer)} - self.held
                if gone and name.is_pointer and not isinstance(one, Move):
                    self._fail(one, f"uses {name}, whose memory {_listed(gone)} is not held")

    def _memory(self, one: Statement) -> None:
        match one:
            case Take():
                self._take(one, one.buffer)
                self.roots[one.pointer] = {one.buffer}
            case Pack():
                self._take(one, one.buffer)
                self.roots[one.pointer] = {one.buffer, *self._roots(one.array.pointer)}
            case Callback():
                for r in one.received:
                    if r.buffer is not None:
                        self._take(one, r.buffer)
                        self.roots[r.name] = {r.buffer}
            case Give():
                self._give(one, one.buffer)
            case Move():
                self._give(one, one.source)
                self._take(one, one.to)
                for pointer, roots in self.roots.items():
                    if one.source in roots and pointer is not one.pointer:
                        self.roots[pointer] = {*roots, one.to} - {one.source}
                if one.pointer is not None:
                    self.roots[one.pointer] = {one.to}
            case Deliver() if one.buffer is not None:
                self._give(one, one.buffer)
            case Let() | Declare() if one.name.is_pointer and one.value is not None:
                self.roots[one.name] = set(self._roots(one.value))
            case Assign() if one.name.is_pointer:
                self.roots[one.name] = {*self.roots.get(one.name, ()), *self._roots(one.value)}

    def _take(self, one: Statement, buffer: Buffer) -> None:
        if buffer in self.held:
            self._fail(one, f"takes {_listed([buffer])} a second time")
        self.held.add(buffer)

    def _give(self, one: Statement, buffer: Buffer) -> None:
        if buffer not in self.held:
            self._fail(one, f"gives back {_listed([buffer])}, which is not held")
        self.held.remove(buffer)

    def _roots(self, e: Expression) -> Iterable[Root]:
        stack = [e]
        while stack:
            one = stack.pop()
            if not one.is_pointer:
                continue
            if isinstance(one, Given):
                yield one.index
            elif isinstance(one, Name):
                yield from self.roots.get(one, ())
            stack += one.operands

    def _fail(self, one: Statement, text: str) -> None:
        raise HostCodeError(f"{one}: {text}")


def _listed(buffers: Iterable[Buffer]) -> str:
    return ", ".join(f"buffer {b.slot}" for b in buffers)
