"""What one C file is made of: kernels, functions that they call, and support files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bitale_graph.plan.kernel import Kernel
from bitale_graph.plan.names import comment

from ..library.units import Unit


@dataclass(frozen=True)
class Needs:
    """What brings a routine: files of its own, and BLAS."""

    units: tuple[Unit, ...]
    uses_blas: bool = False


class CFile:
    """The parts of a C file but for its entry point, each added where something asks for it.

    Attributes
    ----------
    kernels, drivers, prototypes : lists of str
        Functions over rows; those that share them among threads, which the entry point calls; and
        declarations of these.
    with_lines : bool
        Whether comments tell the user's lines.
    is_profiled : bool
        Whether the code adds up what its nodes take.
    vector_functions, support : sets of str
        What the text calls from the vector math library, and support files that it includes.
    units : set of Unit
        Support files that are compiled on their own.
    texts : dict
        Other functions and declarations, by their names.
    uses_blas : bool
    kernel_names : dict
        The functions of the kernels that are written.

    Parameters
    ----------
    fresh : callable
        Gives an identifier that nothing else has, from a hint.
    """

    def __init__(
        self,
        fresh: Callable[[str | None], str],
        *,
        with_lines: bool = False,
        is_profiled: bool = False,
    ) -> None:
        self.fresh = fresh
        self.with_lines = with_lines
        self.is_profiled = is_profiled
        self.kernels: list[str] = []
        self.drivers: list[str] = []
        self.vector_functions: set[str] = set()
        self.support: set[str] = {"frame", *(["profile"] if is_profiled else ())}
        self.units: set[Unit] = set()
        self.texts: dict[str, str] = {}
        self.prototypes: list[str] = []
        self.uses_blas = False
        self.kernel_names: dict[Kernel, str] = {}
        self._names_by_text: dict[str, str] = {}

    def kernel(
        self, hint: str, rows: str, driver: str, prototype: str, words: Sequence[str]
    ) -> str:
        """Add a function in C over rows and the one that is called, ``@`` for its name.

        Equal functions are added once. Returns the name. ``prototype`` declares the one that is
        called; ``words`` are the lines of the comment, for the first use.
        """
        text = rows + driver
        known = self._names_by_text.get(text)
        if known is None:
            known = self.fresh(hint)
            self._names_by_text[text] = known
            self.kernels.append(f"{comment(*words)}\n{rows.replace('@', known)}")
            self.drivers.append(driver.replace("@", known))
            self.prototypes.append(prototype.replace("@", known))
        return known

    def require(self, needs: Needs | None) -> None:
        """Add what a routine needs."""
        if needs is not None:
            self.units.update(needs.units)
            self.uses_blas |= needs.uses_blas

    def library(self, name: str, text: str) -> str:
        """Add a fixed text under a name, once."""
        self.texts.setdefault(name, text)
        return name
