"""Scalar ops that are no rows of the table: a user's own, and those that are programs of others."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from bitale_graph.extend import Composite, MissingRuleError, OwnScalarOp, graph_replace

from ..table import ScalarVjpRule, scalar_vjps
from ..walker import pull_back
from ..zero import ZERO


def rule_of(op: Any) -> ScalarVjpRule:
    """The gradient rule of a scalar op."""
    if isinstance(op, OwnScalarOp):
        return partial(_by_method, op)
    if isinstance(op, Composite):
        return partial(_through_steps, op)
    return scalar_vjps[op]


def _by_method(op: OwnScalarOp, *given: Any) -> Sequence[Any]:
    *inputs, y, ct = given
    method = getattr(op, "L_op", None)
    if method is not None:
        terms: Sequence[Any] = method(list(inputs), [y], [ct])
        return terms
    if type(op).grad is OwnScalarOp.grad:
        raise MissingRuleError(
            f"{op.name} has no gradient: give its class a method grad(self, inputs, "
            "output_gradients) or L_op(self, inputs, outputs, output_gradients)"
        )
    return op.grad(list(inputs), [ct])


def _through_steps(op: Composite, *given: Any) -> Sequence[Any]:
    """Back from the result to the operands, which may themselves be made of one another."""
    *inputs, _, ct = given
    leaves = [v.type() for v in inputs]
    terms = pull_back({op.inlined(*leaves): ct}, leaves)
    found = [terms.get(leaf) for leaf in leaves]
    computed = [t for t in found if t is not None and t is not ZERO]
    replaced = iter(graph_replace(computed, dict(zip(leaves, inputs, strict=True))))
    return [t if t is None or t is ZERO else next(replaced) for t in found]
