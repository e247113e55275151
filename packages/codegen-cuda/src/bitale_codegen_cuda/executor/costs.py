"""What the nodes of a function on a device took, where it is profiled."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bitale_graph.extend import Apply
from bitale_graph.profiling import NodeCost

from .plan import Plan
from .timer import Timer


class DeviceCosts:
    """What all calls of a function took, by the device's clock.

    Attributes
    ----------
    timer : Timer
        Of the commands, which are carried out one by one.
    transfers : float
        Seconds in which the host waited for arguments and results to be copied.
    peak : int
        Bytes of the largest arena.
    """

    def __init__(self, nodes: Sequence[Apply]) -> None:
        self._nodes = nodes
        self.clear()

    def clear(self) -> None:
        """Forget what calls took so far."""
        self.timer = Timer()
        self.transfers = 0.0
        self.peak = 0
        self._bytes: dict[int, int] = {}
        self._in_python: dict[Apply, tuple[float, int]] = {}

    @property
    def seconds(self) -> float:
        """Of commands, transfers and Python."""
        on_device = sum(took for took, _ in self.timer.seconds.values())
        in_python = sum(took for took, _ in self._in_python.values())
        return on_device + self.transfers + in_python

    @contextmanager
    def transfer(self) -> Iterator[None]:
        """Time a copy between host and device."""
        began = time.perf_counter()
        yield
        self.transfers += time.perf_counter() - began

    @contextmanager
    def python(self, node: Apply) -> Iterator[None]:
        """Time a node that runs in Python."""
        began = time.perf_counter()
        yield
        seconds, calls = self._in_python.get(node, (0.0, 0))
        self._in_python[node] = (seconds + time.perf_counter() - began, calls + 1)

    def note_memory(self, plan: Plan) -> None:
        """Count what a call takes of the arena."""
        self.peak = max(self.peak, plan.layout.size)
        for region in plan.regions[plan.n_given :]:
            self._bytes[region.node] = self._bytes.get(region.node, 0) + region.size

    def __iter__(self) -> Iterator[NodeCost]:
        found: dict[int, tuple[float, int]] = {}
        for (index, _), (seconds, calls) in self.timer.seconds.items():
            known, most = found.get(index, (0.0, 0))
            found[index] = (known + seconds, max(most, calls))
        for index, (seconds, calls) in found.items():
            yield NodeCost(self._nodes[index], seconds, calls, self._bytes.get(index, 0), "GPU")
        for node, (seconds, calls) in self._in_python.items():
            yield NodeCost(node, seconds, calls, 0, "Py")
