"""Expressions as infix mathematics."""

from __future__ import annotations

from ..core.graph import Apply, Variable
from ..core.order import toposort
from ..ops.reduction import Reduce
from ..tensor.elementwise import Elementwise


def pp(x: Variable, max_length: int = 10_000) -> str:
    """The expression as infix mathematics, such as ``(x + y)``.

    Longer parts than ``max_length`` are cut.
    """
    memo: dict[Variable, str] = {}

    def text(v: Variable) -> str:
        return memo[v] if v in memo else str(v)

    for node in toposort([x]):
        parts = [text(v) for v in node.inputs]
        made = _infix(node, parts)
        for v in node.outputs:
            shown = made if len(node.outputs) == 1 else f"{made}.{v.index}"
            memo[v] = shown if len(shown) <= max_length else "..."
    return text(x)


def _infix(node: Apply, parts: list[str]) -> str:
    op = node.op
    if isinstance(op, Elementwise):
        row = op.scalar_op
        if row.symbol and len(parts) == 2:
            return f"({parts[0]} {row.symbol} {parts[1]})"
        if row.name == "neg":
            return f"(-{parts[0]})"
        return f"{row.name}({', '.join(parts)})"
    if op.bodies:
        return f"{op}({', '.join(parts)})"
    name = op.row.name if isinstance(op, Reduce) else str(op).split("{")[0]
    if name in ("Dot", "BatchedDot"):
        return f"({parts[0]} \\dot {parts[1]})"
    if name == "Dimshuffle" and getattr(op, "pattern", None) == (1, 0):
        return f"{parts[0]}.T"
    return f"{name}({', '.join(parts)})"


pprint = pp
