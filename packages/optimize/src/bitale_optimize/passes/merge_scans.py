"""Loops over the same steps become one: what both read and compute is read and computed once."""

from __future__ import annotations

from bitale_graph.extend import Apply, FunctionGraph, Scan, Variable, trace

from ..engine.rewrite import RewriteContext
from ..facts.shapes import Token
from ..loops.lockstep import Lockstep
from ..loops.scan_parts import ScanParts, Stack


def merge_scans(graph: FunctionGraph, context: RewriteContext) -> None:
    """Merge loops of equal numbers of steps and one direction that do not read one another."""
    if not context.is_active("merge_scans"):
        return
    while True:
        pair = _mergeable(graph, context)
        if pair is None:
            return
        # One of the two may know more of its lengths, that of the steps among them.
        fitting = [(old, context.fit(old, new)) for old, new in pair.items()]
        context.replace_all(fitting, "merge_scans")


def _mergeable(graph: FunctionGraph, context: RewriteContext) -> dict[Variable, Variable] | None:
    """What stands for the outputs of two loops that may be one.

    Loops made of one another are told apart by what they need.
    """
    order = graph.toposort()
    loops = [n for n in order if isinstance(n.op, Scan)]
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
    first: dict[tuple[Token, bool, bool, bool], list[Apply]] = {}
    for node in loops:
        op = node.op
        assert isinstance(op, Scan)
        key = (context.shapes.length(node.inputs[0]), op.reverse, op.is_while, op.checkpoint)
        group = first.setdefault(key, [])
        for other in group:
            if not above[node] & bits[other]:
                with trace.inherited(other.trace):
                    made = _merged(other, node)
                if made is not None:
                    return made
        group.append(node)
    return None


def _merged(one: Apply, other: Apply) -> dict[Variable, Variable] | None:
    """What stands for the outputs of both; None if they may stop at different steps."""
    loop, second = ScanParts.of(one), ScanParts.of(other)
    condition, taken = second.condition, second.taken
    loop.sequences += second.sequences
    loop.states += second.states
    loop.stacks += second.stacks
    loop.non_sequences += second.non_sequences
    if condition is None:
        return loop.build()
    # Beside the rows of the stacks, so that it is exchanged with them.
    last = Stack(condition)
    loop.stacks.append(last)
    loop.give_once()
    loop.stacks.remove(last)
    lockstep = Lockstep(loop.states)
    assert loop.condition is not None
    if lockstep.value(loop.condition) != lockstep.value(last.row):
        return None
    result = loop.build()
    assert taken is not None
    assert loop.taken is not None
    return {**result, taken: result[loop.taken]}
