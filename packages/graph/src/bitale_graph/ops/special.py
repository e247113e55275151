"""Functions of elements that are made of rows of the scalar table.

A loop of them compiles to one kernel, and derivatives come with the rows.
"""

from __future__ import annotations

import math as numbers
from typing import Any

import numpy as np

from ..base import dtype as dtypes
from ..base.errors import DtypeError, describe
from ..tensor import scalar
from ..tensor.conversion import as_tensor
from ..tensor.variable import TensorVariable
from . import math, reduction
from .axes import keep_axes

expit = math.sigmoid
log1pexp = math.softplus
digamma = math.psi


# Logarithms
def logit(x: Any) -> TensorVariable:
    """``log(x / (1 - x))``, the inverse of `sigmoid`; exact around 1/2 too."""
    x = _float("logit", x)
    middle = 2 * x - 1
    near = math.lt(math.abs_(middle), 0.4)
    return math.switch(near, 2 * math.arctanh(middle), math.log(x / (1 - x)))


def log1mexp(x: Any) -> TensorVariable:
    """``log(1 - exp(x))`` for negative ``x``.

    Mächler, Accurately computing ``log(1 - exp(-|a|))``, 2012.
    """
    x = _float("log1mexp", x)
    near = math.gt(x, -numbers.log(2))
    return math.switch(near, math.log(-math.expm1(x)), math.log1p(-math.exp(x)))


def xlogx(x: Any) -> TensorVariable:
    """``x log(x)``, and 0 where x is 0."""
    x = _float("xlogx", x)
    return math.switch(math.eq(x, 0), 0, x * math.log(x))


def xlogy0(x: Any, y: Any) -> TensorVariable:
    """``x log(y)``, and 0 where x is 0."""
    return math.switch(math.eq(x, 0), 0, math.mul(x, math.log(y)))


def xlog1py(x: Any, y: Any) -> TensorVariable:
    """``x log(1 + y)``, and 0 where x is 0."""
    return math.switch(math.eq(x, 0), 0, math.mul(x, math.log1p(y)))


def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> TensorVariable:
    """``log(sum(exp(x)))`` over axes (None: all), which neither over- nor underflows.

    Minus infinity where there is nothing to sum.
    """
    x = _float("logsumexp", x)
    axes = reduction.normalize_axes("logsumexp", axis, x)
    if not axes:
        return math.add(x)
    largest = reduction.Reduce(scalar.maximum, axes, x.dtype, x.dtype, allows_empty=True)(x)
    # Whole numbers do not move, so that derivatives do not flow through them.
    shift = math.switch(math.isinf(largest), 0, math.trunc(largest))
    shifted = x - keep_axes(shift, axes, x.ndim)
    total = math.log(reduction.sum(math.exp(shifted), axes)) + shift
    return keep_axes(total, axes, x.ndim) if keepdims else total


# Distributions
def ndtri(x: Any) -> TensorVariable:
    """The inverse of the distribution function of the normal distribution."""
    return -numbers.sqrt(2) * math.erfcinv(2 * _float("ndtri", x))


def chi2sf(x: Any, k: Any) -> TensorVariable:
    """The share of the chi-squared distribution of ``k`` degrees of freedom that is above ``x``."""
    x, k = _float("chi2sf", x), _float("chi2sf", k)
    return math.gammaincc(k / 2, math.maximum(x, 0) / 2)


# The gamma function
def gammau(k: Any, x: Any) -> TensorVariable:
    """The upper incomplete gamma function: the integral of ``t**(k - 1) exp(-t)`` from x."""
    return math.gammaincc(k, x) * math.gamma(k)


def gammal(k: Any, x: Any) -> TensorVariable:
    """The lower incomplete gamma function: the integral of ``t**(k - 1) exp(-t)`` up to x."""
    return math.gammainc(k, x) * math.gamma(k)


def factorial(n: Any) -> TensorVariable:
    """``gamma(n + 1)``: the factorial, of fractions too."""
    return math.gamma(_float("factorial", n) + 1)


# Cylinder functions
def k0(x: Any) -> TensorVariable:
    """The modified Bessel function of the second kind of order 0."""
    return math.kv(0, _float("k0", x))


def k1(x: Any) -> TensorVariable:
    """The modified Bessel function of the second kind of order 1."""
    return math.kv(1, _float("k1", x))


def kn(n: Any, x: Any) -> TensorVariable:
    """The modified Bessel function of the second kind of whole order ``n``."""
    return math.kv(n, _float("kn", x))


