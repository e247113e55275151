"""A limit on how long loops may take where a graph is run again only to word an error."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from contextvars import ContextVar

_ends: ContextVar[float | None] = ContextVar("ends", default=None)


class TooLongError(BaseException):
    """A loop that was given up."""


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Let loops that run on NumPy in this context be given up after some time."""
    token = _ends.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _ends.reset(token)


def end_of_patience() -> float | None:
    """The time by `time.monotonic` at which to give up; None: never."""
    return _ends.get()


def check(ends: float | None) -> None:
    """Give up if the time has come."""
    if ends is not None and time.monotonic() > ends:
        raise TooLongError
