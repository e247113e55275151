"""Derivatives of the scalar ops; a rule takes the operands, the result ``y``, its cotangent ``ct``.

A formula uses ``y`` where that saves work. Python numbers are weak, so everything stays in the
dtype of the operands.
"""

from __future__ import annotations

import math
from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import Constant
from bitale_graph.extend import scalar as s

from ..choices import Chosen, ties_are_whole
from ..table import scalar_vjps
from ..zero import ZERO

vjp = scalar_vjps.define

_LN2 = math.log(2.0)
_LN10 = math.log(10.0)
TWO_OVER_ROOT_PI = 2.0 / math.sqrt(math.pi)

# Arithmetic
vjp(s.add)(lambda a, b, y, ct: (ct, ct))
vjp(s.sub)(lambda a, b, y, ct: (ct, -ct))
vjp(s.mul)(lambda a, b, y, ct: (ct * b, ct * a))
vjp(s.int_div)(lambda a, b, y, ct: (ZERO, ZERO))
vjp(s.neg)(lambda x, y, ct: (-ct,))
vjp(s.inv)(lambda x, y, ct: (-ct * T.sqr(y),))
vjp(s.sqr)(lambda x, y, ct: (ct * (2 * x),))
vjp(s.abs_)(lambda x, y, ct: (ct * T.sgn(x),))  # of complex numbers too: x / y
vjp(s.identity)(lambda x, y, ct: (ct,))


@vjp(s.true_div)
def true_div_vjp(a: Any, b: Any, y: Any, ct: Any) -> tuple[Any, Any]:
    """D (a / b) = da / b - (a / b) db / b."""
    da = ct / b
    return da, -da * y


@vjp(s.mod)
def mod_vjp(a: Any, b: Any, y: Any, ct: Any) -> tuple[Any, Any]:
    """Differentiate ``a - b floor(a / b)``, where the floor stands still."""
    return ct, -ct * T.int_div(a, b)


@vjp(s.pow)
def pow_vjp(x: Any, p: Any, y: Any, ct: Any) -> tuple[Any, Any]:
    """D x**p = p x**(p-1) dx + x**p log(x) dp; at 0**0 both are 0, never NaN, to any order."""
    is_zero = T.eq(x, 0)
    log = T.log(T.switch(is_zero, 1, x))
    return _pow_by_base(x, p, ct), ct * T.switch(is_zero, 0, y * log)


def _pow_by_base(x: Any, p: Any, ct: Any) -> Any:
    n = _uniform(p)
    if n is None:
        # 1 in place of a zero exponent: 0**-1 would be infinite, and infinity times p is NaN.
        return ct * (p * T.pow(x, T.switch(T.eq(p, 0), 1, p) - 1))
    if n == 0:
        return ZERO
    if n == 1:
        return ct
    if n == 2:
        return ct * (2 * x)
    return ct * (n * (T.sqr(x) if n == 3 else T.pow(x, n - 1)))


def _uniform(p: Any) -> float | None:
    """The real number that all elements of a constant have in common."""
    if not isinstance(p, Constant) or p.data.size == 0:
        return None
    first = p.data.flat[0]
    return float(first.real) if first.imag == 0 and (p.data == first).all() else None


@vjp(s.maximum)
def maximum_vjp(a: Any, b: Any, y: Any, ct: Any) -> tuple[Any, Any]:
    """The larger one; equal ones have half each, by `config.gradient_at_ties`."""
    return _shared(T.ge(a, b), T.gt(a, b), T.eq(a, b), ct)


@vjp(s.minimum)
def minimum_vjp(a: Any, b: Any, y: Any, ct: Any) -> tuple[Any, Any]:
    """The smaller one; equal ones have half each."""
    return _shared(T.le(a, b), T.lt(a, b), T.eq(a, b), ct)


@vjp(s.fmax)
def fmax_vjp(a: Any, b: Any, y: Any, ct: Any) -> tuple[Any, Any]:
    """As `maximum_vjp`, but that a NaN has nothing where the other is a number."""
    return _shared(T.or_(T.ge(a, b), T.isnan(b)), T.or_(T.gt(a, b), T.isnan(b)), T.eq(a, b), ct)


@vjp(s.fmin)
def fmin_vjp(a: Any, b: Any, y: Any, ct: Any) -> tuple[Any, Any]:
    """As `minimum_vjp`, but that a NaN has nothing where the other is a number."""
    return _shared(T.or_(T.le(a, b), T.isnan(b)), T.or_(T.lt(a, b), T.isnan(b)), T.eq(a, b), ct)


