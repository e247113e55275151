"""Costs of nodes, put together by what the nodes have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from ..base import cells
from ..base.errors import source_line
from ..core.graph import Apply
from .costs import NodeCost

K = TypeVar("K")
N = TypeVar("N", int, float)


@dataclass
class Group:
    """What nodes took that have a name in common.

    Attributes
    ----------
    name, kind : str
        ``kind`` tells what ran them: C, Py, GPU, or several of these.
    seconds : float
    calls, nodes, bytes : int
    """

    name: str
    kind: str
    seconds: float = 0.0
    calls: int = 0
    nodes: int = 0
    bytes: int = 0


def groups(costs: Iterable[NodeCost], name: Callable[[NodeCost], str]) -> list[Group]:
    """Put costs together by a name, those first that took longest."""
    found: dict[str, Group] = {}
    for one in costs:
        key = name(one)
        group = found.setdefault(key, Group(key, one.kind))
        if one.kind not in group.kind.split("+"):
            group.kind += f"+{one.kind}"
        group.seconds += one.seconds
        group.calls += one.calls
        group.nodes += 1
        group.bytes += one.bytes
    return sorted(found.values(), key=lambda g: -g.seconds)


def summed(
    costs: Sequence[NodeCost], key: Callable[[NodeCost], K], value: Callable[[NodeCost], N]
) -> dict[K, N]:
    """Add up numbers of costs by a key."""
    found: dict[K, N] = {}
    for one in costs:
        k = key(one)
        found[k] = found[k] + value(one) if k in found else value(one)
    return found


def class_name(kind: type[Any]) -> str:
    """A class with its module."""
    return f"{kind.__module__}.{kind.__qualname__}"


def line_of(node: Apply) -> str:
    """The line of the user's that a node comes from, with its text where the file is at hand."""
    trace = node.outputs[0].made_at or node.trace
    if not trace:
        return "(no line of yours)"
    name, line, function = trace[0]
    shown = name if cells.cell_of(name) else Path(name).name
    place, source = cells.place_in(shown, line, function), source_line(name, line)
    return f"{place}: {source}" if source else place
