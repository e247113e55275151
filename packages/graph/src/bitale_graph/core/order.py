"""The order in which nodes are computed."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from typing import Any, Protocol, TypeVar

from ..base.errors import InconsistentGraphError


class Node(Protocol):
    """What reads variables, as `Apply`."""

    @property
    def inputs(self) -> Sequence[Any]:
        """The variables that it reads."""


NodeT = TypeVar("NodeT", bound=Node)
NodeT_co = TypeVar("NodeT_co", covariant=True, bound=Node)


class Computed(Protocol[NodeT_co]):
    """What a node may compute, as `Variable`."""

    @property
    def owner(self) -> NodeT_co | None:
        """The node; None for a leaf."""


def toposort(outputs: Iterable[Computed[NodeT]], stop_at: Container[Any] = ()) -> list[NodeT]:
    """Every node that ``outputs`` depend on, inputs first, in an order that only the graph decides.

    Nodes behind the variables of ``stop_at`` (best a set or a dict) are left out, and not walked.
    Raises `InconsistentGraphError` for a graph with a cycle.
    """
    stops = stop_at
    # False while a node's inputs are walked: to meet such a node again is a cycle.
    done: dict[NodeT, bool] = {}
    order: list[NodeT] = []
    for output in outputs:
        if output.owner is None or output.owner in done or output in stops:
            continue
        done[output.owner] = False
        stack = [(output.owner, iter(output.owner.inputs))]
        while stack:
            node, rest = stack[-1]
            for v in rest:
                owner = v.owner
                if owner is None or done.get(owner) or v in stops:
                    continue
                if owner in done:
                    raise InconsistentGraphError(f"the graph has a cycle through {owner}")
                done[owner] = False
                stack.append((owner, iter(owner.inputs)))
                break
            else:
                stack.pop()
                done[node] = True
                order.append(node)
    return order
