"""Moving statements out of loops, through all levels of nesting and out of branches.

What is the same at every step is done before the loop: lengths, checks, buffers, packed copies.
The rules that ask for them need not know that they stand in a loop. The buffers that are taken
before it are shared by what is not alive at one time.
"""

from __future__ import annotations

from collections.abc import Sequence

from .array import Buffer
from .expressions import TRUE, Expression
from .statements import Give, Guarded, If, Let, Pack, Statement, Steps, Take


def hoist(statements: list[Statement], depth: int = 0) -> None:
    """Move every statement in loops to where its level says; ``depth`` is that of the list."""
    k = 0
    while k < len(statements):
        one = statements[k]
        if isinstance(one, Steps):
            hoist(one.body, depth + 1)
            given = _Loop(one, depth + 1).run()
            statements[k + 1 : k + 1] = given
            k += len(given)
        else:
            for block in one.blocks():
                hoist(block, depth)
        k += 1


class _Loop:
    """What leaves one loop, whose inner loops are done."""

    def __init__(self, loop: Steps, depth: int) -> None:
        self.loop, self.depth = loop, depth
        self.before: list[Statement] = loop.before
        self.taken: dict[Buffer, Take | Pack] = {}
        self.stands_for: dict[Buffer, Buffer] = {}
        self.free: dict[tuple[Expression, Expression], list[Take]] = {}

    def run(self) -> list[Statement]:
        """Move statements; gives those to stand after the loop."""
        self.loop.body[:] = self._rest(self.loop.body, TRUE)
        return [Give(b) for b in self.taken if self._is_reused(b) and b not in self.stands_for]

    def _rest(self, statements: Sequence[Statement], guard: Expression) -> list[Statement]:
        kept: list[Statement] = []
        for one in statements:
            if isinstance(one, Give) and self._is_reused(one.buffer):
                self._free(one.buffer)
            elif one.level < self.depth and not isinstance(one, Give):
                self._move(one, guard)
            else:
                if isinstance(one, If):
                    one.then[:] = self._rest(one.then, guard & one.condition)
                    one.otherwise[:] = self._rest(one.otherwise, guard & ~one.condition)
                elif isinstance(one, Steps):
                    one.before[:] = self._rest(one.before, guard)
                kept.append(one)
        return kept

    def _is_reused(self, buffer: Buffer) -> bool:
        """Whether every step uses what was taken before the loop, which is given back after it."""
        return buffer in self.taken and buffer not in self.loop.results

    def _move(self, one: Statement, guard: Expression) -> None:
        if isinstance(one, Guarded):
            one.guard = one.guard & guard
            if one.is_guarded:
                one.guard = (self.loop.steps > 0) & one.guard
            one.is_guarded = True
        if isinstance(one, Take) and not (one.keeps or one.lasts):
            known = self.free.get((one.size, one.guard))
            if known and known[-1].level <= one.level:
                self._share(one, known.pop())
                return
        if isinstance(one, Take | Pack):
            self.taken[one.buffer] = one
        self.before.append(one)

    def _share(self, one: Take, earlier: Take) -> None:
        self.taken[one.buffer] = earlier
        self.stands_for[one.buffer] = earlier.buffer
        let = Let(one.pointer, earlier.pointer)
        let.level = one.level
        self.before.append(let)

    def _free(self, buffer: Buffer) -> None:
        """Nothing reads a buffer any more in this step; the next step takes it again."""
        take = self.taken[buffer]
        if isinstance(take, Take) and not (take.keeps or take.lasts):
            self.free.setdefault((take.size, take.guard), []).append(take)
