"""Kernels of one thread: numbers of host code that depend on what lies on the device."""

from __future__ import annotations

from typing import Any

from bitale_graph.plan.dialect import C_TYPES
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
        parameters = [(f"{C_TYPES[dtype]} *out", "P"), *self.parameters]
        return kernel_text("number", parameters, [f"*out = {self.value};"], is_guarded=is_guarded)

    def checking(self) -> KernelText:
        """A kernel that sets the status to its second parameter unless the condition holds."""
        parameters = [("int code", "i"), *self.parameters]
        lines = [f"if (!({self.value})) *status = code;"]
        return kernel_text("check", parameters, lines, is_guarded=True)

    def _passed(self, e: Expression, declared: str, kind: str) -> str:
        if e not in self._known:
            self._known[e] = name = f"a{len(self.arguments)}"
            self.parameters.append((f"{declared}{name}", kind))
            self.arguments.append(e.address if isinstance(e, Placed) else e)
        return self._known[e]

    def _text(self, e: Expression) -> str:
        match e:
            case Number():
                return DIALECT.literal(e.value, e.dtype)
            case Given():
                return self._passed(e, f"{C_TYPES[e.dtype]} ", KINDS[e.dtype])
            case Element():
                pointer, index = e.operands
                if not pointer.loads:
                    const = self._passed(pointer, f"const {C_TYPES[e.dtype]} *", "P")
                    return f"{const}[{self._text(index)}]"
            case Choice():
                condition, a, b = map(self._text, e.operands)
                return f"(({condition}) ? ({a}) : ({b}))"
            case Conversion():
                return f"(({C_TYPES[e.dtype]}){self._text(e.operands[0])})"
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
