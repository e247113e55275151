"""Elementwise functions of the language, one row each: all that graph knows of a scalar op.

A row gives the scalar op of the same name (its meaning in NumPy, dtypes, cost), the function of the
language and its docstring, what a ufunc of NumPy does when it is given variables, and samples for
the tests of every layer. Every public name here is one of `language`.
"""

import numpy as _np

from ..base import dtype as _dtypes
from . import rows as _rows
from .rows import COMPLEX as _COMPLEX
from .rows import INEXACT as _INEXACT
from .rows import chain as _chain
from .rows import comparison as _comparison
from .rows import function as _function
from .rows import logical as _logical
from .rows import row as _row
from .scalar import DIVISION as _DIVISION
from .scalar import TRANSCENDENTAL as _TRANSCENDENTAL
from .scalar import Second as _Second
from .scalar import Select as _Select

# Choice
switch = _row("switch", 3, _np.where, "``a`` where the condition holds, else ``b``.", kind=_Select)
second = _row("second", 2, _rows.second, "``b``, stretched to the shape of ``a``.", kind=_Second)

# Arithmetic
_NONZERO = ((-9, 9), (1, 9))
add = _chain(
    _row(
        "add",
        2,
        _np.add,
        "The sum of one or more tensors, element by element.",
        symbol="+",
        commutative=True,
        associative=True,
    )
)
mul = _chain(
    _row(
        "mul",
        2,
        _np.multiply,
        "The product of one or more tensors, element by element.",
        symbol="*",
        commutative=True,
        associative=True,
    )
)
sub = _row("sub", 2, _np.subtract, "``a - b``.", symbol="-", refuses=("bool",))
true_div = _row(
    "true_div",
    2,
    _np.true_divide,
    "``a / b``; integers give floats.",
    operand=_dtypes.quotient,
    symbol="/",
    cost=_DIVISION,
    domain=_NONZERO,
)
int_div = _row(
    "int_div",
    2,
    _np.floor_divide,
    "``a // b``: the quotient rounded down; integers by 0 give 0.",
    operand=_rows.bool_as_int8,
    symbol="//",
    refuses=_COMPLEX,
    cost=_TRANSCENDENTAL,
    domain=_NONZERO,
    kinks="whole",
)
mod = _row(
    "mod",
    2,
    _np.mod,
    "``a % b``, with the sign of b; integers by 0 give 0.",
    operand=_rows.bool_as_int8,
    symbol="%",
    refuses=_COMPLEX,
    cost=_TRANSCENDENTAL,
    domain=_NONZERO,
    kinks="whole",
)
pow = _row(
    "pow",
    2,
    _rows.power,
    "``a ** b``; integers to negative powers are an error when it runs.",
    operand=_rows.bool_as_int8,
    symbol="**",
    cost=3 * _TRANSCENDENTAL,
    domain=((0.3, 3), (0, 3)),
)
maximum = _row(
    "maximum",
    2,
    _np.maximum,
    "The larger of two, NaN where one is; equal ones have half of the gradient each.",
    commutative=True,
    associative=True,
    kinks="ties",
)
minimum = _row(
    "minimum",
    2,
    _np.minimum,
    "The smaller of two, NaN where one is; equal ones have half of the gradient each.",
    commutative=True,
    associative=True,
    kinks="ties",
)
fmax = _row(
    "fmax",
    2,
    _np.fmax,
    "The larger of two; of a number and NaN the number.",
    commutative=True,
    associative=True,
    refuses=_COMPLEX,
    kinks="ties",
)
fmin = _row(
    "fmin",
    2,
    _np.fmin,
    "The smaller of two; of a number and NaN the number.",
    commutative=True,
    associative=True,
    refuses=_COMPLEX,
    kinks="ties",
)
neg = _row("neg", 1, _np.negative, "``-x``.", refuses=("bool",))
abs_ = _row("abs", 1, _np.abs, "``|x|``.", result=_rows.modulus, kinks="zero")
sgn = _row("sgn", 1, _np.sign, "-1, 0 or 1; NaN for NaN.", refuses=("bool",), kinks="zero")
sqr = _row("sqr", 1, _np.square, "``x * x``.", operand=_rows.bool_as_int8)
inv = _row(
    "inv",
    1,
    _np.reciprocal,
    "``1 / x``.",
    operand=_dtypes.at_least_float,
    cost=_DIVISION,
    domain=((0.4, 3),),
)
copysign = _function(
    "copysign",
    _np.copysign,
    "``x1`` with the sign of ``x2``.",
    arity=2,
    refuses=_COMPLEX,
    cost=1,
    kinks="zero",
)
tensor_copy = _row("identity", 1, _np.array, "``x`` as a value of its own.")

# Rounding
ceil = _function(
    "ceil",
    _np.ceil,
    "The least whole number that is not below x.",
    refuses=_COMPLEX,
    cost=1,
    kinks="whole",
)
floor = _function(
    "floor",
    _np.floor,
    "The greatest whole number that is not above x.",
    refuses=_COMPLEX,
    cost=1,
    kinks="whole",
)
trunc = _function(
    "trunc", _np.trunc, "x without its fraction.", refuses=_COMPLEX, cost=1, kinks="whole"
)
round_half_to_even = _function(
    "round_half_to_even",
    _np.rint,
    "The nearest whole number; the even one of two.",
    refuses=_COMPLEX,
    cost=1,
    kinks="whole",
)

