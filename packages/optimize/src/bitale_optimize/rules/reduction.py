"""Reductions: composed, moved past reorderings, and freed of factors fixed along their axes."""

from __future__ import annotations

from typing import Any

import numpy as np
from bitale_graph import language as T
from bitale_graph.extend import (
    Alloc,
    Apply,
    Dimshuffle,
    Reduce,
    Variable,
    as_tensor,
    cast,
    dimshuffle,
    scalar,
    shape_i,
)

from ..algebra.factors import QUOTIENT_ROWS, Factors, build_product, product_factors
from ..algebra.partial_results import keeps_range_of_product
from ..engine.phases import canonical
from ..engine.rewrite import Changes, RewriteContext
from ..facts.forms import (
    adds_all,
    dtype_of,
    is_inexact,
    is_length,
    made_by,
    operands,
    row_of,
    uniform,
)


@canonical.rule(tracks=[Reduce], before="sum(x, axis=())", after="x")
def reduction_over_nothing(node: Apply[Reduce], context: RewriteContext) -> Variable | None:
    """Over no axes a reduction is a cast."""
    op: Any = node.op
    if op.axes:
        return None
    made: Variable = cast(node.inputs[0], op.dtype)
    return made


@canonical.rule(
    tracks=[Reduce], before="sum(x, axis=1), that axis of length 1", after="dimshuffle(x, 0)"
)
def reduction_over_one(node: Apply[Reduce], context: RewriteContext) -> Variable | None:
    """Along an axis of length 1 there is nothing to combine."""
    op: Any = node.op
    x: Any = node.inputs[0]
    ones = [a for a in op.axes if x.type.shape[a] == 1]
    if not ones or not np.can_cast(dtype_of(x), op.acc_dtype):
        return None
    kept = [a for a in range(x.ndim) if a not in ones]
    axes = tuple(i for i, a in enumerate(kept) if a in op.axes)
    made: Variable = op.over(axes)(dimshuffle(x, *kept))
    return made


@canonical.rule(
    tracks=[Reduce],
    before="sum(sum(x, axis=1), axis=0)",
    after="sum(x, axis=(0, 1))",
    changes=Changes.ACCURACY,
    overflows=True,
)
def reduction_of_reduction(node: Apply[Reduce], context: RewriteContext) -> Variable | None:
    """Reduce once over the axes of both."""
    outer: Any = node.op
    inner_node = made_by(node.inputs[0], Reduce)
    if inner_node is None or not context.has_one_reader(node.inputs[0]):
        return None
    inner: Any = inner_node.op
    if inner.scalar_op is not outer.scalar_op or inner.acc_dtype != outer.acc_dtype:
        return None
    if inner.allows_empty != outer.allows_empty:
        return None
    x: Any = inner_node.inputs[0]
    # A result that is narrower than its accumulator wraps or rounds in between.
    if inner.dtype != inner.acc_dtype and not (is_inexact(x) and inner.dtype == dtype_of(x)):
        return None
    left = [a for a in range(x.ndim) if a not in inner.axes]
    axes = tuple(sorted([*inner.axes, *(left[a] for a in outer.axes)]))
    made: Variable = outer.over(axes)(x)
    return made


@canonical.rule(tracks=[Reduce], before="sum(x.T, axis=0)", after="sum(x, axis=1)")
def reduction_of_dimshuffle(node: Apply[Reduce], context: RewriteContext) -> Variable | None:
    """Reduce first, and reorder what is left."""
    op: Any = node.op
    inner = made_by(node.inputs[0], Dimshuffle)
    if inner is None or not op.axes:
        return None
    pattern = inner.op.pattern
    x: Any = inner.inputs[0]
    if any(a not in pattern for a in range(x.ndim)):
        # Axes of length 1 that are dropped would have to be reduced instead, and dropped again.
        return None
    axes = tuple(sorted(pattern[a] for a in op.axes if pattern[a] != "x"))
    if not axes and not np.can_cast(dtype_of(x), op.acc_dtype):
        return None
    reduced = op.over(axes)(x)
    left = [a for a in range(x.ndim) if a not in axes]
    order = ["x" if p == "x" else left.index(p) for a, p in enumerate(pattern) if a not in op.axes]
    return dimshuffle(reduced, *order)


@canonical.rule(
    tracks=[Reduce],
    before="max(-x)",
    after="-min(x)",
)
def extremum_of_negative(node: Apply[Reduce], context: RewriteContext) -> Variable | None:
    """Move the sign outwards, where it may cancel; of integers the smallest has no negative."""
    op: Any = node.op
    parts = operands(node.inputs[0], scalar.neg)
    opposite = {scalar.maximum: scalar.minimum, scalar.minimum: scalar.maximum}.get(op.scalar_op)
    if parts is None or opposite is None or not is_inexact(node.inputs[0]):
        return None
    if not context.has_one_reader(node.inputs[0]):
        return None
    inner = Reduce(opposite, op.axes, op.acc_dtype, op.dtype, op.allows_empty)
    made: Variable = T.neg(inner(parts[0]))
    return made


