"""Logarithms taken before products, sums and moves; and what their derivatives divide by."""

from __future__ import annotations

import math
from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import (
    AdvancedSubtensor,
    Apply,
    Assert,
    Crossentropy1Hot,
    Dimshuffle,
    Softmax,
    SoftmaxGrad,
    Variable,
    arange,
    scalar,
    shape_i,
)

from ..algebra.factors import (
    QUOTIENT_ROWS,
    Factors,
    build_product,
    is_product_root,
    open_shared,
    product_factors,
)
from ..algebra.logarithms import inverse_erfcx, is_clipped, is_mask, logarithm, where
from ..algebra.quotients import divides, times
from ..engine.phases import stability
from ..engine.rewrite import Changes, RewriteContext
from ..facts.forms import (
    dtype_of,
    is_softmax,
    is_uniform,
    kind_of,
    made_by,
    number,
    operands,
    row_of,
)

CLASSES = Assert("cross-entropy: a target lies outside the classes", "IndexError")


@stability.rule(
    tracks=[scalar.log, scalar.log2, scalar.log10],
    before="log(exp(x) * sigmoid(y)), log(softmax(x)[i]), log(1 - exp(x)), log(erfc(x))",
    after="the sums, maxima and moves of the logarithms of the parts",
    changes=Changes.ACCURACY,
)
def log_of_positive(node: Apply, context: RewriteContext) -> Variable | None:
    """Take the logarithm of what is known to be positive before it over- or underflows."""
    found = logarithm(node.inputs[0])
    if found is None or not found.is_stable:
        return None
    base = _BASES.get(row_of(node))
    made: Variable = found.value
    return made if base is None else T.true_div(made, number(math.log(base), dtype_of(made)))


_BASES: dict[Any, int] = {scalar.log2: 2, scalar.log10: 10}


@stability.rule(
    tracks=[scalar.log1p],
    before="log1p(-exp(x)), log1p(sum(exp(x)))",
    after="log(1 - exp(x)) in two parts, softplus(log(sum(exp(x))))",
    changes=Changes.ACCURACY,
)
def log1p_of_exp_like(node: Apply, context: RewriteContext) -> Variable | None:
    """The same for one and what is added to it."""
    u = node.inputs[0]
    if kind_of(u) != "f":
        return None
    negated = operands(u, scalar.neg)
    if negated is not None:
        whole = logarithm(T.sub(1, negated[0]))
        return whole.value if whole is not None and whole.is_stable else None
    found = logarithm(u)
    if found is None or not found.is_stable or not found.is_unbounded:
        return None
    made: Variable = T.softplus(found.value)
    return made


@stability.rule(
    tracks=[Crossentropy1Hot],
    before="crossentropy(softmax(x).reshape(n, k), t)",
    after="-log_softmax(x).reshape(n, k)[arange(n), t]",
    changes=Changes.ACCURACY,
)
def crossentropy_of_positive(
    node: Apply[Crossentropy1Hot], context: RewriteContext
) -> Variable | None:
    """The logarithms of the probabilities, before their targets are picked."""
    p, t = node.inputs
    if made_by(p, Softmax) is not None:
        return None
    found = logarithm(p)
    if found is None or not found.is_stable:
        return None
    logs: Any = found.value
    n = shape_i(logs, 0)
    if kind_of(t) != "u":
        t = CLASSES(t, T.ge(t, 0))
    made: Variable = T.neg(AdvancedSubtensor(("a", "a"))(logs, arange(n), t))
    return made


@stability.rule(
    tracks=[SoftmaxGrad],
    before="softmax_grad(u / p, p), with p and the quotient moved, picked, scaled",
    after="u - p * sum(u)",
    changes=Changes.DOMAIN,
)
def softmax_grad_of_quotients(node: Apply[SoftmaxGrad], context: RewriteContext) -> Variable | None:
    """The gradient of a logarithm of probabilities without dividing by one that may be 0."""
    ct, p = node.inputs
    u = times(ct, p, context)
    if u is None and _divides_by_sum(ct, context):
        u = T.mul(p, ct)
    if u is None:
        return None
    total = T.sum(u, u.ndim - 1, keepdims=True)
    made: Variable = T.sub(u, T.mul(p, total))
    return made


