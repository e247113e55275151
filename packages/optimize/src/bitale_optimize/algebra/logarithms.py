"""The logarithm of a positive expression, from the logarithms of what it is made of."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from bitale_graph import language as T
from bitale_graph.extend import (
    AdvancedSubtensor,
    AdvancedSubtensor1,
    Apply,
    Dimshuffle,
    Elementwise,
    Join,
    LogSoftmax,
    Reduce,
    Reshape,
    ShapeI,
    SpecifyShape,
    Subtensor,
    TakeAlongAxis,
    Variable,
    cast,
    is_cast,
    keep_axes,
    scalar,
)

from ..facts.forms import (
    adds_all,
    dtype_of,
    is_softmax,
    is_uniform,
    kind_of,
    operands,
    row_of,
    uniform,
)

DEEPEST = 12
"""Levels that are looked through: expressions of probabilities are no deeper."""
_READS = (Subtensor, AdvancedSubtensor1, AdvancedSubtensor, TakeAlongAxis)
_MOVES = (*_READS, Dimshuffle, Reshape, SpecifyShape)


class Log(NamedTuple):
    """A logarithm.

    Attributes
    ----------
    value : Variable
    is_stable : bool
        Whether it is finite where the logarithm as written may not be.
    is_unbounded : bool
        Whether what it is the logarithm of may overflow.
    is_summed : bool
        Whether it is that of a sum.
    is_signed : bool
        Whether what it is the logarithm of may be negative. Of such a part none of a product or a
        power is taken: two signs cancel there.
    """

    value: Any
    is_stable: bool = True
    is_unbounded: bool = False
    is_summed: bool = False
    is_signed: bool = False


def logarithm(v: Variable, depth: int = DEEPEST) -> Log | None:
    """``log(v)`` without computing v; None where no such form is known."""
    value = uniform(v)
    if value is not None:
        is_plain = v.type.ndim == 0 and kind_of(v) == "f" and value > 0
        return Log(np.log(value), is_stable=False) if is_plain or _is_number(v, value) else None
    node = v.owner
    if node is None or kind_of(v) != "f" or not depth:
        return None
    if _is_count(v):
        return Log(T.log(v), is_stable=False)
    if is_softmax(v):
        x = node.inputs[0]
        return Log(LogSoftmax()(x))
    if type(node.op) in _MOVES:
        inner = logarithm(node.inputs[0], depth - 1)
        return inner and inner._replace(value=node.op(inner.value, *node.inputs[1:]))
    if type(node.op) is Join:
        return _of_parts(node, node.inputs, depth, lambda parts: node.op(*parts))
    if type(node.op) is Reduce:
        return _of_reduction(node, depth)
    if not isinstance(node.op, Elementwise):
        return None
    if is_cast(node.op.scalar_op):
        inner = logarithm(node.inputs[0], depth - 1) if kind_of(node.inputs[0]) == "f" else None
        return inner and inner._replace(value=cast(inner.value, dtype_of(v)))
    rule = _ROWS.get(node.op.scalar_op)
    return None if rule is None else rule(node, depth)


def _is_count(v: Variable) -> bool:
    """Whether v is a number of elements: a length, or a product of such."""
    if not all(v.type.broadcastable):
        return False
    stack = [v]
    while stack:
        node = stack.pop().owner
        if node is None:
            return False
        row = row_of(node)
        if row is scalar.mul or type(node.op) is Dimshuffle or (row and is_cast(row)):
            stack.extend(node.inputs)
        elif type(node.op) is not ShapeI:
            return False
    return True


def _is_number(v: Variable, value: Any) -> bool:
    """Whether a fill is of a positive number; it is stretched by what it meets."""
    return kind_of(v) == "f" and bool(value > 0) and all(v.type.broadcastable)


def _of_parts(
    node: Apply, parts: list[Variable], depth: int, combine: Callable[[list[Any]], Any]
) -> Log | None:
    """Of what only moves or chooses elements, some of which have such a logarithm."""
    found = [logarithm(u, depth - 1) for u in parts]
    if not any(f is not None and f.is_stable for f in found):
        return None
    values = [T.log(u) if f is None else f.value for u, f in zip(parts, found, strict=True)]
    kept = [f for f in found if f is not None]
    return Log(
        combine(values),
        True,
        any(f.is_unbounded for f in kept),
        is_signed=any(f.is_signed for f in kept),
    )


def _of_reduction(node: Apply, depth: int) -> Log | None:
    op: Any = node.op
    x: Any = node.inputs[0]
    if op.dtype != x.type.dtype or not op.axes or any(x.type.shape[a] == 0 for a in op.axes):
        return None
    inner = logarithm(x, depth - 1)
    if inner is None or not inner.is_stable or inner.is_signed:
        return None
    if op.scalar_op in (scalar.maximum, scalar.minimum):
        return inner._replace(value=op(inner.value))
    if not adds_all(op, x):
        return None
    return Log(log_sum_exp(inner.value, op), not _is_shifted(inner.value), True, True)


def log_sum_exp(x: Any, op: Any) -> Any:
    """``log(op(exp(x)))`` for a sum, less the largest element unless that is infinite."""
    dtype = x.type.dtype
    # Of no elements the sum is 0, which is no error.
    largest: Any = Reduce(scalar.maximum, op.axes, dtype, dtype, allows_empty=True)(x)
    largest = keep_axes(largest, op.axes, x.ndim)
    shift = T.switch(T.isinf(largest), np.zeros((), dtype), largest)
    summed = T.log(op(T.exp(T.sub(x, shift))))
    return T.add(summed, shift.dimshuffle(*(a for a in range(x.ndim) if a not in op.axes)))


def _is_shifted(x: Variable) -> bool:
    """Whether something of the size of x is subtracted already: a largest element, or a choice."""
    while (fill := operands(x, scalar.second)) is not None:
        x = fill[1]
    parts = operands(x, scalar.sub)
    if parts is None:
        return False
    shift: Any = parts[1]
    while shift.owner is not None and type(shift.owner.op) is not Reduce:
        if operands(shift, scalar.switch) is not None:
            shift = shift.owner.inputs[2]
        elif type(shift.owner.op) is Dimshuffle:
            shift = shift.owner.inputs[0]
        else:
            return False
    return shift.owner is not None and shift.owner.op.scalar_op is scalar.maximum


def _exp(node: Apply, depth: int) -> Log | None:
    x = node.inputs[0]
    return Log(x, not is_clipped(x), True)


def is_clipped(x: Variable) -> bool:
    """Whether x is a number or kept in a range by one, as what is made here is."""
    if uniform(x) is not None:
        return True
    for row in (scalar.minimum, scalar.maximum):
        parts = operands(x, row)
        if parts is not None and any(uniform(p) is not None for p in parts):
            return True
    return False


def _product(node: Apply, depth: int) -> Log | None:
    found = [logarithm(u, depth - 1) for u in node.inputs]
    if row_of(node) is scalar.mul and None in found:
        return _masked(node, found)
    known = [f for f in found if f is not None]
    if len(known) < len(found) or not any(f.is_stable for f in known):
        return None
    if any(f.is_signed for f in known):
        return None
    row = row_of(node)
    combine = T.add if row is scalar.mul else T.sub
    return Log(combine(*(f.value for f in known)), True, True)


def _masked(node: Apply, found: list[Log | None]) -> Log | None:
    """Of what is multiplied by a condition: minus infinity where that is false."""
    for inner, mask in zip(found, node.inputs[::-1], strict=True):
        if inner is not None and inner.is_stable and is_mask(mask):
            return inner._replace(value=where(mask, inner.value))
    return None


def is_mask(v: Variable) -> bool:
    """Whether v is a condition as numbers, 0 and 1."""
    while v.owner is not None and _only_shapes(v.owner):
        v = v.owner.inputs[0]
    return kind_of(v) == "b"


def where(mask: Any, x: Any) -> Any:
    """x, and minus infinity where a mask is 0."""
    return T.switch(T.neq(mask, 0), x, np.asarray(-np.inf, dtype_of(x)))


def _only_shapes(node: Apply) -> bool:
    return type(node.op) is Dimshuffle or (
        isinstance(node.op, Elementwise) and is_cast(node.op.scalar_op)
    )


def _power(node: Apply, depth: int) -> Log | None:
    inner = logarithm(node.inputs[0], depth - 1)
    row = row_of(node)
    exponents: dict[Any, Any] = {scalar.sqr: 2, scalar.sqrt: 0.5, scalar.inv: -1}
    exponent = exponents.get(row)
    if row is scalar.pow:
        exponent = uniform(node.inputs[1])
    if inner is None or not inner.is_stable or inner.is_signed or exponent is None:
        return None
    scaled = T.mul(inner.value, np.asarray(exponent, dtype_of(node.outputs[0])))
    return Log(scaled, True, inner.is_unbounded or exponent < 0, inner.is_summed)


def _sum(node: Apply, depth: int) -> Log | None:
    found = [logarithm(u, depth - 1) for u in node.inputs]
    known = [f for f in found if f is not None]
    if len(known) < len(found) or not any(f.is_stable and f.is_unbounded for f in known):
        return None
    if any(f.is_signed for f in known):
        return None
    a, b = (f.value for f in known)
    return Log(log_add_exp(a, b), True, True, True)


def log_add_exp(a: Any, b: Any) -> Any:
    """``log(exp(a) + exp(b))``; where both are one infinity their difference is not taken."""
    if not isinstance(a, Variable):
        a, b = b, a
    if not isinstance(b, Variable) and b == 0:
        return T.softplus(a)
    apart = T.switch(T.eq(a, b), 0, T.abs_(T.sub(a, b)))
    return T.add(T.maximum(a, b), T.softplus(T.neg(apart)))


def _complement(node: Apply, depth: int) -> Log | None:
    """Of 1 - u, for a u that may round to 1."""
    one, u = node.inputs
    return _log_of_complement(u) if is_uniform(one, 1) else None


def _log_of_complement(u: Variable) -> Log | None:
    """Of 1 - u, or of that moved."""
    moves: list[Apply] = []
    while u.owner is not None and type(u.owner.op) in _MOVES:
        moves.append(u.owner)
        u = u.owner.inputs[0]
    found = _log_of_plain_complement(u)
    for move in reversed(moves):
        found = found and found._replace(value=move.op(found.value, *move.inputs[1:]))
    return found


def _log_of_plain_complement(u: Variable) -> Log | None:
    inside = operands(u, scalar.exp)
    if inside is not None:
        if is_clipped(inside[0]):
            return None
        return Log(log_one_minus_exp(inside[0]), is_signed=True)
    inside = operands(u, scalar.sigmoid)
    if inside is not None:
        return Log(T.neg(T.softplus(inside[0])))
    inside = operands(u, scalar.tanh)
    if inside is not None:
        return Log(_log_of_shifted_tanh(inside[0], 2))
    inside = operands(u, scalar.erf)
    return None if inside is None or is_clipped(inside[0]) else Log(log_erfc(inside[0]))


def _log_of_shifted_tanh(x: Any, factor: int) -> Any:
    """``log(1 - tanh(x))`` for the factor 2, ``log(1 + tanh(x))`` for -2."""
    dtype = dtype_of(x)
    double = T.mul(x, np.asarray(factor, dtype))
    return T.sub(np.asarray(math.log(2), dtype), T.softplus(double))


def _plus(node: Apply, depth: int) -> Log | None:
    """Of 1 + u: a sum, or the complement of -u."""
    for one, u in (node.inputs, node.inputs[::-1]):
        if is_uniform(one, 1):
            tanh, erf, negative = (operands(u, r) for r in (scalar.tanh, scalar.erf, scalar.neg))
            if tanh is not None:
                return Log(_log_of_shifted_tanh(tanh[0], -2))
            if erf is not None and not is_clipped(erf[0]):
                return Log(log_erfc(T.neg(erf[0])))
            if negative is not None:
                return _log_of_complement(negative[0])
    return _sum(node, depth)


def _negative(node: Apply, depth: int) -> Log | None:
    inside = operands(node.inputs[0], scalar.expm1)
    if inside is not None:
        if is_clipped(inside[0]):
            return None
        return Log(log_one_minus_exp(inside[0]), is_signed=True)
    parts = operands(node.inputs[0], scalar.sub)
    if parts is None or not is_uniform(parts[1], 1):
        return None
    return _log_of_complement(parts[0])


def _expm1(node: Apply, depth: int) -> Log | None:
    x: Any = node.inputs[0]
    if is_clipped(x):
        return None
    return Log(T.add(x, log_one_minus_exp(T.neg(x))), is_signed=True)


def log_one_minus_exp(x: Any) -> Any:
    """``log(1 - exp(x))`` for negative x, without loss on either side of -log(2).

    M. Maechler, Accurately computing log(1 - exp(-|a|)) (2012).
    """
    edge = np.asarray(-math.log(2), dtype_of(x))
    near = T.log(T.neg(T.expm1(T.maximum(x, edge))))
    far = T.log1p(T.neg(T.exp(T.minimum(x, edge))))
    return T.switch(T.gt(x, edge), near, far)


def _erfc(node: Apply, depth: int) -> Log | None:
    x = node.inputs[0]
    return None if is_clipped(x) else Log(log_erfc(x))


def far_of_erfc(x: Any) -> tuple[Any, Any]:
    """Where the asymptotic series of erfc begins, and that: ``x sqrt(pi) exp(x**2) erfc(x)``.

    M. Abramowitz and I. A. Stegun, Handbook of Mathematical Functions (1964), 7.1.23: 1 - z +
    3 z**2 - 15 z**3 + ... with z = 1 / (2 x**2); the error is below that of rounding.
    """
    dtype = dtype_of(x)
    edge = np.asarray(9.0 if dtype == "float32" else 25.0, dtype)
    z = T.true_div(np.asarray(0.5, dtype), T.sqr(T.maximum(x, edge)))
    series: Any = np.asarray(1, dtype)
    for n in (9, 7, 5, 3, 1):
        series = T.sub(np.asarray(1, dtype), T.mul(T.mul(z, np.asarray(n, dtype)), series))
    return edge, series


def log_erfc(x: Any) -> Any:
    """``log(erfc(x))``: by erf below 1, and by a series where erfc underflows."""
    dtype = dtype_of(x)
    one = np.asarray(1, dtype)
    edge, series = far_of_erfc(x)
    near = T.log1p(T.neg(T.erf(T.minimum(x, one))))
    between = T.log(T.erfc(T.maximum(T.minimum(x, edge), one)))
    size = T.maximum(x, edge)
    root = np.asarray(math.sqrt(math.pi), dtype)
    far = T.sub(T.log(T.true_div(series, T.mul(size, root))), T.sqr(size))
    return T.switch(T.lt(x, one), near, T.switch(T.lt(x, edge), between, far))


def inverse_erfcx(x: Any) -> Any:
    """``exp(-x**2) / erfc(x)``, which grows as x sqrt(pi) where both underflow."""
    edge, series = far_of_erfc(x)
    near = T.minimum(x, edge)
    root = np.asarray(math.sqrt(math.pi), dtype_of(x))
    far = T.true_div(T.mul(T.maximum(x, edge), root), series)
    return T.switch(T.lt(x, edge), T.true_div(T.exp(T.neg(T.sqr(near))), T.erfc(near)), far)


def _choice(node: Apply, depth: int) -> Log | None:
    condition, *branches = node.inputs
    return _of_parts(node, branches, depth, lambda parts: T.switch(condition, *parts))


def _extremum(node: Apply, depth: int) -> Log | None:
    """The logarithm keeps the order of positive numbers."""
    found = [logarithm(u, depth - 1) for u in node.inputs]
    known = [f for f in found if f is not None]
    if len(known) < len(found) or not any(f.is_stable for f in known):
        return None
    values = [f.value for f in known]
    return Log(
        node.op(
            *(
                np.asarray(a, dtype_of(node.outputs[0])) if not isinstance(a, Variable) else a
                for a in values
            )
        ),
        True,
        True,
    )


def _fill(node: Apply, depth: int) -> Log | None:
    inner = logarithm(node.inputs[1], depth - 1)
    return inner and inner._replace(value=T.second(node.inputs[0], inner.value))


_ROWS: dict[Any, Callable[[Apply, int], Log | None]] = {
    scalar.exp: _exp,
    scalar.sigmoid: lambda node, depth: Log(T.neg(T.softplus(T.neg(node.inputs[0])))),
    scalar.erfc: _erfc,
    scalar.mul: _product,
    scalar.true_div: _product,
    scalar.inv: _power,
    scalar.sqr: _power,
    scalar.sqrt: _power,
    scalar.pow: _power,
    scalar.add: _plus,
    scalar.sub: _complement,
    scalar.neg: _negative,
    scalar.expm1: _expm1,
    scalar.switch: _choice,
    scalar.maximum: _extremum,
    scalar.minimum: _extremum,
    scalar.second: _fill,
}
