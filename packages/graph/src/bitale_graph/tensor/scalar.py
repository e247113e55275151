"""The table of scalar ops: what elementwise ops and fused loops compute for one element.

A row gives the name, the number of operands, how dtypes combine, and the meaning in NumPy. Operands
of one row have one dtype (`ScalarOp.operand_dtypes`); the elementwise op casts them. A row holds no
gradient and no C text: these stand in the tables of autodiff and of the code generators, under the
row itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..base import dtype as dtypes
from ..base.errors import DtypeError

# What these cost, in multiplications.
DIVISION, TRANSCENDENTAL = 4, 12

Array = Any
DtypeRule = Callable[[str], str]


def common_shape(*shapes: Sequence[int]) -> tuple[int, ...]:
    """The shape of arrays that go together; NumPy's own function stops at 32 axes."""
    ndim = max(map(len, shapes), default=0)
    columns = ([s[a] for s in shapes if len(s) >= -a] for a in range(-ndim, 0))
    return tuple(next((n for n in lengths if n != 1), 1) for lengths in columns)


def _same(dtype: str) -> str:
    return dtype


def _boolean(dtype: str) -> str:
    return "bool"


def _bool_as_int8(dtype: str) -> str:
    return "int8" if dtype == "bool" else dtype


@dataclass(frozen=True, eq=False)
class ScalarOp:
    """A function of numbers.

    Parameters
    ----------
    name : str
        Theano's name of the function; unique.
    arity : int
        The number of operands.
    compute : callable
        The NumPy meaning, on arrays of the operand dtype.
    operand : callable
        From the common dtype of what is given to the dtype that the operands are cast to.
    result : callable
        From the operand dtype to the dtype of the result.
    symbol : str
        The infix operator, for printing; empty if there is none.
    commutative, associative : bool
        Whether operands may change places; whether chains of the op may be regrouped.
    refuses : tuple of str
        Operand dtypes that the op does not take.
    cost : int
        Of one element on one core, in multiplications: what is worth a thread, or worth keeping.
    """

    name: str
    arity: int
    compute: Callable[..., Array]
    operand: DtypeRule = _same
    result: DtypeRule = _same
    symbol: str = ""
    commutative: bool = False
    associative: bool = False
    refuses: tuple[str, ...] = field(default=())
    cost: int = 1

    @property
    def is_dear(self) -> bool:
        """Whether to compute an element costs more than to write it and read it again."""
        return self.cost > DIVISION

    def operand_dtypes(self, given: Sequence[str]) -> tuple[str, ...]:
        """The dtypes that operands of the dtypes ``given`` are cast to; raises `DtypeError`."""
        dtype = self.operand(dtypes.upcast(*given))
        if dtype in self.refuses:
            raise DtypeError(
                f"{self.name} does not take operands of dtype {dtype} (given: {', '.join(given)})"
            )
        return (dtype,) * self.arity

    def result_dtype(self, operands: Sequence[str]) -> str:
        """The dtype of the result for operands of these (cast) dtypes."""
        return self.result(operands[0])

    def __call__(self, *operands: Array) -> Array:
        """Compute on arrays of the operand dtype; the result has the result dtype."""
        with np.errstate(all="ignore"):
            return self.compute(*operands)

    def key(self) -> str:
        """What tells it from others, in every process."""
        return self.name

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"<ScalarOp {self.name}>"

    def __reduce__(self) -> str | tuple[Any, ...]:
        return scalar_op, (self.name,)


class _Select(ScalarOp):
    """``switch(condition, a, b)``: the condition is a bool, the others have one dtype."""

    def operand_dtypes(self, given: Sequence[str]) -> tuple[str, ...]:
        dtype = dtypes.upcast(*given[1:])
        return ("bool", dtype, dtype)

    def result_dtype(self, operands: Sequence[str]) -> str:
        return operands[1]


class _Second(ScalarOp):
    """``second(a, b)``: b, stretched to the shape of a; the numbers in a are not read."""

    def operand_dtypes(self, given: Sequence[str]) -> tuple[str, ...]:
        return (given[0], given[1])

    def result_dtype(self, operands: Sequence[str]) -> str:
        return operands[1]


