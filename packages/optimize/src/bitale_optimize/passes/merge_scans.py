"""Loops over the same steps become one: what both read and compute is read and computed once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bitale_graph.function_graph import FunctionGraph
from bitale_graph.ops.scan import Scan
from bitale_graph.variable import Apply, Variable

from ..recurrence import Recurrence

if TYPE_CHECKING:
    from ..rewrite import RewriteContext
    from ..shapes import Token


def merge_scans(graph: FunctionGraph, context: RewriteContext) -> None:
    """Merge loops of equal numbers of steps and one direction that do not read one another."""
    if not context.is_active("merge_scans"):
        return
    while True:
        pair = _mergeable(graph, context)
        if pair is None:
            return
        context.replace_all(_merged(*pair).items(), "merge_scans")


def _mergeable(graph: FunctionGraph, context: RewriteContext) -> tuple[Apply, Apply] | None:
    """Two loops that may be one; loops made of one another are told apart by what they need."""
    order = graph.toposort()
    loops = [n for n in order if isinstance(n.op, Scan) and not n.op.is_while]
    if len(loops) < 2:
        return None
    bits = {node: 1 << i for i, node in enumerate(loops)}
    above: dict[Apply, int] = {}
    for node in order:
        mask = 0
        for v in node.inputs:
            if v.owner is not None:
                mask |= above[v.owner] | bits.get(v.owner, 0)
        above[node] = mask
    first: dict[tuple[Token, bool], list[Apply]] = {}
    for node in loops:
        assert isinstance(node.op, Scan)
        group = first.setdefault((context.shapes.length(node.inputs[0]), node.op.reverse), [])
        for other in group:
            if not above[node] & bits[other]:
                return other, node
        group.append(node)
    return None


def _merged(one: Apply, other: Apply) -> dict[Variable, Variable]:
    """What stands for the outputs of both."""
    loop, second = Recurrence.of(one), Recurrence.of(other)
    loop.sequences += second.sequences
    loop.states += second.states
    loop.stacks += second.stacks
    loop.non_sequences += second.non_sequences
    return loop.build()
