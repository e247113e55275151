"""Products and quotients.

Common factors cancel, constants are gathered, quotients by a factor are spread over sums.
"""

from __future__ import annotations

from bitale_graph import language as T
from bitale_graph.extend import Apply, Variable, scalar

from ..algebra.factors import (
    QUOTIENT_ROWS,
    Factors,
    build_product,
    is_product_root,
    product_factors,
)
from ..algebra.partial_results import keeps_range_of_product
from ..engine.phases import canonical
from ..engine.rewrite import Changes, RewriteContext
from ..facts.forms import is_inexact, kind_of, row_of


@canonical.rule(
    tracks=[*QUOTIENT_ROWS, scalar.neg],
    before="x * y / x, or 2 * x / 2, or exp(x) * 2 * 3",
    after="y, x, exp(x) * 6",
    changes=Changes.DOMAIN,
)
def product_of_factors(node: Apply, context: RewriteContext) -> Variable | None:
    """Write a product anew where that takes fewer operations.

    Where a factor that cancels is 0, a NaN is lost.
    """
    root = node.outputs[0]
    if kind_of(root) not in ("f", "i", "u", "c") or not is_product_root(node, context):
        return None
    factors = product_factors(root, context)
    if factors is None:
        return None
    factors.gather()
    # Signs move outwards, to where a sum or exp(-x) is waiting for them.
    has_inner_sign = factors.has_sign() and row_of(node) is not scalar.neg
    cost = factors.cost()
    is_better = cost < factors.nodes or (cost == factors.nodes and has_inner_sign)
    if is_better and keeps_range_of_product(factors, root, context):
        made: Variable = build_product(factors)
        return made
    return None


@canonical.rule(
    tracks=[scalar.mul, scalar.true_div],
    before="(u / y + v) * y",
    after="u + v * y",
    changes=Changes.DOMAIN,
    overflows=True,
)
def product_with_sum_of_quotients(node: Apply, context: RewriteContext) -> Variable | None:
    """Spread factors over a sum that divides by them.

    The gradient of a log-likelihood loses its 0 / 0.

    Every term must lose a division, or be one that multiplying costs no more than the division it
    saves.
    """
    root = node.outputs[0]
    if not is_inexact(root) or not is_product_root(node, context):
        return None
    factors = product_factors(root, context)
    if factors is None:
        return None
    for v, e in factors.kept().items():
        if e == 1 and row_of(v.owner) in (scalar.add, scalar.sub) and context.has_one_reader(v):
            made = _spread(v, factors, context)
            if made is not None:
                return made
    return None


def _spread(total: Variable, factors: Factors, context: RewriteContext) -> Variable | None:
    """The product with ``total``, a sum of two, multiplied out; None where no division goes."""
    assert total.owner is not None
    others = {v: e for v, e in factors.kept().items() if v is not total}
    parts: list[Factors] = []
    before = factors.nodes + 1
    for term in total.owner.inputs:
        is_open = row_of(term.owner) in (*QUOTIENT_ROWS, scalar.neg) and context.has_one_reader(
            term
        )
        part = product_factors(term, context) if is_open else None
        if part is None:
            part = Factors(factors.dtype, type(factors.above)(1), type(factors.above)(1))
            part.times(term, 1)
        before += part.nodes
        cancels = False
        for v, e in others.items():
            cancels |= part.exponents.get(v, 0) < 0 < e
            part.times(v, e)
        if not cancels:
            return None
        part.above = part.above * factors.above
        part.below = part.below * factors.below
        parts.append(part)
    if sum(part.cost() for part in parts) + 1 > before:
        return None
    combine = T.add if row_of(total.owner) is scalar.add else T.sub
    made: Variable = combine(*(build_product(part) for part in parts))
    return made
