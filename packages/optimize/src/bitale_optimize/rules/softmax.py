"""Softmax, its logarithm and log-sum-exp, from the ways in which they are written out."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import (
    Alloc,
    Apply,
    Argmax,
    Dimshuffle,
    LogSoftmax,
    Output,
    Reduce,
    Softmax,
    SoftmaxGrad,
    Variable,
    scalar,
    softmax,
)

from ..algebra.factors import (
    QUOTIENT_ROWS,
    Factors,
    build_product,
    is_product_root,
    product_factors,
)
from ..algebra.quotients import times
from ..engine.pattern import PatternRule
from ..engine.phases import stability
from ..engine.rewrite import Changes, RewriteContext
from ..facts.forms import combined_along, is_softmax, kind_of, operands, row_of

stability.add(
    PatternRule(
        "exp_of_log_softmax",
        "exp(log_softmax(x))",
        "softmax(x)",
        Changes.ACCURACY,
        "what the gradient of log_softmax is written with",
    ).rule()
)
stability.add(
    PatternRule(
        "log_of_softmax",
        "log(softmax(x))",
        "log_softmax(x)",
        Changes.ACCURACY,
        "softmax underflows to 0 where x is 104 (float32) or 745 (float64) below the largest",
    ).rule()
)


@stability.rule(
    tracks=(*QUOTIENT_ROWS, scalar.neg),
    before="exp(x) / sum(exp(x), axis, keepdims=True)",
    after="softmax(x)",
    changes=Changes.ACCURACY,
)
def softmax_in_product(node: Apply, context: RewriteContext) -> Variable | None:
    """Find softmax anywhere in a product.

    Exp overflows above 88 in float32 and 709 in float64: inf / inf.
    """
    root = node.outputs[0]
    if kind_of(root) != "f" or not is_product_root(node, context):
        return None
    factors = product_factors(root, context)
    if factors is None:
        return None
    changed = False
    for total, e in factors.kept().items():
        found = combined_along(total, scalar.add) if e < 0 else None
        inside = None if found is None else operands(found[0], scalar.exp)
        if found is None or inside is None or factors.exponents.get(found[0], 0) <= 0:
            continue
        n = min(-e, factors.exponents[found[0]])
        factors.times(total, n)
        factors.times(found[0], -n)
        factors.times(softmax(inside[0], found[1]), n)
        changed = True
    for quotient, e in factors.kept().items():
        # Others read a / sum(exp(x)) too, but a * softmax(x) is to be had without it.
        parts = operands(quotient, scalar.true_div)
        found = combined_along(parts[1], scalar.add) if parts is not None and e == 1 else None
        inside = None if found is None else operands(found[0], scalar.exp)
        if parts is None or found is None or inside is None:
            continue
        if factors.exponents.get(found[0], 0) > 0:
            factors.times(quotient, -1)
            factors.times(found[0], -1)
            factors.times(parts[0], 1)
            factors.times(softmax(inside[0], found[1]), 1)
            changed = True
    made: Variable | None = build_product(factors) if changed else None
    return made


@stability.rule(
    tracks=(*QUOTIENT_ROWS, scalar.neg),
    before="exp(x) * (g / s - sum(g / s * p)), s = sum(exp(x), axis, keepdims=True)",
    after="softmax(x) * (g - sum(g * p))",
    changes=Changes.ACCURACY,
)
def softmax_by_shared_sum(node: Apply, context: RewriteContext) -> Variable | None:
    """The derivative of a softmax that is written out divides by the sum in each of its terms."""
    root = node.outputs[0]
    if kind_of(root) != "f" or not is_product_root(node, context):
        return None
    factors = product_factors(root, context)
    if factors is None:
        return None
    for e, n in factors.kept().items():
        known = [*_quotients_of(e, context), *_quotients_in_loop(e, factors, context)]
        for total, quotient in known if n == 1 else ():
            if total in factors.kept():
                continue
            for other, m in factors.kept().items():
                found = times(other, total, context) if m == 1 and _is_gathered(other) else None
                if found is not None:
                    factors.times(e, -1)
                    factors.times(other, -1)
                    factors.times(found, 1)
                    factors.times(quotient(), 1)
                    made: Variable = build_product(factors)
                    return made
    return None


def _quotients_in_loop(
    e: Any, factors: Factors, context: RewriteContext
) -> Iterator[tuple[Any, Callable[[], Any]]]:
    """The same for a row that a loop is given, which does not tell that it is an exp.

    Its quotient is made for all steps before the loop, and there it is found to be a softmax.
    """
    if not context.is_inside or e.owner is not None:
        return
    for v in factors.kept():
        node = v.owner
        while node is not None and type(node.op) in (Dimshuffle, Alloc):
            node = node.inputs[0].owner
        parts = None if node is None else operands(node.inputs[0], scalar.true_div)
        if node is not None and type(node.op) is Reduce and parts is not None:
            yield parts[1], functools.partial(T.true_div, e, parts[1])


def _is_gathered(v: Variable) -> bool:
    """Whether v is a sum: of terms, or along axes and stretched again."""
    node = v.owner
    while node is not None and type(node.op) in (Dimshuffle, Alloc):
        node = node.inputs[0].owner
    return node is not None and (
        type(node.op) is Reduce or row_of(node) in (scalar.add, scalar.sub)
    )


def _quotients_of(e: Any, context: RewriteContext) -> Iterator[tuple[Any, Callable[[], Any]]]:
    """What ``e`` is divided by, or may be to give a softmax; with a maker of the quotient."""
    inside = operands(e, scalar.exp)
    for reader, i in context.graph.clients.get(e, ()):
        if isinstance(reader, Output):
            continue
        if row_of(reader) is scalar.true_div and i == 0:
            yield reader.inputs[1], functools.partial(getattr, reader, "out")
        if inside is None or type(reader.op) is not Reduce:
            continue
        for above in (reader, *(r for r, _ in context.graph.clients[reader.outputs[0]])):
            if isinstance(above, Output):
                continue
            found = combined_along(above.outputs[0], scalar.add)
            if found is not None and found[0] is e:
                yield above.outputs[0], functools.partial(softmax, inside[0], found[1])


@stability.rule(
    tracks=[Softmax, LogSoftmax],
    before="softmax(x - max(x))",
    after="softmax(x)",
    changes=Changes.ACCURACY,
)
def softmax_of_shifted(node: Apply[Softmax], context: RewriteContext) -> Variable | None:
    """Softmax subtracts the largest element itself."""
    parts = operands(node.inputs[0], scalar.sub)
    if parts is None:
        return None
    x, shift = parts
    found = combined_along(shift, scalar.maximum)
    if found is None or found[0] is not x or found[1] != x.ndim - 1:
        return None
    made: Variable = node.op(x)
    return made


@stability.rule(
    tracks=[Argmax], before="argmax(softmax(x))", after="argmax(x)", changes=Changes.ACCURACY
)
def argmax_of_softmax(node: Apply[Argmax], context: RewriteContext) -> Variable | None:
    """Softmax keeps the order along its axis.

    Where it rounds to a tie, the first of the largest x is meant.
    """
    inner = node.inputs[0].owner
    if inner is None or type(inner.op) not in (Softmax, LogSoftmax):
        return None
    if node.op.axis != node.inputs[0].type.ndim - 1:
        return None
    made: Variable = node.op(inner.inputs[0])
    return made


@stability.rule(
    tracks=[scalar.add, scalar.sub],
    before="g * p - p * sum(g * p), p = softmax(x)",
    after="softmax_grad(g, p)",
    changes=Changes.ACCURACY,
)
def gradient_of_written_softmax(node: Apply, context: RewriteContext) -> Variable | None:
    """The gradient of exp(x) / sum(exp(x)) as that of softmax, for which other rules wait."""
    positive: list[Any] = []
    negative: list[Any] = []
    for i, v in enumerate(node.inputs):
        inside = operands(v, scalar.neg)
        product = v if inside is None else inside[0]
        if operands(product, scalar.mul) is None:
            return None
        is_negative = (inside is not None) != (i == 1 and row_of(node) is scalar.sub)
        (negative if is_negative else positive).append(product)
    if len(positive) != 1 or not any(map(is_softmax, negative[0].owner.inputs)):
        return None
    plus, minus = (product_factors(v, context) for v in (positive[0], negative[0]))
    if plus is None or minus is None or not _is_plain(plus) or not _is_plain(minus):
        return None
    for p in minus.kept():
        if not is_softmax(p) or p not in plus.exponents:
            continue
        (total,) = (v for v in minus.kept() if v is not p)
        found = combined_along(total, scalar.add)
        if found is None or found[1] != p.type.ndim - 1:
            continue
        summed = product_factors(found[0], context)
        if summed is not None and _is_plain(summed) and summed.kept() == plus.kept():
            (g,) = (v for v in plus.kept() if v is not p)
            if g.type.shape == p.type.shape:
                made: Variable = SoftmaxGrad()(g, p)
                return made
    return None


def _is_plain(factors: Factors) -> bool:
    """Whether it is a product of two different factors."""
    kept = factors.kept()
    is_one = factors.above == 1 and factors.below == 1
    return is_one and len(kept) == 2 and set(kept.values()) == {1}
