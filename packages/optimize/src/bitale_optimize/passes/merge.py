"""Computing once what is the same: equal ops on equal inputs, and equal constants."""

from __future__ import annotations

from bitale_graph.extend import Apply, Constant, FunctionGraph, Variable

from ..engine.rewrite import RewriteContext
from ..facts.merging import merge_key


def merge(graph: FunctionGraph, context: RewriteContext) -> None:
    """Let equal expressions be one, from the inputs on, so that one walk finds all."""
    constants: dict[object, Variable] = {}
    for variable in graph.variables:
        if isinstance(variable, Constant):
            first = constants.setdefault(variable.signature(), variable)
            if first is not variable:
                context.replace(variable, first, "merge_constants")
    seen: dict[object, Apply] = {}
    for node in graph.toposort():
        if node not in graph.apply_nodes:
            continue
        first_node = seen.setdefault(merge_key(node), node)
        if first_node is not node:
            _merge_outputs(node, first_node, context)


def _merge_outputs(node: Apply, first: Apply, context: RewriteContext) -> None:
    for old, new in zip(node.outputs, first.outputs, strict=False):
        if old not in context.graph.clients:
            continue
        if old.type.admits(new.type):
            context.replace(old, new, "merge")
