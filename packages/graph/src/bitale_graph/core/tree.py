"""Graphs as trees of text, for people who debug."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TextIO

from .function_graph import FunctionGraph
from .graph import Apply, Variable


def debugprint(
    obj: Any,
    depth: int = -1,
    print_type: bool = False,
    file: TextIO | str | None = None,
    ids: str = "CHAR",
    stop_on_name: bool = False,
) -> str | None:
    """Print graphs as trees; what was shown already is not expanded again.

    Under them stand the graphs that ops run at every step of a loop, or in a branch: there an arrow
    tells which variable outside an input stands for, or is a part of.

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
    tree = _Tree(depth, print_type, ids, stop_on_name, order)
    tree.put(outputs)
    tree.put_bodies()
    text = "\n".join(tree.lines) + "\n"
    if file == "str":
        return text
    out: Any = sys.stdout if file is None else file
    out.write(text)
    return None


@dataclass
class _Tree:
    """Lines of a print, and what was shown so far."""

    depth: int
    print_type: bool
    ids: str
    stop_on_name: bool
    order: dict[Apply, int]
    lines: list[str] = field(default_factory=list)
    labels: dict[Variable, str] = field(default_factory=dict)
    expanded: set[Variable] = field(default_factory=set)
    with_bodies: dict[Apply, Variable] = field(default_factory=dict)
    given: dict[Variable, Variable] = field(default_factory=dict)

    def put(self, roots: Sequence[Variable], margin: str = "") -> None:
        """Draw trees under ``margin``."""
        for root in roots:
            # Each with the rules that stand before it, and before what is under it.
            stack: list[tuple[Variable, str, str]] = [(root, "", "")]
            while stack:
                v, before, under = stack.pop()
                self.lines.append(margin + before + self._line(v))
                level = len(under) // 2 + 1
                if v.owner is None or v in self.expanded or 0 <= self.depth <= level:
                    continue
                if self.stop_on_name and v.name is not None:
                    continue
                self.expanded.add(v)
                rules = [under + " |"] * (len(v.owner.inputs) - 1) + [under + "  "]
                found = [(u, under + " |", r) for u, r in zip(v.owner.inputs, rules, strict=False)]
                stack.extend(reversed(found))

    def put_bodies(self) -> None:
        """Draw the graphs that ops run, and those that ops in them run."""
        shown = 0
        while shown < len(self.with_bodies):
            if not shown:
                self.lines += ["", "Inner graphs:"]
            node, v = list(self.with_bodies.items())[shown]
            shown += 1
            for k, body in enumerate(node.op.bodies):
                number = f" body {k}" if len(node.op.bodies) > 1 else ""
                self.lines += ["", f"{node.op}{self._label(v)}{number}"]
                outside = node.inputs[len(node.inputs) - len(body.inputs) :]
                self.given.update(zip(body.inputs, outside, strict=True))
                self.put(body.outputs, " >")

    def _label(self, v: Variable) -> str:
        n = len(self.labels)
        label = self.labels.setdefault(v, _letters(n) if self.ids == "CHAR" else str(n))
        return f" [id {label}]" if self.ids else ""

    def _line(self, v: Variable) -> str:
        known = v in self.labels
        text = str(v) if v.owner is None else str(v.owner.op)
        if v.owner is not None and len(v.owner.outputs) > 1:
            text += f".{v.index}"
        text += self._label(v)
        if self.print_type:
            text += f" <{v.type}>"
        if v in self.given and not known and self.ids:
            text += f" ->{self._label(self.given[v])}"
        if v.owner is not None:
            if v.owner.op.bodies:
                self.with_bodies.setdefault(v.owner, v)
            text += f" {v.name!r}" if v.name is not None else " ''"
            if v.owner in self.order:
                text += f" {self.order[v.owner]}"
            if known:
                text += "  (above)"
        return text


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


def _letters(n: int) -> str:
    text = ""
    n += 1
    while n:
        n, rest = divmod(n - 1, 26)
        text = chr(ord("A") + rest) + text
    return text
