"""Where in the user's program a node was made: the frames outside bitale, innermost first."""

from __future__ import annotations

import contextlib
import functools
import sys
import threading
from collections.abc import Iterator
from typing import Any

from .cells import cell_of
from .config import config
from .errors import source_line

Trace = tuple[tuple[str, int, str], ...]


class _Origin(threading.local):
    trace: Trace | None = None
    made: set[Any] | None = None


_origin = _Origin()


@functools.cache
def is_own_module(name: str) -> bool:
    """Whether a module of this name belongs to bitale."""
    return name == "bitale" or name.startswith(("bitale_", "bitale."))


def capture() -> Trace:
    """The user's frames as (file name, line, function), at most ``config.traceback_limit``."""
    if _origin.trace is not None:
        return _origin.trace
    frame = sys._getframe(1)
    limit = config.traceback_limit
    found: list[tuple[str, int, str]] = []
    while frame is not None and len(found) < limit:
        if not is_own_module(frame.f_globals.get("__name__", "")):
            found.append((frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name))
        frame = frame.f_back  # type: ignore[assignment]  # None ends the loop
    return tuple(found)


def inherited(trace: Trace) -> _Inherited:
    """Give nodes made in this block ``trace``, as a rewrite does for what replaces a node."""
    return _Inherited(trace)


class _Inherited:
    # A class, as such a block is entered for every node that is looked at.
    __slots__ = ("_old", "_trace")

    def __init__(self, trace: Trace) -> None:
        self._trace = trace

    def __enter__(self) -> None:
        self._old = _origin.trace
        _origin.trace = self._trace

    def __exit__(self, *error: object) -> None:
        _origin.trace = self._old


@contextlib.contextmanager
def recorded() -> Iterator[set[Any]]:
    """Give the set of nodes that this thread makes in the block."""
    outer, made = _origin.made, set[Any]()
    _origin.made = made
    try:
        yield made
    finally:
        _origin.made = outer
        if outer is not None:
            outer |= made


def record(node: Any) -> None:
    """Put a new node into the set of `recorded`, if there is one."""
    if _origin.made is not None:
        _origin.made.add(node)


def text(trace: Trace) -> str:
    """Lay a trace out as Python does, the innermost frame last.

    What called a cell of a notebook is IPython's own, and left out.
    """
    cells = [cell_of(name) for name, _, _ in trace]
    if any(cells):
        trace = trace[: max(i for i, cell in enumerate(cells) if cell) + 1]
    lines = []
    for cell, (name, line, function) in reversed(list(zip(cells, trace, strict=False))):
        if cell is None:
            lines.append(f'  File "{name}", line {line}, in {function}')
        else:
            where = "" if function == "<module>" else f", in {function}"
            lines.append(f"  {cell}, line {line}{where}")
        if source := source_line(name, line):
            lines.append(f"    {source}")
    return "\n".join(lines)
