"""Elementwise functions: one line for each row of the scalar table, and a few compositions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..base import dtype as dtypes
from ..base.errors import DtypeError, describe
from ..core.graph import Constant
from ..tensor import scalar
from ..tensor.conversion import as_tensor, is_python_number
from ..tensor.elementwise import Elementwise
from ..tensor.elementwise import cast as cast
from ..tensor.scalar import ScalarOp
from ..tensor.variable import TensorVariable

add2 = Elementwise(scalar.add)
mul2 = Elementwise(scalar.mul)
sub = Elementwise(scalar.sub)
true_div = Elementwise(scalar.true_div)
int_div = Elementwise(scalar.int_div)
mod = Elementwise(scalar.mod)
pow = Elementwise(scalar.pow)
maximum = Elementwise(scalar.maximum)
minimum = Elementwise(scalar.minimum)
neg = Elementwise(scalar.neg)
abs_ = Elementwise(scalar.abs_)
sgn = Elementwise(scalar.sgn)
sqr = Elementwise(scalar.sqr)
tensor_copy = Elementwise(scalar.identity)
ceil = Elementwise(scalar.ceil)
floor = Elementwise(scalar.floor)
trunc = Elementwise(scalar.trunc)
round_half_to_even = Elementwise(scalar.round_half_to_even)
sqrt = Elementwise(scalar.sqrt)
inv = Elementwise(scalar.inv)
exp = Elementwise(scalar.exp)
exp2 = Elementwise(scalar.exp2)
expm1 = Elementwise(scalar.expm1)
log = Elementwise(scalar.log)
log2 = Elementwise(scalar.log2)
log10 = Elementwise(scalar.log10)
log1p = Elementwise(scalar.log1p)
sin = Elementwise(scalar.sin)
cos = Elementwise(scalar.cos)
tan = Elementwise(scalar.tan)
arcsin = Elementwise(scalar.arcsin)
arccos = Elementwise(scalar.arccos)
arctan = Elementwise(scalar.arctan)
arctan2 = Elementwise(scalar.arctan2)
sinh = Elementwise(scalar.sinh)
cosh = Elementwise(scalar.cosh)
tanh = Elementwise(scalar.tanh)
arcsinh = Elementwise(scalar.arcsinh)
arccosh = Elementwise(scalar.arccosh)
arctanh = Elementwise(scalar.arctanh)
sigmoid = Elementwise(scalar.sigmoid)
softplus = Elementwise(scalar.softplus)
erf = Elementwise(scalar.erf)
erfc = Elementwise(scalar.erfc)
isnan = Elementwise(scalar.isnan)
isinf = Elementwise(scalar.isinf)
and_ = Elementwise(scalar.and_)
or_ = Elementwise(scalar.or_)
xor = Elementwise(scalar.xor)
invert = Elementwise(scalar.invert)
switch = Elementwise(scalar.switch)
second = Elementwise(scalar.second)


def _comparison(row: ScalarOp) -> Callable[[Any, Any], TensorVariable]:
    """A comparison that is exact for integers of any two dtypes, as in NumPy 2."""
    op = Elementwise(row)

    def compare(x: Any, y: Any) -> TensorVariable:
        for swapped, v, w in ((False, x, y), (True, y, x)):
            if type(w) is int:
                side = _beyond(v, w)
                if side:
                    truth = row(side, 0) if swapped else row(0, side)
                    return second(v, np.bool_(truth))
            elif not is_python_number(v) and not is_python_number(w):
                left, right = as_tensor(v), as_tensor(w)
                if left.dtype == "uint64" and right.dtype in _SIGNED:
                    # Both as uint64, but for what is negative.
                    truth = row(-1, 0) if swapped else row(0, -1)
                    whole = cast(right, "uint64")
                    unsigned = op(whole, left) if swapped else op(left, whole)
                    return switch(_below(right, 0), np.bool_(truth), unsigned)
        return op(x, y)

    compare.__name__ = compare.__qualname__ = row.name
    compare.__doc__ = (
        f"``x {row.symbol} y``, element by element; integers of any two dtypes compare exactly."
    )
    return compare


def _beyond(x: Any, number: int) -> int:
    """1 if a Python integer is above the dtype of integers ``x``, -1 if below, else 0."""
    if is_python_number(x):
        return 0
    dtype = as_tensor(x).dtype
    if not dtypes.is_discrete(dtype):
        return 0
    # Beside bools a number is an int64.
    info = np.iinfo("int64" if dtype == "bool" else dtype)
    return (number > info.max) - (number < info.min)


_SIGNED = ("int8", "int16", "int32", "int64")
_below = Elementwise(scalar.lt)
eq, neq = _comparison(scalar.eq), _comparison(scalar.neq)
lt, gt = _comparison(scalar.lt), _comparison(scalar.gt)
le, ge = _comparison(scalar.le), _comparison(scalar.ge)

where = switch
fill = second
square = sqr
power = pow
reciprocal = inv
floor_div = int_div
less, less_equal, greater, greater_equal, equal, not_equal = lt, le, gt, ge, eq, neq
bitwise_and, bitwise_or, bitwise_xor, bitwise_not = and_, or_, xor, invert


def add(*terms: Any) -> TensorVariable:
    """The sum of one or more tensors, element by element."""
    return _chain(add2, terms)


def mul(*factors: Any) -> TensorVariable:
    """The product of one or more tensors, element by element."""
    return _chain(mul2, factors)


def _chain(op: Elementwise, operands: tuple[Any, ...]) -> TensorVariable:
    if not operands:
        raise TypeError(f"{op.scalar_op.name} takes at least one operand")
    result = operands[0] if len(operands) > 1 else as_tensor(operands[0])
    for operand in operands[1:]:
        result = op(result, operand)
    return result


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
        return beyond if bound == bound else True  # noqa: PLR0124 (false for NaN)
    bound = as_tensor(bound)
    is_number = dtypes.is_discrete(bound.type.dtype) or (
        isinstance(bound, Constant) and not np.isnan(bound.data).any()
    )
    return beyond if is_number else or_(beyond, isnan(bound))


def deg2rad(x: Any) -> TensorVariable:
    """Degrees to radians."""
    return mul(x, math.pi / 180)


def rad2deg(x: Any) -> TensorVariable:
    """Radians to degrees."""
    return mul(x, 180 / math.pi)


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
    """The nearest whole numbers, as floats; ties go to the even one (the only mode there is)."""
    if mode not in (None, "half_to_even"):
        raise ValueError(f"round: the mode is 'half_to_even', not {mode!r}")
    return round_half_to_even(x)
