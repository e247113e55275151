"""Gather elementwise work, and the reductions that consume it, into loops.

Two nodes may share a loop if they run over the same index range (*space*) and no path between them
leaves the loop. The second condition is made cheap by levels: a node's level is the largest number
of times that a path to it enters a loop from outside. Nodes of one space and level can always share
a loop, whether or not they read one another, because a path that left it and came back would have
raised the level; and all levels are found in one walk.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
from bitale_graph.extend import (
    Apply,
    Constant,
    Elementwise,
    FunctionGraph,
    Literal,
    Loop,
    Reduce,
    Result,
    Step,
    Variable,
    scalar,
    trace,
)

from ..engine.rewrite import RewriteContext

Space = tuple[Hashable, ...]

# Longer programs gain nothing, and C compilers take more than proportional time for them.
MAX_STEPS = 128


def fuse_loops(graph: FunctionGraph, context: RewriteContext) -> None:
    """Replace every elementwise op and reduction by loops, as few as the graph allows."""
    order = graph.toposort()
    spaces = _spaces(order, context)
    levels = _levels(order, spaces)
    _sink(graph, order, spaces, levels)
    groups: dict[tuple[Space, int], list[Apply]] = {}
    for node in order:
        if node in spaces:
            groups.setdefault((spaces[node], levels[node]), []).append(node)
    for (space, _), nodes in groups.items():
        for start in range(0, len(nodes), MAX_STEPS):
            _replace_by_loop(graph, context, nodes[start : start + MAX_STEPS], len(space))


class _Lengths:
    """Which lengths must be equal if the function runs at all: what elementwise nodes join."""

    def __init__(self) -> None:
        self._parent: dict[Hashable, Hashable] = {}

    def find(self, token: Hashable) -> Hashable:
        root = token
        while root in self._parent:
            root = self._parent[root]
        while token != root:
            self._parent[token], token = root, self._parent[token]
        return root

    def join(self, a: Hashable, b: Hashable) -> None:
        a, b = self.find(a), self.find(b)
        if a != b:
            # A known length stays the representative, so that it is found from either side.
            if isinstance(a, int):
                a, b = b, a
            self._parent[a] = b


def _spaces(order: list[Apply], context: RewriteContext) -> dict[Apply, Space]:
    """The index range of every node that a loop can hold."""
    lengths = _Lengths()
    for node in order:
        if not isinstance(node.op, Elementwise):
            continue
        result = context.shapes.dims(node.out)
        for v in node.inputs:
            dims = context.shapes.dims(v)
            for a in range(-len(dims), 0):
                if dims[a] != 1:
                    lengths.join(result[a], dims[a])
    spaces: dict[Apply, Space] = {}
    for node in order:
        if isinstance(node.op, Elementwise):
            dims = context.shapes.dims(node.out)
        elif type(node.op) is Reduce:
            dims = context.shapes.dims(node.inputs[0])
        else:
            continue
        spaces[node] = tuple(lengths.find(d) for d in dims)
    return spaces


def _is_inner(reader: Apply, v: Variable, spaces: dict[Apply, Space]) -> bool:
    """Whether ``v`` can stay in the loop of ``reader``: an elementwise result over its range."""
    owner = v.owner
    return (
        owner is not None and isinstance(owner.op, Elementwise) and spaces[owner] == spaces[reader]
    )


def _levels(order: list[Apply], spaces: dict[Apply, Space]) -> dict[Apply, int]:
    levels: dict[Apply, int] = {}
    for node in order:
        level = 0
        for v in node.inputs:
            if v.owner in levels:
                enters = node in spaces and not _is_inner(node, v, spaces)
                level = max(level, levels[v.owner] + enters)
        levels[node] = level
    return levels


def _sink(
    graph: FunctionGraph, order: list[Apply], spaces: dict[Apply, Space], levels: dict[Apply, int]
) -> None:
    """Move a node that only one later loop reads into that loop: it need not be stored."""
    for node in reversed(order):
        if node not in spaces or not isinstance(node.op, Elementwise):
            continue
        clients = graph.clients[node.out]
        readers = [reader for reader, _ in clients if isinstance(reader, Apply)]
        if len(readers) < len(clients) or any(spaces.get(r) != spaces[node] for r in readers):
            continue
        wanted = {levels[r] for r in readers}
        if len(wanted) == 1:
            levels[node] = wanted.pop()


def _replace_by_loop(
    graph: FunctionGraph, context: RewriteContext, nodes: list[Apply], ndim: int
) -> None:
    members = set(nodes)
    inputs: dict[Variable, int] = {}
    for node in nodes:
        for v in node.inputs:
            if v.owner not in members and not _is_literal(v):
                inputs.setdefault(v, len(inputs))
    values: dict[Variable, int | Literal] = dict(inputs)
    steps: list[Step] = []
    results: list[Result] = []
    replaced: list[Variable] = []

    def value(v: Variable) -> int | Literal:
        return values[v] if v in values else Literal.of(v.data)  # type: ignore[attr-defined]  # else a constant

    def numbered(v: Variable, dtype: str) -> int:
        found = value(v)
        if isinstance(found, int):
            return found
        steps.append(Step(scalar.identity, (found,), dtype))
        return len(inputs) + len(steps) - 1

    for node in nodes:
        out: Any = node.out
        if type(node.op) is Reduce:
            operand = numbered(node.inputs[0], node.inputs[0].type.dtype)
            results.append(Result.of(operand, node.op))
            replaced.append(out)
            continue
        assert isinstance(node.op, Elementwise)
        if node.op.scalar_op is scalar.second:
            values[out] = value(node.inputs[1])
        else:
            steps.append(
                Step(node.op.scalar_op, tuple(value(v) for v in node.inputs), out.type.dtype)
            )
            values[out] = len(inputs) + len(steps) - 1
        if any(reader not in members for reader, _ in graph.clients[out]):
            results.append(Result(numbered(out, out.type.dtype), out.type.dtype))
            replaced.append(out)
    if not inputs:
        return
    with trace.inherited(nodes[-1].trace):
        loop = Loop(ndim, tuple(steps), tuple(results)).make_node(*inputs)
    for old, new in zip(replaced, loop.outputs, strict=True):
        new.name = old.name
        if new.type != old.type and not old.type.admits(new.type):
            new.type = old.type
    context.replace_all(list(zip(replaced, loop.outputs, strict=True)), "fuse_loops")


def _is_literal(v: Variable) -> bool:
    return isinstance(v, Constant) and np.size(v.data) == 1
