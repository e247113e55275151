"""Kernels of one thread: numbers of host code that depend on what lies on the device."""

from __future__ import annotations

from typing import Any

from bitale_graph.plan.expressions import (
    Choice,
    Computed,
    Conversion,
    Element,
    Expression,
    Given,
    Number,
    Operation,
)

from .dialect import DIALECT
from .text import KINDS, KernelText, kernel_text


class Placed(Expression):
    """A pointer of which the address is known.

    Attributes
    ----------
    address : int
    """

    __slots__ = ("address",)

    def __init__(self, address: int, dtype: str) -> None:
        self.address = address
        super().__init__(dtype, (), address, is_pointer=True)

    def __repr__(self) -> str:
        return hex(self.address)


class NumberKernel:
    """The text of an expression, and what a launch passes for it.

    Parameters
    ----------
    value : Expression
        Of numbers, of what a call is given, and of elements at known addresses.

    Attributes
    ----------
    arguments : list
        Addresses, and expressions of what a call is given, in the order of the parameters.
    """

    def __init__(self, value: Expression) -> None:
        self.parameters: list[tuple[str, str]] = []
        self.arguments: list[Any] = []
        self._known: dict[Expression, str] = {}
        self.value = self._text(value)

    def storing(self, dtype: str, *, is_guarded: bool) -> KernelText:
        """A kernel that writes the number to where its first parameter points."""
        parameters = [(f"{DIALECT.c_type(dtype)} *out", "P"), *self.parameters]
        return kernel_text("number", parameters, [f"*out = {self.value};"], is_guarded=is_guarded)

    def checking(self) -> KernelText:
        """A kernel that sets the status and its guard to a code unless the condition holds."""
        parameters = [("int *status", "P"), ("int code", "i"), *self.parameters]
        lines = [f"if (!({self.value})) *status = *guard = code;"]
        return kernel_text("check", parameters, lines, is_guarded=True)

    def _passed(self, e: Expression, declared: str, kind: str) -> str:
        if e not in self._known:
            self._known[e] = name = f"a{len(self.arguments)}"
            self.parameters.append((f"{declared}{name}", kind))
            self.arguments.append(_argument(e))
        return self._known[e]

    def _text(self, e: Expression) -> str:
        match e:
            case Number() if e.dtype == "int64":
                return self._passed(e, "int64_t ", "q")  # it counts steps, or is a place
            case Number():
                return DIALECT.literal(e.value, e.dtype)
            case Given():
                return self._passed(e, f"{DIALECT.c_type(e.dtype)} ", KINDS[e.dtype])
            case Element():
                pointer, index = e.operands
                if not pointer.loads:
                    const = self._passed(pointer, f"const {DIALECT.c_type(e.dtype)} *", "P")
                    return f"{const}[{self._text(index)}]"
            case Choice():
                condition, a, b = map(self._text, e.operands)
                return f"(({condition}) ? ({a}) : ({b}))"
            case Conversion():
                return f"(({DIALECT.c_type(e.dtype)}){self._text(e.operands[0])})"
            case Computed():
                operands = [f"({self._text(o)})" for o in e.operands]
                return DIALECT.expression(
                    e.op, [o.dtype for o in e.operands], e.dtype, operands
                ).text
            case Operation() if not e.is_pointer:
                if len(e.operands) == 1:
                    return f"({e.sign}({self._text(e.operands[0])}))"
                a, b = map(self._text, e.operands)
                return f"(({a}) {e.sign} ({b}))"
        raise TypeError(f"{e!r} is no number that a kernel computes")


def _argument(e: Expression) -> Any:
    if isinstance(e, Placed):
        return e.address
    return int(e.value) if isinstance(e, Number) else e


def known_place(e: Expression) -> int | None:
    """The address of an expression that is one number in memory; None for all others."""
    if not isinstance(e, Element):
        return None
    pointer, index = e.operands
    if isinstance(pointer, Placed) and isinstance(index, Number) and index.value == 0:
        return pointer.address
    return None
