"""Sums over processes: linear, and of the sum of all processes' results its own transpose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bitale_graph.distributed import AllReduce
from bitale_graph.extend import Apply

from ...table import Cotangents, connections, jvps, vjps


def _of_those(op: Any, given: Sequence[Any]) -> list[Any]:
    """The sums of what is not None, in one node."""
    places = [i for i, v in enumerate(given) if v is not None]
    found: list[Any] = [None] * len(given)
    if places:
        made = op.make_node(*(given[i] for i in places))
        for i, v in zip(places, made.outputs, strict=True):
            found[i] = v
    return found


@vjps.define(AllReduce)
def all_reduce_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Cotangents
) -> list[Any]:
    """Each process's input is in the sum of all: their cotangents add up."""
    wanted = zip(cotangents, cotangents.wanted, strict=True)
    return _of_those(op, [ct if is_wanted else None for ct, is_wanted in wanted])


@jvps.define(AllReduce)
def all_reduce_jvp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], tangents: Sequence[Any]
) -> list[Any]:
    """Add the tangents up."""
    return _of_those(op, tangents)


@connections.define(AllReduce)
def all_reduce_connection(node: Apply) -> list[list[bool]]:
    """Each output is of one input."""
    count = len(node.outputs)
    return [[i == k for k in range(count)] for i in range(count)]
