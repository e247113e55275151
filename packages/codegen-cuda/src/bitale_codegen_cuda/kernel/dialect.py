"""CUDA C as NVRTC knows it, without headers."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from bitale_graph.plan.dialect import Dialect

# By our names; for float each has an f at its end.
_LIBRARY = {
    **{name: name for name in ("exp", "exp2", "expm1", "log", "log2", "log10", "log1p")},
    **{name: name for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "erf", "erfc", "pow")},
    **{f"arc{name}": f"a{name}" for name in ("sin", "cos", "tan", "tan2", "sinh", "cosh", "tanh")},
    "round": "rint",
}  # fmt: skip
_OURS = ("sigmoid", "softplus", "maximum", "minimum", "sign", "floordiv", "mod", "ipow")


@cache
def prelude() -> str:
    """The text that stands before kernels."""
    folder = Path(__file__).parent.parent / "library"
    return (folder / "prelude.cuh").read_text(encoding="ascii")


class CudaDialect(Dialect):
    """The device's library of mathematics, and templates of our own."""

    def function(self, name: str, dtype: str) -> str:
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


def _suffix(dtype: str) -> str:
    return "f" if dtype == "float32" else ""


DIALECT = CudaDialect()
