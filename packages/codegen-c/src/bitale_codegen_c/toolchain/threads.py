"""How many threads the loops and products of compiled functions use."""

from __future__ import annotations

import os

from ..runtime import runtime

_is_set = False


def default_threads() -> int:
    """Return ``OMP_NUM_THREADS``, or else how many processors this process may use."""
    first = os.environ.get("OMP_NUM_THREADS", "").split(",", maxsplit=1)[0].strip()
    if first.isdigit() and int(first) > 0:
        return int(first)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def set_threads(threads: int | None) -> None:
    """Set the threads of loops and products; None: what `default_threads` says.

    Raises
    ------
    ValueError
        For a number under 1.
    """
    global _is_set  # noqa: PLW0603 (one runtime in a process, and so one setting)
    runtime.set_threads(default_threads() if threads is None else threads)
    _is_set = True


def ensure_threads() -> None:
    """Set the default number unless a number was set before."""
    if not _is_set:
        set_threads(None)
