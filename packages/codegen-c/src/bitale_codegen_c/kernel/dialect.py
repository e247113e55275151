"""C as gcc and clang know it, with a library of vector mathematics."""

from __future__ import annotations

import re

from bitale_graph.plan.dialect import Dialect
from bitale_graph.plan.library.sections import SUFFIXES


class CDialect(Dialect):
    """Builtins of the compiler, and functions that are inlined into vector loops."""

    def function(self, name: str, dtype: str) -> str:
        """The name in C of a function of vector mathematics."""
        return f"bt_{name}_{SUFFIXES[dtype]}"

    def builtin(self, name: str, dtype: str) -> str:
        """What the compiler makes an instruction of, without a header."""
        return f"__builtin_{name}{_suffix(dtype)}"

    def infinity(self, dtype: str) -> str:
        """A call that is a constant."""
        return f"__builtin_inf{_suffix(dtype)}()"

    def nan(self, dtype: str) -> str:
        """A call that is a constant."""
        return f'__builtin_nan{_suffix(dtype)}("")'

    def block(self, statements: str, value: str, c_type: str) -> str:
        """A statement expression, in which the functions of mathematics are declared."""
        called = sorted(set(_WORD.findall(statements)) & _MATHEMATICS.keys())
        declared = "".join(f"extern {_MATHEMATICS[name]}; " for name in called)
        return f"({{ {declared}{statements} {value}; }})"


_WORD = re.compile(r"[a-z]\w*")
_UNARY = (
    "acos", "acosh", "asin", "asinh", "atan", "atanh", "cbrt", "ceil", "cos", "cosh", "erf",
    "erfc", "exp", "exp2", "expm1", "fabs", "floor", "lgamma", "log", "log10", "log1p", "log2",
    "rint", "round", "sin", "sinh", "sqrt", "tan", "tanh", "tgamma", "trunc",
)  # fmt: skip
_BINARY = ["atan2", "copysign", "fmax", "fmin", "fmod", "hypot", "pow"]
_MATHEMATICS = {
    name + suffix: f"{c_type} {name}{suffix}({', '.join([c_type] * arity)})"
    for names, arity in ((_UNARY, 1), (_BINARY, 2))
    for name in names
    for c_type, suffix in (("double", ""), ("float", "f"))
}


def _suffix(dtype: str) -> str:
    return "f" if dtype == "float32" else ""


C = CDialect()
