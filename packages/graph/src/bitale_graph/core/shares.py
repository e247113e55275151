"""How the time of a function that was profiled is shared among its nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .graph import Apply

HEADING = """
Timing Info
-----------
--> <time> <% time> - <total time> <% total time>

<time>         of this node, with what runs in its steps or branches
<% time>       share in the time of all calls
<total time>   of this node and all nodes that it needs, each once
<% total time> share of that

What nodes share counts for each of them, so that shares of totals do not add up.
""".splitlines()


def shares_of_time(order: Sequence[Apply], profile: Any) -> dict[Apply, str]:
    """For the nodes of a function that were measured what `debugprint` writes of their times.

    Parameters
    ----------
    order : sequence of Apply
        All nodes, inputs first.
    profile : object or None
        With ``fct_callcount`` (calls), ``fct_call_time`` (seconds in them) and ``apply_time``
        (a mapping from nodes to seconds).
    """
    if not getattr(profile, "fct_callcount", 0):
        return {}
    seconds: Mapping[Apply, float] = profile.apply_time
    whole = float(profile.fct_call_time) or float("nan")
    own = np.array([_with_bodies(node, seconds) for node in order])
    # The nodes that each node needs, itself among them, as the bits of a number.
    needs: dict[Apply, int] = {}
    found: dict[Apply, str] = {}
    for k, node in enumerate(order):
        mask = 1 << k
        for v in node.inputs:
            mask |= needs.get(v.owner, 0) if v.owner is not None else 0
        needs[node] = mask
        if own[k]:
            packed = np.frombuffer(mask.to_bytes(k // 8 + 1, "little"), np.uint8)
            total = float(own[: k + 1] @ np.unpackbits(packed, count=k + 1, bitorder="little"))
            found[node] = (
                f" --> {own[k]:8.2e}s {100 * own[k] / whole:4.1f}%"
                f" {total:8.2e}s {100 * total / whole:4.1f}%"
            )
    return found


def _with_bodies(node: Apply, seconds: Mapping[Apply, float]) -> float:
    """The seconds of a node and of all nodes in the bodies of its op."""
    inside = (inner for body in node.op.bodies for inner in body.graph.apply_nodes)
    return float(seconds.get(node, 0.0)) + sum(_with_bodies(one, seconds) for one in inside)
