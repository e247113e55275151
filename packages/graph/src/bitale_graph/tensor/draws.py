"""Scalar ops that draw random numbers: pure functions of a key, a draw and the index of an element.

What is tried until it fits, tries with further blocks of the same element (`philox.attempt`). Code
of all targets takes the same steps in the same order: bits and what is made of them by exact
arithmetic are equal, and all else but for the rounding of logarithms and cosines.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

from . import philox, scalar
from .elementwise import Elementwise
from .philox import Array
from .scalar import SCALAR_OPS, TRANSCENDENTAL, ScalarOp, define

# More attempts than any sequence of bits makes likely: one in two fails at worst.
MAX_ATTEMPTS = 1000
# Below: by inversion, from one number; from here on: by rejection.
POISSON_BY_REJECTION = BINOMIAL_BY_REJECTION = 10.0


class Draw(ScalarOp):
    """A row whose first operands are a key, a draw and an index; then come parameters."""

    parameters: tuple[str, ...] = ()

    def operand_dtypes(self, given: Sequence[str]) -> tuple[str, ...]:
        return ("uint64",) * 3 + self.parameters


class _Below(Draw):
    parameters = ("uint64",)


class _ByOne(Draw):
    parameters = ("float64",)


class _Binomial(Draw):
    parameters = ("int64", "float64")


class Parameter(Elementwise):
    """A parameter of a distribution: a value that has no derivative by what is drawn."""

    __props__: ClassVar[tuple[str, ...]] = ()  # type: ignore[assignment]  # it has no scalar op to tell

    def __init__(self) -> None:
        super().__init__(scalar.identity)

    def __str__(self) -> str:
        return "Parameter"


def _row(name: str, kind: type[Draw], compute: Callable[..., Any], dtype: str, doc: str) -> Any:
    cost = 4 * TRANSCENDENTAL
    arity = 3 + len(kind.parameters)
    by = tuple(range(3, arity))  # what it draws from has no derivative
    return Elementwise(
        define(
            kind(name, arity, compute, result=lambda _: dtype, cost=cost, doc=doc, no_gradient=by)
        )
    )


def _tried(
    try_once: Callable[..., tuple[Array, Array]],
    key: Array,
    draw: Array,
    index: Array,
    *parameters: Array,
) -> Array:
    """Try with further blocks what was not accepted yet; the last attempt stands."""
    given = np.broadcast_arrays(key, draw, index, *parameters)
    rest = [np.ravel(x) for x in given]
    found = np.zeros(rest[0].shape)
    left = np.arange(found.size)
    for number in range(MAX_ATTEMPTS):
        if not left.size:
            break
        key, draw, index = rest[:3]
        value, fits = try_once(key, draw, philox.attempt(index, number), *rest[3:])
        found[left] = value
        left, rest = left[~fits], [x[~fits] for x in rest]
    return found.reshape(given[0].shape)


def gamma(key: Any, draw: Any, index: Any, shape: Any) -> Array:
    """Marsaglia and Tsang's rejection (2000); of a shape below 1 by one of a shape above 1."""
    small = np.asarray(shape < 1)
    large = np.where(small, shape + 1, shape)
    made = _tried(_gamma_once, *np.broadcast_arrays(key, draw, index, large))
    u = philox.above_zero(philox.more_random_bits(key, draw, philox.attempt(index, MAX_ATTEMPTS)))
    return np.where(shape > 0, np.where(small, made * np.power(u, 1 / shape), made), shape * 0)


def _gamma_once(key: Array, draw: Array, index: Array, shape: Array) -> tuple[Array, Array]:
    d = shape - 1 / 3
    first, last = philox.philox(key, draw, index)
    radius = np.sqrt(-2 * np.log(philox.above_zero(first)))
    # Half of the bits for an angle, half to accept.
    angle, u = ((x.astype(np.float64) + 0.5) * 2.0**-32 for x in (last >> _HALF, last & _LOW))
    x = radius * np.cos(2 * np.pi * angle)
    v = 1 + x * (1 / np.sqrt(9 * d))
    v = v * v * v
    at_once = u < 1 - 0.0331 * (x * x) * (x * x)
    fits = (v > 0) & (at_once | (np.log(u) < 0.5 * x * x + d - d * v + d * np.log(v)))
    return d * v, fits


_HALF, _LOW = np.uint64(32), np.uint64(0xFFFFFFFF)


def poisson(key: Any, draw: Any, index: Any, mean: Any) -> Array:
    """By inversion for small means, else by Hörmann's transformed rejection PTRS (1993)."""
    key, draw, index, mean = np.broadcast_arrays(key, draw, index, mean)
    large = mean >= POISSON_BY_REJECTION
    u = philox.unit(philox.random_bits(key, draw, index))
    found = np.array(_poisson_inverted(u, np.where(large, 0, mean)))
    by_rejection = _tried(_poisson_once, key[large], draw[large], index[large], mean[large])
    found[large] = by_rejection
    return _whole(found)