def _divides_by_sum(ct: Variable, context: RewriteContext) -> bool:
    """Whether ct is a product that divides by a sum of probabilities, which may be 0."""
    factors = product_factors(ct, context)
    if factors is None:
        return False
    open_shared(factors, context)
    below = [v for v, e in factors.kept().items() if e < 0]
    return any(found is not None and found.is_stable for found in map(logarithm, below))


@stability.rule(
    tracks=(*QUOTIENT_ROWS, scalar.neg),
    before="y * (u / y[i]) put back where y[i] was taken; y * (1 - y) * (u / y - v / (1 - y))",
    after="u put back there; u * (1 - y) - v * y",
    changes=Changes.DOMAIN,
)
def product_with_moved_quotient(node: Apply, context: RewriteContext) -> Variable | None:
    """The same for any factor that is divided by where it was moved or picked, or in a sum."""
    root = node.outputs[0]
    if kind_of(root) != "f" or not is_product_root(node, context):
        return None
    for opened in (False, True):
        factors = product_factors(root, context)
        if factors is None:
            return None
        if opened and not open_shared(factors, context):
            return None
        if _divide_no_more(factors, root, context):
            made: Variable = build_product(factors)
            return made
    return None


def _divide_no_more(factors: Factors, root: Any, context: RewriteContext) -> bool:
    """Multiply factors with what they divide by; whether there was any."""
    changed = False
    for quotient, e in list(factors.kept().items()):
        if e != 1 or quotient.owner is None or row_of(quotient.owner) in QUOTIENT_ROWS:
            continue
        if not divides(quotient):
            continue
        made: Any = quotient
        for y, parts in _candidates(factors, root, context):
            found = None if y is quotient else times(made, y, context)
            if found is not None and all(factors.exponents.get(v, 0) * e > 0 for v, e in parts):
                for v, n in parts:
                    factors.times(v, -n)
                factors.times(made, -1)
                factors.times(found, 1)
                made, changed = found, True
    return changed


def _candidates(
    factors: Factors, root: Any, context: RewriteContext
) -> list[tuple[Any, list[tuple[Variable, int]]]]:
    """The factors of the whole shape, and quotients of two that are computed; with their parts."""
    found: list[tuple[Any, list[tuple[Variable, int]]]] = []
    for y, n in factors.kept().items():
        if n < 1 or y.type.broadcastable != root.type.broadcastable:
            continue
        found.append((y, [(y, 1)]))
        for reader, i in context.graph.clients.get(y, ()):
            if i == 0 and isinstance(reader, Apply) and row_of(reader) is scalar.true_div:
                below = reader.inputs[1]
                if factors.exponents.get(below, 0) < 0:
                    found.append((reader.outputs[0], [(y, 1), (below, -1)]))
    return found


@stability.rule(
    tracks=(*QUOTIENT_ROWS, scalar.neg),
    before="x * (y / x), where y / x is read elsewhere too",
    after="y",
    changes=Changes.DOMAIN,
)
def factors_of_shared_products(node: Apply, context: RewriteContext) -> Variable | None:
    """What cancels in a product cancels though others read a part of it."""
    factors = _factors_of_root(node, context)
    if factors is None:
        return None
    sizes = {v: abs(e) for v, e in factors.kept().items()}
    if not open_shared(factors, context):
        return None
    is_less = any(abs(factors.exponents.get(v, 0)) < n for v, n in sizes.items() if _is_leaf(v))
    made: Variable | None = build_product(factors) if is_less else None
    return made


def _factors_of_root(node: Apply, context: RewriteContext) -> Factors | None:
    """The factors of a product of floats that no larger product takes in."""
    root = node.outputs[0]
    if kind_of(root) != "f" or not is_product_root(node, context):
        return None
    return product_factors(root, context)


def _is_leaf(v: Variable) -> bool:
    return row_of(v.owner) not in QUOTIENT_ROWS and made_by(v, Dimshuffle) is None


