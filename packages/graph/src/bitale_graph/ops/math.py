"""Elementwise functions that are made of several rows of the scalar table, and second names."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..base import dtype as dtypes
from ..base.errors import DtypeError, describe
from ..core.graph import Constant
from ..tensor.conversion import as_tensor, is_python_number
from ..tensor.elementwise import Elementwise as Elementwise
from ..tensor.elementwise import cast as cast
from ..tensor.functions import *
from ..tensor.special import *
from ..tensor.variable import TensorVariable

where = switch
fill = second
square = sqr
power = pow
reciprocal = inv
floor_div = int_div
less, less_equal, greater, greater_equal, equal, not_equal = lt, le, gt, ge, eq, neq
bitwise_and, bitwise_or, bitwise_xor, bitwise_not = and_, or_, xor, invert
sign, absolute, conjugate = sgn, abs_, conj


def clip(x: Any, min: Any, max: Any) -> TensorVariable:
    """``x`` held between ``min`` and ``max``, as `numpy.clip`: ``max`` where ``min`` is above it.

    NaN where a bound is NaN. An element equal to a bound counts as ``x`` for the gradient.
    """
    x = as_tensor(x)
    if dtypes.is_complex(x.type.dtype):
        raise DtypeError(f"clip: complex numbers have no order\n  x  {describe(x)}")
    raised = switch(_outside(lt(x, min), min), min, x)
    return switch(_outside(gt(raised, max), max), max, raised)


def _outside(beyond: Any, bound: Any) -> Any:
    """Where a bound replaces an element that is beyond it: if that is NaN, everywhere."""
    if is_python_number(bound):
        return beyond if bound == bound else np.bool_(True)  # noqa: PLR0124 (false for NaN)
    bound = as_tensor(bound)
    is_number = dtypes.is_discrete(bound.type.dtype) or (
        isinstance(bound, Constant) and not np.isnan(bound.data).any()
    )
    return beyond if is_number else or_(beyond, isnan(bound))


def deg2rad(x: Any) -> TensorVariable:
    """Degrees to radians."""
    return mul(_as_float(x), math.pi / 180)


def rad2deg(x: Any) -> TensorVariable:
    """Radians to degrees."""
    return mul(_as_float(x), 180 / math.pi)


def _as_float(x: Any) -> TensorVariable:
    x = as_tensor(x)
    return cast(x, dtypes.at_least_float(x.type.dtype))


def divmod(x: Any, y: Any) -> tuple[TensorVariable, TensorVariable]:
    """Floor division and remainder, with Python's rule of signs."""
    return int_div(x, y), mod(x, y)


def isclose(
    a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> TensorVariable:
    """Where ``|a - b| <= atol + rtol |b|``.

    Infinities of one sign are close, NaN only with ``equal_nan``.
    """
    a, b = as_tensor(a), as_tensor(b)
    finite = invert(or_(or_(isinf(a), isinf(b)), or_(isnan(a), isnan(b))))
    close = or_(and_(finite, le(abs_(sub(a, b)), add(atol, mul(rtol, abs_(b))))), eq(a, b))
    return or_(close, and_(isnan(a), isnan(b))) if equal_nan else close


def round(x: Any, mode: str | None = None) -> TensorVariable:
    """The nearest whole numbers, as floats; ties go to the even one, or by ``mode`` away from 0."""
    if mode == "half_away_from_zero":
        return round_half_away_from_zero(x)
    if mode not in (None, "half_to_even"):
        raise ValueError(
            f"round: the mode is 'half_to_even' or 'half_away_from_zero', not {mode!r}"
        )
    return round_half_to_even(x)


def round_half_away_from_zero(x: Any) -> TensorVariable:
    """The nearest whole numbers, as floats; of two the one that is further from 0."""
    x = as_tensor(x)
    if dtypes.is_complex(x.type.dtype):
        raise DtypeError(f"round: complex numbers are not rounded\n  x  {describe(x)}")
    x = cast(x, dtypes.at_least_float(x.type.dtype))
    size = abs_(x)
    whole = trunc(size)
    return copysign(switch(ge(size - whole, 0.5), whole + 1, whole), x)