# Powers and logarithms
sqrt = _function("sqrt", _np.sqrt, "The square root.", 0.3, 4, cost=1)
exp = _function("exp", _np.exp, "e to the power of x.")
exp2 = _function("exp2", _np.exp2, "2 to the power of x.")
expm1 = _function("expm1", _np.expm1, "exp(x) - 1, exact near 0.")
log = _function("log", _np.log, "The natural logarithm.", 0.3, 4)
log2 = _function("log2", _np.log2, "The logarithm to base 2.", 0.3, 4)
log10 = _function("log10", _np.log10, "The logarithm to base 10.", 0.3, 4)
log1p = _function("log1p", _np.log1p, "log(1 + x), exact near 0.", 0, 4)

cbrt = _function(
    "cbrt", _np.cbrt, "The cube root, of negative numbers too.", 0.3, 4, refuses=_COMPLEX
)
hypot = _function(
    "hypot",
    _np.hypot,
    "sqrt(x1**2 + x2**2), where squares would overflow too.",
    0.3,
    arity=2,
    refuses=_COMPLEX,
)
logaddexp = _function(
    "logaddexp",
    _np.logaddexp,
    "log(exp(x1) + exp(x2)).",
    arity=2,
    refuses=_COMPLEX,
    cost=2 * _TRANSCENDENTAL,
    commutative=True,
)

# Trigonometric and hyperbolic
sin = _function("sin", _np.sin, "The sine of x radians.", huge=False)
cos = _function("cos", _np.cos, "The cosine of x radians.", huge=False)
tan = _function("tan", _np.tan, "The tangent of x radians.", -1.2, 1.2, huge=False)
arcsin = _function("arcsin", _np.arcsin, "The angle whose sine is x.", -0.9, 0.9)
arccos = _function("arccos", _np.arccos, "The angle whose cosine is x.", -0.9, 0.9)
arctan = _function("arctan", _np.arctan, "The angle whose tangent is x.")
arctan2 = _function(
    "arctan2",
    _np.arctan2,
    "The angle of the point (x2, x1).",
    0.3,
    arity=2,
    refuses=_COMPLEX,
)
sinh = _function("sinh", _np.sinh, "The hyperbolic sine.")
cosh = _function("cosh", _np.cosh, "The hyperbolic cosine.")
tanh = _function("tanh", _np.tanh, "The hyperbolic tangent.")
arcsinh = _function("arcsinh", _np.arcsinh, "The inverse of sinh.", huge=False)
arccosh = _function("arccosh", _np.arccosh, "The inverse of cosh.", 1.3, 5, huge=False)
arctanh = _function("arctanh", _np.arctanh, "The inverse of tanh.", -0.9, 0.9)

# Sigmoids and the error function
sigmoid = _function("sigmoid", _rows.sigmoid, "1 / (1 + exp(-x)).", refuses=_COMPLEX)
softplus = _function("softplus", _rows.softplus, "log(1 + exp(x)).", refuses=_COMPLEX)
erf = _function("erf", _rows.via_math("erf"), "The error function.", refuses=_COMPLEX)
erfc = _function(
    "erfc", _rows.via_math("erfc"), "1 - erf(x), exact where that is small.", refuses=_COMPLEX
)

# Comparison
lt = _comparison("lt", _np.less, "<")
gt = _comparison("gt", _np.greater, ">")
le = _comparison("le", _np.less_equal, "<=")
ge = _comparison("ge", _np.greater_equal, ">=")
eq = _comparison("eq", _np.equal, "==", commutative=True)
neq = _comparison("neq", _np.not_equal, "!=", commutative=True)
isnan = _row("isnan", 1, _np.isnan, "Where x is not a number.", result=_rows.boolean)
isinf = _row("isinf", 1, _np.isinf, "Where x is infinite.", result=_rows.boolean)

# Logic
and_ = _logical("and", _np.bitwise_and, "&")
or_ = _logical("or", _np.bitwise_or, "|")
xor = _logical("xor", _np.bitwise_xor, "^")
left_shift = _row(
    "left_shift",
    2,
    _np.left_shift,
    "``x1`` with its bits moved up by ``x2`` places.",
    operand=_rows.bool_as_int8,
    refuses=_INEXACT,
    domain=((-3, 9), (0, 4)),
)
right_shift = _row(
    "right_shift",
    2,
    _np.right_shift,
    "``x1`` with its bits moved down by ``x2`` places.",
    operand=_rows.bool_as_int8,
    refuses=_INEXACT,
    domain=((-99, 99), (0, 4)),
)
gcd = _row(
    "gcd",
    2,
    _np.gcd,
    "The greatest number that divides both.",
    operand=_rows.bool_as_int8,
    refuses=_INEXACT,
    commutative=True,
    cost=_TRANSCENDENTAL,
    domain=((-99, 99),) * 2,
)
lcm = _row(
    "lcm",
    2,
    _np.lcm,
    "The least number that both divide.",
    operand=_rows.bool_as_int8,
    refuses=_INEXACT,
    commutative=True,
    cost=_TRANSCENDENTAL,
    domain=((-9, 9),) * 2,
)
invert = _row("invert", 1, _np.invert, "``~x``, bit by bit.", refuses=_INEXACT)
