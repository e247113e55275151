"""Zeros, ones and signs: the arithmetic that one operation shows."""

from __future__ import annotations

import numpy as np
from bitale_graph import language as T
from bitale_graph.extend import Apply, BatchedDot, Constant, Dot, Variable, scalar

from ..engine.pattern import ALL_KINDS, PatternRule
from ..engine.phases import canonical
from ..engine.rewrite import Changes, RewriteContext
from ..facts.forms import dtype_of, is_uniform, kind_of, number, row_of, uniform_constant

for _row in (
    PatternRule("neg_of_neg", "-(-x)", "x", Changes.NOTHING, "two signs cancel", of=ALL_KINDS),
    PatternRule("inv_of_inv", "inv(inv(x))", "x", Changes.ACCURACY, "1 / (1 / x)", of="fc"),
    PatternRule("abs_of_neg", "abs(-x)", "abs(x)", Changes.NOTHING, of=ALL_KINDS),
    PatternRule("abs_of_abs", "abs(abs(x))", "abs(x)", Changes.NOTHING, of=ALL_KINDS),
    PatternRule("sqr_of_neg", "sqr(-x)", "sqr(x)", Changes.NOTHING, of=ALL_KINDS),
    PatternRule("quotient_by_one", "x / 1", "x", Changes.NOTHING, of="fc"),
    PatternRule("floor_quotient_by_one", "int_div(x, 1)", "x", Changes.NOTHING, of="iu"),
    PatternRule(
        "power_zero", "x ** 0", "1", Changes.DOMAIN, "1 for NaN too, as in IEEE 754", of=ALL_KINDS
    ),
    PatternRule("power_one", "x ** 1", "x", Changes.NOTHING, of=ALL_KINDS),
    PatternRule(
        "power_minus_one",
        "x ** -1",
        "1 / x",
        Changes.ACCURACY,
        "a quotient, for the rules of those",
        of="fc",
    ),
    PatternRule("zero_quotient", "0 / x", "0", Changes.DOMAIN, "0 / 0 was NaN"),
):
    canonical.add(_row.rule())


@canonical.rule(
    tracks=[scalar.mul], before="x * 0", after="zeros of its shape", changes=Changes.DOMAIN
)
def product_with_zero(node: Apply, context: RewriteContext) -> Variable | None:
    """A factor that is zero everywhere makes the product zero; 0 * inf was NaN."""
    if any(is_uniform(v, 0) for v in node.inputs):
        zero: Variable = number(0, dtype_of(node.outputs[0]))
        return zero
    return None


@canonical.rule(
    tracks=[Dot, BatchedDot],
    before="dot(zeros, x)",
    after="zeros of its shape",
    changes=Changes.DOMAIN,
)
def dot_with_zeros(node: Apply, context: RewriteContext) -> Variable | None:
    """A matrix of zeros makes every sum of products zero."""
    if any(is_uniform(v, 0) for v in node.inputs):
        zero: Variable = number(0, dtype_of(node.outputs[0]))
        return zero
    return None


@canonical.rule(
    tracks=[scalar.add, scalar.sub], before="x + (-2)", after="x - 2", changes=Changes.NOTHING
)
def sum_with_negative_constant(node: Apply, context: RewriteContext) -> Variable | None:
    """Give constants that are added no sign.

    Then ``exp(x) + (-1)`` is found as ``exp(x) - 1``.
    """
    if kind_of(node.outputs[0]) not in ("f", "i"):
        return None
    left, right = node.inputs
    if row_of(node) is scalar.add and uniform_constant(left) is not None:
        left, right = right, left
    value = uniform_constant(right)
    # The smallest integer is its own negative.
    if value is None or not value < 0 or -value == value or not np.isfinite(value):
        return None
    assert isinstance(right, Constant)
    opposite = T.sub if row_of(node) is scalar.add else T.add
    made: Variable = opposite(left, -right.data)
    return made
