"""How many threads, and whose: loops and BLAS share one team.

A thread that waits for work spins for a while. With OpenMP's threads and OpenBLAS's own on the
same cores, each kind spins while the other works: on two cores (AMD Zen 4, GNU libgomp 12), 0.03 ms
of a loop and 0.06 ms of a matrix product in turn took 8.5 ms together. Running OpenBLAS's jobs on
OpenMP's threads took 0.08 ms; only making OpenMP sleep at once (``OMP_WAIT_POLICY=passive``) 0.16.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
from typing import TYPE_CHECKING

from .runtime import runtime

if TYPE_CHECKING:
    from collections.abc import Iterator

# Long enough to still be awake for the next loop of one call; short enough to leave the core to
# NumPy's own OpenBLAS, which comes after the call.
SPIN_COUNT = "10000"
_SPIN_VARIABLES = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME")
_OPENMP_SYMBOLS = (
    "GOMP_parallel",
    "omp_get_thread_num",
    "omp_get_num_threads",
    "omp_in_parallel",
)

_openmp: list[int] | None = None
_openblas: tuple[list[int], int] | None = None
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
    """Set the threads of loops and BLAS; None: what `default_threads` says.

    Raises
    ------
    ValueError
        For a number under 1.
    """
    global _is_set  # noqa: PLW0603 (one runtime in a process, and so one setting)
    count = default_threads() if threads is None else threads
    runtime.set_threads(count)
    runtime.set_blas_threads(count)
    _is_set = True


def ensure_threads() -> None:
    """Set the default number for loops unless a number was set before."""
    global _is_set  # noqa: PLW0603
    if not _is_set:
        runtime.set_threads(default_threads())
        _is_set = True


@contextlib.contextmanager
def short_spinning() -> Iterator[None]:
    """While the OpenMP library is loaded: have its waiting threads sleep soon.

    GNU's library reads its settings when it is loaded. By default its threads spin for
    milliseconds, to the cost of whatever runs next. What the user has set stays.
    """
    if _openmp is not None or any(name in os.environ for name in _SPIN_VARIABLES):
        yield
        return
    os.environ["GOMP_SPINCOUNT"] = SPIN_COUNT
    try:
        yield
    finally:
        del os.environ["GOMP_SPINCOUNT"]


def offer_openmp(library: ctypes.CDLL) -> None:
    """Take note of the OpenMP library that a loaded function stands on, if it does."""
    global _openmp  # noqa: PLW0603
    if _openmp is None:
        addresses = [symbol_address(library, name) for name in _OPENMP_SYMBOLS]
        if all(addresses):
            _openmp = addresses
            _share()


def offer_openblas(addresses: list[int], thread_slots: int) -> None:
    """Take note of an OpenBLAS with threads of its own that can run its jobs on others."""
    global _openblas  # noqa: PLW0603
    _openblas = (addresses, thread_slots)
    _share()


def _share() -> None:
    if _openmp is not None and _openblas is not None:
        runtime.share_team(_openmp, *_openblas)


def symbol_address(library: ctypes.CDLL, name: str) -> int:
    """Return the address of a symbol in a library or what it stands on; 0 if there is none."""
    try:
        symbol = library[name]
    except AttributeError:
        return 0
    return ctypes.cast(symbol, ctypes.c_void_p).value or 0
