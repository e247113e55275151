"""The NumPy meaning of special functions: SciPy's, imported when a value is computed.

What SciPy loses digits of, or says otherwise in another version, is put right here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .scalar import Array


def special(name: str) -> Callable[..., Array]:
    """The function of `scipy.special` of this name; an `ImportError` where it is not installed."""

    def compute(*operands: Array) -> Array:
        # SciPy has no wider functions.
        given = (
            x.astype(np.float64) if x.dtype == np.longdouble else x
            for x in map(np.asarray, operands)
        )
        return _as(operands[-1], getattr(_scipy_special(name), name)(*given))

    return compute


def special_of_numbers(name: str) -> Callable[..., Array]:
    """`special`, and NaN of NaN: SciPy before 1.15 has limits of some functions there."""
    inner = special(name)

    def compute(*operands: Array) -> Array:
        y = inner(*operands)
        is_unknown = np.any(np.broadcast_arrays(*map(np.isnan, operands)), axis=0)
        return np.where(is_unknown, np.asarray(np.nan, y.dtype), y)

    return compute


def _as(x: Array, y: Array) -> Array:
    """SciPy computes float16 in wider dtypes."""
    return np.asarray(y).astype(np.asarray(x).dtype, copy=False)


def _scipy_special(name: str) -> Any:
    try:
        import scipy.special
    except ImportError:
        raise ImportError(
            f"{name}: what NumPy has no function for is computed by SciPy, and it is not "
            "installed\n  hint: pip install scipy"
        ) from None
    return scipy.special


def gamma(x: Array) -> Array:
    """The gamma function; SciPy before 1.15 has infinity for NaN at whole numbers below 0."""
    x = np.asarray(x)
    y = special("gamma")(x)
    y = np.where((x < 0) & (x == np.floor(x)), np.nan, y)
    return _as(x, np.where(x == 0, np.copysign(np.inf, x), y))


def gammaln(x: Array) -> Array:
    """The logarithm of the size of gamma(x), to a few ulp beside its zeros at 1 and 2 too.

    SciPy's error is there absolute, up to 2e-16; its function of complex numbers has a series.
    """
    x = np.asarray(x)
    y = special("gammaln")(x)
    near = (np.abs(x - 1) < 0.2) | (np.abs(x - 2) < 0.2)
    if x.dtype.itemsize < 8 or not near.any():
        return y
    series = _scipy_special("gammaln").loggamma(np.where(near, x, 1).astype(complex)).real
    return _as(x, np.where(near, series, y))


def psi(x: Array) -> Array:
    """The derivative of gammaln; left of 0 by an exact reflection.

    ``psi(1 - x) - pi / tan(pi x)``: SciPy loses digits beside the poles.
    """
    wide = np.asarray(x, np.float64)
    left = (wide < 0) & (wide != np.rint(wide))
    y = special("psi")(np.where(left, 1 - wide, wide))
    turn = np.pi * np.where(left, wide - np.rint(wide), 0.25)
    return _as(x, np.where(left, y - np.pi / np.tan(turn), y))


def j0(x: Array) -> Array:
    """The Bessel function of order 0, by SciPy up to 25, then by Hankel's expansion."""
    return _bessel(0, x)


def j1(x: Array) -> Array:
    """The Bessel function of order 1, by SciPy up to 25, then by Hankel's expansion."""
    return _bessel(1, x)


def _bessel(order: int, x: Array) -> Array:
    """Abramowitz and Stegun 9.2.5: SciPy's angle has the rounding error of ``x - pi / 4``."""
    x = np.asarray(x)
    near = special(f"j{order}")(x)
    size = np.abs(x, dtype=np.float64)
    is_far = (size > 25) & (size < np.inf)
    if not is_far.any():
        return near
    size = np.where(is_far, size, 25)
    term = np.ones(size.shape)
    parts = [term, np.zeros(size.shape)]
    # At 25 the terms beyond are below 2**-53.
    for k in range(1, 23):
        term = term * (4 * order**2 - (2 * k - 1) ** 2) / k / (8 * size)
        parts[k % 2] = parts[k % 2] + (-term if k % 4 > 1 else term)
    p, q = parts
    sine, cosine = np.sin(size), np.cos(size)
    if order == 0:
        wave = p * (cosine + sine) - q * (sine - cosine)
    else:
        wave = (p * (sine - cosine) + q * (sine + cosine)) * np.where(x < 0, -1, 1)
    return _as(x, np.where(is_far, wave / (np.sqrt(np.pi) * np.sqrt(size)), near))


def tri_gamma(x: Array) -> Array:
    """The derivative of psi."""
    return polygamma(np.ones((), np.asarray(x).dtype), x)


def polygamma(n: Array, x: Array) -> Array:
    """The ``n``-th derivative of psi: ``(-1)**(n + 1) n! zeta(n + 1, x)``, and psi for n = 0.

    Left of 0 by reflection, ``(-1)**n polygamma(n, 1 - x) - pi d**n cot(pi x) / dx**n``: SciPy adds
    up term by term there, and would not end for a large number.
    """
    functions = _scipy_special("polygamma")
    given = x
    n, x = np.broadcast_arrays(np.asarray(n, np.float64), np.asarray(x, np.float64))
    left = (x <= 0) & (x > -np.inf)
    right = np.where(left, 1 - x, x)
    order = np.where((n >= 0) & (n == np.rint(n)) & (n < np.where(left, 171, np.inf)), n, np.nan)
    sign = np.where(order % 2 == 0, -1.0, 1.0)
    size = functions.gamma(order + 1) * functions.zeta(order + 1, right)
    y = np.where(order == 0, functions.psi(right), sign * size)
    y = np.where(np.isnan(order), np.nan, y)
    for k in np.unique(order[left & ~np.isnan(order)]):
        at = left & (order == k)
        y[at] = psi(x[at]) if k == 0 else _reflected(int(k), x[at], y[at])
    return _as(given, y)


def _reflected(n: int, x: Array, right: Array) -> Array:
    """``polygamma(n, x)`` from that of ``1 - x``; infinite at 0 and at whole numbers below."""
    parity = -1.0 if n % 2 else 1.0
    cot = np.polynomial.Polynomial([0.0, 1.0])
    slope = np.polynomial.Polynomial([-1.0, 0.0, -1.0])
    for _ in range(n):
        cot = cot.deriv() * slope
    turn = np.pi * (x - np.rint(x))
    # Beside 0 the cotangent is too large for a number, and NumPy's polynomial of infinity is NaN.
    most = np.finfo(np.float64).max
    y = parity * right - np.pi ** (n + 1) * cot(np.clip(1 / np.tan(turn), -most, most))
    return np.where(x == np.rint(x), -parity * np.inf, y)
