"""Expressions of host code as C."""

from __future__ import annotations

from collections.abc import Sequence

from bitale_graph.plan.array import Array
from bitale_graph.plan.dialect import C_TYPES
from bitale_graph.plan.expressions import (
    Address,
    Bytes,
    Called,
    Choice,
    Computed,
    Conversion,
    Element,
    Expression,
    Given,
    Name,
    Number,
    Operation,
    Parts,
    Threads,
)

from ..kernel.c_file import CFile
from ..kernel.dialect import C
from ..kernel.program import called
from .target import IN, RUNTIME

# How strongly operators bind, in C.
_BINDS = {
    "||": 3, "&&": 4, "==": 7, "!=": 7, "<": 8, "<=": 8, ">": 8, ">=": 8,
    "+": 10, "-": 10, "*": 11, "/": 11, "%": 11,
}  # fmt: skip
_CHOICE, _UNARY, _PRIMARY = 2, 12, 13


class ExpressionPrinter:
    """Writes expressions; what they call is added to the file."""

    def __init__(self, file: CFile) -> None:
        self.file = file

    def __call__(self, e: Expression, binds: int = 0) -> str:
        """The text of an expression, in parentheses if what is around binds more strongly."""
        text, own = self._text(e)
        return f"({text})" if own < binds else text

    def _text(self, e: Expression) -> tuple[str, int]:
        match e:
            case Name():
                return e.text, _PRIMARY
            case Number():
                return self._number(e), _PRIMARY
            case Given():
                return self._given(e), _PRIMARY if e.field != "stride" else _BINDS["/"]
            case Operation():
                return self._operation(e)
            case Choice():
                condition, a, b = e.operands
                text = f"{self(condition, _BINDS['||'])} ? {self(a, _CHOICE)} : {self(b, _CHOICE)}"
                return text, _CHOICE
            case Conversion():
                return f"({C_TYPES[e.dtype]}){self(e.operands[0], _UNARY)}", _UNARY
            case Computed():
                return self._computed(e), 0
            case Element():
                return self.element(*e.operands), _UNARY
            case Address():
                return f"&{self(e.operands[0], _PRIMARY)}", _UNARY
            case Bytes():
                return self.size(e.operands, e.item), _PRIMARY
            case Parts():
                return f"bt_parts({RUNTIME}, {self(e.operands[0])})", _PRIMARY
            case Threads():
                return f"{RUNTIME}->threads", _PRIMARY
            case Called():
                self.file.require(e.function.needs)
                return f"{e.function.name}({', '.join(map(self, e.operands))})", _PRIMARY
        raise TypeError(f"no C for {e!r}")

    def _number(self, e: Number) -> str:
        if e.dtype == "bool":
            return str(int(e.value))
        if e.dtype in ("int64", "uint64") and abs(int(e.value)) < 2**31:
            return str(e.value) if e.value >= 0 else f"({e.value})"
        return C.literal(e.value, e.dtype)

    def _given(self, e: Given) -> str:
        one, c_type = f"{IN}[{e.index}]", C_TYPES[e.dtype]
        if e.field == "data":
            return f"{one}.data"
        if e.field == "value":
            return f"*(const {c_type} *){one}.data"
        if e.field == "shape":
            return f"{one}.shape[{e.axis}]"
        return f"{one}.strides[{e.axis}] / (int64_t)sizeof({C_TYPES[e.item]})"

    def _operation(self, e: Operation) -> tuple[str, int]:
        if len(e.operands) == 1:
            return f"{e.sign}{self(e.operands[0], _UNARY + (e.sign == '-'))}", _UNARY
        a, b = e.operands
        binds = _BINDS[e.sign]
        if e.sign == "||":  # compilers warn of && in it without parentheses
            return " || ".join(self(o, binds + 2 * _is_and(o)) for o in (a, b)), binds
        right = binds + (e.sign != "&&")
        return f"{self(a, binds)} {e.sign} {self(b, right)}", binds

    def _computed(self, e: Computed) -> str:
        operands = [self(o, _PRIMARY) for o in e.operands]
        dtypes = [o.dtype for o in e.operands]
        made = C.expression(e.op, dtypes, e.dtype, operands)
        if e.op.arity <= 2 and made.requires:
            return called(self.file, made, e.op.arity, dtypes[0])
        self.file.vector_functions.update(made.requires)
        return made.text

    def element(self, pointer: Expression, index: Expression) -> str:
        """What a pointer points to, or an element after that."""
        if isinstance(index, Number) and index.value == 0:
            return f"*{self(pointer, _UNARY)}"
        return f"{self(pointer, _PRIMARY)}[{self(index)}]"

    def size(self, lengths: Sequence[Expression], item: str) -> str:
        """How many bytes an array takes; SIZE_MAX where that is too much."""
        factors = [self(n) for n in lengths if not (isinstance(n, Number) and n.value == 1)]
        if item:
            factors.append(f"sizeof({C_TYPES[item]})")
        size = factors[0] if factors else "1"
        for f in factors[1:]:
            size = f"bt_times({size}, {f})"
        return size

    def listed(self, values: Sequence[Expression]) -> str:
        """Lengths or strides as an array."""
        return f"(const int64_t[]){{{', '.join(map(self, values)) or '0'}}}"

    def strides(self, a: Array) -> list[str]:
        """The strides of an array in bytes."""
        size = f"(int64_t)sizeof({C_TYPES[a.dtype]})"
        return [
            {"0": "0", "1": size}.get(text, f"{text} * {size}")
            for text in (self(a.stride(k), _BINDS["*"]) for k in range(a.rank))
        ]


def _is_and(e: Expression) -> bool:
    return isinstance(e, Operation) and e.sign == "&&"
