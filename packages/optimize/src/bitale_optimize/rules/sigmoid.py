"""Sigmoid, softplus, log1p, expm1 and erfc in place of what overflows, underflows or cancels."""

from __future__ import annotations

from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import Apply, Variable, scalar

from ..algebra.factors import (
    QUOTIENT_ROWS,
    Factors,
    build_product,
    is_product_root,
    open_shared,
    product_factors,
)
from ..algebra.terms import SUM_ROWS, sum_terms
from ..engine.pattern import PatternRule
from ..engine.phases import specialize, stability
from ..engine.rewrite import Changes, RewriteContext
from ..facts.forms import is_inexact, is_uniform, kind_of, operands, row_of

_ACCURACY = Changes.ACCURACY
_OVERFLOW = "exp overflows above 88 in float32, 709 in float64"
_CANCELS = "1 + x rounds x away where it is small"
_UNDERFLOW = (
    "float32 sigmoid(x) is 0 below about -104: the log is -inf, and the answer is close to x"
)
_SATURATES = "1 - sigmoid(x) is 0 above about 17 in float32, 37 in float64"

TABLE = (
    # A row stands before those that would match its inside in a less special way.
    PatternRule("sigmoid_of_neg_exp", "1 / (1 + exp(-x))", "sigmoid(x)", _ACCURACY, _OVERFLOW),
    PatternRule("sigmoid_of_exp", "1 / (1 + exp(x))", "sigmoid(-x)", _ACCURACY, _OVERFLOW),
    PatternRule("sigmoid_of_inv_neg", "inv(1 + exp(-x))", "sigmoid(x)", _ACCURACY, _OVERFLOW),
    PatternRule("sigmoid_of_inv", "inv(1 + exp(x))", "sigmoid(-x)", _ACCURACY, _OVERFLOW),
    PatternRule(
        "sigmoid_of_quotient", "exp(x) / (1 + exp(x))", "sigmoid(x)", _ACCURACY, "inf / inf"
    ),
    PatternRule(
        "tanh_of_exps",
        "(exp(x) - exp(-x)) / (exp(x) + exp(-x))",
        "tanh(x)",
        _ACCURACY,
        _OVERFLOW,
    ),
    PatternRule("tanh_of_expm1", "expm1(x) / (1 + exp(x))", "tanh(0.5 * x)", _ACCURACY, _OVERFLOW),
    PatternRule("tanh_of_exp", "(exp(x) - 1) / (1 + exp(x))", "tanh(0.5 * x)", _ACCURACY),
    PatternRule(
        "tanh_of_one_minus_exp", "(1 - exp(x)) / (1 + exp(x))", "tanh(-0.5 * x)", _ACCURACY
    ),
    PatternRule("tanh_of_sigmoid", "expm1(x) * sigmoid(-x)", "tanh(0.5 * x)", _ACCURACY, _OVERFLOW),
    PatternRule("log_of_sigmoid", "log(sigmoid(x))", "-softplus(-x)", _ACCURACY, _UNDERFLOW),
    PatternRule(
        "log_of_one_minus_sigmoid", "log(1 - sigmoid(x))", "-softplus(x)", _ACCURACY, _SATURATES
    ),
    PatternRule(
        "log1p_of_neg_sigmoid", "log1p(-sigmoid(x))", "-softplus(x)", _ACCURACY, _SATURATES
    ),
    PatternRule("log_of_one_plus_exp", "log(1 + exp(x))", "softplus(x)", _ACCURACY, _OVERFLOW),
    PatternRule("log1p_of_exp", "log1p(exp(x))", "softplus(x)", _ACCURACY, _OVERFLOW),
    PatternRule(
        "log_of_exp_plus_exp",
        "log(exp(x) + exp(y))",
        "maximum(x, y) + softplus(-switch(eq(x, y), 0, abs(x - y)))",
        _ACCURACY,
        _OVERFLOW + "; where x and y are one infinity, their difference is not taken",
    ),
    PatternRule("log1p_of_minus_one", "log1p(x - 1)", "log(x)", _ACCURACY, "x - 1 rounds x away"),
    PatternRule("log_of_one_plus", "log(1 + x)", "log1p(x)", _ACCURACY, _CANCELS),
    PatternRule("log_of_one_minus", "log(1 - x)", "log1p(-x)", _ACCURACY, _CANCELS),
    PatternRule(
        "exp_minus_one", "exp(x) - 1", "expm1(x)", _ACCURACY, "exp(x) is near 1 for small x"
    ),
    PatternRule(
        "one_minus_exp", "1 - exp(x)", "-expm1(x)", _ACCURACY, "exp(x) is near 1 for small x"
    ),
    PatternRule(
        "one_minus_erf", "1 - erf(x)", "erfc(x)", _ACCURACY, "erf(x) is 1 above 4 in float32"
    ),
    PatternRule("one_plus_erf", "1 + erf(x)", "erfc(-x)", _ACCURACY, "erf(x) is -1 below -4"),
    PatternRule(
        "erf_minus_one", "erf(x) - 1", "-erfc(x)", _ACCURACY, "erf(x) is 1 above 4 in float32"
    ),
    PatternRule(
        "one_minus_erfc", "1 - erfc(x)", "erf(x)", _ACCURACY, "erfc(x) is near 1 for small x"
    ),
    PatternRule(
        "erfc_minus_one", "erfc(x) - 1", "-erf(x)", _ACCURACY, "erfc(x) is near 1 for small x"
    ),
    PatternRule(
        "one_minus_sigmoid", "1 - sigmoid(x)", "sigmoid(-x)", _ACCURACY, _SATURATES, default=False
    ),
)
for _row in TABLE:
    stability.add(_row.rule())


