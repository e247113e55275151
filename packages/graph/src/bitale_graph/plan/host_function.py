"""From a rewritten graph to the host code of one function, and what it expects and gives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..base.rules import load_rules
from ..core.function_graph import FunctionGraph
from ..core.graph import Apply, Constant, Variable
from . import rules
from .array import Array
from .builder import Builder
from .expressions import Expression, Given, number
from .hoist import hoist
from .memory import plan_memory
from .opaque import is_opaque, seen_type
from .region import Region, has_own_buffer, shown_whole, taken_over
from .statements import CheckStopped, Deliver, Hold, Statement
from .target import Target, emits, supports
from .verify import verify

load_rules(rules)
for table in (emits, supports):
    table.when_asked("bitale_graph.pooling", "bitale_graph.plan.rules.pooling")


@dataclass
class HostFunction:
    """The host code of a function.

    Attributes
    ----------
    statements : list of Statement
    constants : list of Constant
        Passed after arguments and shared variables.
    in_place : list of int
        Positions among the outputs of updates that are written where the shared variable lies.
    callbacks : list of Apply
        Nodes that run in Python, in the order of their numbers.
    nodes : list of Apply
        Nodes by the number that an error names.
    builder : Builder
        Which knows the names that are taken.
    """

    statements: list[Statement]
    constants: list[Constant]
    in_place: list[int]
    callbacks: list[Apply]
    nodes: list[Apply]
    builder: Builder

    @property
    def n_buffers(self) -> int:
        """How many buffers the function has."""
        return self.builder.n_buffers


def plan_function(
    graph: FunctionGraph,
    n_arguments: int,
    n_outputs: int,
    update_targets: list[int],
    target: Target,
) -> HostFunction:
    """Write the host code of a graph.

    Parameters
    ----------
    graph : FunctionGraph
        Rewritten. Its inputs are arguments, then shared variables.
    n_arguments, n_outputs : int
        How many inputs are arguments, and how many outputs explicit.
    update_targets : list of int
        For each further output the shared variable that it updates, counted from the first.
    target : Target
    """
    return _Planning(graph, n_arguments, n_outputs, update_targets, target).run()


def _constants(graph: FunctionGraph) -> Iterator[Constant]:
    """The constants of a graph and of the graphs inside its ops."""
    graphs = [graph]
    while graphs:
        one = graphs.pop()
        for node in one.toposort():
            graphs += [body.graph for body in node.op.bodies]
            yield from (v for v in node.inputs if isinstance(v, Constant))
        yield from (v for v in one.outputs if isinstance(v, Constant))


class _Planning:
    def __init__(
        self,
        graph: FunctionGraph,
        n_arguments: int,
        n_outputs: int,
        update_targets: list[int],
        target: Target,
    ) -> None:
        self.graph = graph
        self.n_arguments = n_arguments
        updated = {
            n_outputs + i: graph.inputs[n_arguments + k] for i, k in enumerate(update_targets)
        }
        self.plan = plan_memory(graph, updated, target)
        self.given = {k: self._is_given(k) for k in range(len(graph.outputs))}
        self.b = Builder(target, self.plan, self._kept(), lambda v: bool(graph.clients[v]))
        self.constants: list[Constant] = []

    def _is_given(self, k: int) -> bool:
        """Whether the buffer of output ``k`` can leave the call itself; else it is copied."""
        v = self.graph.outputs[k]
        return (
            k not in self.plan.in_place
            and (has_own_buffer(self.graph, v) or self._shows_alone(v))
            and self.graph.outputs.index(v) == k
            and not any(self.graph.outputs[i] is v for i in self.plan.in_place)
        )

    def _shows_alone(self, v: Variable) -> bool:
        """Whether ``v`` is another shape of a result that no other output shows."""
        root = shown_whole(v)
        shown = [self.plan.shown.get(other, other) for other in self.graph.outputs]
        return (
            seen_type(v).ndim > 0
            and has_own_buffer(self.graph, root)
            and root.owner not in self.plan.tail
            and shown.count(root) == 1
        )

    def _kept(self) -> set[Variable]:
        given = [self.graph.outputs[k] for k, is_given in self.given.items() if is_given]
        return {v for output in given for v in taken_over(self.plan, shown_whole(output))}

    def run(self) -> HostFunction:
        b = self.b
        self._inputs()
        region = Region(b)
        region.head()
        region.start_tail()
        copies = self._copies()
        b.put(CheckStopped(0))
        if self.plan.tail:
            b.put(Hold())
        region.finish_tail()
        self._outputs(copies)
        statements = b.scope.statements
        hoist(statements)
        verify(statements)
        return HostFunction(
            statements, self.constants, sorted(self.plan.in_place), b.callbacks, b.nodes, b
        )

    def _inputs(self) -> None:
        """Name the lengths and strides of what is given."""
        b = self.b
        for c in dict.fromkeys(_constants(self.graph)):
            if is_opaque(c) or c.type.ndim or not b.target.computes(c.type.dtype):
                self.constants.append(c)
        for i, v in enumerate([*self.graph.inputs, *self.constants]):
            if isinstance(v, Constant) or self.graph.clients[v]:
                self._one_input(i, v, is_packed=i >= self.n_arguments)

    def _one_input(self, i: int, v: Variable, *, is_packed: bool) -> None:
        b = self.b
        type = seen_type(v)
        is_kept = is_packed and b.target.keeps_numbers and not is_opaque(v)
        if type.ndim == 0 and not is_kept:
            b.scalars[v] = b.alias(v.name or f"in{i}", Given("value", i, type.dtype))
            return
        hint = v.name or (f"in{i}" if not isinstance(v, Constant) else "constant")
        pointer = b.alias(hint, Given("data", i, type.dtype))
        base = repr(pointer)
        lengths = [
            number(n) if n is not None else b.alias(f"{base}_n{a}", Given("shape", i, "int64", a))
            for a, n in enumerate(type.shape)
        ]
        strides: list[Expression] | None = None
        if not is_packed:
            strides = [
                b.alias(f"{base}_s{a}", Given("stride", i, "int64", a, type.dtype))
                for a in range(type.ndim)
            ]
        b.arrays[v] = Array(pointer, type.dtype, lengths, strides)

    def _copies(self) -> dict[int, Array]:
        """Copy the outputs that share memory with something else.

        Those made in the tail get their buffers only.
        """
        b = self.b
        copies: dict[int, Array] = {}
        late = {o for node in self.plan.tail for o in node.outputs}
        for k, v in enumerate(self.graph.outputs):
            if self.given[k] or k in self.plan.in_place or seen_type(v).ndim == 0:
                continue
            source = b.array(v)
            copies[k] = b.allocate(v.name or "copy", source.dtype, source.lengths, keep=True)
            if v not in late:
                b.copy(copies[k], source)
        return copies

    def _outputs(self, copies: dict[int, Array]) -> None:
        b = self.b
        late = {o for node in self.plan.tail for o in node.outputs}
        for k, copy in copies.items():
            if self.graph.outputs[k] in late:
                b.copy(copy, b.array(self.graph.outputs[k]))
        delivered = [k for k in range(len(self.graph.outputs)) if k not in self.plan.in_place]
        places = list(enumerate(delivered))
        # Numbers may lie in arrays, of which the memory is handed over.
        places.sort(key=lambda one: seen_type(self.graph.outputs[one[1]]).ndim > 0)
        for place, k in places:
            v = self.graph.outputs[k]
            if seen_type(v).ndim == 0:
                b.put(Deliver(place, b.scalar(v)))
                continue
            array = copies[k] if k in copies else b.array(v)
            (buffer,) = array.buffers
            b.put(Deliver(place, array, buffer))
