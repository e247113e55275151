"""Pages that the device reads by itself, through which small arrays go to it without waiting."""

from __future__ import annotations

import ctypes

from .cuda_library import EVENT_DISABLE_TIMING, CudaLibrary

SLOT = 1 << 20
SLOTS = 4


class PinnedRing:
    """Some slots of page-locked memory, filled in turn.

    Copies that lie in one slot share one event, so that an upload costs no event of its own.
    The context must be current in all calls.

    Parameters
    ----------
    library : CudaLibrary
    stream : int
        The stream in which all copies from here are put.
    """

    def __init__(self, library: CudaLibrary, stream: int) -> None:
        self._library = library
        self._stream = stream
        self._events = [library.make("cuEventCreate", EVENT_DISABLE_TIMING) for _ in range(SLOTS)]
        self._recorded = [False] * SLOTS
        self._slot = 0
        self._used = 0
        self._base = library.make("cuMemHostAlloc", SLOT * SLOTS, 0)

    def stage(self, source: int, size: int) -> int:
        """Copy at most a slot's bytes, and return where they are for the stream's next copy."""
        if self._used + size > SLOT:
            self._turn()
        place = self._base + self._slot * SLOT + self._used
        ctypes.memmove(place, source, size)
        self._used += -(-size // 64) * 64
        return place

    def close(self) -> None:
        """Give the memory back; the stream must have done its work."""
        for event in self._events:
            self._library.attempt("cuEventDestroy_v2", event)
        self._library.attempt("cuMemFreeHost", self._base)

    def _turn(self) -> None:
        """Go to the next slot, when the copies from it have ended."""
        self._library.call("cuEventRecord", self._events[self._slot], self._stream)
        self._recorded[self._slot] = True
        self._slot = (self._slot + 1) % SLOTS
        self._used = 0
        if self._recorded[self._slot]:
            self._library.call("cuEventSynchronize", self._events[self._slot])