@stability.rule(
    tracks=(*QUOTIENT_ROWS, scalar.neg),
    before="c / (1 + exp(x)) * exp(x)",
    after="c * sigmoid(x)",
    changes=Changes.ACCURACY,
)
def sigmoid_in_product(node: Apply, context: RewriteContext) -> Variable | None:
    """Find parts of sigmoids anywhere in a product: gradients of written sigmoids have them.

    1 / (1 + exp(x)) is sigmoid(-x), exp(x) * sigmoid(-x) is sigmoid(x), and 1 / (1 - sigmoid(x)) is
    1 / sigmoid(-x).
    """
    root = node.outputs[0]
    if kind_of(root) != "f" or not is_product_root(node, context):
        return None
    for opened in (False, True):
        factors = product_factors(root, context)
        if factors is None:
            return None
        if opened and not open_shared(factors, context):
            return None
        if _take_sigmoids(factors, context):
            made: Variable = build_product(factors)
            return made
    return None


def _take_sigmoids(factors: Factors, context: RewriteContext) -> bool:
    """Put sigmoids in the place of what they are made of; whether there was any."""
    changed = False
    for v, e in factors.kept().items():
        x = _exponent_of_denominator(v) if e < 0 else None
        y = _inside_complement(v) if e < 0 else None
        if x is not None:
            del factors.exponents[v]
            factors.times(T.sigmoid(_negative(x)), -e)
            changed = True
        elif y is not None:
            del factors.exponents[v]
            factors.times(T.sigmoid(_negative(y)), e)
            changed = True
    for v, e in list(factors.kept().items()):
        y = _inside_complement(v) if e > 0 else None
        if y is None:
            continue
        for other, n in list(factors.kept().items()):
            below = operands(other, scalar.sigmoid) if n < 0 else None
            if below is not None and _is_negation(below[0], y, context):
                k = min(e, -n)
                factors.times(v, -k)
                factors.times(other, k)
                changed = True
                break
    for v in list(factors.kept()):
        parts = operands(v, scalar.exp)
        if parts is None or factors.exponents[v] <= 0:
            continue
        for other in list(factors.kept()):
            inside = operands(other, scalar.sigmoid)
            if inside is None or factors.exponents[other] <= 0:
                continue
            if _is_negation(parts[0], inside[0], context):
                n = min(factors.exponents[v], factors.exponents[other])
                factors.times(v, -n)
                factors.times(other, -n)
                factors.times(T.sigmoid(parts[0]), n)
                changed = True
                break
    return changed


def _exponent_of_denominator(v: Variable) -> Any:
    """x, if ``v`` is 1 + exp(x); else None."""
    parts = operands(v, scalar.add)
    if parts is None:
        return None
    for one, other in (parts, parts[::-1]):
        inside = operands(other, scalar.exp)
        if inside is not None and is_uniform(one, 1) and other.type.shape == v.type.shape:
            return inside[0]
    return None


def _inside_complement(v: Variable) -> Any:
    """x, if ``v`` is 1 - sigmoid(x), which a quotient must not have below it; else None."""
    parts = operands(v, scalar.sub)
    inside = None if parts is None else operands(parts[1], scalar.sigmoid)
    is_complement = inside is not None and parts is not None and is_uniform(parts[0], 1)
    return inside[0] if is_complement and inside is not None else None


def _negative(x: Variable) -> Any:
    inside = operands(x, scalar.neg)
    return T.neg(x) if inside is None else inside[0]


def _is_negation(x: Variable, y: Variable, context: RewriteContext) -> bool:
    """Whether y is -x: by a sign, or term by term."""
    for u, v in ((x, y), (y, x)):
        inside = operands(u, scalar.neg)
        if inside is not None and inside[0] is v:
            return True
    if row_of(x.owner) not in SUM_ROWS or row_of(y.owner) not in SUM_ROWS:
        return False
    mine, theirs = sum_terms(x, context), sum_terms(y, context)
    return (
        mine.nodes + theirs.nodes > 0
        and mine.constant == -theirs.constant
        and mine.coefficients == {v: -c for v, c in theirs.coefficients.items()}
    )


@specialize.rule(
    tracks=[scalar.mul],
    before="sigmoid(x) * sigmoid(-x)",
    after="y * (1 - y), y = sigmoid(x)",
    changes=Changes.ACCURACY,
)
def product_of_opposite_sigmoids(node: Apply, context: RewriteContext) -> Variable | None:
    """The derivative of sigmoid from its value: one exp rather than two."""
    x, y = (operands(v, scalar.sigmoid) for v in node.inputs)
    if x is None or y is None or not is_inexact(node.outputs[0]):
        return None
    for value, mine, theirs in ((node.inputs[0], x[0], y[0]), (node.inputs[1], y[0], x[0])):
        inside = operands(theirs, scalar.neg)
        if inside is not None and inside[0] is mine:
            made: Variable = T.mul(value, T.sub(1, value))
            return made
    return None