# Parts of numbers
def sinc(x: Any) -> TensorVariable:
    """``sin(pi x) / (pi x)``, 1 at 0."""
    x = _float("sinc", x)
    turn = numbers.pi * x
    t = math.sqr(turn)
    series = 1 - t / 6 * (1 - t / 20 * (1 - t / 42 * (1 - t / 72)))
    near = math.lt(math.abs_(turn), 0.1)
    return math.switch(near, series, math.sin(turn) / turn)


def heaviside(x: Any, at_zero: Any) -> TensorVariable:
    """0 where x is negative, 1 where it is positive, ``at_zero`` at 0; NaN stays."""
    x = _float("heaviside", x)
    step = math.switch(math.isnan(x), x, math.cast(math.gt(x, 0), x.dtype))
    return math.switch(math.eq(x, 0), at_zero, step)


def signbit(x: Any) -> TensorVariable:
    """Where the sign is minus: of -0.0 too."""
    x = as_tensor(x)
    return math.lt(x, 0) if dtypes.is_discrete(x.dtype) else math.lt(math.copysign(1, x), 0)


def isfinite(x: Any) -> TensorVariable:
    """Where x is a number and not infinite."""
    return math.invert(math.or_(math.isnan(x), math.isinf(x)))


def isposinf(x: Any) -> TensorVariable:
    """Where x is positive infinity."""
    return math.and_(math.isinf(x), math.gt(x, 0))


def isneginf(x: Any) -> TensorVariable:
    """Where x is negative infinity."""
    return math.and_(math.isinf(x), math.lt(x, 0))


def nan_to_num(x: Any, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> TensorVariable:
    """``x`` with numbers in the place of NaN and infinities (None: the largest of the dtype)."""
    x = as_tensor(x)
    if dtypes.is_discrete(x.dtype):
        return math.tensor_copy(x)
    if dtypes.is_complex(x.dtype):
        parts = (nan_to_num(f(x), nan, posinf, neginf) for f in (math.real, math.imag))
        return math.complex(*parts)
    limits = np.finfo(x.dtype)
    high = limits.max if posinf is None else posinf
    low = limits.min if neginf is None else neginf
    bounded = math.switch(isposinf(x), high, math.switch(isneginf(x), low, x))
    return math.switch(math.isnan(x), nan, bounded)


# Rounding and choice
def iround(x: Any, mode: str | None = None) -> TensorVariable:
    """The nearest whole numbers, as int64; see `round`."""
    return math.cast(math.round(x, mode), "int64")


def ceil_intdiv(a: Any, b: Any) -> TensorVariable:
    """The quotient of integers rounded up, ``-(-a // b)`` without overflow."""
    quotient = math.int_div(a, b)
    return quotient + math.cast(math.neq(math.mod(a, b), 0), quotient.dtype)


def smallest(*operands: Any) -> TensorVariable:
    """The smallest of several tensors, element by element."""
    return _combined("smallest", math.minimum, operands)


def largest(*operands: Any) -> TensorVariable:
    """The largest of several tensors, element by element."""
    return _combined("largest", math.maximum, operands)


def allclose(
    a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> TensorVariable:
    """Whether all elements are close; see `isclose`."""
    return reduction.all(math.isclose(a, b, rtol, atol, equal_nan))


def float_power(x: Any, y: Any) -> TensorVariable:
    """``x ** y`` in float64, or in complex128 if one is complex."""
    x, y = as_tensor(x), as_tensor(y)
    is_complex = dtypes.is_complex(x.dtype) or dtypes.is_complex(y.dtype)
    dtype = "complex128" if is_complex else "float64"
    return math.pow(math.cast(x, dtype), math.cast(y, dtype))


def complex_from_polar(abs: Any, angle: Any) -> TensorVariable:
    """The complex numbers of these sizes and angles."""
    return math.complex(math.mul(abs, math.cos(angle)), math.mul(abs, math.sin(angle)))


def _combined(name: str, op: Any, operands: Any) -> TensorVariable:
    if not operands:
        raise TypeError(f"{name} takes at least one operand")
    result = as_tensor(operands[0])
    for operand in operands[1:]:
        result = op(result, operand)
    return result


def _float(name: str, x: Any) -> TensorVariable:
    """``x`` as floats."""
    x = as_tensor(x)
    if dtypes.is_complex(x.dtype):
        raise DtypeError(f"{name} does not take complex numbers\n  x  {describe(x)}")
    return math.cast(x, dtypes.at_least_float(x.dtype))
