"""Compute again what is cheap, rather than store it in one loop for the next.

A sum keeps what reads it in a later loop. What both read, as the distance from a mean that its
squares are summed of, would be stored by the first and read by the second, although it may be one
subtraction from what lies in memory already.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from bitale_graph.extend import Apply, FunctionGraph, LoopForm, Step, Variable, trace

# To write a number and read it again takes about as long as so many multiplications of numbers
# that are in the cache: a choice on the safe side, not an optimum that was searched for.
MOST = 8


# The range of a loop, and its level.
Place = tuple[tuple[tuple[Hashable, ...], bool], int]


@dataclass
class Places:
    """Which nodes share a loop: those of one range and level.

    Attributes
    ----------
    forms : dict
        The nodes that loops hold, each as one.
    spaces, levels : dicts
        Of each its range, and how many loops come before.
    """

    graph: FunctionGraph
    forms: dict[Apply, LoopForm]
    spaces: dict[Apply, tuple[tuple[Hashable, ...], bool]]
    levels: dict[Apply, int]

    def of(self, node: Any) -> Place | None:
        """The range and the level of a node that a loop holds."""
        return (self.spaces[node], self.levels[node]) if node in self.forms else None

    def readers(self, v: Variable) -> list[Any]:
        """The nodes that read a variable; a word for the graph itself."""
        return [reader for reader, _ in self.graph.clients[v]]


@dataclass
class _Again:
    """What one later loop would compute again.

    Attributes
    ----------
    read : set of Variable
        What it would read for that, beside what it reads now.
    cost : int
        Of an element, in multiplications.
    """

    read: set[Variable] = field(default_factory=set)
    cost: int = 0


def recompute(places: Places) -> None:
    """Let later loops compute what it costs them less to compute than to read.

    That is the case where each reads no more bytes for it, and it takes few multiplications: then
    nothing is stored, and no more memory is held than before.
    """
    for level in sorted({places.levels[node] for node in places.forms}):
        stored: dict[frozenset[Place], list[Apply]] = {}
        for node in places.forms:
            loops = _later_loops(places, node) if places.levels[node] == level else None
            if loops:
                stored.setdefault(loops, []).append(node)
        for loops, nodes in stored.items():
            together = all(_pays(places, later, nodes) for later in loops)
            for some in [nodes] if together else [[node] for node in nodes]:
                if together or all(_pays(places, later, some) for later in loops):
                    for place in loops:
                        _compute_again(places, place, some)


def _later_loops(places: Places, node: Apply) -> frozenset[Place]:
    """The later loops over the same range that read what a node gives, if nothing else does."""
    here = places.of(node)
    if here is None or here[0][1] or not _is_cheap(places, node):
        return frozenset()
    found = set()
    for reader in places.readers(node.out):
        at = places.of(reader)
        if at is None or at[0] != here[0] or places.forms[reader].loop.tables:
            return frozenset()
        if at != here:
            found.add(at)
    return frozenset(found)


def _is_cheap(places: Places, node: Apply) -> bool:
    form = places.forms[node]
    if form.inputs != node.inputs or form.loop.results[0].reduce is not None or form.loop.tables:
        return False
    if any(n is not None for n in form.loop.lengths):
        return False
    return all(isinstance(s, Step) and not s.op.is_called for s in form.loop.steps) and (
        _cost(form) <= MOST
    )


def _cost(form: LoopForm) -> int:
    return sum(step.op.cost for step in form.loop.steps if isinstance(step, Step))


def _pays(places: Places, later: Place, nodes: list[Apply]) -> bool:
    again = _Again()
    return (
        all(_collect(places, later, node, nodes, again) for node in nodes)
        and again.cost <= MOST
        and _bytes(again.read) <= _bytes(node.out for node in nodes)
    )


def _bytes(variables: Iterable[Any]) -> int:
    return sum(np.dtype(v.type.dtype).itemsize for v in variables)


def _collect(places: Places, later: Place, top: Apply, nodes: list[Apply], again: _Again) -> bool:
    """Add what ``top`` is made from in its loop; False if it is made from what is not in memory."""
    here, waiting, seen = places.of(top), [top], {top}
    while waiting:
        node = waiting.pop()
        again.cost += _cost(places.forms[node])
        for v in node.inputs:
            owner = v.owner
            if owner is not None and places.of(owner) == here:
                if _is_cheap(places, owner):
                    if owner not in seen:
                        seen.add(owner)
                        waiting.append(owner)
                    continue
                if all(places.of(reader) == here for reader in places.readers(v)):
                    return False
            if _is_whole(v, later) and later not in map(places.of, places.readers(v)):
                again.read.add(v)
    return True


def _is_whole(v: Variable, later: Place) -> bool:
    """Whether a variable has a number for each place of the range."""
    lengths = later[0][0]
    if v.type.ndim < len(lengths):
        return False
    return all(m != 1 or n == 1 for m, n in zip(v.type.shape, lengths, strict=True))


def _compute_again(places: Places, later: Place, nodes: list[Apply]) -> None:
    made: dict[Apply, Apply] = {}
    for node in nodes:
        for one in reversed(_cone(places, node)):
            if one not in made:
                made[one] = _copy(places, later, one, made)
        for reader, i in list(places.graph.clients[node.out]):
            if places.of(reader) == later and reader not in made.values():
                places.graph.change_input(reader, i, made[node].out, "recompute")


def _cone(places: Places, top: Apply) -> list[Apply]:
    """What is computed again for a node: that before what it is made from, which may come twice."""
    here, order = places.of(top), [top]
    for node in order:
        for v in node.inputs:
            owner = v.owner
            if owner is not None and places.of(owner) == here and _is_cheap(places, owner):
                order.append(owner)
    return order


def _copy(places: Places, later: Place, node: Apply, made: dict[Apply, Apply]) -> Apply:
    """A node like another, in a later loop, of those that are there already."""
    inputs = [made[v.owner].out if v.owner in made else v for v in node.inputs]
    with trace.inherited(node.trace):
        new: Apply = node.op.make_node(*inputs)
    new.out.name = node.out.name
    if new.out.type != node.out.type and not node.out.type.admits(new.out.type):
        new.out.type = node.out.type
    places.forms[new] = LoopForm(places.forms[node].loop, new.inputs)
    places.spaces[new], places.levels[new] = later
    return new
