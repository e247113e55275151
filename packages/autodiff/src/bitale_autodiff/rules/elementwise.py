"""Elementwise ops have the rule of their scalar op; the walker sums what broadcasting repeated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import Apply, Elementwise
from bitale_graph.extend import scalar as s

from ..choices import Chosen
from ..conjugates import OF_PARTS, is_complex
from ..table import connections, jvps, vjps
from ..walker import is_null
from ..zero import ZERO
from .complex import MOVED
from .own_scalar import rule_of


@vjps.define(Elementwise)
def elementwise_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]
) -> Sequence[Any]:
    """Apply the scalar rule to whole tensors; a conversion lets the cotangent pass."""
    (ct,) = cotangents
    if s.is_cast(op.scalar_op):
        return [ct]
    return rule_of(op.scalar_op)(*inputs, outputs[0], ct)


@jvps.define(Elementwise)
def elementwise_jvp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], tangents: Sequence[Any]
) -> list[Any]:
    """Let the scalar rule take each operand's tangent for a cotangent, and add up what it gives.

    Element by element a Jacobian is a number, and so its own transpose.
    """
    if s.is_cast(op.scalar_op):
        return [tangents[0]]
    if op.scalar_op is s.switch:
        a, b = (0 if t is None else t for t in tangents[1:])
        return [T.switch(inputs[0], a, b)]
    if op.scalar_op in OF_PARTS and is_complex(inputs[0] if len(inputs) == 1 else outputs[0]):
        moved = (T.zeros_like(x) if t is None else t for x, t in zip(inputs, tangents, strict=True))
        return [MOVED[op.scalar_op](*inputs, outputs[0], *moved)]
    rule = rule_of(op.scalar_op)
    given = enumerate(tangents)
    terms = [_of_operand(rule(*inputs, outputs[0], t)[i]) for i, t in given if t is not None]
    terms = [t for t in terms if t is not None and t is not ZERO]
    undefined = next((t for t in terms if is_null(t)), None)
    if undefined is not None or not terms:
        return [undefined]
    return [T.add(*terms)]


def _of_operand(term: Any) -> Any:
    """A term of a scalar rule, with zeros where its operand was not chosen."""
    if not isinstance(term, Chosen) or not term.is_due:
        return term.ct if isinstance(term, Chosen) else term
    return T.switch(term.condition, *((term.ct, 0) if term.value else (0, term.ct)))


@connections.define(Elementwise)
def elementwise_connection(node: Apply) -> list[list[bool]]:
    """All operands but the first of ``second``, which gives its shape alone."""
    op: Any = node.op
    return [[op.scalar_op is not s.second or i == 1] for i in range(len(node.inputs))]
