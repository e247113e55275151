"""The state of functions: containers, and how a call takes hold of them.

One model for every linker (docs/decisions/0010-state-under-threads.md): a call takes the locks of
all containers that it reads or updates, in the order of their numbers; refers to their arrays;
gives back the locks of those that it only reads; runs; stores all new values; gives back the rest.
An array that anybody else refers to is never written in place.
"""

from __future__ import annotations

import functools
import itertools
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import methodcaller
from typing import Any

# For how many seconds in all a fork waits for calls that update containers.
FORK_PATIENCE = 30.0

_numbers = itertools.count()


class Container:
    """The storage of a shared variable; clones share it.

    Attributes
    ----------
    data : ndarray or None
        Always aligned, C-contiguous, writeable, and of the exact dtype and rank. Functions replace
        it, or write into it where nobody else refers to it. None while a device has the only copy.
    away : object or None
        What a device has of it. Its ``fetch`` gives the array, and its ``host`` is the array that
        it is a copy of, or None where it is newer than any. Its ``array`` and ``lend`` give an
        array of the device, a copy or the storage; its ``moved`` takes one.
    device : str
        Where functions that use it shall run; empty for anywhere.
    lock : RLock
        Held while ``data`` is read or replaced, and by a call that updates it until its end.
    number : int
        Locks of several containers are taken in the order of these numbers.
    updating : bytearray
        One byte: 1 while a call that updates it runs, raised and lowered by who has the lock.
    """

    __slots__ = ("__weakref__", "away", "data", "device", "lock", "number", "updating")

    def __init__(self, data: Any) -> None:
        self.data = data
        self._start()

    def _start(self) -> None:
        self.away: Any = None
        self.device = ""
        self.number = next(_numbers)
        self.lock = threading.RLock()
        self.updating = bytearray(1)
        _guard.watch(self)

    def read(self) -> Any:
        """The array, between two updates (or, inside a call that updates it, before that)."""
        with self.lock:
            return self.home()

    def home(self) -> Any:
        """The array, for who has the lock; one that only a device has is fetched."""
        if self.data is None and self.away is not None:
            self.data = self.away.fetch()
        return self.data

    def lend(self) -> Any:
        """The array, for who may write to it: what devices have is out of date from now on."""
        with self.lock:
            data = self.home()
            self.away = None
            return data

    def on_device(self, borrow: bool) -> Any:
        """The array of the device that has the value, a copy unless ``borrow``; None without one.

        What is borrowed may be written to: what the host has is out of date from now on.
        """
        with self.lock:
            away = self.away
            if away is None or (self.data is not None and away.host is not self.data):
                return None
            if not borrow:
                return away.array()
            self.data = None
            return away.lend()

    def store(self, data: Any, name: str, away: Any = None) -> None:
        """Replace the array, between two updates.

        Parameters
        ----------
        data : ndarray or None
        name : str
            For messages.
        away : object or None
            What a device has of the new value.

        Raises
        ------
        RuntimeError
            If this thread is inside a call that updates it.
        """
        with self.lock:
            if self.updating[0]:
                raise RuntimeError(
                    f"{name} cannot be set here: a call that updates it has not ended in this "
                    "thread, and would overwrite the value. Set it after the call"
                )
            self.data = data
            self.away = away

    def __getstate__(self) -> Any:
        return (self.read(), self.device)

    def __setstate__(self, state: Any) -> None:
        self.data, device = state if len(state) > 1 else (*state, "")
        self._start()
        self.device = device


_acquire = methodcaller("acquire")
_call = methodcaller("__call__")
_acquire_in_time = type(threading.RLock()).acquire


def _take(locks: Sequence[Any], held: list[Any]) -> None:
    """Acquire locks, adding to ``held`` what gives each back.

    Loops of the interpreter's own: Python may raise KeyboardInterrupt between any two of its
    instructions, but not inside these, so ``held`` tells the truth whenever it does.
    """
    held.extend(itertools.compress([one.release for one in locks], map(_acquire, locks)))


def give_back(held: list[Any]) -> None:
    """Undo what `StateAccess.take` has done, the last first, in the same way."""
    if held:
        deque(map(_call, iter(held.pop, None)), 0)


