"""Checks of which the outcome is known."""

from __future__ import annotations

from bitale_graph.extend import Apply, Assert, Variable

from ..engine.phases import canonical
from ..engine.rewrite import Changes, RewriteContext
from ..facts.forms import is_uniform, made_by


@canonical.rule(
    tracks=[Assert], before="Assert(x, c, c, True), Assert(x, True)", after="Assert(x, c), x"
)
def assertion_that_holds(node: Apply[Assert], context: RewriteContext) -> Variable | None:
    """What is known to be true, or asked for twice, need not be checked."""
    x, *conditions = node.inputs
    left = [c for c in dict.fromkeys(conditions) if not is_uniform(c, 1)]
    if not left:
        return x
    if len(left) == len(conditions):
        return None
    made: Variable = node.op.make_node(x, *left).out
    return made


@canonical.rule(
    tracks=[Assert], before="Assert(x, c)", after="x", changes=Changes.DOMAIN, default=False
)
def remove_assertions(node: Apply[Assert], context: RewriteContext) -> Variable | None:
    """What a program is known to keep to need not be checked when it runs."""
    return node.inputs[0]


@canonical.rule(tracks=[Assert], before="Assert(Assert(x, c), d)", after="Assert(x, c, d)")
def assertion_of_assertion(node: Apply[Assert], context: RewriteContext) -> Variable | None:
    """Checks with one message are made together, where only the last result is read."""
    inner = made_by(node.inputs[0], Assert)
    if inner is None or inner.op != node.op or not context.has_one_reader(node.inputs[0]):
        return None
    made: Variable = node.op.make_node(*inner.inputs, *node.inputs[1:]).out
    return made
