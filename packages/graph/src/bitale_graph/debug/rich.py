"""Variables, graphs and functions as notebooks show them: in HTML and in LaTeX."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from ..base import late
from ..base.errors import where_made
from ..core.function_graph import FunctionGraph
from ..core.graph import Constant, Variable
from ..tensor.shared import SharedVariable
from .cost import Cost, cost_of
from .formula import pprint
from .latex import CUT as LATEX_CUT
from .latex import escaped, written
from .printers import CUT, PrinterState

# So many nodes from the top of an expression are written, and so many letters.
_NODES, _LETTERS = 200, 1_500
# Of a larger graph one sees that it is large, no more; ``draw`` writes a page to look around in.
_DRAWN = 100
# Counting 100,000 nodes takes a second.
_COUNTED = 10_000
_ROWS = 30
_CELL = '<{0} style="text-align: left; vertical-align: top">{1}</{0}>'
_CODE = '<code style="white-space: pre-wrap; overflow-wrap: anywhere">{}</code>'


def code(text: object) -> str:
    """A text as it is, safe in HTML; formulas in it are left alone."""
    return _CODE.format(html.escape(str(text)))


def table(rows: Iterable[tuple[str, ...]], head: tuple[str, ...] = ()) -> str:
    """A table of HTML from cells of HTML; without a head the first cells name the rows."""
    lines = ["".join(_CELL.format("th", html.escape(h)) for h in head)] if head else []
    for first, *rest in rows:
        tag = "td" if head else "th"
        lines.append(_CELL.format(tag, first) + "".join(_CELL.format("td", c) for c in rest))
    return f"<table>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


def html_of_variable(v: Variable) -> str:
    """Name, type, expression and place of a variable, and what a constant or state holds."""
    rows = [("type", code(v.type))]
    if v.name is not None:
        rows.insert(0, ("name", code(v.name)))
    if v.owner is not None:
        rows.append(("expression", expression(v)))
    held = _held(v)
    if held:
        rows.append(("value", code(held)))
    place = where_made(v)
    if place:
        rows.append(("made at", code(place)))
    return table(rows)


def html_of_graph(graph: FunctionGraph) -> str:
    """Inputs, outputs and cost of a graph."""
    outputs = [(code(_called(v, f"output {i}")), v) for i, v in enumerate(graph.outputs)]
    inputs = [(code(_called(v, f"input {i}")), v) for i, v in enumerate(graph.inputs)]
    is_small = len(graph.toposort()) <= _DRAWN
    return _sections(
        {
            "Inputs": _variables(inputs, ("name", "type")),
            "Outputs": _variables(outputs, ("name", "type", "expression")),
            "Picture": late.picture_of(graph, legend=False) if is_small else "",
            "Cost": _cost(cost_of(graph), "of the graph"),
        }
    )


def html_of_function(f: Any) -> str:
    """Inputs, outputs, updates and cost of a compiled function.

    It is not rewritten for that: where a linker has not asked yet for the rewritten graph, the cost
    is that of the graph as it was written.
    """
    maker = f.maker
    written, n = maker.written, maker.n_outputs
    slots = written.inputs[len(maker.arguments) :]
    inputs = [
        (code(p.name or f"input {i}"), p.variable)
        for i, p in enumerate(maker.parameters)
        if not p.implicit
    ]
    outputs = [(code(_called(v, f"output {i}")), v) for i, v in enumerate(written.outputs[:n])]
    updates = [
        (code(_called(slots[place], f"state {place}")), new)
        for place, new in zip(maker.update_targets, written.outputs[n:], strict=True)
    ]
    graph = maker.rewritten_graph or written
    state = zip(graph.inputs[len(maker.arguments) :], maker.containers, strict=True)
    shapes = {v: c.data.shape for v, c in state if isinstance(c.data, np.ndarray)}
    held = [c.data.nbytes for c in maker.containers if isinstance(c.data, np.ndarray)]
    notes = [f"{_bytes(sum(held))} of state"] if held else []
    how = "as it runs" if graph is maker.rewritten_graph else "as it was written"
    return f"<p>function {code(f.name)} on {code(maker.device)}</p>" + _sections(
        {
            "Inputs": _variables(inputs, ("name", "type")),
            "Outputs": _variables(outputs, ("name", "type", "expression")),
            "Updates": _variables(updates, ("of", "type", "new value")),
            "Cost": _cost(cost_of(graph, shapes), how, notes),
        }
    )


def latex_of(v: Any) -> str:
    """An expression as a formula between dollar signs, after its name if it has one."""
    text = written(v, _LETTERS, dict.fromkeys(_far(v), LATEX_CUT))
    if v.owner is not None and v.name is not None:
        text = f"\\mathrm{{{escaped(v.name)}}} = {text}"
    return f"$\\displaystyle {text}$"


def expression(v: Variable, letters: int = _LETTERS) -> str:
    """An expression as mathematics in HTML, with a note where not all of it is shown."""
    state = PrinterState(pprinter=pprint)
    state.memo.update(dict.fromkeys(_far(v), CUT))
    text = pprint.process(v, state, letters)
    if CUT not in text:
        return code(text)
    n = _count(v)
    count = f"more than {_COUNTED:,}" if n > _COUNTED else f"{n:,}"
    return f"{code(text)}<br><small>cut: it has {count} nodes; debugprint shows all</small>"


def _count(v: Variable) -> int:
    """How many nodes an expression has, counted no further than `_COUNTED`."""
    seen = {v.owner}
    for node in (waiting := [v.owner]):
        new = [u.owner for u in node.inputs if u.owner not in seen] if node else []
        seen.update(new)
        waiting += dict.fromkeys(new)
        if len(waiting) > _COUNTED:
            break
    return sum(node is not None for node in waiting)


def _far(v: Variable) -> list[Variable]:
    """What nodes compute that are further from the top of an expression than `_NODES` others."""
    seen, row = {v}, [v]
    far: list[Variable] = []
    for u in row:
        if u.owner is None:
            continue
        if len(row) > _NODES:
            far.append(u)
            continue
        new = [w for w in dict.fromkeys(u.owner.inputs) if w not in seen]
        seen.update(new)
        row += new
    return far


def _held(v: Variable) -> str:
    if isinstance(v, SharedVariable):
        data = v.container.data
        if not isinstance(data, np.ndarray):
            return ""
    elif isinstance(v, Constant):
        data = v.data
    else:
        return ""
    if isinstance(data, np.ndarray) and data.size > 20:
        return f"array of shape {data.shape}"
    return str(data)[:_LETTERS]


def _called(v: Variable, otherwise: str) -> str:
    return otherwise if v.name is None else v.name


def _variables(named: list[tuple[str, Variable]], head: tuple[str, ...]) -> str:
    """A table of variables; with a third column that of their expressions."""
    if not named:
        return ""
    letters = max(100, _LETTERS // len(named))
    rows = [
        (name, code(v.type), *([expression(v, letters)] if len(head) > 2 else []))
        for name, v in named[:_ROWS]
    ]
    return table(rows, head) + _more(len(named))


def _more(n: int) -> str:
    return f"<small>and {n - _ROWS:,} more</small>" if n > _ROWS else ""


def _cost(cost: Cost, how: str, notes: Iterable[str] = ()) -> str:
    counted = f"{cost.multiplications:,} multiplications"
    if cost.unknown:
        counted += f", without nodes of which types do not tell: {cost.unknown:,}"
    lines = [
        f"nodes {how}: {cost.nodes:,}",
        counted,
        f"{_bytes(cost.constants)} of constants",
        *notes,
    ]
    ops = table([(code(name), f"{n:,}") for name, n in cost.ops[:_ROWS]], ("op", "nodes"))
    return f"<p>{'<br>'.join(map(html.escape, lines))}</p>" + (ops if cost.ops else "")


def _sections(parts: Mapping[str, str]) -> str:
    return "".join(
        f"<details open><summary>{title}</summary>{part}</details>"
        for title, part in parts.items()
        if part
    )


def _bytes(n: int) -> str:
    size, units = float(n), ["B", "KiB", "MiB", "GiB"]
    while size >= 1000 and len(units) > 1:
        size, units = size / 1024, units[1:]
    return f"{n} B" if units[0] == "B" else f"{size:.1f} {units[0]}"


def html_of(shown: Any) -> str:
    """What a notebook shows of a variable, a graph or a function."""
    if isinstance(shown, Variable):
        return html_of_variable(shown)
    return html_of_graph(shown) if isinstance(shown, FunctionGraph) else html_of_function(shown)
