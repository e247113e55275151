"""Writing the nodes of one graph in the order of its memory plan."""

from __future__ import annotations

from collections.abc import Iterator

from bitale_graph.extend import Apply, FunctionGraph, Variable

from .builder import Builder
from .callback import emit_callback
from .memory import viewed
from .node_text import emit_text, has_c_text
from .plan import MemoryPlan


def has_own_buffer(graph: FunctionGraph, v: Variable) -> bool:
    """Whether a variable of ``graph`` is computed there into a buffer of its own."""
    return v.owner is not None and viewed(v) is None and v not in graph.inputs and v.type.ndim > 0


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
        self.live: dict[int, set[Variable]] = {}
        self._started: list[tuple[int, Iterator[None]]] = []

    def head(self) -> None:
        """Write the nodes that touch no shared storage."""
        for position, node in enumerate(self.plan.head):
            self.b.begin(node)
            if has_c_text(node):
                for _ in emit_text(self.b, node):
                    pass
            else:
                emit_callback(self.b, node)
            self._end(position, node)

    def start_tail(self) -> None:
        """Write what can fail of the nodes that change shared storage."""
        for node in self.plan.tail:
            index = self.b.begin(node)
            work = emit_text(self.b, node)
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

    def release_rest(self) -> None:
        """Give back what outputs lie in, once they are copied."""
        for slot in self.live:
            self.b.release(slot)

    def _note_results(self, node: Apply) -> None:
        for v in node.outputs:
            if v in self.b.arrays:
                for slot in self.b.arrays[v].slots:
                    self.live.setdefault(slot, set()).add(v)

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
            for slot in sorted(b.arrays[v].slots):
                self.live[slot].discard(v)
                if not self.live[slot]:
                    b.release(slot)
                    del self.live[slot]
