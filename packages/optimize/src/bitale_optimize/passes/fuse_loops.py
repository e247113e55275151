"""Gather elementwise work, and the reductions that consume it, into loops.

Two nodes may share a loop if they run over the same index range (*space*) and no path between them
leaves the loop. The second condition is made cheap by levels: a node's level is the largest number
of times that a path to it enters a loop from outside. Nodes of one space and level can always share
a loop, whether or not they read one another, because a path that left it and came back would have
raised the level; and all levels are found in one walk.
"""

from __future__ import annotations

from collections.abc import Container, Hashable
from dataclasses import replace
from typing import Any

import numpy as np
from bitale_graph.extend import (
    Apply,
    Argmax,
    Argument,
    Constant,
    Crossentropy1Hot,
    FunctionGraph,
    Literal,
    Load,
    Loop,
    LoopForm,
    Reduce,
    Result,
    ScalarOp,
    Step,
    Variable,
    as_loop,
    scalar,
    trace,
)
from bitale_graph.extend import dtype as dtypes

from ..engine.rewrite import RewriteContext
from .recompute import Places, recompute

# The lengths of the range, and whether no target has code for what runs over it: what a compiled
# function calls takes nothing else with it into NumPy.
Space = tuple[tuple[Hashable, ...], bool]

# Longer programs gain nothing, and C compilers take more than proportional time for them.
MAX_STEPS = 128


def fuse_loops(graph: FunctionGraph, context: RewriteContext) -> None:
    """Replace every elementwise op and reduction by loops, as few as the graph allows.

    Other ops that are loops (`loop_forms`) join them where one reads the other; alone they stay.
    """
    order = graph.toposort()
    forms = _forms(graph)
    spaces = _spaces(forms, context)
    levels = _levels(order, spaces, forms)
    _sink(graph, order, spaces, levels, forms)
    recompute(Places(graph, forms, spaces, levels))
    forms = _forms(graph, forms)
    groups: dict[tuple[Space, int], list[Apply]] = {}
    for node in forms:
        groups.setdefault((spaces[node], levels[node]), []).append(node)
    for (space, _), nodes in groups.items():
        for start in range(0, len(nodes), MAX_STEPS):
            members = {node: forms[node] for node in nodes[start : start + MAX_STEPS]}
            for together in _without_lone(graph, members, len(space[0])):
                _replace_by_loop(graph, context, together, len(space[0]))


def _forms(graph: FunctionGraph, among: Container[Apply] | None = None) -> dict[Apply, LoopForm]:
    """What loops may hold, in order: all, or some."""
    forms = {}
    for node in graph.toposort():
        if among is not None and node not in among:
            continue
        form = None if isinstance(node.op, Loop) else as_loop(node)
        if form is None or form.loop.results[0].into is not None:
            continue  # what is written into: its buffer is taken over, nothing else may read it
        # Errors of targets have words of their own.
        if not isinstance(node.op, Crossentropy1Hot):
            forms[node] = form
    return forms


def _without_lone(
    graph: FunctionGraph, members: dict[Apply, LoopForm], ndim: int
) -> list[dict[Apply, LoopForm]]:
    """Leave out what is made from lengths alone, unless an array runs along every axis of it.

    One that the loop itself stores will do, if more than what it is made from is computed. Lengths
    that no array can have are an error of the op that makes one; a loop that only sums them up
    would run for years. What is left is two groups where one is read by what is left out, and the
    other reads it.
    """
    made = {
        node
        for node, (loop, _) in members.items()
        if not loop.tables and any(j is not None for j in loop.lengths)
    }
    shapes = [
        v.type.shape
        for node, form in members.items()
        if node not in made
        for j, v in enumerate(form.inputs)
        if v.owner not in members and j not in form.loop.tables
    ]
    is_stored = any(
        not _is_reduced(form)
        and any(reader not in members for reader, _ in graph.clients[node.out])
        for node, form in members.items()
        if node not in made
    )
    axes = {-a for shape in shapes for a in range(1, len(shape) + 1) if shape[-a] != 1}
    if not made or is_stored or len(axes) == ndim:
        return [members]
    after = set(made)
    for node in members:
        if any(v.owner in after for v in node.inputs):
            after.add(node)
    left = {node: form for node, form in members.items() if node not in made}
    if not any(v.owner in members for node in made for v in node.inputs):
        return [left] if left else []
    groups = ({n: f for n, f in left.items() if (n in after) is late} for late in (False, True))
    return [group for group in groups if group]


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


def _spaces(forms: dict[Apply, LoopForm], context: RewriteContext) -> dict[Apply, Space]:
    """The index range of every node that a loop can hold."""
    lengths = _Lengths()
    ranges = {}
    for node, form in forms.items():
        if _is_reduced(form):
            ranges[node] = context.shapes.dims(node.inputs[0])
            continue
        result = ranges[node] = context.shapes.dims(node.outputs[0])
        for j, v in enumerate(form.inputs):
            if v.type.ndim == 0 or j in form.loop.tables:
                continue
            dims = context.shapes.dims(v)
            for a in range(-len(dims), 0):
                if dims[a] != 1:
                    lengths.join(result[a], dims[a])
    return {
        node: (tuple(map(lengths.find, dims)), _is_called(node, forms[node]))
        for node, dims in ranges.items()
    }


def _is_called(node: Apply, form: LoopForm) -> bool:
    """Whether compiled functions call the NumPy meaning of a node."""
    if any(dtypes.is_complex(v.type.dtype) for v in (*form.inputs, *node.outputs)):
        return True
    return any(isinstance(step, Step) and step.op.is_called for step in form.loop.steps)


def _is_reduced(form: LoopForm) -> bool:
    return form.loop.results[0].reduce is not None