@stability.rule(
    tracks=(*QUOTIENT_ROWS, scalar.neg),
    before="(1 - sqr(y)) / (1 - y)",
    after="1 + y",
    changes=Changes.DOMAIN,
)
def quotient_of_complements(node: Apply, context: RewriteContext) -> Variable | None:
    """The derivative of tanh over its distance from 1, which rounds to 0."""
    factors = _factors_of_root(node, context)
    if factors is None:
        return None
    for v, e in factors.kept().items():
        square = operands(v, scalar.sub)
        inside = None if square is None else operands(square[1], scalar.sqr)
        if e < 1 or inside is None or square is None or not is_uniform(square[0], 1):
            continue
        for u, n in factors.kept().items():
            row = _one_and(u, inside[0]) if n < 0 else None
            if row is not None:
                factors.times(v, -1)
                factors.times(u, 1)
                factors.times(row(1, inside[0]), 1)
                made: Variable = build_product(factors)
                return made
    return None


def _one_and(u: Variable, y: Variable) -> Any:
    """What gives the other factor of 1 - y**2, if u is 1 - y or 1 + y; else None."""
    for row, opposite in ((scalar.sub, T.add), (scalar.add, T.sub)):
        parts = operands(u, row)
        if parts is None:
            continue
        for one, other in (parts, parts[::-1]):
            if is_uniform(one, 1) and other is y and (row is scalar.add or parts[1] is y):
                return opposite
    return None


@stability.rule(
    tracks=(*QUOTIENT_ROWS, scalar.neg),
    before="exp(x) / (exp(x) + exp(y) + exp(z)), exp(-x**2) / erfc(x)",
    after="exp(x - log(exp(x) + exp(y) + exp(z))), 1 / erfcx(x)",
    changes=Changes.ACCURACY,
)
def exp_over_sum_of_exp(node: Apply, context: RewriteContext) -> Variable | None:
    """What the derivatives of such logarithms are made of: inf / inf, or 0 / 0."""
    factors = _factors_of_root(node, context)
    if factors is None:
        return None
    open_shared(factors, context)
    changed = False
    for v, e in list(factors.kept().items()):
        for u, n in list(factors.kept().items()):
            k = min(n, -factors.exponents[v]) if e < 0 else 0
            x = _exponent(u) if k > 0 else None
            made = None if x is None else _quotient(_where_counted(x, factors), v)
            if made is not None:
                factors.times(u, -k)
                factors.times(v, k)
                factors.times(made, k)
                changed = True
    result: Variable | None = build_product(factors) if changed else None
    return result


def _where_counted(x: Any, factors: Factors) -> Any:
    """X where the masks that its exp is multiplied by are not 0; elsewhere that may overflow."""
    for v in factors.kept():
        if is_mask(v):
            x = where(v, x)
    return x


def _exponent(u: Variable) -> Any:
    """What u is the exp of; for a softmax its logarithm."""
    inside = operands(u, scalar.exp)
    if inside is not None:
        return inside[0]
    found = logarithm(u) if is_softmax(u) else None
    return None if found is None else found.value


def _quotient(x: Any, below: Variable) -> Any:
    """``exp(x) / below``, if both may overflow or underflow together."""
    error = operands(below, scalar.erfc)
    if error is not None:
        square = operands(x, scalar.neg)
        inside = None if square is None else operands(square[0], scalar.sqr)
        if inside is None or is_clipped(error[0]):
            return None
        is_same = inside[0] is error[0] or _is_negative_of(inside[0], error[0])
        return inverse_erfcx(error[0]) if is_same else None
    if row_of(below.owner) in QUOTIENT_ROWS:
        return None
    found = logarithm(below)
    if found is None or not found.is_stable or not found.is_summed:
        return None
    return T.exp(T.sub(x, found.value))


def _is_negative_of(x: Variable, y: Variable) -> bool:
    signs = operands(x, scalar.neg), operands(y, scalar.neg)
    return (signs[0] is not None and signs[0][0] is y) or (
        signs[1] is not None and signs[1][0] is x
    )
