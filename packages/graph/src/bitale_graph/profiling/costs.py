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
from ..tensor.state import keep_across_fork

# Of all profiles: it is held for less than a microsecond.
LOCK = threading.Lock()
keep_across_fork(LOCK)


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

    def clear(self) -> None:
        """Forget what calls took so far."""
        self.seconds = 0.0
        self._found: dict[Apply, tuple[float, int, int]] = {}
        self.peak = 0
        self._alive: list[weakref.ref[Any]] = []

    def run(self, graph: Any, index: int, node: Apply, inputs: list[Any]) -> list[Any]:
        """Give the results of a node, and note what it took."""
        with self._nesting.timed(lambda took: self._note(node, took, 1, 0)):
            results = result_of(node, inputs)
        self._note(node, 0.0, 0, self._taken(results, inputs))
        return results

    def _note(self, node: Apply, took: float, times: int, size: int) -> None:
        with LOCK:
            seconds, calls, known = self._found.get(node, (0.0, 0, 0))
            self._found[node] = (seconds + took, calls + times, known + size)
            self.seconds += took

    def _taken(self, results: list[Any], inputs: list[Any]) -> int:
        """The bytes of results that are no views and no inputs; they are alive until they go."""
        known = {id(x) for x in inputs}
        made = [x for x in results if isinstance(x, np.ndarray) and x.base is None]
        made = [x for x in made if id(x) not in known]
        with LOCK:
            # Not told by the arrays as they go: what an interrupt raises there would be lost.
            alive = [one for one in self._alive if one() is not None]
            self._alive = [*alive, *map(weakref.ref, made)]
            live = [one() for one in self._alive]
            self.peak = max(self.peak, sum(x.nbytes for x in live if x is not None))
        return sum(x.nbytes for x in made)

    def __iter__(self) -> Iterator[NodeCost]:
        for node, (seconds, calls, size) in list(self._found.items()):
            yield NodeCost(node, seconds, calls, size, "Py")
