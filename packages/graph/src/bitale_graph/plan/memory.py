"""The memory plan.

The order of work, which results take over whose buffer, and which shared variables change in place.
The graph is pure; what may be overwritten is decided here, once, where lifetimes are known. Work
that writes into the storage of shared variables comes last, after everything that can fail, so that
a failed call changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from ..base.rules import RuleTable
from ..core.function_graph import FunctionGraph
from ..core.graph import Apply, Constant, Variable
from .memory_plan import MemoryPlan
from .node_code import has_code
from .opaque import seen_type
from .target import Target

R = TypeVar("R")


def viewed(v: Variable) -> Variable | None:
    """The operand whose memory a variable may show, by what its op says of itself."""
    if v.owner is None or v.index is None:
        return None
    places = v.owner.op.view_map.get(v.index, ())
    if len(places) > 1:
        raise ValueError(
            f"{v.owner.op}: by its view_map output {v.index} shows the memory of several inputs, "
            f"{list(places)}; give one, and copy the others"
        )
    return v.owner.inputs[places[0]] if places else None


def plan_memory(
    graph: FunctionGraph, updated: Mapping[int, Variable], target: Target
) -> MemoryPlan:
    """Decide on memory for ``graph``.

    Parameters
    ----------
    graph : FunctionGraph
    updated : mapping of int to Variable
        By its position each output that is the new value of an input, and that input: a shared
        variable, or the state of a loop.
    target : Target
    """
    order = graph.toposort()
    updates = _Updates(graph, order, target)
    for k, old in updated.items():
        updates.try_in_place(k, old)
    head = [node for node in order if node not in updates.tail]
    tail = [node for node in order if node in updates.tail]
    dies_after = _lifetimes(graph, [*head, *tail])
    reused = dict(updates.reused)
    for position, node in enumerate(head):
        _reuse_dying_buffers(graph, node, position, dies_after, reused, target)
    return MemoryPlan(head, tail, reused, updates.in_place, dies_after, updates.shown)


def roots(order: Sequence[Apply]) -> dict[Variable, Variable]:
    """For each view the variable whose memory it shows."""
    found: dict[Variable, Variable] = {}
    for node in order:
        for v in node.outputs:
            source = viewed(v)
            if source is not None:
                found[v] = found.get(source, source)
    return found


def _lifetimes(graph: FunctionGraph, order: Sequence[Apply]) -> dict[Variable, int]:
    shown = roots(order)
    last: dict[Variable, int] = {}
    for position, node in enumerate(order):
        for v in (*node.inputs, *node.outputs):
            last[v] = last[shown.get(v, v)] = position
    for v in graph.outputs:
        last[v] = last[shown.get(v, v)] = len(order)
    return last


def _rule(table: RuleTable[R], node: Apply, target: Target) -> R | None:
    """The rule of a node; what is known of our own code of an op says nothing of another's."""
    return None if target.gives_body(node.op) else table.get(type(node.op))


def rank(v: Variable) -> int:
    """The number of axes of what host code has for a variable."""
    return seen_type(v).ndim


def _reuse_dying_buffers(
    graph: FunctionGraph,
    node: Apply,
    position: int,
    dies_after: dict[Variable, int],
    reused: dict[Variable, Variable],
    target: Target,
) -> None:
    rule = _rule(target.reuses, node, target)
    if rule is None:
        return
    inputs = set(graph.inputs)
    taken: set[Variable] = set()
    for i, j in rule(node):
        old, new = node.inputs[j], node.outputs[i]
        if (
            new in reused
            or old in taken
            or old in inputs
            or isinstance(old, Constant)
            or old.owner is None
        ):
            continue
        if viewed(old) is not None or dies_after[old] != position or node.inputs.count(old) != 1:
            continue
        if _shares_memory_with_another(node, old):
            continue
        reused[new] = old
        taken.add(old)


def _shares_memory_with_another(node: Apply, old: Variable) -> bool:
    for v in node.inputs:
        source = viewed(v)
        while source is not None:
            if source is old:
                return True
            source = viewed(source)
    return False


class _Updates:
    """Which updates are written where the shared variable lies, and which nodes thus come last.

    An update can be if its new value comes from the old one by nodes that may write in place. They
    and all that depends on them come last, so these must be able to wait: what they check and
    allocate must not depend on numbers that are not there yet. Of what comes last only the first
    writer may read the old value, as the others would see new numbers for old.
    """

    def __init__(self, graph: FunctionGraph, order: Sequence[Apply], target: Target) -> None:
        self.graph = graph
        self.target = target
        self.shown = roots(order)
        self.in_place: set[int] = set()
        self.tail: set[Apply] = set()
        self.reused: dict[Variable, Variable] = {}
        self._first_writers: dict[Variable, Apply] = {}
        self._readers: dict[Variable, set[Apply]] = {v: set() for v in graph.inputs}
        for node in order:
            for v in node.inputs:
                root = self.shown.get(v, v)
                if root in self._readers:
                    self._readers[root].add(node)

    def try_in_place(self, k: int, old: Variable) -> None:
        """Let output ``k``, the new value of ``old``, be written in place if nothing forbids it."""
        new = self.graph.outputs[k]
        if rank(old) == 0 or self.graph.outputs.count(new) != 1 or old in self._first_writers:
            return
        chain = self._chain(new, old)
        if not chain:
            return
        writers = {v.owner: v for v, _ in chain if v.owner is not None}
        first = chain[-1][0].owner
        assert first is not None
        added = self._with_all_that_depends(writers)
        tail = self.tail | added
        if any(node is not first and node in tail for node in self._readers[old]):
            return
        if not all(self._can_wait(node, tail) for node in added):
            return
        self.in_place.add(k)
        self.tail = tail
        self.reused.update(chain)
        self._first_writers[old] = first

    def _chain(self, new: Variable, old: Variable) -> list[tuple[Variable, Variable]]:
        """Pairs of a result and the operand whose place it takes, from ``new`` back to ``old``."""
        stack: list[tuple[Variable, list[tuple[Variable, Variable]]]] = [(new, [])]
        while stack:
            v, pairs = stack.pop()
            node = v.owner
            rule = None
            if node is not None and v not in self._readers:
                rule = _rule(self.target.reuses, node, self.target)
            if node is None or rule is None or v in self.reused:
                continue
            if not has_code(self.target, node):
                continue
            for i, j in rule(node):
                u = node.inputs[j]
                if node.outputs[i] is not v or node.inputs.count(u) != 1:
                    continue
                if u is old:
                    if [w for w in node.inputs if self.shown.get(w, w) is old] == [old]:
                        return [*pairs, (v, u)]
                elif len(self.graph.clients[u]) == 1 and not isinstance(u, Constant):
                    stack.append((u, [*pairs, (v, u)]))
        return []

    def _with_all_that_depends(self, nodes: Iterable[Apply]) -> set[Apply]:
        found = set(nodes)
        stack = list(found)
        while stack:
            for v in stack.pop().outputs:
                for reader, _ in self.graph.clients[v]:
                    if isinstance(reader, Apply) and reader not in found:
                        found.add(reader)
                        stack.append(reader)
        return found

    def _can_wait(self, node: Apply, tail: set[Apply]) -> bool:
        rule = _rule(self.target.waits, node, self.target)
        allowed = () if rule is None else rule(node)
        for j, v in enumerate(node.inputs):
            if v.owner in tail and j not in allowed:
                return False
            first = self._first_writers.get(self.shown.get(v, v))
            if first is not None and first is not node:
                return False
        return has_code(self.target, node)
