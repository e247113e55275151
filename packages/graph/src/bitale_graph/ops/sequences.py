"""Vectors of numbers that follow a rule, and what is made of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..base import dtype as dtypes
from ..base.errors import DtypeError, ShapeError, describe
from ..core.graph import Constant
from ..ops import math as tm
from ..tensor.conversion import as_tensor, constant_value, is_python_number
from ..tensor.elementwise import cast
from ..tensor.variable import TensorVariable
from .axes import expand_dims, moveaxis, shape_padright
from .broadcasting import broadcast_arrays
from .creation import arange, ones_like
from .join import stack
from .shape import as_lengths, shape_i
from .split import as_known, plus

# Up to this power a column is the one before times the vector.
MOST_PRODUCTS = 32


def _ends(start: Any, stop: Any) -> tuple[Any, Any]:
    """Both ends in one inexact dtype; Python numbers have none of their own."""
    strong = [as_tensor(v).type.dtype for v in (start, stop) if not is_python_number(v)]
    common = dtypes.quotient(dtypes.upcast(*strong) if strong else "int64")
    if any(isinstance(v, complex) for v in (start, stop)):
        common = dtypes.weak(1j, common)
    work = "float32" if common == "float16" else common
    return cast(start, work), cast(stop, work)


def _count(name: str, num: Any) -> Any:
    (count,) = as_lengths(name, [num])
    known = as_known(count)
    if isinstance(known, int) and known < 0:
        raise ValueError(f"{name}: the number of elements cannot be negative, and is {known}")
    return known


def linspace(
    start: Any,
    stop: Any,
    num: Any = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: str | None = None,
    axis: int = 0,
) -> Any:
    """``num`` evenly spaced numbers from ``start`` to ``stop``, as `numpy.linspace`.

    Parameters
    ----------
    start, stop : tensor_like
        Numbers, or tensors that broadcast; Python numbers and integers count as ``floatX``.
    num : int or 0-d integer variable
    endpoint : bool
        Whether ``stop`` is the last one, else it would be the next.
    retstep : bool
        Give the distance of two neighbours as well.
    dtype : str, optional
        Integers are rounded down.
    axis : int
        Where the new axis stands in the result.
    """
    first, last = broadcast_arrays(*_ends(start, stop))
    values, step = _spaced(first, last, _count("linspace", num), endpoint)
    wanted = dtypes.check(dtype) if dtype is not None else _result_dtype(start, stop)
    if dtypes.is_discrete(wanted):
        values = tm.floor(values)
    made = moveaxis(cast(values, wanted), 0, axis)
    return (made, step) if retstep else made


def _result_dtype(*ends: Any) -> str:
    strong = [as_tensor(v).type.dtype for v in ends if not is_python_number(v)]
    found = _ends(*ends)[0].type.dtype
    return "float16" if strong and dtypes.upcast(*strong) == "float16" else found


def _spaced(first: Any, last: Any, num: Any, endpoint: bool) -> tuple[Any, Any]:
    """The numbers along a first axis, and their distance."""
    divisor = plus(num, -1) if endpoint else num
    dtype = first.type.dtype
    if isinstance(divisor, int):
        rise = tm.sub(last, first)
        step = tm.true_div(rise, cast(divisor, dtype)) if divisor > 0 else tm.second(rise, np.nan)
    else:
        step = tm.true_div(
            tm.sub(last, first), tm.switch(tm.gt(divisor, 0), cast(divisor, dtype), np.nan)
        )
    index = shape_padright(arange(num), first.ndim)
    # Without a step, that of a single number, there is no NaN.
    values = tm.switch(tm.eq(index, 0), first, tm.add(tm.mul(cast(index, dtype), step), first))
    if endpoint:
        is_last = tm.and_(tm.eq(index, divisor), tm.gt(index, 0))
        values = tm.switch(is_last, last, values)
    return values, step


def logspace(
    start: Any,
    stop: Any,
    num: Any = 50,
    endpoint: bool = True,
    base: Any = 10.0,
    dtype: str | None = None,
    axis: int = 0,
) -> TensorVariable:
    """Powers of ``base`` with evenly spaced exponents, as `numpy.logspace`; see `linspace`."""
    exponents = linspace(start, stop, num, endpoint, axis=axis)
    if not is_python_number(base):
        base = as_tensor(base)
        base = expand_dims(base, axis) if base.ndim else base
    made = tm.pow(base, exponents)
    return made if dtype is None else cast(made, dtype)


def geomspace(
    start: Any,
    stop: Any,
    num: Any = 50,
    endpoint: bool = True,
    dtype: str | None = None,
    axis: int = 0,
) -> TensorVariable:
    """Numbers from ``start`` to ``stop`` of which each is the same multiple of the one before.

    As `numpy.geomspace` of real numbers: both ends have one sign, and neither is zero.
    """
    for end in (start, stop):
        v = as_tensor(end)
        if isinstance(v, Constant) and (constant_value(v) == 0).any():
            raise ValueError("geomspace: neither end can be zero")
    first, last = broadcast_arrays(*_ends(start, stop))
    if dtypes.is_complex(first.type.dtype):
        raise DtypeError(f"geomspace takes real numbers\n  start  {describe(first)}")
    sign = tm.sgn(first)
    count = _count("geomspace", num)
    low, high = (tm.log10(tm.mul(v, sign)) for v in (first, last))
    values = tm.mul(sign, tm.pow(10.0, _spaced(low, high, count, endpoint)[0]))
    index = shape_padright(arange(count), first.ndim)
    values = tm.switch(tm.eq(index, 0), first, values)
    if endpoint:
        is_last = tm.and_(tm.eq(index, plus(count, -1)), tm.gt(index, 0))
        values = tm.switch(is_last, last, values)
    wanted = dtypes.check(dtype) if dtype is not None else _result_dtype(start, stop)
    return moveaxis(cast(values, wanted), 0, axis)


def bartlett(M: Any) -> TensorVariable:
    """The triangular window of ``M`` points, with zeros at its ends, as `numpy.bartlett`."""
    (count,) = as_lengths("bartlett", [M])
    m = as_known(count)
    places = cast(arange(plus(1, tm.neg(m) if not isinstance(m, int) else -m), m, 2), "float64")
    width = max(m - 1, 1) if isinstance(m, int) else tm.maximum(tm.sub(m, 1), 1)
    return tm.sub(1.0, tm.true_div(tm.abs_(places), cast(width, "float64")))


def vander(x: Any, N: Any = None, increasing: bool = False) -> TensorVariable:
    """Powers of a vector as columns, the highest first, as `numpy.vander`; square without ``N``."""
    x = as_tensor(x)
    if x.ndim != 1:
        raise ShapeError(f"vander takes a vector, and got {describe(x)}")
    x = cast(x, "int64") if x.type.dtype == "bool" else x
    count = as_known(shape_i(x, 0)) if N is None else _count("vander", N)
    if isinstance(count, int) and 0 < count <= MOST_PRODUCTS:
        columns = [ones_like(x)]
        for _ in range(count - 1):
            columns.append(tm.mul(columns[-1], x))
        return stack(columns if increasing else columns[::-1], axis=1)
    powers = tm.pow(shape_padright(x), cast(arange(count), x.type.dtype))
    return powers if increasing else powers[:, ::-1]