class StateAccess:
    """How a function that runs in Python takes hold of its containers.

    Parameters
    ----------
    containers : list of Container
    updated : iterable of int
        Positions of those that calls update.
    name : str
        Of the function, for messages.
    last : sequence of lock
        Locks that a call takes after those of the containers, and keeps.
    """

    def __init__(
        self,
        containers: Sequence[Container],
        updated: Iterable[int],
        name: str,
        last: Sequence[Any] = (),
    ) -> None:
        self._containers = containers
        self._name = name
        self._locks = [*(c.lock for c in sorted(containers, key=lambda c: c.number)), *last]
        self._updated = [containers[k] for k in dict.fromkeys(updated)]
        self._kept = [*(c.lock for c in self._updated), *last]
        self._lowered = [functools.partial(c.updating.__setitem__, 0, 0) for c in self._updated]

    def take(
        self,
        kept: list[Any],
        hold: Callable[[Container], Any] = Container.home,
        *,
        keeps_all: bool = False,
    ) -> list[Any]:
        """The arrays of all containers, as no update is half done.

        Parameters
        ----------
        kept : list
            ``[None]``, which this fills with what gives back the locks that the call keeps. The
            caller does so at its end, whatever happens, with `give_back`.
        hold : callable
            What is to be had of a container.
        keeps_all : bool
            Whether the call keeps the locks of what it only reads, too.

        Raises
        ------
        RuntimeError
            If this thread is inside another call that updates one of the same containers.
        """
        held = [None]
        try:
            try:
                _take(self._locks, held)
                if any(c.updating[0] for c in self._updated):
                    raise RuntimeError(nested_update(self._name))
                _take(self._locks if keeps_all else self._kept, kept)
                kept.extend(self._lowered)
                for c in self._updated:
                    c.updating[0] = 1
                return [hold(c) for c in self._containers]
            finally:
                give_back(held)
        finally:
            give_back(held)  # where an interrupt came before the first

    def store(self, targets: Iterable[int], values: Iterable[Any]) -> None:
        """Put the new values of the containers at ``targets``: all or, interrupted, none."""
        stored = [self._containers[target] for target in targets]
        deque(map(setattr, stored, itertools.repeat("data"), list(values)), 0)


def nested_update(name: str) -> str:
    """Words for a call inside another one that updates the same state."""
    return (
        f"{name} was called inside a call (by its own callback, say) that updates the same shared "
        "variables; one call must end before the next begins"
    )


class _ForkGuard:
    """Lets a process fork between updates only: a child finds whole values and free locks.

    A call that does not end in time (one that waits for the forking thread, say) is left alone: the
    child gets fresh locks then, and the value as it lies.
    """

    def __init__(self) -> None:
        self._watched: dict[int, weakref.ref[Container]] = {}
        self._held: list[Any] = [None]
        self._missed: list[Container] = []

    def watch(self, container: Container) -> None:
        forget = functools.partial(self._watched.pop, id(container))
        self._watched[id(container)] = weakref.ref(container, forget)

    def before(self) -> None:
        living = [ref() for ref in list(self._watched.values())]
        found = sorted((c for c in living if c is not None), key=lambda c: c.number)
        locks = [c.lock for c in found]
        self._held = [None]
        is_taken = map(_acquire_in_time, locks, itertools.repeat(True), _time_left())
        self._held.extend(itertools.compress([one.release for one in locks], is_taken))
        taken = {one.__self__ for one in self._held[1:]}
        self._missed = [c for c in found if c.lock not in taken]
        for c in found:
            if c.lock in taken:
                c.home()  # a child has no device

    def in_parent(self) -> None:
        give_back(self._held)
        self._missed = []

    def in_child(self) -> None:
        for one in self._missed:
            # What the standard library does with its own locks; programs refer to this one.
            one.lock._at_fork_reinit()  # type: ignore[attr-defined]  # the standard library's own
            one.updating[0] = 0
        for ref in list(self._watched.values()):
            one_watched = ref()
            if one_watched is not None:
                one_watched.away = None
        self.in_parent()


def _time_left() -> Iterator[float]:
    end = time.monotonic() + FORK_PATIENCE
    while True:
        yield max(end - time.monotonic(), 0.0)


_guard = _ForkGuard()


def keep_across_fork(lock: Any) -> None:
    """Hold a lock of a module's own while the process forks, so that a child finds it free."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(
            before=lock.acquire, after_in_parent=lock.release, after_in_child=lock.release
        )


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_guard.before, after_in_parent=_guard.in_parent, after_in_child=_guard.in_child
    )
