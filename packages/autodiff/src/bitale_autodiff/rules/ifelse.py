"""Choices: the branch that ran is pulled back, and only that one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import Apply, Body, IfElse, TensorType

from ..forward import push_forward
from ..pattern import dependence
from ..scan_step import condition_leaf, cotangent_leaf, is_computed, pull_back_body
from ..table import Cotangents, connections, jvps, vjps
from ..walker import of_shape, zeros_for
from ..zero import ZERO


@connections.define(IfElse)
def ifelse_connection(node: Apply) -> list[list[bool]]:
    """What either branch depends on; nothing depends on the number that the condition is."""
    op: Any = node.op
    found = [(body, dependence(body)) for body in op.bodies]
    rows = [
        [
            any(body.inputs[i] in depends[body.outputs[k]] for body, depends in found)
            for k in range(len(node.outputs))
        ]
        for i in range(len(node.inputs) - 1)
    ]
    return [[False] * len(node.outputs), *rows]


@vjps.define(IfElse)
def ifelse_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Cotangents
) -> list[Any]:
    """Choose between the pull-backs of the two branches; what a branch does not use gets zeros.

    The branch is computed again by its pull-back, as far as that needs it.
    """
    condition, *captured = inputs
    arriving = {k: ct for k, ct in enumerate(cotangents) if ct is not None}
    # Of a cotangent more may be known, by which branch runs, than the other branch can have.
    leaves = {k: cotangent_leaf(outputs[k]) for k in arriving}
    given = {k: c for k, c in enumerate(cotangents.conditions) if k in arriving and c is not None}
    conditions = {k: condition_leaf(c) for k, c in given.items()}
    asked = [i for i, wanted in enumerate(cotangents.wanted[1:]) if wanted]
    found = [pull_back_body(body, leaves, conditions, asked) for body in op.bodies]
    terms: list[Any] = [None] * len(inputs)
    chosen = []
    for i in asked:
        pair = [cts.get(body.inputs[i]) for body, cts in zip(op.bodies, found, strict=True)]
        undefined = [ct for ct in pair if not (ct is None or ct is ZERO or is_computed(ct))]
        if undefined:
            terms[i + 1] = undefined[0]
        elif any(is_computed(ct) for ct in pair):
            chosen.append((i, pair))
        elif ZERO in pair:
            terms[i + 1] = ZERO
    if not chosen:
        return terms
    bodies = []
    for which, body in enumerate(op.bodies):
        results: list[Any] = [
            pair[which] if is_computed(pair[which]) else zeros_for(body.inputs[i])
            for i, pair in chosen
        ]
        bodies.append(Body([*body.inputs, *leaves.values(), *conditions.values()], results))
    node = op.with_bodies((bodies[0], bodies[1])).make_node(
        condition, *captured, *arriving.values(), *given.values()
    )
    for (i, _), term in zip(chosen, node.outputs, strict=True):
        is_dense = isinstance(term.type, TensorType)
        terms[i + 1] = T.specify_shape(term, captured[i].type.shape) if is_dense else term
    return terms


@jvps.define(IfElse)
def ifelse_jvp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], tangents: Sequence[Any]
) -> list[Any]:
    """Choose between the tangents of the two branches; what a branch does not depend on is zero."""
    condition, *captured = inputs
    moving = {i: t for i, t in enumerate(tangents[1:]) if t is not None}
    leaves = {i: cotangent_leaf(captured[i]) for i in moving}
    found = []
    for body in op.bodies:
        seeds = {body.inputs[i]: of_shape(body.inputs[i].type, leaf) for i, leaf in leaves.items()}
        pushed = push_forward(seeds, body.outputs)
        found.append([pushed.get(v) for v in body.outputs])
    terms: list[Any] = [None] * len(outputs)
    chosen = []
    for k, pair in enumerate(zip(*found, strict=True)):
        undefined = [t for t in pair if not (t is None or t is ZERO or is_computed(t))]
        if undefined:
            terms[k] = undefined[0]
        elif any(is_computed(t) for t in pair):
            chosen.append((k, pair))
    if not chosen:
        return terms
    bodies = [
        Body(
            [*body.inputs, *leaves.values()],
            [
                pair[which] if is_computed(pair[which]) else zeros_for(body.outputs[k])
                for k, pair in chosen
            ],
        )
        for which, body in enumerate(op.bodies)
    ]
    node = op.with_bodies((bodies[0], bodies[1])).make_node(condition, *captured, *moving.values())
    for (k, _), term in zip(chosen, node.outputs, strict=True):
        terms[k] = term
    return terms
