"""Choices: branches that never run, results that need no choice, and choices made together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import Apply, Body, Constant, IfElse, Variable, leaves, toposort

from ..engine.phases import canonical
from ..engine.rewrite import Changes, RewriteContext
from ..facts.forms import uniform

Branches = tuple[list[Variable], list[Variable]]


@canonical.rule(tracks=[IfElse], before="ifelse(True, x, y)", after="x")
def ifelse_of_known(node: Apply[IfElse], context: RewriteContext) -> list[Variable] | None:
    """The condition is known, and with it the branch."""
    value = uniform(node.inputs[0])
    if value is None:
        return None
    branch: Body = node.op.bodies[0 if value else 1]
    return branch.expressions(node.inputs[1:])


@canonical.rule(
    tracks=[IfElse],
    before="ifelse with what nothing reads, or twice the same, or without work for numbers",
    after="ifelse with what is needed, once; switch",
    changes=Changes.DOMAIN,
)
def ifelse_unused(node: Apply[IfElse], context: RewriteContext) -> dict[Variable, Variable] | None:
    """Drop results that nothing reads or that are the same in both branches, and inputs so."""
    condition, *captured = node.inputs
    given = set(captured)
    branches = _expressions(node)
    known: dict[Variable, Variable] = {}
    first: dict[object, Variable] = {}
    kept: list[Variable] = []
    same: dict[Variable, Variable] = {}
    for out, then, other in zip(node.outputs, *branches, strict=True):
        if not context.graph.clients.get(out):
            continue
        key = (identity(then), identity(other))
        if key[0] == key[1]:
            known[out] = then
        elif _is_number(out) and all(v in given or isinstance(v, Constant) for v in (then, other)):
            known[out] = T.switch(condition, then, other)
        else:
            earlier = first.setdefault(key, out)
            if earlier is out:
                kept.append(out)
            else:
                same[out] = earlier
    needed = _captured(captured, _of(branches, kept))
    if len(kept) == len(node.outputs) and len(needed) == len(captured):
        return None
    made = _choice(node, condition, needed, _of(branches, kept)) if kept else []
    known.update(zip(kept, made, strict=True))
    return {**known, **{out: known[earlier] for out, earlier in same.items()}}


@canonical.rule(
    tracks=[IfElse],
    before="ifelse(c, x, y), ifelse(c, u, v)",
    after="ifelse(c, [x, u], [y, v])",
)
def ifelse_of_same_condition(
    node: Apply[IfElse], context: RewriteContext
) -> dict[Variable, Variable] | None:
    """Choose once for all that is chosen by one condition."""
    condition, *captured = node.inputs
    for other in _other_choices(node, context):
        mine, theirs = _expressions(node), _expressions(other)
        branches = ([*mine[0], *theirs[0]], [*mine[1], *theirs[1]])
        needed = list(dict.fromkeys([*captured, *other.inputs[1:]]))
        made = _choice(node, condition, needed, branches)
        return dict(zip([*node.outputs, *other.outputs], made, strict=True))
    return None


@canonical.rule(
    tracks=[IfElse],
    before="ifelse(c, exp(x) + 1, y) beside exp(x)",
    after="ifelse(c, u + 1, y), with u = exp(x)",
)
def ifelse_beside_same_work(node: Apply[IfElse], context: RewriteContext) -> list[Variable] | None:
    """What is computed anyway need not be computed by a branch."""
    condition, *captured = node.inputs
    given = dict.fromkeys(captured)
    branches = _expressions(node)
    for results in branches:
        found: dict[Variable, Variable] = {}
        for inner in toposort(results, stop_at=given):
            equal = _equal_outside(inner, found, node, context)
            if equal is not None:
                found.update(zip(inner.outputs, equal.outputs, strict=True))
        if found:
            own = Body([*given, *found], results)
            results[:] = own.expressions([*given, *found.values()])
            given.update(dict.fromkeys(found.values()))
    if len(given) == len(set(captured)):
        return None
    return _choice(node, condition, _captured(given, branches), branches)


def _equal_outside(
    inner: Apply, found: dict[Variable, Variable], node: Apply, context: RewriteContext
) -> Apply | None:
    """The node of the graph that computes the same as one of a branch, unless it needs the choice.

    ``found`` has what is known to be computed outside.
    """
    clients = context.graph.clients
    inputs = [found.get(v, v) for v in inner.inputs]
    read = [v for v in inputs if not isinstance(v, Constant)]
    if not read or any(v not in clients for v in read):
        return None
    wanted = [identity(v) for v in inputs]
    for reader, _ in clients[read[0]]:
        if (
            isinstance(reader, Apply)
            and reader.op == inner.op
            and [identity(v) for v in reader.inputs] == wanted
            and context.is_independent(reader.outputs[0], node)
        ):
            equal: Apply = reader
            return equal
    return None


def _other_choices(node: Apply, context: RewriteContext) -> Iterator[Apply]:
    """Choices by the same condition of which neither needs the other."""
    for other, i in context.graph.clients[node.inputs[0]]:
        if (
            i == 0
            and other is not node
            and isinstance(other, Apply)
            and isinstance(other.op, IfElse)
            and context.is_independent(other.outputs[0], node)
            and context.is_independent(node.outputs[0], other)
        ):
            yield other


def _expressions(node: Apply) -> Branches:
    """The results of both branches, as expressions of what the choice reads."""
    then, other = (body.expressions(node.inputs[1:]) for body in node.op.bodies)
    return then, other


def _of(branches: Branches, outputs: Sequence[Variable]) -> Branches:
    indices = [out.index or 0 for out in outputs]
    return [branches[0][i] for i in indices], [branches[1][i] for i in indices]


def _choice(
    node: Apply, condition: Variable, captured: Sequence[Variable], branches: Branches
) -> list[Variable]:
    """A choice like that of ``node``, between expressions of ``captured``."""
    op: Any = node.op
    made: Apply = op.between(captured, *branches).make_node(condition, *captured)
    return made.outputs


def _is_number(v: Any) -> bool:
    return bool(v.type.ndim == 0)


def _captured(given: Iterable[Variable], branches: Branches) -> list[Variable]:
    """Those of ``given`` that the expressions read, numbers aside."""
    stops = {v for v in given if not isinstance(v, Constant)}
    return leaves([*branches[0], *branches[1]], stop_at=stops)


def identity(v: Variable) -> object:
    """Equal for variables that are one, and for constants of one value."""
    return v.signature() if isinstance(v, Constant) else v
