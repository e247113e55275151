"""C expressions of scalar ops: a row gives a template, or the name of a vector function."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bitale_graph.extend import RuleTable, ScalarOp, scalar

from ..base.ctype import C_TYPES
from ..library.vector_math.table import FUNCTIONS


@dataclass(frozen=True)
class Expression:
    """A C expression, and the C functions that it calls."""

    text: str
    requires: tuple[str, ...] = ()


# From the operand dtypes, the dtype of the result and the operands (names or literals) to an
# expression.
Rule = Callable[[Sequence[str], str, Sequence[str]], Expression]
scalar_c: RuleTable[Rule] = RuleTable("a C expression", "bitale_codegen_c/kernel/scalar.py")


def _is_float(dtype: str) -> bool:
    return dtype in ("float32", "float64")


def _template(op: ScalarOp, text: str) -> None:
    """A row whose text holds {0}, {1}, ... for the operands and {T} for the type of the result."""

    def rule(dtypes: Sequence[str], result: str, args: Sequence[str]) -> Expression:
        return Expression(text.format(*args, T=C_TYPES[result]))

    scalar_c.define(op)(rule)


def _vector(op: ScalarOp, name: str) -> None:
    """A row that is a function of the vector math library."""

    def rule(dtypes: Sequence[str], result: str, args: Sequence[str]) -> Expression:
        function = FUNCTIONS[name, dtypes[0]].c_name
        return Expression(f"{function}({', '.join(args)})", (function,))

    scalar_c.define(op)(rule)


def _by_kind(op: ScalarOp, for_floats: str, for_integers: str) -> None:
    """A row that is a vector function for floats and a template for integers."""

    def rule(dtypes: Sequence[str], result: str, args: Sequence[str]) -> Expression:
        if _is_float(dtypes[0]):
            function = FUNCTIONS[for_floats, dtypes[0]].c_name
            return Expression(f"{function}({', '.join(args)})", (function,))
        return Expression(for_integers.format(*args, T=C_TYPES[result]))

    scalar_c.define(op)(rule)


# The cast to {T} makes narrow integers wrap as NumPy's do, where C computes in int.
_template(scalar.sub, "({T})({0} - {1})")
_template(scalar.mul, "({T})({0} * {1})")
_template(scalar.true_div, "{0} / {1}")
_template(scalar.neg, "({T})(-{0})")
_template(scalar.sqr, "({T})({0} * {0})")
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
):  # fmt: skip
    _vector(_op, _name)


@scalar_c.define(scalar.add)
def add_c(dtypes: Sequence[str], result: str, args: Sequence[str]) -> Expression:
    """Sums of bools are or, as in NumPy: a bool is never 2."""
    sign = "|" if result == "bool" else "+"
    return Expression(f"({C_TYPES[result]})({args[0]} {sign} {args[1]})")


@scalar_c.define(scalar.inv)
def inv_c(dtypes: Sequence[str], result: str, args: Sequence[str]) -> Expression:
    """1 / x, in the type of x."""
    one = "1.0f" if dtypes[0] == "float32" else "1.0"
    return Expression(f"{one} / {args[0]}")


@scalar_c.define(scalar.abs_)
def abs_c(dtypes: Sequence[str], result: str, args: Sequence[str]) -> Expression:
    """The builtin for floats, so that -0.0 gives 0.0; the least integer wraps, as in NumPy."""
    x, dtype = args[0], dtypes[0]
    if _is_float(dtype):
        return Expression(f"__builtin_fabs{'f' if dtype == 'float32' else ''}({x})")
    if dtype.startswith("uint") or dtype == "bool":
        return Expression(x)
    return Expression(f"({C_TYPES[result]})({x} < 0 ? -{x} : {x})")


@scalar_c.define(scalar.invert)
def invert_c(dtypes: Sequence[str], result: str, args: Sequence[str]) -> Expression:
    """Logical for bool, bitwise for integers."""
    return Expression(f"!{args[0]}" if dtypes[0] == "bool" else f"({C_TYPES[result]})(~{args[0]})")


@scalar_c.define(scalar.isinf)
def isinf_c(dtypes: Sequence[str], result: str, args: Sequence[str]) -> Expression:
    """No integer is infinite."""
    if not _is_float(dtypes[0]):
        return Expression("0")
    suffix = "f" if dtypes[0] == "float32" else ""
    return Expression(
        f"({C_TYPES[result]})(__builtin_fabs{suffix}({args[0]}) == __builtin_inf{suffix}())"
    )


@scalar_c.define(scalar.pow)
def pow_c(dtypes: Sequence[str], result: str, args: Sequence[str]) -> Expression:
    """The vector function for floats; repeated squaring, which wraps, for integers."""
    name = FUNCTIONS["pow" if _is_float(dtypes[0]) else "ipow", dtypes[0]].c_name
    return Expression(f"{name}({args[0]}, {args[1]})", (name,))


def _rounding(op: ScalarOp, builtin: str) -> None:
    def rule(dtypes: Sequence[str], result: str, args: Sequence[str]) -> Expression:
        return Expression(f"__builtin_{builtin}{'f' if dtypes[0] == 'float32' else ''}({args[0]})")

    scalar_c.define(op)(rule)


_rounding(scalar.sqrt, "sqrt")
_rounding(scalar.ceil, "ceil")
_rounding(scalar.floor, "floor")
_rounding(scalar.trunc, "trunc")


_WIDER = {
    **dict.fromkeys(("int8", "int16", "uint8", "uint16"), "(int32_t)"),
    "uint32": "(int64_t)",
}
# No type is wider: the upper half is moved into the range of int64 and back.
_UINT64 = (
    "({0} >= 0x1p63{1} ? (uint64_t)(int64_t)({0} - 0x1p63{1}) ^ 0x8000000000000000u"
    " : (uint64_t)(int64_t){0})"
)


def expression(op: ScalarOp, dtypes: Sequence[str], result: str, args: Sequence[str]) -> Expression:
    """The C expression of one step; raises `MissingRuleError` where there is none."""
    if scalar.is_cast(op):
        if result == "bool":  # NumPy asks whether a number differs from zero
            return Expression(f"({args[0]} != 0)")
        # C leaves open what -1.0 is as uint8; by way of a wider type it wraps around, as in NumPy.
        if result == "uint64" and _is_float(dtypes[0]):
            return Expression(_UINT64.format(args[0], "f" if dtypes[0] == "float32" else ""))
        wide = _WIDER.get(result, "") if _is_float(dtypes[0]) else ""
        return Expression(f"({C_TYPES[result]}){wide}{args[0]}")
    return scalar_c[op](dtypes, result, args)


def converted(text: str, source: str, target: str) -> str:
    """The C expression of a number of one dtype as one of another, converted as NumPy does."""
    return expression(scalar.cast_to(target), [source], target, [text]).text


def is_known(op: ScalarOp) -> bool:
    """Whether generated code can compute ``op``."""
    return scalar.is_cast(op) or op in scalar_c


def refuses_negative(op: ScalarOp, dtype: str) -> bool:
    """Whether a negative second operand is an error, which generated code checks before."""
    return op is scalar.pow and dtype.startswith("int")
