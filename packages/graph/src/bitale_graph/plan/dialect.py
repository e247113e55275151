"""How languages of C's family spell numbers and scalar ops: a row gives a template, or a function.

C and CUDA differ in the functions that they call (`Dialect.function`, `Dialect.builtin`) and in how
they write infinity and NaN; all else is told here, once.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..base.rules import RuleTable
from ..tensor import scalar
from ..tensor.draws import (
    more_random_bits,
    random_below,
    random_binomial,
    random_bits,
    random_gamma,
    random_poisson,
)
from ..tensor.own_scalar import OwnScalarOp
from ..tensor.scalar import ScalarOp

C_TYPES = {
    "bool": "uint8_t",
    "int8": "int8_t", "int16": "int16_t", "int32": "int32_t", "int64": "int64_t",
    "uint8": "uint8_t", "uint16": "uint16_t", "uint32": "uint32_t", "uint64": "uint64_t",
    "float32": "float", "float64": "double",
    # Only stored and passed on; a dialect that computes with them has types of its own.
    "float16": "uint16_t", "complex64": "uint64_t", "complex128": "bt_complex128",
}  # fmt: skip
COMPUTED = frozenset(C_TYPES) - {"float16", "complex64", "complex128"}
"""The dtypes that code computes with in any dialect."""


@dataclass(frozen=True)
class Spelling:
    """An expression in text, and the functions of the dialect's library that it calls."""

    text: str
    requires: tuple[str, ...] = ()


class Dialect(ABC):
    """A language of C's family."""

    @abstractmethod
    def function(self, name: str, dtype: str) -> str:
        """The function of a name such as "exp" for a dtype, of the dialect's own library."""

    @abstractmethod
    def builtin(self, name: str, dtype: str) -> str:
        """The function that the compiler knows by a name such as "sqrt"."""

    @abstractmethod
    def infinity(self, dtype: str) -> str:
        """Positive infinity."""

    @abstractmethod
    def nan(self, dtype: str) -> str:
        """A quiet NaN."""

    def c_type(self, dtype: str) -> str:
        """The type of a number of a dtype."""
        return C_TYPES[dtype]

    def literal(self, value: Any, dtype: str) -> str:
        """A constant of exactly this value: the shortest text that reads back as it."""
        if dtype in ("float32", "float64"):
            return self._float(value, dtype)
        number = int(value)
        if dtype == "int64":
            return "INT64_MIN" if number == -(2**63) else f"INT64_C({number})"
        if dtype == "uint64":
            return f"UINT64_C({number})"
        if dtype == "uint32":
            return f"{number}u"
        if dtype == "int32" and number == -(2**31):
            return "INT32_MIN"
        return str(number) if number >= 0 else f"({number})"

    def _float(self, value: Any, dtype: str) -> str:
        number, suffix = float(value), "f" if dtype == "float32" else ""
        if math.isnan(number):
            return self.nan(dtype)
        if math.isinf(number):
            return f"{'-' if number < 0 else ''}{self.infinity(dtype)}"
        text = str(np.float32(value)) if dtype == "float32" else repr(number)
        if "e" not in text and "." not in text:
            text += ".0"
        return f"({text}{suffix})" if text.startswith("-") else text + suffix

    def expression(
        self, op: ScalarOp, dtypes: Sequence[str], result: str, args: Sequence[str]
    ) -> Spelling:
        """One step; raises `MissingRuleError` where there is no row for the op."""
        if isinstance(op, OwnScalarOp):
            return Spelling(self._own(op, dtypes, result, args))
        if not scalar.is_cast(op):
            return spellings[op](self, dtypes, result, args)
        if result == "bool":  # NumPy asks whether a number differs from zero
            return Spelling(f"({args[0]} != 0)")
        # C leaves open what -1.0 is as uint8; by way of a wider type it wraps around, as in NumPy.
        if result == "uint64" and is_float(dtypes[0]):
            return Spelling(_UINT64.format(args[0], "f" if dtypes[0] == "float32" else ""))
        wide = _WIDER.get(result, "") if is_float(dtypes[0]) else ""
        return Spelling(f"({C_TYPES[result]}){wide}{args[0]}")

    @abstractmethod
    def block(self, statements: str, value: str, c_type: str) -> str:
        """An expression that runs statements and has a value."""

    def _own(self, op: OwnScalarOp, dtypes: Sequence[str], result: str, args: Sequence[str]) -> str:
        """The text that a user's op gives, on names of its own."""
        names = [f"own{i}" for i in range(len(args))]
        given = "".join(
            f"const {self.c_type(dtype)} {name} = {arg}; "
            for dtype, name, arg in zip(dtypes, names, args, strict=True)
        )
        text = op.statements(dtypes, names, "own")
        if not isinstance(text, str) or not text.isascii():
            raise TypeError(f"{op}: c_code gives a text in ASCII, and gave {text!r:.60}")
        c_type = self.c_type(result)
        return self.block(f"{given}{c_type} own; {text}", "own", c_type)

    def converted(self, text: str, source: str, target: str) -> str:
        """A number of one dtype as one of another, converted as NumPy does."""
        if source == target:
            return text
        return self.expression(scalar.cast_to(target), [source], target, [text]).text


