"""Powers by the operations that they mean, and signs by the cheapest."""

from __future__ import annotations

from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import Apply, Variable, scalar

from ..engine.pattern import ALL_KINDS, PatternRule
from ..engine.phases import specialize
from ..engine.rewrite import Changes, RewriteContext
from ..facts.forms import is_inexact, uniform

LARGEST_POWER = 64
"""Up to which exponent products are used: at most 10 of them, less than one pow costs."""

for _row in (
    PatternRule(
        "product_with_itself", "x * x", "sqr(x)", Changes.NOTHING, "x is read once", of=ALL_KINDS
    ),
    PatternRule("product_with_minus_one", "x * -1", "-x", Changes.NOTHING, of=ALL_KINDS),
    PatternRule("quotient_by_minus_one", "x / -1", "-x", Changes.NOTHING, of="fc"),
    PatternRule("square_root", "x ** 0.5", "sqrt(x)", Changes.DOMAIN, "(-inf) ** 0.5 is inf"),
    PatternRule("inverse_square_root", "x ** -0.5", "1 / sqrt(x)", Changes.DOMAIN),
):
    specialize.add(_row.rule())


@specialize.rule(
    tracks=[scalar.pow],
    before="x ** 2, x ** 3, x ** -1",
    after="sqr(x), x * sqr(x), 1 / x",
    changes=Changes.ACCURACY,
)
def power_by_products(node: Apply, context: RewriteContext) -> Variable | None:
    """Take squares and products: log2(n) to 2 log2(n) of them for the exponent n."""
    x: Any = node.inputs[0]
    value = uniform(node.inputs[1])
    if value is None or value.imag != 0 or not abs(value.real) <= LARGEST_POWER:
        return None
    if value.real != round(float(value.real)):
        return None
    n = int(value.real)
    if n == 0 or (n < 0 and not is_inexact(x)):
        return None
    result: Any = None
    square = x
    rest = abs(n)
    while rest:
        if rest % 2:
            result = square if result is None else T.mul(result, square)
        rest //= 2
        if rest:
            square = T.sqr(square)
    made: Variable = result if n > 0 else T.true_div(1, result)
    return made
