"""The NumPy meaning of special functions: SciPy's, imported when a value is computed."""

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
        y[at] = (functions.psi(x[at])) if k == 0 else _reflected(int(k), x[at], y[at])
    return _as(given, y)


def _reflected(n: int, x: Array, right: Array) -> Array:
    """``polygamma(n, x)`` from that of ``1 - x``; infinite at 0 and at whole numbers below."""
    parity = -1.0 if n % 2 else 1.0
    cot = np.polynomial.Polynomial([0.0, 1.0])
    slope = np.polynomial.Polynomial([-1.0, 0.0, -1.0])
    for _ in range(n):
        cot = cot.deriv() * slope
    turn = np.pi * (x - np.rint(x))
    y = parity * right - np.pi ** (n + 1) * cot(1 / np.tan(turn))
    return np.where(x == np.rint(x), -parity * np.inf, y)