def _shared(first: Any, not_second: Any, equal: Any, ct: Any) -> tuple[Any, Any]:
    if ties_are_whole():
        return Chosen(ct, first, True), Chosen(ct, first, False)
    ct = T.switch(equal, 0.5 * ct, ct)
    return Chosen(ct, first, True), Chosen(ct, not_second, False)


@vjp(s.copysign)
def copysign_vjp(a: Any, b: Any, y: Any, ct: Any) -> tuple[Any, Any]:
    """The slope is -1 where the sign changes, as at -0.0."""
    return ct * T.copysign(1, a) * T.copysign(1, b), ZERO


# Step functions
vjp(s.ceil, s.floor, s.trunc, s.round_half_to_even)(lambda x, y, ct: (ZERO,))

# Powers and logarithms
vjp(s.sqrt)(lambda x, y, ct: (ct * 0.5 / y,))
vjp(s.exp)(lambda x, y, ct: (ct * y,))
vjp(s.exp2)(lambda x, y, ct: (ct * (y * _LN2),))
vjp(s.expm1)(lambda x, y, ct: (ct * (y + 1),))
vjp(s.log)(lambda x, y, ct: (ct / x,))
vjp(s.log2)(lambda x, y, ct: (ct / (x * _LN2),))
vjp(s.log10)(lambda x, y, ct: (ct / (x * _LN10),))
vjp(s.log1p)(lambda x, y, ct: (ct / (x + 1),))
vjp(s.cbrt)(lambda x, y, ct: (ct / (3 * T.sqr(y)),))


@vjp(s.hypot)
def hypot_vjp(a: Any, b: Any, y: Any, ct: Any) -> tuple[Any, Any]:
    """(a da + b db) / y; nothing where both are 0."""
    scale = T.switch(T.eq(y, 0), 1, y)
    return ct * (a / scale), ct * (b / scale)


@vjp(s.logaddexp)
def logaddexp_vjp(a: Any, b: Any, y: Any, ct: Any) -> tuple[Any, Any]:
    """The share that each has of the sum; half where both are infinite."""
    difference = T.switch(T.eq(a, b), 0, a - b)
    return ct * T.sigmoid(difference), ct * T.sigmoid(-difference)


# Trigonometric and hyperbolic; (1 - x) (1 + x) keeps the digits that 1 - x**2 loses near 1.
vjp(s.sin)(lambda x, y, ct: (ct * T.cos(x),))
vjp(s.cos)(lambda x, y, ct: (-ct * T.sin(x),))
vjp(s.tan)(lambda x, y, ct: (ct * (1 + T.sqr(y)),))
vjp(s.arcsin)(lambda x, y, ct: (ct / T.sqrt((1 - x) * (1 + x)),))
vjp(s.arccos)(lambda x, y, ct: (-ct / T.sqrt((1 - x) * (1 + x)),))
vjp(s.arctan)(lambda x, y, ct: (ct / (1 + T.sqr(x)),))
vjp(s.sinh)(lambda x, y, ct: (ct * T.cosh(x),))
vjp(s.cosh)(lambda x, y, ct: (ct * T.sinh(x),))
vjp(s.tanh)(lambda x, y, ct: (ct * (1 - T.sqr(y)),))
vjp(s.arcsinh)(lambda x, y, ct: (ct / T.sqrt(1 + T.sqr(x)),))
# Not one root: of complex numbers it may have the other sign.
vjp(s.arccosh)(lambda x, y, ct: (ct / (T.sqrt(x - 1) * T.sqrt(x + 1)),))
vjp(s.arctanh)(lambda x, y, ct: (ct / ((1 - x) * (1 + x)),))


@vjp(s.arctan2)
def arctan2_vjp(a: Any, b: Any, y: Any, ct: Any) -> tuple[Any, Any]:
    """The angle of the point (b, a): d = (b da - a db) / (a**2 + b**2)."""
    scaled = ct / (T.sqr(a) + T.sqr(b))
    return scaled * b, -scaled * a


# Sigmoids and the error function
vjp(s.sigmoid)(lambda x, y, ct: (ct * (y * (1 - y)),))
vjp(s.softplus)(lambda x, y, ct: (ct * T.sigmoid(x),))
vjp(s.erf)(lambda x, y, ct: (ct * (T.exp(-T.sqr(x)) * TWO_OVER_ROOT_PI),))
vjp(s.erfc)(lambda x, y, ct: (ct * (T.exp(-T.sqr(x)) * -TWO_OVER_ROOT_PI),))

# Choice: the condition is discrete, and ``second`` reads the shape alone of its first operand.
vjp(s.switch)(
    lambda condition, a, b, y, ct: (ZERO, Chosen(ct, condition, True), Chosen(ct, condition, False))
)
vjp(s.second)(lambda a, b, y, ct: (None, ct))
