"""What a process does at its end, so that no other waits for it without end."""

from __future__ import annotations

import atexit
import os
import sys
import time
import weakref
from collections.abc import Callable
from types import TracebackType
from typing import Any

_leaving: weakref.WeakSet[Any] = weakref.WeakSet()
_communicator: Any = None
_before: Callable[..., Any] = sys.excepthook


def end_together(communicator: Any, channel: Any) -> None:
    """Let an error that nobody catches end all processes, and an end be told to the others.

    Without this a process that raises would wait in MPI_Finalize for those that wait for it.
    """
    global _communicator, _before
    _leaving.add(channel)
    if _communicator is None:
        _communicator, _before = communicator, sys.excepthook
        sys.excepthook = _end_all
        atexit.register(_leave)


def _end_all(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    _before(kind, error, trace)
    rank, size = _communicator.Get_rank(), _communicator.Get_size()
    sys.stdout.flush()
    sys.stderr.write(
        f"bitale: process {rank} of {size} ended by {kind.__name__}, and ends the others with it, "
        "which would wait for it\n"
    )
    sys.stderr.flush()
    # What mpiexec has not read by then would be lost.
    time.sleep(0.2)
    _communicator.Abort(1)
    # MPICH's returns before mpiexec has ended this process, which would say goodbye meanwhile.
    os._exit(1)


def _leave() -> None:
    for channel in list(_leaving):
        channel.leave()
