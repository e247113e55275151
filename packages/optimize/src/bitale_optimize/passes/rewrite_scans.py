"""Loops made small: bodies and what stands around them, in turn, until neither changes."""

from __future__ import annotations

from bitale_graph.extend import FunctionGraph, Scan

from ..engine.fixed_point import PassFunction, to_fixed_point
from ..engine.phases import canonical, scans
from ..engine.rewrite import RewriteContext
from .merge import merge
from .merge_scans import merge_scans
from .rewrite_bodies import bodies_of, replace_bodies

MOST_ROUNDS = 12


def rewrite_scans(simplify: PassFunction) -> PassFunction:
    """The pass that simplifies bodies by ``simplify``, and moves work out of them and away."""
    settle = to_fixed_point(canonical, scans)

    def rewrite(graph: FunctionGraph, context: RewriteContext) -> None:
        for _ in range(MOST_ROUNDS):
            nodes = [n for n in graph.toposort() if bodies_of(n)]
            if not nodes:
                return
            before = context.replaced
            if any(isinstance(n.op, Scan) for n in nodes):
                merge_scans(graph, context)
                nodes = [n for n in graph.toposort() if bodies_of(n)]
            for node in nodes:
                bodies = bodies_of(node)
                if node in graph.apply_nodes and not context.settled.issuperset(bodies):
                    context.settled.update(replace_bodies(node, context, simplify))
            settle(graph, context)
            merge(graph, context)
            if context.replaced == before:
                return

    rewrite.__doc__ = "loops are merged, " + scans.purpose
    rewrite.rule_sets = (scans,)  # type: ignore[attr-defined]  # told for explain
    return rewrite
