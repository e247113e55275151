"""C as gcc and clang know it, with a library of vector mathematics."""

from __future__ import annotations

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


def _suffix(dtype: str) -> str:
    return "f" if dtype == "float32" else ""


C = CDialect()
