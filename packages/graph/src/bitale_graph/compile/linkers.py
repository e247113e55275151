"""Linkers: what makes a graph executable. The installed ones are found by entry points."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any, Protocol

from ..base import trace as tracing
from ..base.config import config
from ..base.errors import ConfigError
from .installed import entries_of
from .maker import FunctionMaker
from .mode import Mode, known_linker, predefined_linkers
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


def find_linker(mode: Mode, device: str = "cpu") -> Linker:
    """The linker of a mode, for a device.

    Raises `ConfigError` with the installed ones if there is none of that name.
    """
    own: Linker | None = mode.own_linker()
    if own is not None:
        return own
    named = predefined_linkers.get(mode.linker)
    if named is not None and not isinstance(named, str):
        given: Linker = named
        return given
    if mode.linker == "auto":
        if device != "cpu":
            return _linker_of_devices(device)
        return max(linkers().values(), key=lambda one: one.rank)
    return linkers()[known_linker(mode.linker)]


def _linker_of_devices(device: str) -> Linker:
    found = linkers().get("cuda")
    if found is not None:
        return found
    text = f"device={device} needs the package bitale-codegen-cuda: pip install bitale-codegen-cuda"
    if config.force_device:
        raise ConfigError(text)
    _warn_once(f"{text}. Functions run on the CPU instead")
    return find_linker(Mode())


@cache
def _warn_once(text: str) -> None:
    file, line, _ = next(iter(tracing.capture()), ("bitale", 1, ""))
    warnings.warn_explicit(text, UserWarning, file, line)


def change_linker(maker: FunctionMaker) -> Executable:
    """Link a function for the CPU, where a device cannot run it."""
    return find_linker(Mode()).link(maker)


config.on_unknown(linkers)
