"""The reference linker: every node in order, by its NumPy meaning."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.graph import Apply, Constant, Variable
from ..core.run import Watch, constants_of, run_graph, watched
from ..core.run_time_error import is_seen
from ..tensor.state import StateAccess, give_back
from .explain import raise_as_written
from .maker import FunctionMaker


class NumpyLinker:
    """Runs graphs with NumPy alone."""

    name = "numpy"
    rank = 0

    def link(self, maker: FunctionMaker) -> NumpyProgram:
        """Order the nodes, and find where each value is read last."""
        return NumpyProgram(maker, None if maker.profile is None else maker.profile.watch_nodes())


class NumpyProgram:
    """A function run node by node; values are dropped as soon as nothing reads them any more.

    ``watch`` sees every node.
    """

    runs_rewritten = True

    def __init__(self, maker: FunctionMaker, watch: Watch | None = None) -> None:
        graph = maker.fgraph
        self._watch = watch
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
        self.constants = constants_of(graph)
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

    def results(self, values: list[Any]) -> list[Any]:
        """The values of the outputs, and of what is updated, from those of the inputs."""
        with watched(self._watch):
            return run_graph(self.graph, self.order, self.constants, values)

    def _run(self, given: list[Any], state: list[Any]) -> list[Any]:
        try:
            results = self.results([*given, *state])
        except Exception as error:
            # Rewritten nodes fail in other words, and some in another class.
            if (
                self.runs_rewritten
                and self.maker.mode.optimizer == "fast_run"
                and not isinstance(error, MemoryError)
                and not is_seen(error)
            ):
                raise_as_written(self.maker, [*given, *state])
            raise
        fresh = owned([*given, *state, *self.constants.values()], results)
        n = self.maker.n_outputs
        # Other functions rely on the dtype and rank of what a container holds.
        new = [v.type.filter(x) for v, x in zip(self.graph.outputs[n:], fresh[n:], strict=True)]
        self._access.store(self.maker.update_targets, new)
        return fresh[:n]


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
