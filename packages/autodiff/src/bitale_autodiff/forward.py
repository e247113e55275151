"""The forward walk: from tangents of variables to those of what is made from them.

Every node on the way is visited once, first to last. What is discrete does not move with what it
was made from, so its tangent is zero; and zero, without a path and undefined are kept apart, as the
walk back does.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import (
    Apply,
    MissingRuleError,
    ShapeError,
    TensorType,
    Variable,
    config,
    describe,
    graph_replace,
    toposort,
)
from bitale_graph.extend import trace as tracing

from .scan_step import cotangent_leaf
from .table import JvpRule, jvps, vjps
from .walker import (
    accumulate,
    connection_pattern,
    cotangent_dtype,
    in_type_of,
    is_discrete,
    is_null,
    kind_of,
    of_shape,
    place,
    pull_back,
    zeros_for,
)
from .zero import ZERO, DisconnectedType

Tangent = Any  # a variable, or ZERO


# As of `pull_back`.
@config.change_flags(cast_policy="weak", compute_test_value="off")
def push_forward(
    seeds: Mapping[Variable, Tangent],
    outputs: Sequence[Variable],
    constants: Collection[Variable] = (),
) -> dict[Variable, Tangent]:
    """Carry tangents from variables to what depends on them.

    Parameters
    ----------
    seeds : mapping of Variable to tangent
        Where the walk starts; a value is a variable of the shape and dtype of the key, or `ZERO`.
    outputs : sequence of Variable
        What tangents are wanted of.
    constants : collection of Variable
        Variables that do not move, unless they are seeds.

    Returns
    -------
    dict
        Tangents of ``outputs``, among others. A variable that is missing is disconnected.
    """
    tangents: dict[Variable, Tangent] = dict(seeds)
    stops = {*tangents, *constants}
    for node in toposort(outputs, stop_at=stops):
        received = [tangents.get(v) for v in node.inputs]
        if all(t is None for t in received):
            continue
        with tracing.inherited(node.trace):
            found = zip(node.outputs, _tangents(node, received), strict=True)
            tangents.update((o, t) for o, t in found if t is not None and o not in stops)
    return tangents


def _tangents(node: Apply, received: Sequence[Tangent | None]) -> list[Tangent | None]:
    """What each output receives from one node, in its dtype and shape."""
    pattern = connection_pattern(node)
    found: list[Tangent | None] = []
    open_places = []
    for j, o in enumerate(node.outputs):
        arriving = [t for t, row in zip(received, pattern, strict=True) if t is not None and row[j]]
        found.append(ZERO if arriving else None)
        if not is_discrete(o) and any(t is not ZERO for t in arriving):
            open_places.append(j)
    if not open_places:
        return found
    nulls = [t for t in received if t is not None and is_null(t)]
    if nulls:
        # What is undefined stays so, but where the op would let nothing through.
        probe = [
            cotangent_leaf(v) if t in nulls else None
            for v, t in zip(node.inputs, received, strict=True)
        ]
        terms = _apply_rule(node, probe)
        for j in list(open_places):
            if terms[j] is not None and terms[j] is not ZERO:
                found[j] = nulls[0]
                open_places.remove(j)
    given = [None if t is ZERO or t is None or is_null(t) else t for t in received]
    if all(t is None for t in given):
        return found
    terms = _apply_rule(node, given)
    for j in open_places:
        found[j] = _fitted(node, j, terms[j])
    return found


def _apply_rule(node: Apply, given: Sequence[Any]) -> Sequence[Any]:
    """Ask the rule of the op or its own method; without either go backwards twice."""
    op: Any = node.op
    rule: JvpRule | None = jvps.get(type(op))
    if rule is not None:
        terms = rule(op, node.inputs, node.outputs, given)
    elif hasattr(op, "R_op"):
        try:
            terms = op.R_op(list(node.inputs), list(given))
        except NotImplementedError:
            return transposed_twice(node, given)
    elif type(op) in vjps or hasattr(op, "L_op") or hasattr(op, "grad"):
        return transposed_twice(node, given)
    else:
        raise MissingRuleError(
            f"{type(op).__name__} has neither a forward rule nor a gradient rule"
            f"{vjps.why_missing(type(op))}, so {op} cannot be differentiated; write one in "
            "bitale_autodiff/rules (bitale_autodiff.jvps.define, bitale_autodiff.vjps.define), or "
            f"give the op a method R_op, grad or L_op{place(node)}"
        )
    if not isinstance(terms, (list, tuple)) or len(terms) != len(node.outputs):
        raise ValueError(
            f"the forward rule of {op} must give a list of {len(node.outputs)} tangents, one for "
            f"each output, and gave {terms!r}"
        )
    return terms


def transposed_twice(node: Apply, given: Sequence[Any]) -> list[Tangent | None]:
    """The tangents of a node's outputs by its gradient rule.

    What that gives is linear in the cotangents, with the transposed Jacobian; the derivative of it
    by the cotangents, along the tangents, is the Jacobian times these. Each output goes alone: the
    derivative of another one may be undefined.
    """
    moving = {v: t for v, t in zip(node.inputs, given, strict=True) if t is not None}
    return [None if is_discrete(o) else _of_output(node, o, moving) for o in node.outputs]


def _of_output(node: Apply, o: Variable, moving: Mapping[Variable, Any]) -> Tangent | None:
    leaf = cotangent_leaf(o)
    back = pull_back({o: leaf}, list(moving), constants=set(node.inputs))
    seeds: dict[Variable, Any] = {}
    for v, t in moving.items():
        term = back.get(v)
        if term is not None and term is not ZERO:
            if is_null(term):
                return term
            seeds[term] = accumulate(seeds[term], t) if term in seeds else t
    found = pull_back(seeds, [leaf], constants={*node.inputs, *node.outputs}).get(leaf)
    if found is None or found is ZERO or is_null(found):
        return found
    # A rule that is not linear is taken at zero.
    return graph_replace([found], {leaf: zeros_for(o)})[0]


def _fitted(node: Apply, j: int, term: Any) -> Tangent:
    """A tangent in the shape and dtype of the output that it belongs to."""
    o: Any = node.outputs[j]
    if term is None or term is ZERO or isinstance(getattr(term, "type", None), DisconnectedType):
        return ZERO
    if isinstance(term, Variable) and is_null(term):
        return term
    kind = kind_of(o, term)
    fitted = term if kind is None else kind.fitted(o, term)
    if not isinstance(term, Variable) or fitted is None:
        raise TypeError(f"the forward rule of {node.op} gave {term!r} for output {j}, not a tensor")
    if not isinstance(term.type, TensorType) or not isinstance(o.type, TensorType):
        return in_type_of(o, fitted)
    given, wanted = term.type.shape, o.type.shape
    pairs = list(zip(given[::-1], wanted[::-1], strict=False))
    if len(given) > len(wanted) or any(n not in (None, 1, m) and m is not None for n, m in pairs):
        raise ShapeError(
            f"the forward rule of {node.op} gave a tangent of shape {given} for output {j}, "
            f"{describe(o)}{place(node)}"
        )
    term = T.cast(term, cotangent_dtype(o))
    if len(given) < len(wanted) or any(n == 1 and m != 1 for n, m in pairs):
        term = T.second(o, term)
    return of_shape(o.type, term)
