"""Writing the nodes of one graph in the order of its memory plan."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator

from ..core.function_graph import FunctionGraph
from ..core.graph import Apply, Variable
from ..ops.assertion import Assert
from ..ops.shape import Reshape, SpecifyShape
from .array import Buffer
from .builder import Builder
from .callback import emit_callback
from .memory import viewed
from .memory_plan import MemoryPlan
from .node_code import emit_node, has_code
from .opaque import seen_type
from .statements import Give


def has_own_buffer(graph: FunctionGraph, v: Variable) -> bool:
    """Whether a variable of ``graph`` is computed there into a buffer of its own."""
    return (
        v.owner is not None
        and viewed(v) is None
        and v not in graph.inputs
        and seen_type(v).ndim > 0
    )


def shown_whole(v: Variable) -> Variable:
    """The variable of which ``v`` shows all elements in the same order, under whatever shape."""
    while v.owner is not None and isinstance(v.owner.op, (Reshape, SpecifyShape, Assert)):
        v = v.owner.inputs[0]
    return v


def taken_over(plan: MemoryPlan, v: Variable) -> list[Variable]:
    """``v`` and the variables whose buffers it takes over, one from the other."""
    chain = [v]
    while chain[-1] in plan.reused:
        chain.append(plan.reused[chain[-1]])
    return chain


class Region:
    """The nodes of a graph as statements in the scope that is open.

    Parameters
    ----------
    b : Builder
        Knows the graph's inputs already.
    """

    def __init__(self, b: Builder) -> None:
        self.b = b
        self.plan = b.plan
        self.live: dict[Buffer, set[Variable]] = {}
        self._started: list[tuple[int, Iterator[None]]] = []

    def head(self) -> None:
        """Write the nodes that touch no shared storage."""
        for position, node in enumerate(self.plan.head):
            self.b.begin(node)
            if has_code(self.b.target, node):
                for _ in emit_node(self.b, node):
                    pass
            else:
                emit_callback(self.b, node)
            self._end(position, node)

    def start_tail(self) -> None:
        """Write what can fail of the nodes that change shared storage."""
        for node in self.plan.tail:
            index = self.b.begin(node)
            work = emit_node(self.b, node)
            next(work)
            self._started.append((index, work))

    def finish_tail(self) -> None:
        """Write the work of the nodes that were started."""
        for index, work in self._started:
            self.b.begin(self.b.nodes[index], index)
            for _ in work:
                pass
            self._note_results(self.b.nodes[index])
        self.b.release_temporaries()

    def release_rest(self, moved: Container[Buffer] = ()) -> None:
        """Give back what outputs lie in, once they are copied; others have what was moved."""
        for buffer in self.live:
            if buffer not in moved:
                self.b.put(Give(buffer))

    def _note_results(self, node: Apply) -> None:
        for v in node.outputs:
            if v in self.b.arrays:
                for buffer in _in_order(self.b.arrays[v].buffers):
                    self.live.setdefault(buffer, set()).add(v)

    def _end(self, position: int, node: Apply) -> None:
        """Give back what nothing reads any more."""
        b, plan = self.b, self.plan
        b.release_temporaries()
        self._note_results(node)
        touched = dict.fromkeys([*node.inputs, *node.outputs])
        touched.update(dict.fromkeys([plan.shown[v] for v in touched if v in plan.shown]))
        for v in touched:
            if plan.dies_after.get(v) != position or v not in b.arrays:
                continue
            for buffer in _in_order(b.arrays[v].buffers):
                self.live[buffer].discard(v)
                if not self.live[buffer]:
                    b.put(Give(buffer))
                    del self.live[buffer]


def _in_order(buffers: Iterable[Buffer]) -> list[Buffer]:
    return sorted(buffers, key=lambda one: one.slot)
