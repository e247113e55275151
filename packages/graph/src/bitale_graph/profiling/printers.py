"""Functions of users that write more of a profile."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import IO, Any, TypeVar

F = TypeVar("F", bound=Callable[..., object])

_PRINTERS: list[Callable[..., object]] = []


def register_profiler_printer(fct: F) -> F:
    """Let a function write more at the end of each profile; it may stand as a decorator.

    Parameters
    ----------
    fct : callable
        Called with the profile's message, the seconds to compile, the seconds of all calls; then by
        node the seconds, whether it ran in machine code, and the bytes taken for it; and the text
        file to write to.
    """
    _PRINTERS.append(fct)
    return fct


def call_printers(profile: Any, file: IO[str] | None) -> None:
    """Call what was registered."""
    if not _PRINTERS:
        return
    costs = profile.node_costs()
    for one in _PRINTERS:
        one(
            profile.message,
            profile.compile_time,
            profile.fct_call_time,
            profile.apply_time,
            profile.apply_cimpl,
            {c.node: c.bytes for c in costs},
            sys.stderr if file is None else file,
        )
