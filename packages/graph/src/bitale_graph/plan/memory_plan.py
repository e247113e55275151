"""What is decided about memory before any code is written."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.graph import Apply, Variable


@dataclass
class MemoryPlan:
    """What is decided about memory.

    Attributes
    ----------
    head : list of Apply
        Nodes that touch no shared storage, in order.
    tail : list of Apply
        Nodes that write into shared storage, and those that read their results, in order.
    reused : dict
        For an output variable the input variable whose buffer it takes over.
    in_place : set of int
        Positions among the graph's outputs of updates that are written where the shared variable
        lies.
    dies_after : dict
        For every variable the position (in head, then tail) of the last node that reads it or
        memory it shares.
    shown : dict
        For each view the variable whose memory it shows.
    """

    head: list[Apply]
    tail: list[Apply]
    reused: dict[Variable, Variable]
    in_place: set[int]
    dies_after: dict[Variable, int]
    shown: dict[Variable, Variable]
