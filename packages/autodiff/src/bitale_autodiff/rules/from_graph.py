"""Graphs used as ops: the graph is pulled back, in another such op, unless overrides say more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bitale_graph.extend import Apply, OpFromGraph, Type, Variable

from ..forward import push_forward
from ..pattern import dependence
from ..scan_step import condition_leaf, cotangent_leaf, is_computed, pull_back_body
from ..table import Cotangents, connections, jvps, vjps
from ..walker import zeros_for
from ..zero import DisconnectedType, NullType, null_type


@connections.define(OpFromGraph)
def from_graph_connection(node: Apply) -> list[list[bool]]:
    """What the graph depends on, and what an override gives or takes."""
    op: Any = node.op
    depends = dependence(op.body)
    found = [[v in depends[o] for o in op.body.outputs] for v in op.body.inputs]
    given = op.overrides.connections
    if given is not None:
        return [*map(list, given), *found[len(given) :]]
    for i, one in enumerate(_reverse_overrides(op)):
        if _is_disconnected(one):
            found[i] = [False] * len(found[i])
        elif not _is_default(one):
            found[i] = [True] * len(found[i])
    return found


@vjps.define(OpFromGraph)
def from_graph_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Cotangents
) -> list[Any]:
    """Give the terms of overrides where there are some, and else those of the graph."""
    chosen = _reverse_overrides(op)
    terms: list[Any] = [None] * len(inputs)
    pattern = from_graph_connection(outputs[0].owner)
    asked = [
        i
        for i, wanted in enumerate(cotangents.wanted)
        if wanted and any(pattern[i]) and (i >= len(chosen) or _is_default(chosen[i]))
    ]
    if asked:
        _pulled_back(op, inputs, outputs, cotangents, asked, terms)
    if all(map(_is_default, chosen)):
        return terms
    own = list(inputs[: len(chosen)])
    arriving = [
        zeros_for(o) if ct is None else ct for o, ct in zip(outputs, cotangents, strict=True)
    ]
    given = (own, list(outputs), arriving) if _is_default(op.overrides.grad) else (own, arriving)
    override = op.overrides.lop if len(given) == 3 else op.overrides.grad
    if not isinstance(override, tuple) and not _is_special(override):
        found = _called(override, given)
        if not isinstance(found, (list, tuple)):
            found = [found]
        if len(found) not in (len(chosen), len(inputs)):
            raise ValueError(
                f"an override of {op} must give {len(chosen)} derivatives, one for each input, "
                f"and gave {len(found)}"
            )
        terms[: len(found)] = found
        return terms
    for i, one in enumerate(chosen):
        if cotangents.wanted[i] and not _is_default(one):
            terms[i] = _as_term(one) if _is_special(one) else _one(_called(one, given))
    return terms


def _pulled_back(
    op: Any,
    inputs: Sequence[Any],
    outputs: Sequence[Any],
    cotangents: Cotangents,
    asked: Sequence[int],
    terms: list[Any],
) -> None:
    """Put the terms of the graph into their places; the graph is computed again for them."""
    body = op.specialized(inputs)
    arriving = {k: ct for k, ct in enumerate(cotangents) if ct is not None}
    leaves = {k: cotangent_leaf(outputs[k]) for k in arriving}
    given = {k: c for k, c in enumerate(cotangents.conditions) if k in arriving and c is not None}
    conditions = {k: condition_leaf(c) for k, c in given.items()}
    found = pull_back_body(body, leaves, conditions, asked)
    computed: list[tuple[int, Any]] = []
    for i in asked:
        ct = found.get(body.inputs[i])
        if is_computed(ct):
            computed.append((i, ct))
        else:
            terms[i] = ct
    if not computed:
        return
    made = OpFromGraph(
        [*body.inputs, *leaves.values(), *conditions.values()],
        [ct for _, ct in computed],
        inline=op.is_inline,
        name=f"d{op.name}" if op.name else None,
    )
    results = made.make_node(*inputs, *arriving.values(), *given.values()).outputs
    for (i, _), term in zip(computed, results, strict=True):
        terms[i] = term


@jvps.define(OpFromGraph)
def from_graph_jvp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], tangents: Sequence[Any]
) -> list[Any]:
    """Give the tangents of overrides where there are some, and else those of the graph."""
    given = op.overrides.rop
    chosen = list(given) if isinstance(given, tuple) else [given] * len(outputs)
    terms = (
        _pushed_forward(op, inputs, outputs, tangents)
        if any(map(_is_default, chosen))
        else [None] * len(outputs)
    )
    own = len(op.local_inputs)
    points = [
        zeros_for(v) if t is None else t for v, t in zip(inputs[:own], tangents, strict=False)
    ]
    called = (list(inputs[:own]), points)
    if not (isinstance(given, tuple) or _is_default(given) or _is_special(given)):
        found = _called(given, called)
        return list(found) if isinstance(found, (list, tuple)) else [found]
    for k, one in enumerate(chosen):
        if not _is_default(one):
            terms[k] = _as_term(one) if _is_special(one) else _one(_called(one, called))
    return terms


def _pushed_forward(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], tangents: Sequence[Any]
) -> list[Any]:
    body = op.specialized(inputs)
    moving = {i: t for i, t in enumerate(tangents) if t is not None}
    leaves = {i: cotangent_leaf(inputs[i]) for i in moving}
    seeds = {body.inputs[i]: leaf for i, leaf in leaves.items()}
    pushed = push_forward(seeds, body.outputs)
    terms: list[Any] = [pushed.get(v) for v in body.outputs]
    computed = [k for k, t in enumerate(terms) if is_computed(t)]
    if computed:
        made = OpFromGraph(
            [*body.inputs, *leaves.values()],
            [terms[k] for k in computed],
            inline=op.is_inline,
            name=f"d{op.name}" if op.name else None,
        ).make_node(*inputs, *moving.values())
        for k, term in zip(computed, made.outputs, strict=True):
            terms[k] = term
    return terms


def _reverse_overrides(op: Any) -> list[Any]:
    """The override of each input of the user's, in reverse mode."""
    one = op.overrides.lop if _is_default(op.overrides.grad) else op.overrides.grad
    return list(one) if isinstance(one, tuple) else [one] * len(op.local_inputs)


def _is_default(override: Any) -> bool:
    return isinstance(override, str)


def _is_special(override: Any) -> bool:
    return override is None or isinstance(override, (Type, Variable))


def _is_disconnected(override: Any) -> bool:
    found = override.type if isinstance(override, Variable) else override
    return found is None or isinstance(found, DisconnectedType)


def _as_term(override: Any) -> Any:
    """The term that a type or a variable stands for."""
    if _is_disconnected(override):
        return None
    if isinstance(override, Type):
        return (override if isinstance(override, NullType) else null_type)()
    return override


def _called(override: Any, given: Sequence[Sequence[Any]]) -> Any:
    if isinstance(override, OpFromGraph):
        return override(*(v for part in given for v in part))
    return override(*given)


def _one(found: Any) -> Any:
    """The only term of a list, or what is given bare."""
    if isinstance(found, (list, tuple)) and len(found) == 1:
        return found[0]
    return found