# From the dialect, the operand dtypes, the dtype of the result and the operands (names or literals)
# to an expression.
Rule = Callable[[Dialect, Sequence[str], str, Sequence[str]], Spelling]
spellings: RuleTable[Rule] = RuleTable("a spelling", "bitale_graph/plan/dialect.py")


def is_known(op: ScalarOp) -> bool:
    """Whether generated code can compute ``op``."""
    if isinstance(op, OwnScalarOp):
        return not op.is_called
    return scalar.is_cast(op) or op in spellings


def is_float(dtype: str) -> bool:
    """Whether numbers of a dtype may be fractions."""
    return dtype in ("float32", "float64")


def _template(op: ScalarOp, text: str) -> None:
    """A row whose text holds {0}, {1}, ... for the operands and {T} for the type of the result."""

    def rule(d: Dialect, dtypes: Sequence[str], result: str, args: Sequence[str]) -> Spelling:
        return Spelling(text.format(*args, T=C_TYPES[result]))

    spellings.define(op)(rule)


def _vector(op: ScalarOp, name: str) -> None:
    """A row that is a function of the vector math library."""

    def rule(d: Dialect, dtypes: Sequence[str], result: str, args: Sequence[str]) -> Spelling:
        function = d.function(name, dtypes[0])
        return Spelling(f"{function}({', '.join(args)})", (function,))

    spellings.define(op)(rule)


def _by_kind(op: ScalarOp, for_floats: str, for_integers: str) -> None:
    """A row that is a vector function for floats and a template for integers."""

    def rule(d: Dialect, dtypes: Sequence[str], result: str, args: Sequence[str]) -> Spelling:
        if is_float(dtypes[0]):
            function = d.function(for_floats, dtypes[0])
            return Spelling(f"{function}({', '.join(args)})", (function,))
        return Spelling(for_integers.format(*args, T=C_TYPES[result]))

    spellings.define(op)(rule)


def _wrapping(op: ScalarOp, text: str) -> None:
    """A row of arithmetic: narrow integers wrap as NumPy's do, where C computes in int."""

    def rule(d: Dialect, dtypes: Sequence[str], result: str, args: Sequence[str]) -> Spelling:
        cast = f"({C_TYPES[result]})" if result in _NARROW else ""
        return Spelling(f"{cast}({text.format(*args)})")

    spellings.define(op)(rule)


def _library(op: ScalarOp, dtype: str) -> None:
    """A row that is a function of every dialect's library, whose result has one dtype."""

    def rule(d: Dialect, dtypes: Sequence[str], result: str, args: Sequence[str]) -> Spelling:
        function = d.function(op.name, dtype)
        return Spelling(f"{function}({', '.join(args)})", (function,))

    spellings.define(op)(rule)


