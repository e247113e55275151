"""Messages between processes that are waited for, but not without end."""

from __future__ import annotations

import os
import time
from typing import Any

import numpy as np

from .ending import end_together

_TAG = 4711
# Polls between looks at the clock, and seconds of waiting after which a core is left to others.
_POLLS, _PATIENT = 256, 0.05
# What messages that were given up would still read or write.
_given_up: list[Any] = []


class EndedError(RuntimeError):
    """A process ended, and another one waits for it."""


class Channel:
    """The messages of one communicator, each a step that all its processes take together.

    A wait is a loop of polls that yields to whoever else wants the core: with more processes than
    cores a blocking call of MPI would hold the core that the awaited process needs.

    Parameters
    ----------
    given : mpi4py.MPI.Intracomm
        Its messages are its own: those of a channel go by a duplicate, made by the first one.
    timeout : float or None
        Seconds that a message is waited for.
    """

    def __init__(self, given: Any, timeout: float | None) -> None:
        self.given, self.timeout = given, timeout
        self.rank, self.size = given.Get_rank(), given.Get_size()
        self.count = 0
        self._own: Any = None
        self._ended: dict[int, int] = {}
        if self.size > 1:
            end_together(given, self)

    @property
    def communicator(self) -> Any:
        """The duplicate."""
        if self._own is None:
            made, request = self.given.Idup()
            self.wait(request, "its first message", made)
            self._own = made
        return self._own

    def wait(self, request: Any, what: str, *buffers: Any) -> None:
        """Wait for the message that was begun.

        Raises
        ------
        TimeoutError
            If the others do not take part for too long.
        EndedError
            If one of them ended without.
        """
        self.count += 1
        if request.Test():
            return
        begun, polls = time.monotonic(), 0
        try:
            while not request.Test():
                polls += 1
                _yield()
                if polls % _POLLS == 0:
                    self._look(time.monotonic() - begun, what)
        except BaseException:
            _given_up.append((request, buffers))
            raise

    def _look(self, seconds: float, what: str) -> None:
        """Raise if there is nothing to wait for any more; sleep a little if it takes long."""
        self._receive()
        for rank, count in self._ended.items():
            if count < self.count:
                raise EndedError(
                    f"process {rank} of {self.size} has ended, after {count} messages, and process "
                    f"{self.rank} waits for its message {self.count}: {what}; all processes must "
                    "take the same steps"
                )
        if self.timeout is not None and seconds > self.timeout:
            raise TimeoutError(
                f"process {self.rank} of {self.size} has waited {seconds:.0f} s for the others in "
                f"its message {self.count}: {what}. One of them hangs, takes other steps, or is "
                "slower than the timeout, which is an argument of World"
            )
        if seconds > _PATIENT:
            time.sleep(0.0005)

    def _receive(self) -> None:
        own = self._own
        if own is None:
            return
        from mpi4py import MPI

        status = MPI.Status()
        while own.Iprobe(MPI.ANY_SOURCE, _TAG, status):
            counted = np.zeros(1, "int64")
            own.Recv(counted, status.Get_source(), _TAG)
            self._ended[status.Get_source()] = int(counted[0])

    def leave(self) -> None:
        """Tell the others how many messages this process took part in; it takes part in no more."""
        if self._own is None:
            return
        counted = np.array([self.count], "int64")
        others = [rank for rank in range(self.size) if rank != self.rank]
        _given_up.extend((self._own.Isend(counted, rank, _TAG), counted) for rank in others)


def _give_way() -> None:
    time.sleep(0)


# `sleep` takes 50 us where the system rounds it up.
_yield = getattr(os, "sched_yield", _give_way)
