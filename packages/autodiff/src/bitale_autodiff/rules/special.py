"""Derivatives of special functions; see `scalar` for what a rule takes.

By orders and shapes (the ``v`` of ``jv``, the ``a`` of ``gammainc``) they are not written down.
Abramowitz and Stegun, chapters 6, 7, 9 and 15; for `owens_t`, Owen, Ann. Math. Stat. 27 (1956).
"""

from __future__ import annotations

import math
from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import Elementwise
from bitale_graph.extend import scalar as s

from ..zero import grad_not_implemented
from .scalar import TWO_OVER_ROOT_PI, vjp

_HALF_ROOT_PI = math.sqrt(math.pi) / 2
_ROOT_TWO = math.sqrt(2)


def _unwritten(op: Any, position: int, operand: Any) -> Any:
    """In the place of a derivative that nobody has written."""
    words = "there is no closed form that bitale has; make it a constant, or use numeric_grad"
    return grad_not_implemented(Elementwise(op), position, operand, words)


# Error functions
vjp(s.erfcx)(lambda x, y, ct: (ct * (2 * x * y - TWO_OVER_ROOT_PI),))
vjp(s.erfinv)(lambda x, y, ct: (ct * (T.exp(T.sqr(y)) * _HALF_ROOT_PI),))
vjp(s.erfcinv)(lambda x, y, ct: (ct * (T.exp(T.sqr(y)) * -_HALF_ROOT_PI),))


@vjp(s.ndtri_exp)
def ndtri_exp_vjp(x: Any, y: Any, ct: Any) -> tuple[Any]:
    """exp(x) is the distribution function at y: dy = exp(x) dx / density(y)."""
    return (ct * (T.exp(x + T.sqr(y) / 2) * math.sqrt(2 * math.pi)),)


@vjp(s.owens_t)
def owens_t_vjp(h: Any, a: Any, y: Any, ct: Any) -> tuple[Any, Any]:
    """T(h, a) = int_0^a exp(-h**2 (1 + x**2) / 2) / (1 + x**2) dx / (2 pi)."""
    squares = T.sqr(h)
    by_h = T.exp(squares / -2) * T.erf(a * h / _ROOT_TWO) / (-2 * math.sqrt(2 * math.pi))
    widened = 1 + T.sqr(a)
    return ct * by_h, ct * (T.exp(squares * widened / -2) / (2 * math.pi * widened))


# The gamma function
vjp(s.gamma)(lambda x, y, ct: (ct * (y * T.psi(x)),))
vjp(s.gammaln)(lambda x, y, ct: (ct * T.psi(x),))
vjp(s.psi)(lambda x, y, ct: (ct * T.tri_gamma(x),))
vjp(s.tri_gamma)(lambda x, y, ct: (ct * T.polygamma(2, x),))
vjp(s.polygamma)(lambda n, x, y, ct: (_unwritten(s.polygamma, 0, n), ct * T.polygamma(n + 1, x)))
vjp(s.gammainc)(lambda a, x, y, ct: (_unwritten(s.gammainc, 0, a), ct * _gamma_density(a, x)))
vjp(s.gammaincc)(lambda a, x, y, ct: (_unwritten(s.gammaincc, 0, a), -ct * _gamma_density(a, x)))
vjp(s.gammaincinv)(lambda a, p, y, ct: (_unwritten(s.gammaincinv, 0, a), ct / _gamma_density(a, y)))
vjp(s.gammainccinv)(
    lambda a, p, y, ct: (_unwritten(s.gammainccinv, 0, a), -ct / _gamma_density(a, y))
)


def _gamma_density(a: Any, x: Any) -> Any:
    """exp(-x) x**(a - 1) / gamma(a), where powers would overflow too."""
    return T.exp(T.xlogy0(a - 1, x) - x - T.gammaln(a))


@vjp(s.beta)
def beta_vjp(a: Any, b: Any, y: Any, ct: Any) -> tuple[Any, Any]:
    """D B / B = psi(a) da + psi(b) db - psi(a + b) (da + db)."""
    both = T.psi(a + b)
    scaled = ct * y
    return scaled * (T.psi(a) - both), scaled * (T.psi(b) - both)