_NARROW = ("bool", "int8", "int16", "uint8", "uint16")
_wrapping(scalar.sub, "{0} - {1}")
_wrapping(scalar.mul, "{0} * {1}")
_wrapping(scalar.neg, "-{0}")
_wrapping(scalar.sqr, "{0} * {0}")
_template(scalar.true_div, "{0} / {1}")
_template(scalar.identity, "{0}")
_template(scalar.eq, "({T})({0} == {1})")
_template(scalar.neq, "({T})({0} != {1})")
_template(scalar.lt, "({T})({0} < {1})")
_template(scalar.gt, "({T})({0} > {1})")
_template(scalar.le, "({T})({0} <= {1})")
_template(scalar.ge, "({T})({0} >= {1})")
_template(scalar.and_, "({T})({0} & {1})")
_template(scalar.or_, "({T})({0} | {1})")
_template(scalar.xor, "({T})({0} ^ {1})")
_template(scalar.switch, "{0} ? {1} : {2}")
_template(scalar.second, "{1}")
_template(scalar.isnan, "({T})({0} != {0})")
_by_kind(scalar.maximum, "maximum", "{0} > {1} ? {0} : {1}")
_by_kind(scalar.minimum, "minimum", "{0} < {1} ? {0} : {1}")
_template(scalar.fmax, "{0} != {0} || {1} > {0} ? {1} : {0}")  # the second, if the first is NaN
_template(scalar.fmin, "{0} != {0} || {1} < {0} ? {1} : {0}")
_by_kind(scalar.sgn, "sign", "({T})(({0} > 0) - ({0} < 0))")

for _op, _name in (
    (scalar.exp, "exp"), (scalar.exp2, "exp2"), (scalar.expm1, "expm1"), (scalar.log, "log"),
    (scalar.log2, "log2"), (scalar.log10, "log10"), (scalar.log1p, "log1p"), (scalar.sin, "sin"),
    (scalar.cos, "cos"), (scalar.tan, "tan"), (scalar.arcsin, "arcsin"), (scalar.arccos, "arccos"),
    (scalar.arctan, "arctan"), (scalar.arctan2, "arctan2"), (scalar.sinh, "sinh"),
    (scalar.cosh, "cosh"), (scalar.tanh, "tanh"), (scalar.arcsinh, "arcsinh"),
    (scalar.arccosh, "arccosh"), (scalar.arctanh, "arctanh"), (scalar.sigmoid, "sigmoid"),
    (scalar.softplus, "softplus"), (scalar.erf, "erf"), (scalar.erfc, "erfc"),
    (scalar.int_div, "floordiv"), (scalar.mod, "mod"), (scalar.round_half_to_even, "round"),
    (scalar.logaddexp, "logaddexp"), (scalar.cbrt, "cbrt"),
    (scalar.gcd, "gcd"), (scalar.lcm, "lcm"),
):  # fmt: skip
    _vector(_op, _name)

# Special functions, whose text is the same for all targets (`library`).
SPECIAL_NAMES = (
    "erfcx", "erfinv", "erfcinv", "gamma", "gammaln", "psi", "tri_gamma", "gammainc", "gammaincc",
    "j0", "j1", "i0", "i1",
)  # fmt: skip
for _name in SPECIAL_NAMES:
    _vector(scalar.scalar_op(_name), _name)


for _op in (random_bits, more_random_bits, random_below):
    _library(_op.scalar_op, "uint64")
_library(random_gamma.scalar_op, "float64")
for _op in (random_poisson, random_binomial):
    _library(_op.scalar_op, "int64")


@spellings.define(scalar.add)
def add_c(d: Dialect, dtypes: Sequence[str], result: str, args: Sequence[str]) -> Spelling:
    """Sums of bools are or, as in NumPy: a bool is never 2."""
    sign = "|" if result == "bool" else "+"
    cast = f"({C_TYPES[result]})" if result in _NARROW else ""
    return Spelling(f"{cast}({args[0]} {sign} {args[1]})")


@spellings.define(scalar.inv)
def inv_c(d: Dialect, dtypes: Sequence[str], result: str, args: Sequence[str]) -> Spelling:
    """1 / x, in the type of x."""
    one = "1.0f" if dtypes[0] == "float32" else "1.0"
    return Spelling(f"{one} / {args[0]}")


