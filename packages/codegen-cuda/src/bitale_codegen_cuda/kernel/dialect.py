"""CUDA C as NVRTC knows it, without headers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from bitale_graph.extend import ScalarOp, scalar
from bitale_graph.plan.dialect import Dialect, Spelling
from bitale_graph.plan.library.sections import portable_name

# By our names; for float each has an f at its end.
_LIBRARY = {
    **{name: name for name in ("exp", "exp2", "expm1", "log", "log2", "log10", "log1p")},
    **{name: name for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "erf", "erfc", "pow")},
    **{f"arc{name}": f"a{name}" for name in ("sin", "cos", "tan", "tan2", "sinh", "cosh", "tanh")},
    "round": "rint", "cbrt": "cbrt",
}  # fmt: skip
_OURS = (
    "sigmoid", "softplus", "logaddexp", "maximum", "minimum", "sign", "floordiv", "mod", "ipow",
    "gcd", "lcm",
)  # fmt: skip
HALF = "float16"


def computing(dtype: str) -> str:
    """The dtype that steps on numbers of a dtype compute in."""
    return "float32" if dtype == HALF else dtype


@cache
def prelude() -> str:
    """The text that stands before kernels."""
    folder = Path(__file__).parent.parent / "library"
    return (folder / "prelude.cuh").read_text(encoding="ascii")


class CudaDialect(Dialect):
    """The device's library of mathematics, and templates of our own.

    Numbers of float16 are stored in 16 bits; each step computes in float32 and rounds, as NumPy's.
    """

    def c_type(self, dtype: str) -> str:
        return "bt_half" if dtype == HALF else super().c_type(dtype)

    def literal(self, value: Any, dtype: str) -> str:
        if dtype == HALF:
            return f"bt_half({super().literal(value, 'float32')})"
        return super().literal(value, dtype)

    def expression(
        self, op: ScalarOp, dtypes: Sequence[str], result: str, args: Sequence[str]
    ) -> Spelling:
        if HALF not in (*dtypes, result):
            return super().expression(op, dtypes, result, args)
        wide = [computing(dtype) for dtype in dtypes]
        given = [f"float({a})" if d == HALF else a for a, d in zip(args, dtypes, strict=True)]
        if scalar.is_cast(op) and result == HALF:
            return Spelling(f"bt_half({given[0]})")
        made = super().expression(op, wide, computing(result), given)
        return Spelling(f"bt_half({made.text})", made.requires) if result == HALF else made

    def fresh(self, name: str, index: str, dtype: str) -> str:
        """An element that other threads may have written."""
        if dtype == HALF:
            return f"bt_half::of(((volatile uint16_t *){name})[{index}])"
        return f"((volatile {self.c_type(dtype)} *){name})[{index}]"

    def function(self, name: str, dtype: str) -> str:
        portable = portable_name(name, dtype)
        if portable is not None:
            return portable
        if name in _OURS:
            return f"bt_{name}"
        return _LIBRARY[name] + _suffix(dtype)

    def builtin(self, name: str, dtype: str) -> str:
        return name + _suffix(dtype)

    def infinity(self, dtype: str) -> str:
        if dtype == "float32":
            return "__int_as_float(0x7f800000)"
        return "__longlong_as_double(0x7ff0000000000000LL)"

    def nan(self, dtype: str) -> str:
        if dtype == "float32":
            return "__int_as_float(0x7fc00000)"
        return "__longlong_as_double(0x7ff8000000000000LL)"

    def block(self, statements: str, value: str, c_type: str) -> str:
        """A function without a name, which is called where it stands."""
        return f"[&]() -> {c_type} {{ {statements} return {value}; }}()"


def _suffix(dtype: str) -> str:
    return "f" if dtype == "float32" else ""


DIALECT = CudaDialect()
