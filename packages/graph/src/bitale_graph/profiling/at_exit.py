"""Profiles that are printed when Python ends."""

from __future__ import annotations

import atexit
import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from ..base.config import config

REMEMBERED: list[Any] = []


def remember(profile: Any) -> None:
    """Print a profile at exit, if it is to be printed and there were calls."""
    if not REMEMBERED:
        atexit.register(_print_all)
    if not any(one is profile for one in REMEMBERED):
        REMEMBERED.append(profile)


@contextlib.contextmanager
def _destination() -> Iterator[IO[str]]:
    name = config.profiling.destination
    streams: dict[str, IO[str]] = {"stderr": sys.stderr, "stdout": sys.stdout}
    if name in streams:
        yield streams[name]
        return
    with Path(name).open("w", encoding="utf-8") as file:
        yield file


def _print_all() -> None:
    """Print the profiles; where they cannot be written that is told, and Python ends as it does."""
    printed = [one for one in REMEMBERED if one.atexit_print and one.fct_callcount]
    if not printed:
        return
    try:
        with _destination() as file:
            for one in printed:
                one.summary(file)
            if len(printed) > 1:
                printed[0].summary_globals(file)
    except (OSError, ValueError) as error:
        with contextlib.suppress(Exception):  # standard error may be closed
            sys.stderr.write(f"the profile is not written: {error}\n")
