"""Moving into each branch of a choice what only that branch needs, so that it runs lazily.

`ifelse` makes choices between results, which read like any other op: all of a graph is there to be
replaced and differentiated. Before a graph runs, every node moves to where it is needed: into a
branch if only that branch needs it, and else to the innermost place that holds all its readers.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Any

from ..base import trace as tracing
from .function_graph import FunctionGraph
from .graph import Apply, Constant, Variable
from .order import toposort

DEEPEST = 100
"""How many levels of bodies may be inside of each other: running takes a few Python frames a level.

Of a longer chain of choices every so many levels one is computed in any case.
"""


@dataclass(frozen=True, eq=False)
class Place:
    """A branch of a choice, inside of another place; the outermost place is the graph itself."""

    outside: Place | None = None
    depth: int = 0


def lazy_forms(
    outputs: Sequence[Variable], stop_at: Container[Variable] = ()
) -> dict[Variable, Variable]:
    """Rebuild what ``outputs`` depend on, with each node where it is needed.

    Parameters
    ----------
    outputs : sequence of Variable
        What is needed in any case.
    stop_at : container of Variable
        Variables that are given; what is behind them is not looked at.

    Returns
    -------
    dict
        From variables to those that replace them; what is not in it has not changed.
    """
    nodes = toposort(outputs, stop_at)
    if not any(node.op.chooses for node in nodes):
        return {}
    return _Moving(nodes, outputs, stop_at).run()


def make_lazy(graph: FunctionGraph) -> None:
    """Move the nodes of ``graph`` into the branches of its choices."""
    forms = lazy_forms(graph.outputs, stop_at=set(graph.inputs))
    for output in list(graph.outputs):
        if output in forms:
            graph.replace(output, forms[output])


class _Moving:
    def __init__(
        self, nodes: list[Apply], outputs: Sequence[Variable], stop_at: Container[Variable]
    ) -> None:
        self.nodes = nodes
        self.outputs = outputs
        self.stop_at = stop_at
        self.everywhere = Place()
        self.branches: dict[Apply, tuple[Place, Place]] = {}
        self.place: dict[Apply, Place] = {}
        # How many levels of bodies a node may come to hold, if all that it reads moves inside.
        self.levels: dict[Apply, int] = {}
        self.new: dict[Variable, Variable] = {}

    def run(self) -> dict[Variable, Variable]:
        self._find_places()
        # Inner choices come first in this order, so each body is built once, from what is finished.
        for node in self.nodes:
            if node not in self.place:
                continue
            if node.op.chooses:
                self._rebuild_choice(node)
            elif any(v in self.new for v in node.inputs):
                made = node.clone_with_new_inputs([self.new.get(v, v) for v in node.inputs])
                self._note(node, made)
        return self.new

    def _find_places(self) -> None:
        """Find the innermost place that holds all readers of each node."""
        needed: dict[Variable, Place] = dict.fromkeys(self.outputs, self.everywhere)

        def need(v: Variable, place: Place) -> None:
            known = needed.get(v)
            needed[v] = place if known is None else _common(known, place)

        for node in self.nodes:
            above = [self.levels.get(v.owner, 0) for v in node.inputs if v.owner is not None]
            self.levels[node] = max(above, default=0) + levels_of(node)
        for node in reversed(self.nodes):
            places = [needed[v] for v in node.outputs if v in needed]
            if not places:
                continue  # given to a choice that has no use for it
            here = places[0]
            for place in places[1:]:
                here = _common(here, place)
            self.place[node] = here
            if not node.op.chooses:
                for v in node.inputs:
                    need(v, here)
                continue
            need(node.inputs[0], here)
            self.branches[node] = inner = (Place(here, here.depth + 1), Place(here, here.depth + 1))
            for i, v in enumerate(node.inputs[1:]):
                too_deep = self._is_too_deep(v, node)
                for body, place in zip(node.op.bodies, inner, strict=True):
                    if body.graph.clients[body.inputs[i]]:
                        need(v, self.everywhere if too_deep else place)

    def _is_too_deep(self, v: Variable, choice: Apply) -> bool:
        if v.owner is None or v.owner not in self.levels:
            return False
        inside = self.levels[v.owner]
        return inside > 0 and inside // DEEPEST != self.levels[choice] // DEEPEST

    def _note(self, old: Apply, new: Apply) -> None:
        self.place[new] = self.place[old]
        self.new.update(zip(old.outputs, new.outputs, strict=True))

    def _rebuild_choice(self, node: Apply) -> None:
        """Let the bodies compute what only they need."""
        op: Any = node.op
        condition, *given = (self.new.get(v, v) for v in node.inputs)
        results = []
        captured: dict[Variable, None] = {}
        for body, place in zip(op.bodies, self.branches[node], strict=True):
            inner = body.expressions(given)
            results.append(inner)
            captured.update(self._boundary(inner, place))
        if len(given) == len(captured) and set(given) == set(captured):
            if any(v in self.new for v in node.inputs):
                self._note(node, node.clone_with_new_inputs([condition, *given]))
            return
        with tracing.inherited(node.trace):
            made = op.between(list(captured), *results).make_node(condition, *captured)
        for old, new in zip(node.outputs, made.outputs, strict=True):
            new.name = old.name
        self._note(node, made)

    def _boundary(self, results: Sequence[Variable], place: Place) -> dict[Variable, None]:
        """What a body reads from outside of its place."""
        found: dict[Variable, None] = {}
        seen: set[Variable] = set()
        stack = list(reversed(results))
        while stack:
            v = stack.pop()
            if v in seen or isinstance(v, Constant):
                continue
            seen.add(v)
            # A node that has no place is of the body already.
            if v.owner is None or v in self.stop_at or self.place.get(v.owner, place) is not place:
                found[v] = None
            else:
                stack.extend(reversed(v.owner.inputs))
        return found


def levels_of(node: Apply) -> int:
    """How many levels of bodies the op of a node holds."""
    return max((1 + body.levels for body in node.op.bodies), default=0)


def _common(a: Place, b: Place) -> Place:
    """The innermost place that holds both."""
    while a is not b:
        if a.depth < b.depth:
            a, b = b, a
        assert a.outside is not None
        a = a.outside
    return a
