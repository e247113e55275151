"""Graphs drawn as pictures: Theano's `pydotprint`, by Graphviz's own language."""

from __future__ import annotations

import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from bitale_graph import Apply, Constant, SharedVariable, Variable
from bitale_graph.extend import FunctionGraph, toposort

_FILLS = {"input": "#c6dbef", "shared": "#a1d99b", "constant": "#eeeeee", "output": "#9ecae1"}


def pydotprint(
    fct: Any,
    outfile: str | Path | None = None,
    compact: bool = True,
    format: str = "png",
    with_ids: bool = False,
    high_contrast: bool = True,
    cond_highlight: Any = None,
    colorCodes: dict[str, str] | None = None,
    max_label_size: int = 70,
    scan_graphs: bool = False,
    var_with_name_simple: bool = False,
    print_output_file: bool = True,
    return_image: bool = False,
) -> bytes | None:
    """Draw the graph of a function or of variables into a file.

    Parameters
    ----------
    fct : Function, FunctionGraph, Variable, Apply, or a list of variables
        What to draw.
    outfile : path, optional
        Where to write; ``bitale.png`` in the current folder without it.
    compact : bool
        Leave out variables between two ops that have no name.
    format : str
        A format of Graphviz, or ``"dot"``, which needs no Graphviz.
    with_ids : bool
        Write the place of each node in the order of execution beside it.
    max_label_size : int
        The length at which labels are cut.
    var_with_name_simple : bool
        Show of variables that have a name the name alone.
    print_output_file : bool
        Say where the picture is.
    return_image : bool
        Return the picture instead of writing it.
    high_contrast, cond_highlight, colorCodes, scan_graphs : object
        Of Theano's pictures; these are drawn in one way.

    Returns
    -------
    bytes or None
        The picture with ``return_image``.

    Warns
    -----
    RuntimeWarning
        Where Graphviz is not installed: the text that it draws is written, into ``outfile.dot``.
    """
    drawing = _Drawing(compact, with_ids, max_label_size, var_with_name_simple)
    text = drawing.text(*_graph(fct))
    path = Path(outfile or f"bitale.{format}")
    if format != "dot" and path.suffix[1:] in ("dot", "svg", "pdf", "ps", "png", "jpg", "gif"):
        format = path.suffix[1:]
    program = shutil.which("dot")
    if format != "dot" and program is None:
        warnings.warn(
            f"Graphviz is not installed, which draws pictures in {format}; the text that it draws "
            "is given instead",
            RuntimeWarning,
            stacklevel=2,
        )
        path, format = path.with_name(path.name + ".dot"), "dot"
    picture = text.encode()
    if format != "dot":
        command = [str(program), f"-T{format}"]
        picture = subprocess.run(command, input=picture, capture_output=True, check=True).stdout
    if return_image:
        return picture
    path.write_bytes(picture)
    if print_output_file:
        sys.stdout.write(f"The output file is available at {path}\n")
    return None


def pydotprint_variables(vars: Any, outfile: Any = None, **others: Any) -> bytes | None:
    """Draw the graph of variables: `pydotprint`."""
    return pydotprint(vars, outfile, **others)


def _graph(of: Any) -> tuple[list[Variable], list[Variable], list[Apply]]:
    """The inputs, the outputs, and the nodes in the order of execution."""
    of = getattr(getattr(of, "maker", of), "fgraph", of)
    if isinstance(of, FunctionGraph):
        return list(of.inputs), list(of.outputs), list(of.toposort())
    if isinstance(of, Apply):
        of = of.outputs
    outputs = [of] if isinstance(of, Variable) else list(of)
    return [], outputs, toposort(outputs)


class _Drawing:
    """The text of a graph in Graphviz's language."""

    def __init__(self, compact: bool, with_ids: bool, longest: int, only_names: bool) -> None:
        self._compact = compact
        self._with_ids = with_ids
        self._longest = longest
        self._only_names = only_names
        self._names: dict[Variable | Apply, str] = {}

    def text(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], nodes: Sequence[Apply]
    ) -> str:
        drawn = dict.fromkeys([*inputs, *outputs])
        for place, node in enumerate(nodes):
            self._names[node] = f"n{place}"
            drawn.update(
                dict.fromkeys(v for v in [*node.inputs, *node.outputs] if self._is_drawn(v))
            )
        self._names.update({v: f"v{i}" for i, v in enumerate(drawn)})
        lines = ["digraph {", *self._boxes(nodes), *self._ellipses(drawn, set(outputs))]
        return "\n".join([*lines, *self._arrows(nodes), "}", ""])

    def _is_drawn(self, v: Variable) -> bool:
        return v.owner is None or v.name is not None or not self._compact

    def _boxes(self, nodes: Sequence[Apply]) -> Iterator[str]:
        for place, node in enumerate(nodes):
            label = f"{node.op} id={place}" if self._with_ids else str(node.op)
            yield f"  n{place} [shape=box, label={self._quoted(label)}];"

    def _ellipses(self, drawn: Iterable[Variable], outputs: set[Variable]) -> Iterator[str]:
        for v in drawn:
            kind = "output" if v in outputs else "input"
            if isinstance(v, Constant):
                kind = "constant"
            elif isinstance(v, SharedVariable):
                kind = "shared"
            fill = f', style=filled, fillcolor="{_FILLS[kind]}"'
            if kind == "input" and v.owner is not None:
                fill = ""
            yield f"  {self._names[v]} [label={self._quoted(self._label(v))}{fill}];"

    def _label(self, v: Variable) -> str:
        if self._only_names and v.name is not None:
            return str(v.name)
        text = f"val={v.data}" if isinstance(v, Constant) else v.name or ""
        return f"{text} {v.type}".strip()

    def _arrows(self, nodes: Sequence[Apply]) -> Iterator[str]:
        for node in nodes:
            for place, v in enumerate(node.inputs):
                label = f' [label="{place}"]' if len(node.inputs) > 1 else ""
                start = self._names[v if v in self._names or v.owner is None else v.owner]
                yield f"  {start} -> {self._names[node]}{label};"
            for v in node.outputs:
                if v in self._names:
                    yield f"  {self._names[node]} -> {self._names[v]};"

    def _quoted(self, text: str) -> str:
        if len(text) > self._longest:
            text = text[: self._longest - 3] + "..."
        text = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'"{text}"'