@spellings.define(scalar.abs_)
def abs_c(d: Dialect, dtypes: Sequence[str], result: str, args: Sequence[str]) -> Spelling:
    """The builtin for floats, so that -0.0 gives 0.0; the least integer wraps, as in NumPy."""
    x, dtype = args[0], dtypes[0]
    if is_float(dtype):
        return Spelling(f"{d.builtin('fabs', dtype)}({x})")
    if dtype.startswith("uint") or dtype == "bool":
        return Spelling(x)
    return Spelling(f"({C_TYPES[result]})({x} < 0 ? -{x} : {x})")


@spellings.define(scalar.invert)
def invert_c(d: Dialect, dtypes: Sequence[str], result: str, args: Sequence[str]) -> Spelling:
    """Logical for bool, bitwise for integers."""
    return Spelling(f"!{args[0]}" if dtypes[0] == "bool" else f"({C_TYPES[result]})(~{args[0]})")


@spellings.define(scalar.isinf)
def isinf_c(d: Dialect, dtypes: Sequence[str], result: str, args: Sequence[str]) -> Spelling:
    """No integer is infinite."""
    if not is_float(dtypes[0]):
        return Spelling("0")
    size = f"{d.builtin('fabs', dtypes[0])}({args[0]})"
    return Spelling(f"({C_TYPES[result]})({size} == {d.infinity(dtypes[0])})")


@spellings.define(scalar.pow)
def pow_c(d: Dialect, dtypes: Sequence[str], result: str, args: Sequence[str]) -> Spelling:
    """The vector function for floats; repeated squaring, which wraps, for integers."""
    name = d.function("pow" if is_float(dtypes[0]) else "ipow", dtypes[0])
    return Spelling(f"{name}({args[0]}, {args[1]})", (name,))


def _builtin(op: ScalarOp, builtin: str) -> None:
    def rule(d: Dialect, dtypes: Sequence[str], result: str, args: Sequence[str]) -> Spelling:
        return Spelling(f"{d.builtin(builtin, dtypes[0])}({', '.join(args)})")

    spellings.define(op)(rule)


_builtin(scalar.sqrt, "sqrt")
_builtin(scalar.ceil, "ceil")
_builtin(scalar.floor, "floor")
_builtin(scalar.trunc, "trunc")
_builtin(scalar.hypot, "hypot")
_builtin(scalar.copysign, "copysign")
# Of real numbers; complex ones are not computed with.
_template(scalar.real, "{0}")
_template(scalar.conj, "{0}")
_template(scalar.imag, "({T})0")


@spellings.define(scalar.angle)
def angle_c(d: Dialect, dtypes: Sequence[str], result: str, args: Sequence[str]) -> Spelling:
    """0 or pi, in float64."""
    x, sign = f"(double){args[0]}", d.builtin("copysign", "float64")
    return Spelling(f"({x} != {x} ? {x} : {sign}(1.0, {x}) < 0 ? 3.141592653589793 : 0.0)")


def _shift(op: ScalarOp, sign: str, outside: str) -> None:
    """Bits moved; where all of them leave, what NumPy gives."""

    def rule(d: Dialect, dtypes: Sequence[str], result: str, args: Sequence[str]) -> Spelling:
        x, n = args
        is_inside = f"(uint64_t){n} < {8 * np.dtype(dtypes[0]).itemsize}"
        moved = (
            f"(u{C_TYPES[result].removeprefix('u')}){x} << {n}" if sign == "<<" else f"{x} >> {n}"
        )
        return Spelling(f"({C_TYPES[result]})({is_inside} ? {moved} : {outside.format(x)})")

    spellings.define(op)(rule)


_shift(scalar.left_shift, "<<", "0")
_shift(scalar.right_shift, ">>", "({0} < 0 ? -1 : 0)")


_WIDER = {
    **dict.fromkeys(("int8", "int16", "uint8", "uint16"), "(int32_t)"),
    "uint32": "(int64_t)",
}
# No type is wider: the upper half is moved into the range of int64 and back.
_UINT64 = (
    "({0} >= 0x1p63{1} ? (uint64_t)(int64_t)({0} - 0x1p63{1}) ^ 0x8000000000000000u"
    " : (uint64_t)(int64_t){0})"
)
