"""Expressions as infix mathematics: how each op of the language is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..core.graph import Constant, Op, Variable
from ..ops.creation import Alloc
from ..ops.indexing import AdvancedSubtensor, AdvancedSubtensor1, Subtensor
from ..ops.join import Join
from ..ops.reduction import Reduce
from ..ops.shape import Dimshuffle, MakeVector
from ..tensor.elementwise import Elementwise
from .printers import (
    DefaultPrinter,
    FunctionPrinter,
    OperatorPrinter,
    PatternPrinter,
    PPrinter,
    PrinterState,
    input_texts,
)

_PATTERNS = {"neg": "(-%(0)s)", "abs": "|%(0)s|"}


class _ElementwisePrinter:
    def process(self, output: Variable, pstate: PrinterState) -> str:
        parts = input_texts(self, output, pstate)
        row = output.owner.op.scalar_op  # type: ignore[union-attr]  # it is an Elementwise
        if row.symbol and len(parts) == 2:
            return f"({parts[0]} {row.symbol} {parts[1]})"
        if row.name in _PATTERNS:
            return PatternPrinter(_PATTERNS[row.name]).process(output, pstate)
        return f"{row.name}({', '.join(parts)})"


class _ReducePrinter:
    def process(self, output: Variable, pstate: PrinterState) -> str:
        (part,) = input_texts(self, output, pstate)
        return f"{output.owner.op.row.name}({part})"  # type: ignore[union-attr]  # it is a Reduce


class _DimshufflePrinter:
    """Axes that are added in front are not told, as broadcasting adds them unasked."""

    def process(self, output: Variable, pstate: PrinterState) -> str:
        (part,) = input_texts(self, output, pstate)
        assert output.owner is not None
        pattern: Sequence[Any] = output.owner.op.pattern  # type: ignore[attr-defined]
        n = output.owner.inputs[0].type.ndim
        while pattern and pattern[0] == "x":
            pattern = pattern[1:]
        if list(pattern) == list(range(n)):
            return part
        if list(pattern) == list(range(n))[::-1]:
            return f"{part}.T"
        return f"Dimshuffle{{{', '.join(map(str, pattern))}}}({part})"


class _SubtensorPrinter:
    def process(self, output: Variable, pstate: PrinterState) -> str:
        part, *bounds = input_texts(self, output, pstate)
        assert output.owner is not None
        known = [
            str(v.data) if isinstance(v, Constant) and v.name is None else text
            for v, text in zip(output.owner.inputs[1:], bounds, strict=True)
        ]
        return f"{part}[{index_text(output.owner.op, known)}]"


def index_text(op: Op, bounds: list[str]) -> str:
    """An index of integers and slices, as it is written in Python."""
    rest = iter(bounds)
    told = []
    for entry in op.pattern:  # type: ignore[attr-defined]  # of Subtensor
        if isinstance(entry, str):
            told.append(next(rest))
        else:
            start, stop, step = _bounds(entry, rest)
            told.append(f"{start}:{stop}{f':{step}' if step else ''}")
    return ", ".join(told)


def _bounds(entry: tuple[bool, bool, bool], rest: Iterator[str]) -> tuple[str, ...]:
    return tuple(next(rest) if given else "" for given in entry)


class _VectorPrinter:
    def process(self, output: Variable, pstate: PrinterState) -> str:
        return f"[{', '.join(input_texts(self, output, pstate))}]"


class _NamePrinter:
    """The name of an op, without its parameters; the whole of one that holds graphs."""

    def process(self, output: Variable, pstate: PrinterState) -> str:
        assert output.owner is not None
        if output.owner.op.bodies:
            return DefaultPrinter().process(output, pstate)
        name = str(output.owner.op).split("{")[0]
        if name in ("Dot", "BatchedDot"):  # of sparse matrices too
            return OperatorPrinter("\\dot", -1).process(output, pstate)
        text = FunctionPrinter(*[name] * len(output.owner.outputs)).process(output, pstate)
        return text if len(output.owner.outputs) == 1 else f"{text}.{output.index}"


pprint = pp = PPrinter()
pprint.assign(Op, _NamePrinter())
pprint.assign(Elementwise, _ElementwisePrinter())
pprint.assign(Reduce, _ReducePrinter())
pprint.assign(Dimshuffle, _DimshufflePrinter())
pprint.assign(Subtensor, _SubtensorPrinter())
pprint.assign(AdvancedSubtensor, _SubtensorPrinter())
pprint.assign(AdvancedSubtensor1, PatternPrinter("%(0)s[%(1)s]"))
pprint.assign(MakeVector, _VectorPrinter())
pprint.assign(Alloc, FunctionPrinter("alloc"))
pprint.assign(Join, FunctionPrinter("join"))
