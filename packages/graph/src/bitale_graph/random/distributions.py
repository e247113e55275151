"""Functions from a state of random numbers to the next state and what was drawn.

``size`` is the shape of what is drawn: an int, a sequence of ints and symbolic lengths, or a vector
of integers (whose length ``ndim`` tells, where it is not known); None is the shape that the
parameters have together. Parameters broadcast to it. By a parameter the derivative is undefined.
Equal states give equal numbers on every target; those that are scaled, or go through logarithms and
the like, are equal but for rounding.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..base import dtype as dtypes
from ..base.config import config
from ..base.errors import DtypeError, describe
from ..core.body import Body
from ..core.graph import Constant
from ..ops import math as tm
from ..ops.assertion import Assert
from ..ops.reduction import all as all_true
from ..tensor import draws, functions
from ..tensor.conversion import as_tensor
from ..tensor.elementwise import cast
from ..tensor.special import erfinv
from .state import Draws, parameter, shape_of_draw

Drawn = tuple[Any, Any]


def _float_dtype(name: str, dtype: str | None, *parameters: Any) -> str:
    """What is drawn in: as asked, else floatX or what of it and the float parameters is wider."""
    if dtype is None:
        given = [p.type.dtype for p in parameters if not dtypes.is_discrete(p.type.dtype)]
        return dtypes.upcast(str(config.floatX), *given)
    found = dtypes.check(dtype)
    if not dtypes.is_float(found):
        raise DtypeError(f"{name}: dtype must be a float, not {dtype}")
    return found


def check_known(name: str, said: str, x: Any, holds: Any) -> None:
    """Raise a ValueError if ``x`` is a constant and the condition does not hold for all of it."""
    if isinstance(x, Constant) and not np.all(Body([], [holds(x)]).run([])):
        raise ValueError(f"{name}: {said}, and it is {x}")


def _checked(name: str, said: str, x: Any, holds: Any) -> Any:
    """``x``, with an error where the condition does not hold for all of it."""
    check_known(name, said, x, holds)
    if isinstance(x, Constant):
        return x
    return Assert(f"{name}: {said}", "ValueError")(x, all_true(holds(x)))


def _check_scale(name: str, said: str, x: Any) -> None:
    """Refuse a constant scale that is negative; of others a draw is mirrored."""
    check_known(name, f"{said} must not be negative", x, lambda x: tm.ge(x, 0))


def is_probability(x: Any) -> Any:
    """Whether numbers lie between 0 and 1."""
    return tm.and_(tm.ge(x, 0), tm.le(x, 1))


def uniform(
    state: Any,
    size: Any = None,
    low: Any = 0.0,
    high: Any = 1.0,
    ndim: int | None = None,
    dtype: str | None = None,
) -> Drawn:
    """Numbers that are equally likely anywhere from ``low`` up to ``high``.

    Returns
    -------
    state, numbers
    """
    low, high = parameter(low), parameter(high)
    dtype = _float_dtype("uniform", dtype, low, high)
    d = Draws(state, shape_of_draw("uniform", size, ndim, [low, high]))
    return d.next_state(), _scaled(d.unit(dtype), high - low, low, dtype)


def _scaled(x: Any, scale: Any, shift: Any, dtype: str) -> Any:
    """``x * scale + shift`` in a dtype."""
    return x * cast(scale, dtype) + cast(shift, dtype)


def normal(
    state: Any,
    size: Any = None,
    avg: Any = 0.0,
    std: Any = 1.0,
    ndim: int | None = None,
    dtype: str | None = None,
) -> Drawn:
    """Normal numbers of a mean and a standard deviation."""
    avg, std = parameter(avg), parameter(std)
    dtype = _float_dtype("normal", dtype, avg, std)
    _check_scale("normal", "std", std)
    d = Draws(state, shape_of_draw("normal", size, ndim, [avg, std]))
    found = _scaled(d.normal(dtype), std, avg, dtype)
    return d.next_state(), found


# The part of normal numbers within two standard deviations.
_WITHIN_TWO = 0.9544997361036416


def truncated_normal(
    state: Any,
    size: Any = None,
    avg: Any = 0.0,
    std: Any = 1.0,
    ndim: int | None = None,
    dtype: str | None = None,
) -> Drawn:
    """Normal numbers, of which none is further than ``2 * std`` from ``avg``."""
    avg, std = parameter(avg), parameter(std)
    dtype = _float_dtype("truncated_normal", dtype, avg, std)
    _check_scale("truncated_normal", "std", std)
    d = Draws(state, shape_of_draw("truncated_normal", size, ndim, [avg, std]))
    work = "float32" if dtype == "float16" else dtype
    inside = erfinv((d.unit(work) * 2 - 1) * _WITHIN_TWO) * float(np.sqrt(2))
    return d.next_state(), _scaled(cast(tm.clip(inside, -2, 2), dtype), std, avg, dtype)


def exponential(
    state: Any,
    size: Any = None,
    scale: Any = 1.0,
    ndim: int | None = None,
    dtype: str | None = None,
) -> Drawn:
    """Waiting times, of the mean ``scale``."""
    scale = parameter(scale)
    dtype = _float_dtype("exponential", dtype, scale)
    _check_scale("exponential", "scale", scale)
    d = Draws(state, shape_of_draw("exponential", size, ndim, [scale]))
    return d.next_state(), -functions.log1p(-d.unit(dtype)) * cast(scale, dtype)


def gamma(
    state: Any,
    size: Any = None,
    shape: Any = 1.0,
    scale: Any = 1.0,
    ndim: int | None = None,
    dtype: str | None = None,
) -> Drawn:
    """Gamma numbers of a shape and a scale; computed in float64."""
    shape, scale = parameter(shape), parameter(scale)
    dtype = _float_dtype("gamma", dtype, shape, scale)
    _check_scale("gamma", "scale", scale)
    shape = _checked("gamma", "the shape must be above 0", shape, lambda x: tm.gt(x, 0))
    d = Draws(state, shape_of_draw("gamma", size, ndim, [shape, scale]))
    found = cast(d(draws.random_gamma, cast(shape, "float64")), dtype)
    return d.next_state(), found * cast(scale, dtype)


def beta(
    state: Any,
    size: Any = None,
    a: Any = 1.0,
    b: Any = 1.0,
    ndim: int | None = None,
    dtype: str | None = None,
) -> Drawn:
    """Beta numbers: what one gamma number is of the sum of two."""
    a, b = parameter(a), parameter(b)
    dtype = _float_dtype("beta", dtype, a, b)
    above = lambda x: tm.gt(x, 0)
    a = _checked("beta", "a must be above 0", a, above)
    b = _checked("beta", "b must be above 0", b, above)
    d = Draws(state, shape_of_draw("beta", size, ndim, [a, b]))
    x, y = (d(draws.random_gamma, cast(p, "float64")) for p in (a, b))
    # Of two that are too small for a float64 one is chosen.
    both = tm.eq(x + y, 0)
    share = tm.switch(both, cast(tm.gt(a, b), "float64"), x / tm.switch(both, 1, x + y))
    return d.next_state(), cast(share, dtype)


def poisson(
    state: Any, size: Any = None, lam: Any = 1.0, ndim: int | None = None, dtype: str = "int64"
) -> Drawn:
    """How often what happens independently happens, ``lam`` times on average (up to 1e18)."""
    lam = parameter(lam)
    fits = lambda x: tm.and_(tm.ge(x, 0), tm.le(x, 1e18))
    lam = _checked("poisson", "lam must lie between 0 and 1e18", lam, fits)
    d = Draws(state, shape_of_draw("poisson", size, ndim, [lam]))
    return d.next_state(), cast(d(draws.random_poisson, cast(lam, "float64")), dtype)


def binomial(
    state: Any,
    size: Any = None,
    n: Any = 1,
    p: Any = 0.5,
    ndim: int | None = None,
    dtype: str = "int64",
) -> Drawn:
    """How many of ``n`` succeed, each with the probability ``p``."""
    n, p = as_tensor(n), parameter(p)
    if not dtypes.is_discrete(n.type.dtype):
        raise DtypeError(f"binomial: n counts, and is {describe(n)}")
    check_known("binomial", "p must lie between 0 and 1", p, is_probability)
    d = Draws(state, shape_of_draw("binomial", size, ndim, [n, p]))
    if isinstance(n, Constant) and (n.data == 1).all():
        work = p.type.dtype if dtypes.is_float(p.type.dtype) else str(config.floatX)
        return d.next_state(), cast(tm.lt(d.unit(work), p), dtype)
    p = _checked("binomial", "p must lie between 0 and 1", p, is_probability)
    n = _checked("binomial", "n must not be negative", n, lambda x: tm.ge(x, 0))
    found = d(draws.random_binomial, cast(n, "int64"), cast(p, "float64"))
    return d.next_state(), cast(found, dtype)


def integers(
    state: Any,
    size: Any = None,
    low: Any = 0,
    high: Any = None,
    ndim: int | None = None,
    dtype: str = "int64",
    endpoint: bool = False,
) -> Drawn:
    """Whole numbers from ``low`` up to ``high``, without it unless ``endpoint`` says so.

    With one bound alone from 0 up to that. One is likelier than another by one part in 2**64 over
    their count at most.
    """
    low, high = (0, low) if high is None else (low, high)
    low, high = as_tensor(low), as_tensor(high)
    for bound in (low, high):
        if not dtypes.is_discrete(bound.type.dtype):
            raise DtypeError(f"integers: a bound is an integer, and not {describe(bound)}")
    if isinstance(low, Constant) and isinstance(high, Constant):
        count = as_tensor(high.data.astype("int64") - low.data.astype("int64") + int(endpoint))
    else:
        count = cast(high, "int64") - cast(low, "int64") + int(endpoint)
    count = _checked("integers", "there is no number between low and high", count, _above_zero)
    d = Draws(state, shape_of_draw("integers", size, ndim, [low, high]))
    found = cast(d(draws.random_below, cast(count, "uint64")), "int64") + cast(low, "int64")
    return d.next_state(), cast(found, dtype)


def _above_zero(x: Any) -> Any:
    return tm.gt(x, 0)


def random_integers(
    state: Any,
    size: Any = None,
    low: Any = 0,
    high: Any = 1,
    ndim: int | None = None,
    dtype: str = "int64",
) -> Drawn:
    """Whole numbers from ``low`` to ``high``, both included."""
    return integers(state, size, low, high, ndim, dtype, endpoint=True)
