"""Running a graph with NumPy, node by node."""

from __future__ import annotations

from typing import Any

from .graph import Apply, Variable
from .results import result_of
from .run_time_error import raise_with_node


def run_graph(
    graph: Any,
    order: list[tuple[Apply, list[Variable]]],
    constants: dict[Variable, Any],
    given: list[Any],
) -> list[Any]:
    """Run the nodes of ``graph`` on values of its inputs, and give the values of its outputs."""
    values: dict[Variable, Any] = dict(zip(graph.inputs, given, strict=True))
    values.update(constants)
    for node, drop in order:
        inputs = [values[v] for v in node.inputs]
        try:
            results = result_of(node, inputs)
        except Exception as error:  # noqa: BLE001 (raised again, with the node)
            raise_with_node(error, node, inputs, graph)
        values.update(zip(node.outputs, results, strict=True))
        for v in drop:
            del values[v]
    return [values[v] for v in graph.outputs]
