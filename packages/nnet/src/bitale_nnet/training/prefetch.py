"""Pieces of data made ready by another thread, while the one before is trained on."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Iterator
from types import TracebackType
from typing import Any

_END = object()


class Prefetched:
    """What an iterator gives, taken from it by a thread up to ``ahead`` pieces before it is needed.

    As a context manager it ends the thread on leaving, whatever happened. An error of the iterator
    is raised in the thread that reads, at the place where the piece would have been.
    """

    def __init__(self, iterator: Iterator[Any], ahead: int) -> None:
        self._iterator = iterator
        self._ready: queue.Queue[tuple[Any, BaseException | None]] = queue.Queue(ahead)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work, name="bitale-prefetch", daemon=True)

    def _work(self) -> None:
        error: BaseException | None = None
        try:
            for piece in self._iterator:
                if not self._put((piece, None)):
                    break
        except BaseException as raised:  # noqa: BLE001 (it is raised again, where it is waited for)
            error = raised
        finally:
            with contextlib.suppress(Exception):
                getattr(self._iterator, "close", lambda: None)()
        self._put((_END, error))

    def _put(self, item: tuple[Any, BaseException | None]) -> bool:
        while not self._stopped.is_set():
            with contextlib.suppress(queue.Full):
                self._ready.put(item, timeout=0.05)
                return True
        return False

    def __iter__(self) -> Iterator[Any]:
        while True:
            piece, error = self._ready.get()
            if error is not None:
                raise error
            if piece is _END:
                return
            yield piece

    def __enter__(self) -> Prefetched:
        try:
            self._thread.start()
        except BaseException:  # Ctrl-C, while start waits for the thread
            self._stopped.set()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopped.set()
        # What an iterator is waiting for cannot be called off: such a thread ends when it gets it.
        self._thread.join(timeout=5)
