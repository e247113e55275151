"""Linkers: what makes a graph executable. The installed ones are found by entry points."""

from __future__ import annotations

from functools import cache
from typing import Any, Protocol

from ..base.config import config
from .installed import entries_of
from .maker import FunctionMaker
from .mode import Mode, known_linker
from .numpy_linker import NumpyLinker


class Executable(Protocol):
    """A linked function.

    Called with the tuple of arguments, it gives the list of outputs and makes the updates.
    """

    def __call__(self, args: tuple[Any, ...]) -> list[Any]: ...


class Linker(Protocol):
    """Makes a graph executable.

    ``rank`` decides among installed linkers: the highest is the default.
    """

    name: str
    rank: int

    def link(self, maker: FunctionMaker) -> Executable: ...


@cache
def linkers() -> dict[str, Linker]:
    """The installed linkers by name."""
    others = {entry.name: entry.load()() for entry in entries_of("bitale.linkers")}
    return {"numpy": NumpyLinker(), **others}


def find_linker(mode: Mode) -> Linker:
    """The linker of a mode.

    Raises `ConfigError` with the installed ones if there is none of that name.
    """
    if mode.linker == "auto":
        return max(linkers().values(), key=lambda one: one.rank)
    return linkers()[known_linker(mode.linker)]


config.on_unknown(linkers)
