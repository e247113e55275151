"""Removing ops that compute nothing: copies, and marks that only differentiation reads."""

from __future__ import annotations

from bitale_graph.extend import Apply, FunctionGraph, scalar

from ..engine.rewrite import RewriteContext
from ..facts.forms import row_of


def remove_identities(graph: FunctionGraph, context: RewriteContext) -> None:
    """Replace each identity by its input.

    Outputs of functions never share memory, so copies are not needed.
    """
    for node in graph.toposort():
        if node in graph.apply_nodes and _is_identity(node):
            old, new = node.outputs[0], node.inputs[0]
            if old.type.admits(new.type):
                context.replace(old, new, "remove_identities")


def _is_identity(node: Apply) -> bool:
    """Whether the node gives its first input unchanged."""
    if row_of(node) is scalar.identity:
        return True
    return bool(getattr(node.op, "is_identity_after_grad", False))
