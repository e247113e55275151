"""Compiled code held against NumPy, node by node."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, NoReturn

import numpy as np

from ..compile.function import Function, function
from ..compile.mode import Mode
from ..core.function_graph import FunctionGraph
from ..core.graph import Apply, Constant, Variable
from .agreement import SAME, Failed, disagreement, is_identical
from .debug_errors import BadDestroyMap, BadThunkOutput, DebugModeError
from .tracked_values import attempt, is_any_value, steps_of

IN_PYTHON = "NumPy (perform)"


class CompiledNodes:
    """All nodes of a graph, compiled at once, with what each gives.

    A node is run by NumPy on what the compiled code computed of its inputs, so that each is held to
    what it did alone.

    Parameters
    ----------
    graph : FunctionGraph
        As it is to run; it is copied.
    mode : Mode
        Who compiles it; without rewriting.
    way : str
        What that is called in messages.
    """

    def __init__(self, graph: FunctionGraph, mode: Mode, way: str) -> None:
        self.graph, self.mode, self.way = graph, mode, way
        self.order = graph.toposort()
        self.results = [v for node in self.order for v in node.outputs]
        self.compiled: Function | None = None
        self._inner: dict[Any, CompiledNodes] = {}

    def check(self, given: Sequence[Any], strides: int = 0) -> list[Any]:
        """Compare, on values of the inputs of the graph, and give those of its outputs.

        Strides are compared as well: 1 warns of those that differ, 2 raises.

        Raises
        ------
        BadThunkOutput
            Naming the first node of which the compiled code gives something else.
        BadDestroyMap
            Naming a node whose code writes into what it reads.
        """
        values: dict[Variable, Any] = dict(zip(self.graph.inputs, given, strict=True))
        lent = _copies(given)
        try:
            if self.compiled is None:
                self.compiled = _compiled(self.graph.inputs, self.results, self.mode)
            computed = self.compiled(*lent)
        except Exception as error:
            self._run_each_alone(values, error)
            raise
        if any(_is_changed(a, b) for a, b in zip(given, lent, strict=True)):
            self._run_each_alone(values)
        values.update(zip(self.results, computed, strict=True))
        for node in self.order:
            inputs = [_value(v, values) for v in node.inputs]
            expected = attempt(node, inputs)
            results = [values[v] for v in node.outputs]
            for v, old, new in zip(node.outputs, expected, results, strict=True):
                if not is_any_value(node) and disagreement(v.type, old, new, inputs, SAME):
                    found = BadThunkOutput(v, *self._ways(old, new), inputs)
                    self._accuse(node, inputs, found, {**values, v: old})
                self._compare_strides(v, old, new, strides)
        return [_value(v, values) for v in self.graph.outputs]

    def _ways(self, old: Any, new: Any) -> tuple[str, Any, str, Any]:
        return IN_PYTHON, old, self.way, new

    def _accuse(
        self, node: Apply, inputs: list[Any], found: BadThunkOutput, values: dict[Variable, Any]
    ) -> NoReturn:
        """Raise for a node with a wrong result, or for what is in it, or what wrote over it."""
        for body in node.op.bodies:
            inner = self._inner.setdefault(body, CompiledNodes(body.graph, self.mode, self.way))
            for given in steps_of(node, body.graph, inputs):
                inner.check(given)
        expected, alone = attempt(node, inputs), self._alone(node, inputs)
        types = [v.type for v in node.outputs]
        if not any(map(disagreement, types, expected, alone, [inputs] * len(types))):
            self._look_for_writers(found.r, values)
        raise found

    def _look_for_writers(self, v: Variable, values: dict[Variable, Any]) -> None:
        """Raise if a node that reads a result, which was right at first, writes into it."""
        for reader, _ in self.graph.clients[v]:
            if isinstance(reader, Apply):
                self._alone(reader, [_value(u, values) for u in reader.inputs])

    def _compare_strides(self, v: Variable, old: Any, new: Any, strides: int) -> None:
        if strides and getattr(old, "strides", None) != getattr(new, "strides", None):
            text = f"strides of {v}: {old.strides} by NumPy, {new.strides} by {self.way}"
            if strides > 1:
                raise TypeError(text)
            warnings.warn(text, UserWarning, stacklevel=2)

    def _run_each_alone(self, values: dict[Variable, Any], error: Exception | None = None) -> None:
        """Find the node that cannot be compiled, fails, or writes into what it reads."""
        for node in self.order:
            inputs = [_value(v, values) for v in node.inputs]
            expected = attempt(node, inputs)
            if any(isinstance(x, Failed) for x in expected):
                return
            values.update(zip(node.outputs, expected, strict=True))
            try:
                self._alone(node, inputs)
            except DebugModeError:
                raise
            except Exception as own:  # noqa: BLE001 (raised as what it shows)
                found = BadThunkOutput(node.outputs[0], *self._ways(expected[0], own), inputs)
                raise found from error

    def _alone(self, node: Apply, inputs: Sequence[Any]) -> list[Any]:
        """Compile a node by itself, and run it.

        Raises `BadDestroyMap` if it writes into what it reads.
        """
        leaves = {i: v.type(v.name) for i, v in enumerate(node.inputs) if not _is_constant(v)}
        alone = node.clone_with_new_inputs([leaves.get(i, v) for i, v in enumerate(node.inputs)])
        lent = _copies([inputs[i] for i in leaves])
        run = _compiled(list(leaves.values()), alone.outputs, self.mode)
        results: list[Any] = run(*lent)
        for i, after in zip(leaves, lent, strict=True):
            if _is_changed(inputs[i], after):
                raise BadDestroyMap(node, i, inputs[i], after, self.way)
        return results


def _compiled(inputs: Sequence[Variable], outputs: Sequence[Variable], mode: Mode) -> Function:
    return function(list(inputs), list(outputs), mode=mode, on_unused_input="ignore")


def _copies(values: Sequence[Any]) -> list[Any]:
    """Arrays that code may spoil."""
    return [x.copy() if isinstance(x, np.ndarray) else x for x in values]


def _is_changed(before: Any, after: Any) -> bool:
    return isinstance(before, np.ndarray) and not is_identical(before, after)


def _is_constant(v: Variable) -> bool:
    return isinstance(v, Constant)


def _value(v: Variable, values: dict[Variable, Any]) -> Any:
    return v.data if isinstance(v, Constant) else values[v]


def check_whole(
    graph: FunctionGraph,
    compiled: Function,
    given: Sequence[Any],
    expected: Sequence[Any],
    way: str,
) -> None:
    """Compare outputs of code compiled as it is when nobody looks at what is in between.

    Raises
    ------
    BadThunkOutput
        If they are not what the nodes give one by one, each of which is right: values in between
        then are in each other's way.
    """
    computed = compiled(*given)
    everything = [x for x in given if isinstance(x, np.ndarray)]
    for v, old, new in zip(graph.outputs, expected, computed, strict=True):
        if v.owner is not None and disagreement(v.type, old, new, [*everything, old], SAME):
            raise BadThunkOutput(v, f"{way}, node by node,", old, f"{way} as a whole", new)
