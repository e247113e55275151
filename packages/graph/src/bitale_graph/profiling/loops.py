"""What runs in the steps of loops, and what nodes take with all that they need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO

from ..core.graph import Apply
from ..core.order import toposort
from ..ops.scan import Scan
from .costs import NodeCost
from .grouping import line_of
from .tables import of_nodes, write


@dataclass
class ScanProfileStats:
    """What a loop took, and the nodes in its steps.

    Attributes
    ----------
    node : Apply
    callcount : int
        How often the loop ran.
    nbsteps : int
        How many steps it made, in all its calls.
    call_time : float
        Seconds, with all that runs in it.
    costs : list of NodeCost
        Of the nodes in its steps that ran, and of those in their bodies.
    """

    node: Apply
    callcount: int
    nbsteps: int
    call_time: float
    costs: list[NodeCost]

    def summary(self, file: IO[str] | None = None, N: int | None = None) -> None:
        """Write what the loop took, and each node in it."""
        steps = max(self.nbsteps, 1)
        each = self.call_time / steps
        lines = [
            f"Loop: {self.node.op}",
            "====",
            f"  Line: {line_of(self.node)}",
            f"  {self.callcount} calls, {self.nbsteps} steps: {each:.2e}s a step",
            "",
        ]
        write(file, "\n".join(lines))
        write(file, of_nodes(self.costs, N))


def loops_of(costs: Sequence[NodeCost]) -> list[ScanProfileStats]:
    """The loops among nodes, those first that took longest."""
    by_node = {c.node: c for c in costs}
    found = []
    for cost in costs:
        if isinstance(cost.node.op, Scan):
            own = nodes_inside(cost.node)
            inner = [by_node[node] for node in own if node in by_node]
            inner.sort(key=lambda c: -c.seconds)
            steps = max((c.calls for c in inner), default=cost.calls)
            seconds = cost.seconds + sum(c.seconds for c in inner)
            found.append(ScanProfileStats(cost.node, cost.calls, steps, seconds, inner))
    return sorted(found, key=lambda one: -one.call_time)


def nodes_inside(node: Apply) -> list[Apply]:
    """The nodes in the bodies of a node's op, and in theirs."""
    found: list[Apply] = []
    for body in node.op.bodies:
        for inner in body.graph.toposort():
            found += (inner, *nodes_inside(inner))
    return found


def total_times(seconds: Mapping[Apply, float]) -> dict[Apply, float]:
    """The seconds of each node with all nodes that it needs, each once."""
    order = toposort([v for node in seconds for v in node.outputs])
    needs: dict[Apply, set[Apply]] = {}
    for node in order:
        above = (needs[v.owner] for v in node.inputs if v.owner is not None)
        needs[node] = {node}.union(*above)
    return {node: sum(seconds.get(n, 0.0) for n in needs[node]) for node in seconds}