class _Cast(ScalarOp):
    """Conversion to one dtype."""

    def operand_dtypes(self, given: Sequence[str]) -> tuple[str, ...]:
        return tuple(given)


SCALAR_OPS: dict[str, ScalarOp] = {}


def scalar_op(name: str) -> ScalarOp:
    """The row called ``name``; raises `KeyError` if the table has none."""
    return SCALAR_OPS[name]


def define(op: ScalarOp) -> ScalarOp:
    """Add a row to the table; a second one of the same name is an error."""
    if op.name in SCALAR_OPS:
        raise ValueError(f"there is a scalar op {op.name!r} already")
    SCALAR_OPS[op.name] = op
    return op


def cast_to(dtype: str) -> ScalarOp:
    """The conversion to ``dtype``: one row for each dtype."""
    return SCALAR_OPS[f"cast{{{dtype}}}"]


def _define_cast(dtype: str) -> None:
    target = np.dtype(dtype)
    name = f"cast{{{dtype}}}"
    define(_Cast(name, 1, lambda x: np.asarray(x).astype(target), result=lambda _: dtype))


for _dtype in dtypes.ALL:
    _define_cast(_dtype)


def is_cast(op: ScalarOp) -> bool:
    """Whether ``op`` is a conversion."""
    return isinstance(op, _Cast)


def _row(name: str, arity: int, compute: Callable[..., Array], **facts: Any) -> ScalarOp:
    return define(ScalarOp(name, arity, compute, **facts))


def _function(
    name: str,
    compute: Callable[..., Array],
    arity: int = 1,
    refuses: tuple[str, ...] = (),
    cost: int = TRANSCENDENTAL,
) -> ScalarOp:
    """A row for a function that discrete operands become floats for."""
    return _row(name, arity, compute, operand=dtypes.at_least_float, refuses=refuses, cost=cost)


def _predicate(name: str, compute: Callable[..., Array], symbol: str, **facts: Any) -> ScalarOp:
    return _row(name, 2, compute, result=_boolean, symbol=symbol, **facts)


def _int_div(x: Array, y: Array) -> Array:
    return np.floor_divide(x, y)


def _sigmoid(x: Array) -> Array:
    # exp of a non-positive number on either side: never overflows.
    x = np.asarray(x)
    e = np.exp(-np.abs(x))
    return (np.where(x < 0, e, x.dtype.type(1)) / (1 + e)).astype(x.dtype)


def _softplus(x: Array) -> Array:
    return np.logaddexp(x, np.asarray(x).dtype.type(0))


def _erf(x: Array) -> Array:
    return _via_math("erf", x)


def _erfc(x: Array) -> Array:
    return _via_math("erfc", x)


def _via_math(name: str, x: Array) -> Array:
    """Element by element through `math`, so that NumPy is all that is needed."""
    import math

    x = np.asarray(x)
    f = getattr(math, name)
    return (
        np.fromiter((f(v) for v in x.ravel().tolist()), np.float64, x.size)
        .reshape(x.shape)
        .astype(x.dtype)
    )


def _isinf(x: Array) -> Array:
    return np.isinf(x)


def _power(x: Array, y: Array) -> Array:
    if np.asarray(x).dtype.kind in "iu" and (np.asarray(y) < 0).any():
        raise ValueError(
            "pow: integers to negative integer powers are not defined; cast an operand to a float "
            "dtype first"
        )
    return np.power(x, y)


_REAL = dtypes.COMPLEX

add = _row("add", 2, np.add, symbol="+", commutative=True, associative=True)
sub = _row("sub", 2, np.subtract, symbol="-", refuses=("bool",))
mul = _row("mul", 2, np.multiply, symbol="*", commutative=True, associative=True)
true_div = _row("true_div", 2, np.true_divide, operand=dtypes.quotient, symbol="/", cost=DIVISION)
int_div = _row(
    "int_div", 2, _int_div, operand=_bool_as_int8, symbol="//", refuses=_REAL, cost=TRANSCENDENTAL
)
mod = _row("mod", 2, np.mod, operand=_bool_as_int8, symbol="%", refuses=_REAL, cost=TRANSCENDENTAL)
pow = _row("pow", 2, _power, operand=_bool_as_int8, symbol="**", cost=3 * TRANSCENDENTAL)
maximum = _row("maximum", 2, np.maximum, commutative=True, associative=True)
minimum = _row("minimum", 2, np.minimum, commutative=True, associative=True)

