"""Running passes on the graphs inside ops: the bodies of loops, the branches of conditions."""

from __future__ import annotations

from bitale_graph.extend import Apply, Body, FunctionGraph, Scan, Variable, trace

from ..engine.fixed_point import PassFunction
from ..engine.rewrite import RewriteContext
from ..facts.shapes import Shapes, Token


def rewrite_bodies(run: PassFunction) -> PassFunction:
    """The pass that runs another one on every body; bodies inside of bodies are left to that."""

    def rewrite(graph: FunctionGraph, context: RewriteContext) -> None:
        for node in graph.toposort():
            if node in graph.apply_nodes and bodies_of(node):
                replace_bodies(node, context, run)

    rewrite.__doc__ = "the bodies of loops and conditions are rewritten as graphs of their own"
    rewrite.rule_sets = getattr(run, "rule_sets", ())  # type: ignore[attr-defined]  # told for explain
    return rewrite


def bodies_of(node: Apply) -> tuple[Body, ...]:
    """The graphs inside the op of a node."""
    return node.op.bodies


def replace_bodies(node: Apply, context: RewriteContext, run: PassFunction) -> tuple[Body, ...]:
    """Let a node with rewritten bodies take the place of ``node``, and give those."""
    old = bodies_of(node)
    new = tuple(_rewritten(body, node, context, run) for body in old)
    if all(a is b for a, b in zip(old, new, strict=True)):
        return old
    with trace.inherited(node.trace):
        made = node.op.with_bodies(new).make_node(*node.inputs)
    for before, after in zip(node.outputs, made.outputs, strict=True):
        after.name = before.name
        if before in context.graph.clients:
            context.replace(before, context.fit(before, after), "rewrite_bodies")
    return new


def _rewritten(body: Body, node: Apply, context: RewriteContext, run: PassFunction) -> Body:
    """The body after the pass; itself if nothing was replaced."""
    graph = body.graph.clone()
    context.graph.execute_callbacks("on_body", node, body, graph)
    inner = context.inside(graph)
    if isinstance(node.op, Scan):
        _relate(graph, node, inner.shapes, context.shapes)
    run(graph, inner)
    if not inner.replaced:
        return body
    return Body(graph.inputs, graph.outputs)


def _relate(graph: FunctionGraph, node: Apply, inside: Shapes, outside: Shapes) -> None:
    """Tell the shapes inside which lengths of what a loop reads are equal outside."""
    op = node.op
    assert isinstance(op, Scan)
    outer, inner = op.outer(node.inputs), op.outer([node.inputs[0], *graph.inputs])
    known: dict[Token, Token] = {}

    def meet(variable: Variable, dims: tuple[Token, ...]) -> None:
        for mine, theirs in zip(inside.dims(variable), dims, strict=True):
            if isinstance(theirs, int):
                inside.join(mine, theirs)
            else:
                inside.join(mine, known.setdefault(theirs, mine))

    for x, row in zip(outer.sequences, inner.sequences, strict=True):
        meet(row, outside.dims(x)[1:])
    for v, mine in zip(
        [*outer.states, *outer.non_sequences],
        [*inner.states, *inner.non_sequences],
        strict=True,
    ):
        meet(mine, outside.dims(v))
    for old, new in zip(inner.states, op.outer_outputs(graph.outputs).states, strict=True):
        # Checked by every step.
        for a, b in zip(inside.dims(old), inside.dims(new), strict=True):
            inside.join(a, b)