@vjp(s.betaln)
def betaln_vjp(a: Any, b: Any, y: Any, ct: Any) -> tuple[Any, Any]:
    """As `beta_vjp`, of the logarithm."""
    both = T.psi(a + b)
    return ct * (T.psi(a) - both), ct * (T.psi(b) - both)


@vjp(s.betainc)
def betainc_vjp(a: Any, b: Any, x: Any, y: Any, ct: Any) -> tuple[Any, Any, Any]:
    """The density of the beta distribution."""
    density = T.exp(T.xlogy0(a - 1, x) + T.xlog1py(b - 1, -x) - T.betaln(a, b))
    return _unwritten(s.betainc, 0, a), _unwritten(s.betainc, 1, b), ct * density


@vjp(s.poch)
def poch_vjp(x: Any, m: Any, y: Any, ct: Any) -> tuple[Any, Any]:
    """The quotient of gamma(x + m) and gamma(x)."""
    above = T.psi(x + m)
    return ct * y * (above - T.psi(x)), ct * y * above


@vjp(s.hyp2f1)
def hyp2f1_vjp(a: Any, b: Any, c: Any, x: Any, y: Any, ct: Any) -> tuple[Any, ...]:
    """The series term by term."""
    by_x = a * b / c * T.hyp2f1(a + 1, b + 1, c + 1, x)
    return (*(_unwritten(s.hyp2f1, i, v) for i, v in enumerate((a, b, c))), ct * by_x)


# Cylinder functions
vjp(s.j0)(lambda x, y, ct: (-ct * T.j1(x),))
vjp(s.i0)(lambda x, y, ct: (ct * T.i1(x),))
vjp(s.j1)(lambda x, y, ct: (ct * (T.j0(x) - _over_x(x, y, -1.0)),))
vjp(s.i1)(lambda x, y, ct: (ct * (T.i0(x) - _over_x(x, y, 1.0)),))


def _over_x(x: Any, y: Any, sign: float) -> Any:
    """j1(x) / x or i1(x) / x; near 0 its series, so that its derivatives do not cancel."""
    t = T.sqr(x) * (sign / 4)
    series = 0.5 * (1 + t / 2 * (1 + t / 6 * (1 + t / 12 * (1 + t / 20))))
    near = T.lt(T.abs_(x), 0.1)
    return T.switch(near, series, y / T.switch(near, 1, x))


@vjp(s.jv)
def jv_vjp(v: Any, x: Any, y: Any, ct: Any) -> tuple[Any, Any]:
    """Orders on both sides."""
    return _unwritten(s.jv, 0, v), ct * ((T.jv(v - 1, x) - T.jv(v + 1, x)) * 0.5)


@vjp(s.iv)
def iv_vjp(v: Any, x: Any, y: Any, ct: Any) -> tuple[Any, Any]:
    """Orders on both sides."""
    return _unwritten(s.iv, 0, v), ct * ((T.iv(v - 1, x) + T.iv(v + 1, x)) * 0.5)


@vjp(s.ive)
def ive_vjp(v: Any, x: Any, y: Any, ct: Any) -> tuple[Any, Any]:
    """As `iv_vjp`, and of exp(-abs(x))."""
    sides = (T.ive(v - 1, x) + T.ive(v + 1, x)) * 0.5
    return _unwritten(s.ive, 0, v), ct * (sides - T.sgn(x) * y)


@vjp(s.kv)
def kv_vjp(v: Any, x: Any, y: Any, ct: Any) -> tuple[Any, Any]:
    """Orders on both sides."""
    return _unwritten(s.kv, 0, v), ct * ((T.kv(v - 1, x) + T.kv(v + 1, x)) * -0.5)


@vjp(s.kve)
def kve_vjp(v: Any, x: Any, y: Any, ct: Any) -> tuple[Any, Any]:
    """As `kv_vjp`, and of exp(x)."""
    sides = (T.kve(v - 1, x) + T.kve(v + 1, x)) * -0.5
    return _unwritten(s.kve, 0, v), ct * (sides + y)