def _is_inner(reader: Apply, v: Variable, spaces: dict[Apply, Space]) -> bool:
    """Whether ``v`` can stay in the loop of ``reader``: it is stored over the same range."""
    owner = v.owner
    if owner not in spaces or spaces[owner] != spaces[reader]:
        return False
    return not isinstance(owner.op, (Reduce, Argmax))


def _levels(
    order: list[Apply], spaces: dict[Apply, Space], forms: dict[Apply, LoopForm]
) -> dict[Apply, int]:
    levels: dict[Apply, int] = {}
    for node in order:
        level = 0
        # A table and the places in it must be there before the loop.
        is_load = node in forms and bool(forms[node].loop.tables)
        for v in node.inputs:
            if v.owner in levels:
                enters = node in spaces and (is_load or not _is_inner(node, v, spaces))
                level = max(level, levels[v.owner] + enters)
        levels[node] = level
    return levels


def _sink(
    graph: FunctionGraph,
    order: list[Apply],
    spaces: dict[Apply, Space],
    levels: dict[Apply, int],
    forms: dict[Apply, LoopForm],
) -> None:
    """Move a node that only one later loop reads into that loop: it need not be stored."""
    for node in reversed(order):
        if node not in spaces or isinstance(node.op, (Reduce, Argmax)):
            continue
        clients = graph.clients[node.out]
        readers = [reader for reader, _ in clients if isinstance(reader, Apply)]
        if len(readers) < len(clients) or any(spaces.get(r) != spaces[node] for r in readers):
            continue
        if any(forms[r].loop.tables for r in readers):
            continue
        wanted = {levels[r] for r in readers}
        if len(wanted) == 1:
            levels[node] = wanted.pop()


def _replace_by_loop(
    graph: FunctionGraph, context: RewriteContext, members: dict[Apply, LoopForm], ndim: int
) -> None:
    merged = _Merged(graph, members, ndim)
    if not merged.inputs:
        return
    last = next(reversed(members))
    with trace.inherited(last.trace):
        loop = merged.loop().make_node(*merged.inputs)
    for old, new in zip(merged.replaced, loop.outputs, strict=True):
        new.name = old.name
        if new.type != old.type and not old.type.admits(new.type):
            new.type = old.type
    context.replace_all(list(zip(merged.replaced, loop.outputs, strict=True)), "fuse_loops")


class _Merged:
    """The program of several loops over one range.

    Attributes
    ----------
    inputs : list of Variable
        One that is a table and runs along the range as well stands there twice.
    replaced : list of Variable
        What the results stand for.
    """

    def __init__(self, graph: FunctionGraph, members: dict[Apply, LoopForm], ndim: int) -> None:
        self.graph, self.members, self.ndim = graph, members, ndim
        self.inputs: list[Variable] = []
        self.tables: dict[Variable, int] = {}
        self.values: dict[Variable, Argument] = {}
        self.lengths: list[int | None] = [None] * ndim
        for form in members.values():
            self._read(form)
        self.steps: list[Step | Load] = []
        self.results: list[Result] = []
        self.replaced: list[Variable] = []
        for node, form in members.items():
            self._add(node, form)

    def loop(self) -> Loop:
        """The loop of all."""
        return Loop(self.ndim, tuple(self.steps), tuple(self.results), tuple(self.lengths))

    def _read(self, form: LoopForm) -> None:
        loop, inputs = form
        loads = [s for s in loop.steps if isinstance(s, Load)]
        fixed = {*loop.lengths, *loop.tables, *(a for s in loads for a in s.at)}
        for j, v in enumerate(inputs):
            known = self.tables if j in loop.tables else self.values
            is_read = j in fixed or not (v.owner in self.members or _is_literal(v))
            if is_read and v not in known:
                known[v] = len(self.inputs)
                self.inputs.append(v)
        for a, given in enumerate(loop.lengths):
            if given is not None:
                self.lengths[a] = self._number(inputs[given])

    def _add(self, node: Apply, form: LoopForm) -> None:
        loop, inputs = form
        known: list[Argument] = [
            j if j in loop.tables else self._value(v) for j, v in enumerate(inputs)
        ]
        for step in loop.steps:
            if isinstance(step, Load):
                at = tuple(self._number(inputs[a]) if isinstance(a, int) else a for a in step.at)
                self.steps.append(Load(self.tables[inputs[step.table]], at, step.dtype))
                known.append(len(self.inputs) + len(self.steps) - 1)
                continue
            args = tuple(known[a] if isinstance(a, int) else a for a in step.args)
            known.append(
                args[1] if step.op is scalar.second else self._put(step.op, args, step.dtype)
            )
        dtypes = [*(v.type.dtype for v in inputs), *(s.dtype for s in loop.steps)]
        r: Any
        for out, r in zip(node.outputs, loop.results, strict=True):
            self.values[out] = known[r.value]
            if r.reduce is not None or self._leaves(out):
                value = known[r.value]
                if not isinstance(value, int):
                    value = self._put(scalar.identity, (value,), dtypes[r.value])
                self.results.append(replace(r, value=value))
                self.replaced.append(out)

    def _put(self, op: ScalarOp, args: tuple[Argument, ...], dtype: str) -> int:
        self.steps.append(Step(op, args, dtype))
        return len(self.inputs) + len(self.steps) - 1

    def _value(self, v: Variable) -> Argument:
        if v in self.values:
            return self.values[v]
        assert isinstance(v, Constant)
        return Literal.of(v.data)

    def _number(self, v: Variable) -> int:
        found = self.values[v]
        assert isinstance(found, int)
        return found

    def _leaves(self, v: Variable) -> bool:
        return any(reader not in self.members for reader, _ in self.graph.clients[v])


def _is_literal(v: Variable) -> bool:
    return isinstance(v, Constant) and np.size(v.data) == 1
