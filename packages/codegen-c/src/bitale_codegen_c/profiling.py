"""What the nodes of a compiled function took, which its code adds up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from bitale_graph.profiling import NodeCost

if TYPE_CHECKING:
    from .host.lowered import LoweredFunction


class ProgramCosts:
    """What all calls of a function took.

    Attributes
    ----------
    numbers : array of int64
        For each node, and last for what belongs to none: ticks of the processor's counter, how
        often it ran, bytes that were taken for it; then the most bytes of one call, and the
        nanoseconds of all calls. The code adds to it.
    """

    def __init__(self, lowered: LoweredFunction) -> None:
        self.nodes = lowered.nodes
        self._in_python = set(lowered.callbacks)
        self.numbers = np.zeros(3 * (len(self.nodes) + 1) + 2, np.int64)

    transfers = 0.0

    @property
    def seconds(self) -> float:
        """In all calls."""
        return float(self.numbers[-1]) * 1e-9

    @property
    def peak(self) -> int:
        """The most bytes that buffers of one call had at a time."""
        return int(self.numbers[-2])

    def __iter__(self) -> Iterator[NodeCost]:
        rows = self.numbers[:-2].reshape(-1, 3)
        ticks = max(int(rows[:, 0].sum()), 1)
        for node, (own, calls, size) in zip(self.nodes, rows.tolist(), strict=False):
            if calls:
                kind = "Py" if node in self._in_python else "C"
                yield NodeCost(node, self.seconds * own / ticks, calls, size, kind)

    def clear(self) -> None:
        """Forget what calls took so far."""
        self.numbers[:] = 0
