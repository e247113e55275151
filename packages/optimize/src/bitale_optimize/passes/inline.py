"""Putting graphs in the place of the ops that they were made."""

from __future__ import annotations

from bitale_graph.extend import Apply, FunctionGraph, OpFromGraph, Variable, toposort

from ..engine.rewrite import RewriteContext


def inline(graph: FunctionGraph, context: RewriteContext) -> None:
    """What an op from a graph computes stands in its place, where other rewrites find it.

    Where hardly anything is rewritten, and NumPy runs the rest, only ops that ask for it: so a
    function is made in no time, and shows the ops that were written.
    """
    mode = context.mode
    is_all = mode.optimizer != "fast_compile" or mode.linker != "numpy"
    waiting = graph.toposort()
    while waiting:
        node = waiting.pop()
        op = node.op
        if not isinstance(op, OpFromGraph) or not (is_all or op.is_inline):
            continue
        if node not in graph.apply_nodes:
            continue
        made = _expressions(node, op)
        waiting += toposort(made, stop_at=set(node.inputs))
        for old, new in zip(node.outputs, made, strict=True):
            if old in graph.clients:
                fits = old.type.admits(new.type)
                context.replace(old, new if fits else context.fit(old, new), "inline")


def _expressions(node: Apply, op: OpFromGraph) -> list[Variable]:
    try:
        return op.expanded(node.inputs)
    except Exception:  # noqa: BLE001 (lengths that do not fit, as is known by now: told by the call)
        return op.body.expressions(node.inputs)
