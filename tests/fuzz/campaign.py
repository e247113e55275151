"""Batch after batch of random programs; what is found is made small and told."""

from __future__ import annotations

import contextlib
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import bitale

from .compare import ON_NUMPY, WAYS, Batch, Mismatch, check, excused
from .generator import generate
from .shrink import shrunk

if TYPE_CHECKING:
    from .program import Program

# One batch of so many is compiled as it is for users; and line by line, beside rewritten.
OPTIMISED = 16
AS_WRITTEN_IN_C = 4
# Functions ask for optimisation of their own. What later compilers refuse is refused.
QUICK = """#!/bin/bash
for one in "$@"; do
    case "$one" in *.c) perl -pi -e 's/optimize\\([^)]*\\)/optimize(0)/' "$one";; esac
done
exec {} "$@" -O0 -Werror=implicit-function-declaration -Werror=incompatible-pointer-types \\
    -Werror=int-conversion
"""


class Campaign:
    """Programs of consecutive seeds.

    Parameters
    ----------
    seed : str
        The programs' seeds are this, a colon and a number.
    size : int
        How many programs are one function.
    report : callable
        Told of each finding.
    quick : bool
        Compile most batches without optimisation, in a quarter of the time: what it could spoil is
        found in one batch of `OPTIMISED`.
    """

    def __init__(
        self, seed: str, size: int, report: Callable[[str], None], quick: bool = True
    ) -> None:
        self.seed = seed
        self.size = size
        self.report = report
        self.quick = quick
        self.done = 0
        self.findings: list[str] = []
        self.excused = 0
        self.counts: Counter[str] = Counter()
        self.seen: Counter[str] = Counter()
        self.told: set[tuple[str, str]] = set()

    def summary(self) -> str:
        """Numbers."""
        return (
            f"{self.done} programs, {self.counts['raise']} of them raise, {self.excused} excused "
            f"by rules that may drop NaN or errors, {len(self.findings)} findings:"
        )

    def step(self) -> None:
        """Run one batch."""
        batch = self.done // self.size
        self.ways = [
            way for way in WAYS if way != "FAST_COMPILE, C" or batch % AS_WRITTEN_IN_C == 0
        ]
        with _quick() if self.quick and batch % OPTIMISED else contextlib.nullcontext():
            self._step()

    def _step(self) -> None:
        programs = []
        for _ in range(self.size):
            programs.append(generate(f"{self.seed}:{self.done}", self._refuted))
            self.done += 1
        plain = [p for p in programs if not p.raises]
        for p in programs:
            if p.raises:
                self.counts["raise"] += 1
                for m in check(p, self.ways):
                    self._found(m)
        self._run(plain)

    def _run(self, programs: list[Program]) -> None:
        if not programs:
            return
        try:
            for m in Batch(programs).compare(self.ways):
                self._found(m)
        except Exception as error:  # noqa: BLE001 (found in parts)
            if len(programs) == 1:
                found = check(programs[0])
                for m in found:
                    self._found(m)
                if not found:
                    self._told(f"alone only in the batch: {error!r}", programs[0], "")
                return
            half = len(programs) // 2
            self._run(programs[:half])
            self._run(programs[half:])

    def _refuted(self, text: str) -> None:
        key = text.partition("(")[0] + text.partition("\n")[0].partition(": ")[2][:60]
        self.seen[key] += 1
        if self.seen[key] == 1:
            self.findings.append(text)
            self.report(f"==== NumPy: {text}")

    def _found(self, m: Mismatch) -> None:
        if self._is_known(m):
            return
        on_numpy = next((name for name, way in ON_NUMPY.items() if way == m.way), None)
        if on_numpy:
            # What rewriting does shows without compiling.
            others = check(m.program, [on_numpy])
            if others and self._is_known(m := others[0]):
                return
        if excused(m):
            self.excused += 1
            return
        mode = WAYS[m.way].mode
        text = f"bitale.Mode({mode.linker!r}, {mode.optimizer!r})"

        def fails(p: Program) -> bool:
            return any(not excused(found) for found in check(p, [m.way]))

        alone = check(m.program, [m.way])
        if not alone:
            self._told(f"{m} (in a batch only)", m.program, text)
            return
        small = shrunk(m.program, fails)
        found = check(small, [m.way])
        key = m.way + "|" + "|".join(s.template for s in small.steps)
        self.seen[key] += 1
        if self.seen[key] > 1:
            return
        self._told(str(found[0] if found else m), small, text)

    def _is_known(self, m: Mismatch) -> bool:
        """Whether a program was found to fail that way before."""
        known = (m.program.seed, m.way) in self.told
        self.told.add((m.program.seed, m.way))
        return known

    def _told(self, what: str, program: Program, mode: str) -> None:
        self.findings.append(what)
        self.report(f"==== seed {program.seed}: {what}\n{program.text(mode)}\n")


@contextlib.contextmanager
def _quick() -> Iterator[None]:
    from bitale_codegen_c.toolchain.compiler import find_compiler

    found = find_compiler()
    assert found is not None
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "quick-cc")
        script.write_text(QUICK.format(found.path))
        script.chmod(0o755)
        with bitale.change_flags(cxx=str(script)):
            yield