def _poisson_inverted(u: Array, mean: Array) -> Array:
    count = np.zeros(u.shape)
    term = np.exp(-mean)
    total = term.copy()
    while (more := u > total).any():
        count = count + more
        term = term * (mean * (1 / np.maximum(count, 1)))
        grown = total + term
        if not (more & (grown > total)).any():
            break
        total = np.where(more, grown, total)
    return count


def _poisson_once(key: Array, draw: Array, index: Array, mean: Array) -> tuple[Array, Array]:
    low, high = philox.philox(key, draw, index)
    u, v = philox.unit(low) - 0.5, philox.above_zero(high)
    b = 0.931 + 2.53 * np.sqrt(mean)
    a = -0.059 + 0.02483 * b
    us = 0.5 - np.abs(u)
    k = np.floor((2 * a / us + b) * u + mean + 0.43)
    at_once = (us >= 0.07) & (v <= 0.9277 - 3.6224 / (b - 2))
    scale = np.log(v) + np.log(1.1239 + 1.1328 / (b - 3.4)) - np.log(a / (us * us) + b)
    k0 = np.maximum(k, 0)
    below = scale <= -mean + k0 * np.log(mean) - log_factorial(k0)
    refused = (k < 0) | ((us < 0.013) & (v > us))
    return k, at_once | (~refused & below)


def binomial(key: Any, draw: Any, index: Any, n: Any, p: Any) -> Array:
    """By inversion for few expected, else by Hörmann's transformed rejection BTRS (1993)."""
    key, draw, index, n, p = np.broadcast_arrays(key, draw, index, n, p)
    n = n.astype(np.float64)
    turned = p > 0.5
    q = np.where(turned, 1 - p, p)
    large = n * q >= BINOMIAL_BY_REJECTION
    u = philox.unit(philox.random_bits(key, draw, index))
    found = np.array(_binomial_inverted(u, np.where(large, 0, n), q))
    rest = [x[large] for x in (key, draw, index, n, q)]
    found[large] = _tried(_binomial_once, *rest)
    return _whole(np.where(turned, n - found, found))


def _binomial_inverted(u: Array, n: Array, p: Array) -> Array:
    count = np.zeros(u.shape)
    term = np.exp(n * np.log1p(-p))
    total = term.copy()
    odds = p / (1 - p)
    while (more := (u > total) & (count < n)).any():
        count = count + more
        term = term * ((n - count + 1) / np.maximum(count, 1) * odds)
        grown = total + term
        if not (more & (grown > total)).any():
            break
        total = np.where(more, grown, total)
    return count


def _binomial_once(
    key: Array, draw: Array, index: Array, n: Array, p: Array
) -> tuple[Array, Array]:
    low, high = philox.philox(key, draw, index)
    u, v = philox.unit(low) - 0.5, philox.above_zero(high)
    spread = np.sqrt(n * p * (1 - p))
    b = 1.15 + 2.53 * spread
    a = -0.0873 + 0.0248 * b + 0.01 * p
    us = 0.5 - np.abs(u)
    k = np.floor((2 * a / us + b) * u + n * p + 0.5)
    inside = (k >= 0) & (k <= n)
    at_once = inside & (us >= 0.07) & (v <= 0.92 - 4.2 / b)
    m, k0 = np.floor((n + 1) * p), np.clip(k, 0, n)
    scale = np.log(v * ((2.83 + 5.1 / b) * spread) / (a / (us * us) + b))
    most = log_factorial(m) + log_factorial(n - m)
    tail = most - log_factorial(k0) - log_factorial(n - k0) + (k0 - m) * np.log(p / (1 - p))
    return k, at_once | (inside & (scale <= tail))


_LOG_FACTORIALS = np.log(np.cumprod(np.array([1.0, *range(1, 10)])))


def log_factorial(k: Array) -> Array:
    """log(k!): a table, from 10 on Stirling's series (error below 3e-12 of the result)."""
    x = np.maximum(k, 1) + 1
    series = (1 / 12 - (1 / 360 - 1 / (1260 * x * x)) / (x * x)) / x
    large = (x - 0.5) * np.log(x) - x + 0.9189385332046727 + series
    small = np.clip(np.where(k < 10, k, 0), 0, 9).astype(np.int64)
    return np.where(k < 10, _LOG_FACTORIALS[small], large)


def _whole(found: Array) -> Array:
    most = 2.0**62  # also of what is no number, by parameters that no distribution has
    return np.where(found < most, found, most).astype(np.int64)


random_bits = _row("random_bits", Draw, philox.random_bits, "uint64", "64 random bits.")
more_random_bits = _row(
    "more_random_bits", Draw, philox.more_random_bits, "uint64", "64 further bits of the block."
)
random_below = _row(
    "random_below", _Below, philox.random_below, "uint64", "A whole number from 0 to n - 1."
)
random_gamma = _row(
    "random_gamma", _ByOne, gamma, "float64", "A number of the gamma distribution of a shape."
)
random_poisson = _row(
    "random_poisson", _ByOne, poisson, "int64", "A number of the Poisson distribution of a mean."
)
random_binomial = _row(
    "random_binomial", _Binomial, binomial, "int64", "How many of n succeed, each likely by p."
)

draw_ops: tuple[ScalarOp, ...] = tuple(op for op in SCALAR_OPS.values() if isinstance(op, Draw))
