"""What nodes take, as those tell it who run them."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from ..core.graph import Apply
from ..core.results import result_of
from ..core.run import Watch


@dataclass(frozen=True)
class NodeCost:
    """What one node took in all calls; of loops and branches without what runs in them.

    Attributes
    ----------
    node : Apply
    seconds : float
    calls : int
        How often it ran: in a loop, once for each step.
    bytes : int
        Of memory that was taken for it.
    kind : str
        What ran it: ``"C"``, ``"Py"``, or ``"GPU"``.
    """

    node: Apply
    seconds: float
    calls: int
    bytes: int
    kind: str


class Costs(Protocol):
    """What the nodes of one executable took; iterated over, those that ran.

    ``seconds`` are those that it ran, without checks of arguments; ``transfers`` those of them for
    copies to a device and from it; ``peak`` is the most memory in bytes that what is computed in
    one call had at a time.
    """

    @property
    def transfers(self) -> float: ...

    @property
    def seconds(self) -> float: ...

    @property
    def peak(self) -> int: ...

    def __iter__(self) -> Iterator[NodeCost]: ...

    def clear(self) -> None: ...


class Nesting(threading.local):
    """What runs one in the other in a thread: the seconds that each spent in others."""

    def __init__(self) -> None:
        self.inside: list[float] = []

    @contextmanager
    def timed(self, tell: Callable[[float], object]) -> Iterator[None]:
        """Time a block, and tell the seconds without those of timed blocks in it."""
        self.inside.append(0.0)
        began = time.perf_counter()
        try:
            yield
        finally:
            took = time.perf_counter() - began
            tell(took - self.inside.pop())
            if self.inside:
                self.inside[-1] += took


class TimedNodes(Watch):
    """Times each node that NumPy runs."""

    transfers = 0.0

    def __init__(self) -> None:
        self.clear()
        self._nesting = Nesting()
        self._lock = threading.RLock()  # arrays may go while it is held

    def clear(self) -> None:
        """Forget what calls took so far."""
        self.seconds = 0.0
        self._found: dict[Apply, tuple[float, int, int]] = {}
        self._live = self.peak = 0
        self._alive: dict[int, Any] = {}

    def run(self, graph: Any, index: int, node: Apply, inputs: list[Any]) -> list[Any]:
        """Give the results of a node, and note what it took."""
        with self._nesting.timed(lambda took: self._note(node, took, 1, 0)):
            results = result_of(node, inputs)
        size = sum(self._taken(x, inputs) for x in results)
        self._note(node, 0.0, 0, size)
        return results

    def _note(self, node: Apply, took: float, times: int, size: int) -> None:
        with self._lock:
            seconds, calls, known = self._found.get(node, (0.0, 0, 0))
            self._found[node] = (seconds + took, calls + times, known + size)
            self.seconds += took

    def _taken(self, result: Any, inputs: list[Any]) -> int:
        """The bytes of a result that is no view and no input; they are alive until it goes."""
        if not isinstance(result, np.ndarray) or result.base is not None:
            return 0
        if any(result is x for x in inputs) or id(result) in self._alive:
            return 0
        size, key = result.nbytes, id(result)

        def gone(_: Any) -> None:
            with self._lock:
                if self._alive.pop(key, None) is not None:
                    self._live -= size

        with self._lock:
            self._alive[key] = weakref.ref(result, gone)
            self._live += size
            self.peak = max(self.peak, self._live)
        return size

    def __iter__(self) -> Iterator[NodeCost]:
        for node, (seconds, calls, size) in list(self._found.items()):
            yield NodeCost(node, seconds, calls, size, "Py")
