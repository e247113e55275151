"""The memory plan.

The order of work, which results take over whose buffer, and which shared variables change in place.
The graph is pure; what may be overwritten is decided here, once, where lifetimes are known. Work
that writes into the storage of shared variables comes last, after everything that can fail, so that
a failed call changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bitale_graph.function_graph import FunctionGraph
from bitale_graph.ops.assertion import Assert
from bitale_graph.ops.indexing import Subtensor
from bitale_graph.ops.shape import Dimshuffle, Reshape, SpecifyShape
from bitale_graph.rules import RuleTable
from bitale_graph.variable import Apply, Constant, Variable

VIEWS = (Dimshuffle, Subtensor, Reshape, SpecifyShape, Assert)

# For an op class: the pairs (output, input) where the output may be computed into the buffer of the
# input.
Reuse = Callable[[Apply], Sequence[tuple[int, int]]]
reuses: RuleTable[Reuse] = RuleTable("a rule on reuse of buffers", "bitale_codegen_c/emit")


@dataclass
class MemoryPlan:
    """What is decided about memory.

    Attributes
    ----------
    head : list of Apply
        Nodes that touch no shared storage, in order.
    tail : list of Apply
        Nodes that write into shared storage, in order; nothing reads their results but outputs.
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


def plan_memory(graph: FunctionGraph, updated: Mapping[int, Variable]) -> MemoryPlan:
    """Decide on memory for ``graph``.

    Parameters
    ----------
    graph : FunctionGraph
    updated : mapping of int to Variable
        By its position each output that is the new value of an input, and that input: a shared
        variable, or the state of a loop.
    """
    order = graph.toposort()
    in_place = _in_place_updates(graph, order, updated)
    targets = {graph.outputs[k]: updated[k] for k in in_place}
    last_nodes = {v.owner for v in targets}
    head = [node for node in order if node not in last_nodes]
    tail = [node for node in order if node in last_nodes]
    dies_after = _lifetimes(graph, [*head, *tail])
    reused: dict[Variable, Variable] = dict(targets)
    for position, node in enumerate(head):
        _reuse_dying_buffers(graph, node, position, dies_after, reused)
    return MemoryPlan(head, tail, reused, in_place, dies_after, roots(order))


def roots(order: Sequence[Apply]) -> dict[Variable, Variable]:
    """For each view the variable whose memory it shows."""
    found: dict[Variable, Variable] = {}
    for node in order:
        if isinstance(node.op, VIEWS):
            source = node.inputs[0]
            found[node.outputs[0]] = found.get(source, source)
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


def _rank(v: Variable) -> int:
    return v.type.ndim  # type: ignore[attr-defined,no-any-return]


def _reuse_dying_buffers(
    graph: FunctionGraph,
    node: Apply,
    position: int,
    dies_after: dict[Variable, int],
    reused: dict[Variable, Variable],
) -> None:
    rule = reuses.get(type(node.op))
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
        if (
            isinstance(old.owner.op, VIEWS)
            or dies_after[old] != position
            or node.inputs.count(old) != 1
        ):
            continue
        if _shares_memory_with_another(node, old):
            continue
        reused[new] = old
        taken.add(old)


def _shares_memory_with_another(node: Apply, old: Variable) -> bool:
    for v in node.inputs:
        while v is not old and v.owner is not None and isinstance(v.owner.op, VIEWS):
            v = v.owner.inputs[0]
            if v is old:
                return True
    return False


def _in_place_updates(
    graph: FunctionGraph, order: Sequence[Apply], updated: Mapping[int, Variable]
) -> set[int]:
    """Which updates may be written where the shared variable lies.

    The node must be allowed to by its rule; nothing but outputs may read its results; and no other
    such node may read the shared variable, since then one of the two would see new numbers for old.
    """
    shown = roots(order)
    candidates: dict[int, Apply] = {}
    for k, shared in updated.items():
        new = graph.outputs[k]
        node = new.owner
        rule = None if node is None else reuses.get(type(node.op))
        if node is None or rule is None or _rank(shared) == 0 or graph.outputs.count(new) != 1:
            continue
        pairs = [(node.outputs[i], node.inputs[j]) for i, j in rule(node)]
        reads = [v for v in node.inputs if shown.get(v, v) is shared]
        only_outputs = all(
            reader == "output" for o in node.outputs for reader, _ in graph.clients[o]
        )
        if (new, shared) in pairs and reads == [shared] and only_outputs:
            candidates[k] = node
    accepted = dict(candidates)
    for k, own in candidates.items():
        shared = updated[k]
        others = {node for node in accepted.values() if node is not own}
        if any(shown.get(v, v) is shared for node in others for v in node.inputs):
            del accepted[k]
    # A node of which one update was refused may still write the others in place.
    return set(accepted)
