"""Running a graph with NumPy, node by node."""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any

from .graph import Apply, Constant, Variable
from .results import result_of
from .run_time_error import raise_with_node


class Watch:
    """Sees every node that NumPy runs, also in the steps of loops and in branches.

    A subclass says what it does with them. What it raises is told as an error of the node.
    """

    def begin(self, graph: Any, given: Sequence[Any]) -> None:
        """Look at the values of the inputs of a graph, which is run from now on."""

    def run(self, graph: Any, index: int, node: Apply, inputs: list[Any]) -> list[Any]:
        """Give the results of a node, which is the ``index``-th of those that are run."""
        return result_of(node, inputs)


_watch: ContextVar[Watch | None] = ContextVar("watch", default=None)


class watched:  # noqa: N801 (reads as a verb where it is used)
    """Let ``watch`` see what is run in a ``with`` block; None: nobody."""

    # A class: the context managers of contextlib write to exceptions, and some cannot be changed.
    def __init__(self, watch: Watch | None) -> None:
        self._seen_by = watch

    def __enter__(self) -> None:
        self._token = _watch.set(self._seen_by)

    def __exit__(self, *error: object) -> None:
        _watch.reset(self._token)


def run_graph(
    graph: Any,
    order: list[tuple[Apply, list[Variable]]],
    constants: dict[Variable, Any],
    given: list[Any],
) -> list[Any]:
    """Run the nodes of ``graph`` on values of its inputs, and give the values of its outputs."""
    values: dict[Variable, Any] = dict(zip(graph.inputs, given, strict=True))
    values.update(constants)
    watch = _watch.get()
    if watch is not None:
        watch.begin(graph, given)
    for index, (node, drop) in enumerate(order):
        inputs = [values[v] for v in node.inputs]
        try:
            if watch is None:
                results = result_of(node, inputs)
            else:
                results = watch.run(graph, index, node, inputs)
        except Exception as error:  # noqa: BLE001 (raised again, with the node)
            raise_with_node(error, node, inputs, graph, values)
        values.update(zip(node.outputs, results, strict=True))
        for v in drop:
            del values[v]
    return [values[v] for v in graph.outputs]


def constants_of(graph: Any) -> dict[Variable, Any]:
    """The values of the constants of a graph."""
    return {v: v.data for v in graph.variables if isinstance(v, Constant)}


def run_all(graph: Any, given: Sequence[Any]) -> list[Any]:
    """Run a graph once, with nothing dropped in between."""
    order: list[tuple[Apply, list[Variable]]] = [(node, []) for node in graph.toposort()]
    return run_graph(graph, order, constants_of(graph), list(given))
