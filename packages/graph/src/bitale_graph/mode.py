"""Modes: which rewriter prepares a graph and which linker runs it.

What other layers add comes by entry points.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

from .config import config
from .errors import ConfigError

if TYPE_CHECKING:
    from .function_graph import FunctionGraph
    from .maker import FunctionMaker


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


class Rewriter(Protocol):
    """Improves a graph without changing what it computes."""

    def rewrite(self, graph: FunctionGraph, mode: Mode) -> None: ...

    def signature(self, mode: Mode) -> str | None:
        """A text that changes whenever the rewriter might do something else.

        None if that cannot be told.
        """


@dataclass(frozen=True)
class Mode:
    """How a function is made.

    Parameters
    ----------
    linker : str
        ``"auto"`` (the best that is installed), or the name of one: ``"numpy"``, ``"c"``.
    optimizer : str
        ``"fast_run"`` (every rewrite), ``"fast_compile"`` (merging only), or ``"None"``.
    include, exclude : collections of str
        Names of rewrites or passes to add or leave out.
    """

    linker: str = "auto"
    optimizer: str = "fast_run"
    include: frozenset[str] = frozenset()
    exclude: frozenset[str] = frozenset()

    def including(self, *names: str) -> Mode:
        """The same mode with more rewrites."""
        return dataclasses.replace(
            self, include=self.include | set(names), exclude=self.exclude - set(names)
        )

    def excluding(self, *names: str) -> Mode:
        """The same mode with fewer rewrites."""
        return dataclasses.replace(
            self, exclude=self.exclude | set(names), include=self.include - set(names)
        )

    def find_linker(self) -> Linker:
        """The linker object.

        Raises `ConfigError` with the installed ones if there is none of that name.
        """
        installed = linkers()
        if self.linker == "auto":
            return max(installed.values(), key=lambda one: one.rank)
        try:
            return installed[self.linker]
        except KeyError:
            raise ConfigError(
                f"there is no linker {self.linker!r}; installed: {', '.join(sorted(installed))}"
            ) from None

    def find_rewriter(self) -> Rewriter | None:
        """The installed rewriter, or None where nothing is to be rewritten."""
        return None if self.optimizer == "None" else rewriter()


predefined_modes: dict[str, Mode] = {
    "FAST_RUN": Mode(),
    "FAST_COMPILE": Mode(linker="numpy", optimizer="fast_compile"),
}


def register_mode(name: str, mode: Mode) -> None:
    """Give a mode a name that ``mode=`` and ``config.mode`` accept."""
    if name in predefined_modes or name == "Mode":
        raise ConfigError(f"there is a mode {name!r} already")
    predefined_modes[name] = mode


def get_mode(mode: Mode | str | None = None) -> Mode:
    """The mode meant by a name or None (``config.mode``).

    Raises `ConfigError` with the known names.
    """
    if isinstance(mode, Mode):
        return mode
    name = config.mode if mode is None else mode
    if name == "Mode":
        return Mode(
            config.linker,
            config.optimizer,
            _names(config.optimizer_including),
            _names(config.optimizer_excluding),
        )
    try:
        found = predefined_modes[name]
    except (KeyError, TypeError):
        known = ", ".join(["Mode", *predefined_modes])
        raise ConfigError(f"there is no mode {name!r}; the modes are {known}") from None
    return found.including(*_names(config.optimizer_including)).excluding(
        *_names(config.optimizer_excluding)
    )


def get_default_mode() -> Mode:
    """What ``config.mode`` names."""
    return get_mode(None)


def _names(text: str) -> frozenset[str]:
    return frozenset(filter(None, text.split(":")))


@cache
def linkers() -> dict[str, Linker]:
    """The installed linkers by name."""
    from .numpy_linker import NumpyLinker

    found: dict[str, Linker] = {"numpy": NumpyLinker()}
    for entry in _installed("bitale.linkers"):
        found[entry.name] = entry.load()()
    return found


@cache
def rewriter() -> Rewriter | None:
    """The installed rewriter; the first by name if there are several."""
    for entry in _installed("bitale.rewriters"):
        made: Rewriter = entry.load()()
        return made
    return None


def _installed(group: str) -> list[Any]:
    """The entry points of a group, each name once, in order of their names."""
    from importlib.metadata import entry_points  # costs a sixth of importing this package

    found: Iterable[Any] = entry_points(group=group)
    return sorted({e.name: e for e in found}.values(), key=lambda e: e.name)


config.on_unknown(linkers)
config.on_unknown(rewriter)
