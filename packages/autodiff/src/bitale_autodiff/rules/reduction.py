"""Reductions: the cotangent goes back along the reduced axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bitale_graph import config
from bitale_graph import language as T
from bitale_graph.extend import Reduce, accumulator_dtype, keep_axes
from bitale_graph.extend import scalar as s

from ..choices import Chosen, ties_are_whole
from ..table import jvps, reduction_vjps, vjps
from ..walker import cotangent_dtype
from ..zero import ZERO


@vjps.define(Reduce)
def reduce_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]
) -> list[Any]:
    """Choose by the scalar op that is reduced with."""
    (x,), (y,), (ct,) = inputs, outputs, cotangents
    kept = keep_axes(T.cast(ct, cotangent_dtype(x)), op.axes, x.ndim)
    return [reduction_vjps[op.scalar_op](x, keep_axes(y, op.axes, x.ndim), op.axes, kept)]


@jvps.define(Reduce)
def reduce_jvp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], tangents: Sequence[Any]
) -> list[Any]:
    """Add up what the rule gives for each element, which takes its tangent for a cotangent.

    Several largest elements always share: the tangents of all of them would add up to several.
    """
    (x,), (y,), (t,) = inputs, outputs, tangents
    with config.change_flags(gradient_at_ties="shared"):
        term = reduction_vjps[op.scalar_op](x, keep_axes(y, op.axes, x.ndim), op.axes, t)
    if term is ZERO:
        return [ZERO]
    ct = term.ct if isinstance(term, Chosen) else term
    return [T.sum(ct, axis=op.axes, dtype=y.dtype, acc_dtype=accumulator_dtype(y.dtype))]


@reduction_vjps.define(s.add)
def sum_vjp(x: Any, y: Any, axes: tuple[int, ...], ct: Any) -> Any:
    """``ct`` in the shape of ``x``; only the shape of ``x`` is read."""
    is_full = all(n != 1 or m == 1 for n, m in zip(ct.type.shape, x.type.shape, strict=True))
    return ct if is_full else T.second(x, ct)


@reduction_vjps.define(s.maximum, s.minimum, s.fmax, s.fmin)
def extremum_vjp(x: Any, y: Any, axes: tuple[int, ...], ct: Any) -> Any:
    """Share the cotangent equally among the largest (or smallest); a NaN passes nothing.

    By `config.gradient_at_ties` each of them has it whole.
    """
    chosen = T.eq(x, y)
    if ties_are_whole():
        return Chosen(T.second(x, ct), chosen, True)
    count = T.sum(T.cast(chosen, ct.dtype), axis=axes, keepdims=True)
    return Chosen(T.switch(chosen, ct / count, 0), chosen, True, is_due=False)


@reduction_vjps.define(s.mul)
def product_vjp(x: Any, y: Any, axes: tuple[int, ...], ct: Any) -> Any:
    """The product of the other elements: right to third order, with any number of zeros.

    Let p be the product of the elements that are not zero, s the sum of those that are, and q that
    of their squares: both have the value 0, but derivatives. The nonzero ones among the others of x
    multiply to p / x or, if x is zero itself, to p. The zeros among them multiply to 1 (there is
    none), to their sum (one) or to half of its square less their squares (two); what is left out
    vanishes to third order.
    """
    x = T.cast(x, ct.dtype)
    is_zero = T.eq(x, 0)
    nonzero = T.switch(is_zero, 1, x)
    others = T.prod(nonzero, axis=axes, keepdims=True) / nonzero
    # Of each element: what it has of the zeros; and of all but itself how many, and the sums.
    mine, counted = T.switch(is_zero, x, 0), T.cast(is_zero, x.dtype)
    count = T.sum(counted, axis=axes, keepdims=True) - counted
    one = T.sum(mine, axis=axes, keepdims=True) - mine
    squares = T.sum(T.sqr(mine), axis=axes, keepdims=True) - T.sqr(mine)
    two = (T.sqr(one) - squares) * 0.5
    among_zeros = T.switch(T.eq(count, 0), 1, T.switch(T.eq(count, 1), one, two))
    return ct * (others * T.switch(T.gt(count, 2), 0, among_zeros))


# Bits and truth values do not move with the numbers.
reduction_vjps.define(s.and_, s.or_)(lambda x, y, axes, ct: ZERO)
