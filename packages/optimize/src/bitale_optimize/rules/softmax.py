"""Softmax, its logarithm and log-sum-exp, from the ways in which they are written out."""

from __future__ import annotations

from typing import Any

import numpy as np
from bitale_graph import scalar
from bitale_graph.ops import math as tm
from bitale_graph.ops import reduction
from bitale_graph.ops.indexing import (
    AdvancedSubtensor,
    AdvancedSubtensor1,
    Subtensor,
)
from bitale_graph.ops.reduction import Argmax, Reduce
from bitale_graph.ops.shape import Dimshuffle, Reshape
from bitale_graph.ops.softmax import (
    LogSoftmax,
    Softmax,
    SoftmaxGrad,
    softmax,
)
from bitale_graph.variable import Apply, Variable

from ..factors import QUOTIENT_ROWS, Factors, build_product, is_product_root, product_factors
from ..forms import combined_along, is_softmax, kind_of, made_by, operands, row_of
from ..pattern import PatternRule
from ..phases import stability
from ..rewrite import Changes, RewriteContext

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
    tracks=QUOTIENT_ROWS,
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
    tracks=[Softmax], before="softmax(x - max(x))", after="softmax(x)", changes=Changes.ACCURACY
)
def softmax_of_shifted(node: Apply, context: RewriteContext) -> Variable | None:
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
    tracks=[scalar.log],
    before="log(sum(exp(x), axis))",
    after="m + log(sum(exp(x - m), axis)), m = max(x, axis)",
    changes=Changes.ACCURACY,
)
def log_of_sum_of_exp(node: Apply, context: RewriteContext) -> Variable | None:
    """Exp overflows above 88 in float32 and 709 in float64, and underflows as far below.

    Where the largest element is infinite nothing is subtracted. An empty axis, which gave -inf, is
    an error.
    """
    total = node.inputs[0]
    moved = made_by(total, Dimshuffle)
    reduced = made_by(moved.inputs[0] if moved is not None else total, Reduce)
    if reduced is None or kind_of(total) != "f":
        return None
    op: Any = reduced.op
    inside = operands(reduced.inputs[0], scalar.exp)
    if inside is None or op.scalar_op is not scalar.add or not op.axes:
        return None
    x = inside[0]
    if op.dtype != x.type.dtype or any(x.type.shape[a] == 0 for a in op.axes) or _is_shifted(x):
        return None
    largest = reduction.max(x, op.axes, keepdims=True)
    shift = tm.switch(tm.isinf(largest), np.zeros((), x.type.dtype), largest)
    summed = tm.log(op(tm.exp(tm.sub(x, shift))))
    kept: Any = tm.add2(summed, shift.dimshuffle(*(a for a in range(x.ndim) if a not in op.axes)))
    made: Variable = kept if moved is None else kept.dimshuffle(*moved.op.pattern)  # type: ignore[attr-defined]
    return made


def _is_shifted(x: Variable) -> bool:
    """Whether the largest element is subtracted already."""
    parts = operands(x, scalar.sub)
    if parts is None:
        return False
    choice = operands(parts[1], scalar.switch)
    found = combined_along(choice[2] if choice is not None else parts[1], scalar.maximum)
    shift = made_by(parts[1] if choice is None else choice[2], Dimshuffle)
    reduced = None if shift is None else made_by(shift.inputs[0], Reduce)
    return found is not None or (
        reduced is not None
        and reduced.inputs[0] is parts[0]
        and reduced.op.scalar_op is scalar.maximum  # type: ignore[attr-defined]
    )


@stability.rule(
    tracks=[Argmax], before="argmax(softmax(x))", after="argmax(x)", changes=Changes.ACCURACY
)
def argmax_of_softmax(node: Apply, context: RewriteContext) -> Variable | None:
    """Softmax keeps the order along its axis.

    Where it rounds to a tie, the first of the largest x is meant.
    """
    inner = made_by(node.inputs[0], Softmax)
    if inner is None or node.op.axis != node.inputs[0].type.ndim - 1:  # type: ignore[attr-defined]
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
        if found is None or found[1] != p.type.ndim - 1:  # type: ignore[attr-defined]
            continue
        summed = product_factors(found[0], context)
        if summed is not None and _is_plain(summed) and summed.kept() == plus.kept():
            (g,) = (v for v in plus.kept() if v is not p)
            if g.type.shape == p.type.shape:  # type: ignore[attr-defined]
                made: Variable = SoftmaxGrad()(g, p)
                return made
    return None


def _is_plain(factors: Factors) -> bool:
    """Whether it is a product of two different factors."""
    kept = factors.kept()
    is_one = factors.above == 1 and factors.below == 1
    return is_one and len(kept) == 2 and set(kept.values()) == {1}


@stability.rule(
    tracks=[SoftmaxGrad],
    before="softmax_grad(u / p, p)",
    after="u - p * sum(u)",
    changes=Changes.ACCURACY,
)
def softmax_grad_of_quotient(node: Apply, context: RewriteContext) -> Variable | None:
    """The gradient of log(softmax(x)) without dividing by a probability that may be 0."""
    ct, p = node.inputs
    parts = operands(ct, scalar.true_div)
    if parts is None or parts[1] is not p:
        return None
    u = parts[0]
    if u.ndim != p.type.ndim or u.type.shape[-1] == 1 != p.type.shape[-1]:
        return None
    total = reduction.sum(u, u.ndim - 1, keepdims=True)
    made: Variable = tm.sub(u, tm.mul2(p, total))
    return made


@stability.rule(
    tracks=[scalar.log],
    before="log(softmax(x)[i]), log(softmax(x).flatten())",
    after="log_softmax(x)[i], log_softmax(x).flatten()",
    changes=Changes.ACCURACY,
)
def log_of_moved_softmax(node: Apply, context: RewriteContext) -> Variable | None:
    """Take the logarithm before elements are picked or moved.

    All of them cost no more than softmax did.
    """
    moves: list[Apply] = []
    v = node.inputs[0]
    while v.owner is not None and isinstance(v.owner.op, _MOVES):
        moves.append(v.owner)
        v = v.owner.inputs[0]
    inner = made_by(v, Softmax)
    if not moves or inner is None or isinstance(inner.op, LogSoftmax):
        return None
    made: Variable = LogSoftmax()(inner.inputs[0])
    for move in reversed(moves):
        made = move.op(made, *move.inputs[1:])
    return made


_MOVES = (Subtensor, AdvancedSubtensor1, AdvancedSubtensor, Dimshuffle, Reshape)
