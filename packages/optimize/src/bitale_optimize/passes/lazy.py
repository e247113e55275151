"""Moving into each branch of a choice what only that branch needs."""

from __future__ import annotations

from bitale_graph.extend import FunctionGraph, lazy_forms

from ..engine.rewrite import RewriteContext


def lazy(graph: FunctionGraph, context: RewriteContext) -> None:
    """What only one branch of a choice needs is computed there."""
    forms = lazy_forms(graph.outputs, stop_at=set(graph.inputs))
    for output in list(graph.outputs):
        if output in forms:
            context.replace(output, forms[output], "lazy")
