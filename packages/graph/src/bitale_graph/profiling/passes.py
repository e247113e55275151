"""What the rewriter took, pass by pass."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from ..core.features import PassObserver


@dataclass
class PassCost:
    """What one pass took, each time that it ran.

    Attributes
    ----------
    name : str
    seconds : float
    runs : int
    useless : int
        Of these, those that changed nothing.
    applied : Counter of str
        How often each rule replaced something.
    nodes : int
        How many nodes the graph had after the last run.
    """

    name: str
    seconds: float = 0.0
    runs: int = 0
    useless: int = 0
    applied: Counter[str] = field(default_factory=Counter)
    nodes: int = 0

    def add(self, other: PassCost) -> None:
        """Count what the pass took elsewhere, too."""
        self.seconds += other.seconds
        self.runs += other.runs
        self.useless += other.useless
        self.applied += other.applied
        self.nodes += other.nodes


class TimedPasses(PassObserver):
    """Times the passes over a graph that it is attached to."""

    def __init__(self, passes: dict[str, PassCost]) -> None:
        super().__init__()
        self._passes = passes

    def on_attach(self, fgraph: Any) -> None:
        self._began = time.perf_counter()

    def on_pass(self, fgraph: Any, name: str, purpose: str) -> None:
        """Add what the pass took that is done."""
        one = self._passes.setdefault(name, PassCost(name))
        one.seconds += time.perf_counter() - self._began
        one.runs += 1
        one.useless += not self.is_changed
        one.applied += self.rules
        one.nodes = len(fgraph.apply_nodes)
        self.forget()
        self._began = time.perf_counter()