neg = _row("neg", 1, np.negative, refuses=("bool",))
abs_ = _row(
    "abs", 1, np.abs, result=lambda d: {"complex64": "float32", "complex128": "float64"}.get(d, d)
)
sgn = _row("sgn", 1, np.sign, refuses=("bool",))
sqr = _row("sqr", 1, np.square, operand=_bool_as_int8)
identity = _row("identity", 1, np.array)
ceil = _row("ceil", 1, np.ceil, operand=dtypes.at_least_float, refuses=_REAL)
floor = _row("floor", 1, np.floor, operand=dtypes.at_least_float, refuses=_REAL)
trunc = _row("trunc", 1, np.trunc, operand=dtypes.at_least_float, refuses=_REAL)
round_half_to_even = _row(
    "round_half_to_even", 1, np.rint, operand=dtypes.at_least_float, refuses=_REAL
)

sqrt = _function("sqrt", np.sqrt, cost=1)
inv = _row("inv", 1, np.reciprocal, operand=dtypes.quotient, cost=DIVISION)
exp = _function("exp", np.exp)
exp2 = _function("exp2", np.exp2)
expm1 = _function("expm1", np.expm1)
log = _function("log", np.log)
log2 = _function("log2", np.log2)
log10 = _function("log10", np.log10)
log1p = _function("log1p", np.log1p)
sin = _function("sin", np.sin)
cos = _function("cos", np.cos)
tan = _function("tan", np.tan)
arcsin = _function("arcsin", np.arcsin)
arccos = _function("arccos", np.arccos)
arctan = _function("arctan", np.arctan)
arctan2 = _function("arctan2", np.arctan2, 2, refuses=_REAL)
sinh = _function("sinh", np.sinh)
cosh = _function("cosh", np.cosh)
tanh = _function("tanh", np.tanh)
arcsinh = _function("arcsinh", np.arcsinh)
arccosh = _function("arccosh", np.arccosh)
arctanh = _function("arctanh", np.arctanh)
sigmoid = _function("sigmoid", _sigmoid, refuses=_REAL)
softplus = _function("softplus", _softplus, refuses=_REAL)
erf = _function("erf", _erf, refuses=_REAL)
erfc = _function("erfc", _erfc, refuses=_REAL)

eq = _predicate("eq", np.equal, "==", commutative=True)
neq = _predicate("neq", np.not_equal, "!=", commutative=True)
lt = _predicate("lt", np.less, "<")
gt = _predicate("gt", np.greater, ">")
le = _predicate("le", np.less_equal, "<=")
ge = _predicate("ge", np.greater_equal, ">=")
isnan = _row("isnan", 1, np.isnan, result=_boolean)
isinf = _row("isinf", 1, _isinf, result=_boolean)

and_ = _row(
    "and",
    2,
    np.bitwise_and,
    symbol="&",
    commutative=True,
    associative=True,
    refuses=(*dtypes.FLOATS, *_REAL),
)
or_ = _row(
    "or",
    2,
    np.bitwise_or,
    symbol="|",
    commutative=True,
    associative=True,
    refuses=(*dtypes.FLOATS, *_REAL),
)
xor = _row(
    "xor",
    2,
    np.bitwise_xor,
    symbol="^",
    commutative=True,
    associative=True,
    refuses=(*dtypes.FLOATS, *_REAL),
)
invert = _row("invert", 1, np.invert, refuses=(*dtypes.FLOATS, *_REAL))

switch = define(_Select("switch", 3, np.where))
second = define(
    _Second(
        "second",
        2,
        lambda a, b: np.broadcast_to(b, common_shape(np.shape(a), np.shape(b))).copy(),
    )
)
