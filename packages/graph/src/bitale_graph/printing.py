"""Text forms of graphs: a tree for debugging, and infix mathematics."""

from __future__ import annotations

import string
import sys
from typing import Any, TextIO

from .elementwise import Elementwise
from .function_graph import FunctionGraph
from .traversal import toposort
from .variable import Apply, Variable


def debugprint(
    obj: Any,
    depth: int = -1,
    print_type: bool = False,
    file: TextIO | str | None = None,
    ids: str = "CHAR",
    stop_on_name: bool = False,
) -> str | None:
    """Print graphs as trees; what was shown already is not expanded again.

    Parameters
    ----------
    obj : Variable, Apply, Function, FunctionGraph, or a list of them
        For functions each node shows its position in the order of execution.
    depth : int
        How many levels to show; -1 means all.
    print_type : bool
        Show the type of every variable.
    file : text file, "str" or None
        Where to print; ``"str"`` returns the text instead. None prints to standard output.
    ids : "CHAR", "int" or ""
        How variables are labelled.
    stop_on_name : bool
        Do not go behind variables that have a name.
    """
    outputs, order = _roots(obj)
    labels: dict[Variable, str] = {}
    expanded: set[Variable] = set()
    lines: list[str] = []
    for root in outputs:
        # Each with the rules that stand before it, and before what is under it.
        stack: list[tuple[Variable, str, str]] = [(root, "", "")]
        while stack:
            v, before, under = stack.pop()
            lines.append(before + _line(v, labels, order, print_type, ids))
            if v.owner is None or v in expanded or (depth >= 0 and len(under) // 2 + 1 >= depth):
                continue
            if stop_on_name and v.name is not None:
                continue
            expanded.add(v)
            rules = [under + " |"] * (len(v.owner.inputs) - 1) + [under + "  "]
            found = [(u, under + " |", r) for u, r in zip(v.owner.inputs, rules, strict=False)]
            stack.extend(reversed(found))
    text = "\n".join(lines) + "\n"
    if file == "str":
        return text
    out: Any = sys.stdout if file is None else file
    out.write(text)
    return None


def _roots(obj: Any) -> tuple[list[Variable], dict[Apply, int]]:
    outputs: list[Variable] = []
    order: dict[Apply, int] = {}
    for item in obj if isinstance(obj, (list, tuple)) else [obj]:
        if hasattr(item, "maker"):
            item = item.maker.fgraph
        if isinstance(item, FunctionGraph):
            order.update({node: i for i, node in enumerate(item.toposort())})
            outputs += item.outputs
        elif isinstance(item, Apply):
            outputs += item.outputs
        elif isinstance(item, Variable):
            outputs.append(item)
        else:
            raise TypeError(
                f"debugprint takes variables, nodes, graphs and functions, not {item!r}"
            )
    return outputs, order


def _line(
    v: Variable,
    labels: dict[Variable, str],
    order: dict[Apply, int],
    print_type: bool,
    ids: str,
) -> str:
    known = v in labels
    label = labels.setdefault(v, _letters(len(labels)) if ids == "CHAR" else str(len(labels)))
    text = str(v) if v.owner is None else str(v.owner.op)
    if v.owner is not None and len(v.owner.outputs) > 1:
        text += f".{v.index}"
    if ids:
        text += f" [id {label}]"
    if print_type:
        text += f" <{v.type}>"
    if v.owner is not None:
        text += f" {v.name!r}" if v.name is not None else " ''"
        if v.owner in order:
            text += f" {order[v.owner]}"
        if known:
            text += "  (above)"
    return text


def _letters(n: int) -> str:
    text = ""
    n += 1
    while n:
        n, rest = divmod(n - 1, 26)
        text = string.ascii_uppercase[rest] + text
    return text


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
    name = str(op).split("{")[0]
    if name == "Reduce":
        name = {
            "add": "sum",
            "mul": "prod",
            "maximum": "max",
            "minimum": "min",
            "and": "all",
            "or": "any",
        }[op.scalar_op.name]  # type: ignore[attr-defined]
    if name == "Dot":
        return f"({parts[0]} \\dot {parts[1]})"
    if name == "Dimshuffle" and getattr(op, "pattern", None) == (1, 0):
        return f"{parts[0]}.T"
    return f"{name}({', '.join(parts)})"


pprint = pp
