"""The reference linker: every node in order, by its NumPy meaning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .op import result_of
from .run_time_error import raise_with_node
from .state import StateAccess, give_back
from .variable import Apply, Constant, Variable

if TYPE_CHECKING:
    from .maker import FunctionMaker


class NumpyLinker:
    """Runs graphs with NumPy alone."""

    name = "numpy"
    rank = 0

    def link(self, maker: FunctionMaker) -> NumpyProgram:
        """Order the nodes, and find where each value is read last."""
        return NumpyProgram(maker)


class NumpyProgram:
    """A function run node by node; values are dropped as soon as nothing reads them any more."""

    def __init__(self, maker: FunctionMaker) -> None:
        graph = maker.fgraph
        self.maker = maker
        self.graph = graph
        self.order: list[tuple[Apply, list[Variable]]] = []
        last: dict[Variable, int] = {}
        nodes = graph.toposort()
        kept = {*graph.outputs, *graph.inputs}
        for i, node in enumerate(nodes):
            for v in (*node.inputs, *node.outputs):
                last[v] = i
        drop: list[list[Variable]] = [[] for _ in nodes]
        for v, i in last.items():
            if v not in kept and not isinstance(v, Constant):
                drop[i].append(v)
        self.order = list(zip(nodes, drop, strict=True))
        self.constants: dict[Variable, Any] = {
            v: v.data for v in graph.variables if isinstance(v, Constant)
        }
        self._access = StateAccess(maker.containers, maker.update_targets, maker.name)

    def __call__(self, args: tuple[Any, ...]) -> list[Any]:
        """Check the arguments, run, make the updates together, and give the outputs."""
        given = [a.filter(value) for a, value in zip(self.maker.arguments, args, strict=True)]
        kept = [None]
        try:
            try:
                return self._run(given, self._access.take(kept))
            finally:
                give_back(kept)
        finally:
            give_back(kept)  # where an interrupt came before the first

    def _run(self, given: list[Any], state: list[Any]) -> list[Any]:
        results = run_graph(self.graph, self.order, self.constants, [*given, *state])
        fresh = owned([*given, *state, *self.constants.values()], results)
        n = self.maker.n_outputs
        # Other functions rely on the dtype and rank of what a container holds.
        new = [v.type.filter(x) for v, x in zip(self.graph.outputs[n:], fresh[n:], strict=True)]
        self._access.store(self.maker.update_targets, new)
        return fresh[:n]


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


def owned(others: list[Any], results: list[Any]) -> list[Any]:
    """The results, each as an array of its own.

    C-contiguous, and sharing memory with no other and none of ``others``.
    """
    taken = {id(x) for x in others}
    fresh = []
    for x in results:
        if isinstance(x, np.ndarray):
            if (
                id(x) in taken
                or x.base is not None
                or not x.flags.c_contiguous
                or not x.flags.writeable
            ):
                x = np.array(x, order="C", copy=True)
            taken.add(id(x))
        fresh.append(x)
    return fresh
