"""A graph inside an op: what a loop runs at every step, what a branch computes."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Sequence
from typing import Any

from ..base import trace as tracing
from .flat import FlatGraph, flatten, structure, unflatten
from .function_graph import FunctionGraph
from .graph import Apply, Constant, Type, Variable
from .lazy import make_lazy
from .run import run_graph
from .traversal import graph_replace


class Body:
    """A pure graph with inputs and outputs of its own, compared and hashed by what it computes.

    It is never changed: whoever improves it makes a new one.

    Parameters
    ----------
    inputs, outputs : sequences of Variable
        Copied; the copies are the body's own.

    Raises
    ------
    MissingInputError
        If an output depends on a leaf that is neither an input nor a constant.
    """

    def __init__(self, inputs: Sequence[Variable], outputs: Sequence[Variable]) -> None:
        self._written = [weakref.ref(v) for v in inputs]
        self.graph, _ = FunctionGraph.cloned(inputs, outputs)
        make_lazy(self.graph)

    @property
    def inputs(self) -> list[Variable]:
        """The variables that stand for what is given."""
        return self.graph.inputs

    @property
    def written(self) -> dict[Variable, Variable]:
        """The inputs that it was made with, where they are known and used still, and its own."""
        known = zip((ref() for ref in self._written), self.inputs, strict=False)
        return {old: new for old, new in known if old is not None}

    @property
    def outputs(self) -> list[Variable]:
        """What is computed from them."""
        return self.graph.outputs

    @functools.cached_property
    def levels(self) -> int:
        """How many levels of bodies there are in the ops of this one."""
        inner = (body for node in self.graph.apply_nodes for body in node.op.bodies)
        return max((1 + body.levels for body in inner), default=0)

    @functools.cached_property
    def flat(self) -> FlatGraph:
        """The graph as lists."""
        return flatten(self.inputs, self.outputs)

    @functools.cached_property
    def _structure(self) -> object:
        return ([v.type for v in self.inputs], structure(self.flat))

    @functools.cached_property
    def _hash(self) -> int:
        return hash((tuple(v.type for v in self.inputs), len(self.flat.nodes)))

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, Body) and self._structure == other._structure

    def __hash__(self) -> int:
        return self._hash

    def key(self) -> str | None:
        """A digest that is the same in every process; None if an op cannot be told by value.

        It is found once for each body, the innermost first: one asks for those inside twice.
        """
        waiting = [self]
        while waiting:
            body = waiting[-1]
            if "_key" in vars(body):
                waiting.pop()
                continue
            inside = [
                one
                for node in body.graph.apply_nodes
                for one in node.op.bodies
                if "_key" not in vars(one)
            ]
            if inside:
                waiting += inside
            else:
                vars(body)["_key"] = body.flat.key()
        found: str | None = vars(self)["_key"]
        return found

    def __repr__(self) -> str:
        return f"Body({self.key()})"

    def __str__(self) -> str:
        return f"{len(self.flat.nodes)} nodes"

    def __getstate__(self) -> FlatGraph:
        return self.flat

    def __setstate__(self, flat: FlatGraph) -> None:
        self._written = []
        self.graph = unflatten(flat)

    @functools.cached_property
    def _program(self) -> tuple[list[tuple[Apply, list[Variable]]], dict[Variable, Any]]:
        order: list[tuple[Apply, list[Variable]]] = [(n, []) for n in self.graph.toposort()]
        constants: dict[Variable, Any] = {
            v: v.data for v in self.graph.variables if isinstance(v, Constant)
        }
        return order, constants

    def run(self, values: Sequence[Any]) -> list[Any]:
        """Compute with NumPy, from arrays for the inputs."""
        order, constants = self._program
        return run_graph(self.graph, order, constants, list(values))

    def with_input_types(self, types: Sequence[Type]) -> Body:
        """The same computation made again from inputs of other types, such as unknown lengths."""
        inputs = [type(v.name) for v, type in zip(self.inputs, types, strict=True)]
        for old, new in zip(self.inputs, inputs, strict=True):
            new.made_at = old.made_at
        return Body(
            inputs, graph_replace(self.outputs, dict(zip(self.inputs, inputs, strict=True)))
        )

    def expressions(self, given: Sequence[Variable]) -> list[Variable]:
        """The outputs as expressions of variables outside, one for each input.

        Types stay as they are: of what is given more may be known than a branch that does not run
        can have.
        """
        memo = dict(zip(self.inputs, given, strict=True))
        for node in self.graph.toposort():
            with tracing.inherited(node.trace):
                outputs = [v.type(v.name) for v in node.outputs]
                made = Apply(node.op, [memo.get(v, v) for v in node.inputs], outputs)
            memo.update(zip(node.outputs, made.outputs, strict=True))
        return [memo.get(v, v) for v in self.outputs]