@canonical.rule(
    tracks=[Reduce],
    before="sum(2 * x), sum(-x)",
    after="2 * sum(x), -sum(x)",
    changes=Changes.ACCURACY,
)
def sum_of_scaled(node: Apply[Reduce], context: RewriteContext) -> Variable | None:
    """Scale the few sums rather than the many terms, by a number that makes none of them smaller.

    With another number the sum of terms that are not scaled yet might overflow.
    """
    return _scaled_sum(node, context, only_growing=True)


@canonical.rule(
    tracks=[Reduce],
    before="sum(c * x), sum(x / c), c the same along the axes",
    after="c * sum(x), sum(x) / c",
    changes=Changes.ACCURACY,
    default=False,
    overflows=True,
)
def sum_of_any_scaled(node: Apply[Reduce], context: RewriteContext) -> Variable | None:
    """The same for every factor: what is summed may overflow, and zero times that is NaN."""
    return _scaled_sum(node, context, only_growing=False)


def _scaled_sum(node: Apply, context: RewriteContext, *, only_growing: bool) -> Variable | None:
    op: Any = node.op
    x = node.inputs[0]
    if not adds_all(op, x) or not op.axes or not is_inexact(x):
        return None
    if op.dtype != dtype_of(x) or not context.has_one_reader(x):
        return None
    if row_of(x.owner) not in (*QUOTIENT_ROWS, scalar.neg):
        return None
    factors = product_factors(x, context)
    if factors is None:
        return None
    fixed = _of_ones(factors)
    if only_growing and abs(factors.coefficient()[0]) < factors.coefficient()[1]:
        return None
    for v, e in factors.kept().items():
        if not only_growing and _is_fixed_along(v, x, op.axes):
            fixed.times(v, e)
            del factors.exponents[v]
    if not factors.kept() or not _have_shape(factors, x):
        return None
    fixed.above, factors.above = factors.above, fixed.above
    fixed.below, factors.below = factors.below, fixed.below
    if not fixed.kept() and fixed.above == 1 and fixed.below == 1:
        return None
    if not keeps_range_of_product(factors, x, context):
        return None
    total = op(build_product(factors))
    outer = Factors(factors.dtype, fixed.above, fixed.below)
    outer.times(total, 1)
    for v, e in fixed.kept().items():
        outer.times(_without_axes(v, x, op.axes), e)
    made: Variable = build_product(outer)
    return made


def _of_ones(factors: Factors) -> Factors:
    one = type(factors.above)(1)
    return Factors(factors.dtype, one, one)


def _is_fixed_along(v: Any, x: Any, axes: tuple[int, ...]) -> bool:
    """Whether ``v``, a factor of ``x``, is the same all along the axes."""
    lead = x.ndim - v.ndim
    return all(a < lead or v.type.shape[a - lead] == 1 for a in axes)


def _have_shape(factors: Factors, x: Any) -> bool:
    """Whether one of the factors has all of the shape of ``x``."""
    kinds: list[Any] = [v.type for v in factors.kept()]
    return any(kind.broadcastable == x.type.broadcastable for kind in kinds)


def _without_axes(v: Any, x: Any, axes: tuple[int, ...]) -> Any:
    """``v`` without the axes of ``x`` that are reduced, along which it has length 1 or no axis."""
    lead = x.ndim - v.ndim
    return dimshuffle(v, *(i for i in range(v.ndim) if i + lead not in axes))


@canonical.rule(
    tracks=[Reduce],
    before="sum(second(x, v))",
    after="v * size(x), 0 of nothing",
    changes=Changes.DOMAIN,
)
def sum_of_fill(node: Apply[Reduce], context: RewriteContext) -> Variable | None:
    """Copies of one number are counted, not added."""
    op: Any = node.op
    x: Any = node.inputs[0]
    if not adds_all(op, x) or not op.axes:
        return None
    pair = operands(x, scalar.second)
    filled = made_by(x, Alloc)
    value = pair[1] if pair is not None else filled.inputs[0] if filled is not None else None
    if value is None:
        return None
    if not _is_fixed_along(value, x, op.axes):
        return None
    if filled is not None and not all(is_length(n) for n in filled.inputs[1:]):
        # Lengths that may be negative, or too large to be had, are for the allocation to refuse.
        return None
    single = _without_axes(value, x, op.axes)
    count: Any = as_tensor(np.ones((), op.dtype))
    for a in op.axes:
        # As numbers of this dtype: the product of two lengths may be no int64.
        count = T.mul(count, cast(shape_i(x, a), op.dtype))
    made: Variable = T.mul(cast(single, op.dtype), count)
    if _may_be_infinite(single) and not all(x.type.shape[a] for a in op.axes):
        # Infinity 0 times is NaN, and the sum of nothing 0.
        made = T.switch(T.eq(count, 0), np.zeros((), op.dtype), made)
    return made


def _may_be_infinite(v: Variable) -> bool:
    """Whether a value may be infinite or NaN."""
    value = uniform(v)
    return is_inexact(v) and (value is None or not np.isfinite(value))
