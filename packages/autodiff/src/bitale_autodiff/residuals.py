"""What the backward pass of a loop reads of the forward one: computed again, or kept.

A value that is cheap is computed again from what is there; others are kept, a row for each step, if
every step gives them the same shape. What depends on no step is computed once, outside.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import (
    Alloc,
    Apply,
    Arange,
    Assert,
    Constant,
    Dimshuffle,
    Elementwise,
    Eye,
    IncSubtensor,
    Join,
    MakeVector,
    Reshape,
    Scan,
    ShapeI,
    SpecifyShape,
    Subtensor,
    TensorType,
    Variable,
    ancestors,
    graph_replace,
    toposort,
)
from bitale_graph.extend import scalar as s

# To compute these again is no dearer than to write the result in one pass and read it in another.
_CHEAP_OPS = (
    Alloc,
    Arange,
    Assert,
    Dimshuffle,
    Eye,
    IncSubtensor,
    Join,
    MakeVector,
    Reshape,
    ShapeI,
    SpecifyShape,
    Subtensor,
)


def is_cheap(node: Apply) -> bool:
    """Whether to compute a node again costs no more than to keep its result."""
    op = node.op
    if isinstance(op, Elementwise):
        return not op.scalar_op.is_dear
    return type(op) in _CHEAP_OPS


@dataclass(frozen=True)
class ForwardStep:
    """The leaves of one step of the forward loop, as its graph names them.

    Attributes
    ----------
    rows, states, non_sequences : collections of Variable
    """

    rows: Collection[Variable]
    states: Collection[Variable]
    non_sequences: Collection[Variable]


@dataclass(frozen=True)
class Residuals:
    """What a backward step reads of its forward one.

    Attributes
    ----------
    kept : list of Variable
        A row for each step is kept; states among them as they were before the step.
    outside : list of Variable
        Computed once, from non-sequences alone.
    """

    kept: list[Variable]
    outside: list[Variable]


class Lengths:
    """Lengths of the values of a step, in terms of what the backward step has.

    Parameters
    ----------
    step : ForwardStep
    of_states : mapping of Variable to sequence
        The lengths of each state.
    """

    def __init__(self, step: ForwardStep, of_states: Mapping[Variable, Sequence[Any]]) -> None:
        self._found: dict[Variable, tuple[Any, ...]] = {v: tuple(n) for v, n in of_states.items()}
        self._fixed = {
            *step.non_sequences,
            *(n for lengths in of_states.values() for n in lengths),
        }
        self._leaves = {*step.rows, *step.states, *step.non_sequences}

    def __getitem__(self, v: Variable) -> tuple[Any, ...]:
        """The lengths of ``v``, computed from its numbers only where nothing else tells."""
        for node in toposort([v], stop_at=self._found):
            shapes = [self._of(u) for u in node.inputs]
            told = node.op.infer_shape(node, shapes) or [None] * len(node.outputs)
            for o, shape in zip(node.outputs, told, strict=True):
                own = self._own(o)
                self._found[o] = (
                    own
                    if shape is None
                    else tuple(
                        n if isinstance(n, Constant) else m for n, m in zip(own, shape, strict=True)
                    )
                )
        return self._of(v)

    def are_known(self, v: Any) -> bool:
        """Whether the lengths of ``v`` are the same in every step."""
        if not isinstance(v.type, TensorType):
            return False  # a stack has no such rows
        if None not in v.type.shape:
            return True
        stack: list[Any] = list(self[v])
        seen: set[Variable] = set()
        while stack:
            n = stack.pop()
            if n in seen or n in self._fixed or isinstance(n, Constant):
                continue
            seen.add(n)
            if n.owner is None:
                return False
            if type(n.owner.op) is ShapeI:
                if n.owner.inputs[0].owner is not None:
                    return False
                continue
            stack.extend(n.owner.inputs)
        return True

    def _of(self, v: Variable) -> tuple[Any, ...]:
        if v not in self._found:
            self._found[v] = self._own(v)
        return self._found[v]

    def _own(self, v: Any) -> tuple[Any, ...]:
        if not isinstance(v.type, TensorType):
            return ()
        return tuple(T.shape_i(v, a) for a in range(v.type.ndim))


def without_shape_reads(
    outputs: Sequence[Variable], forward: Container[Variable], step: ForwardStep, lengths: Lengths
) -> list[Variable]:
    """``outputs``, reading no forward value (but rows and non-sequences) for its shape alone."""
    there = {*step.rows, *step.non_sequences}
    exchanged: dict[Variable, Variable] = {}
    for node in toposort(outputs, stop_at=forward):
        x: Any = node.inputs[0] if node.inputs else None
        if x is None or x in there or x not in forward:
            continue
        if type(node.op) is ShapeI:
            if lengths.are_known(x):
                exchanged[node.outputs[0]] = lengths[x][node.op.axis]
        elif _reads_shape(node) and lengths.are_known(x):
            exchanged[node.outputs[0]] = Alloc()(node.inputs[1], *lengths[x])
    return graph_replace(outputs, exchanged) if exchanged else list(outputs)


def _reads_shape(node: Apply) -> bool:
    """Whether ``node`` gives its second operand in the shape of the first."""
    if not isinstance(node.op, Elementwise) or node.op.scalar_op is not s.second:
        return False
    mine, other = (v.type.shape for v in node.inputs)
    return len(other) <= len(mine) and all(
        n != 1 or m == 1 for n, m in zip(mine[len(mine) - len(other) :], other, strict=True)
    )


def residuals(
    outputs: Sequence[Variable],
    forward: set[Variable],
    step: ForwardStep,
    lengths: Lengths,
    there: Container[Variable],
    checkpoint: bool,
) -> Residuals:
    """Decide what the graph of a backward step gets of the forward one.

    Parameters
    ----------
    outputs : sequence of Variable
        What the backward step computes, reading forward variables as they are.
    forward : set of Variable
        Those variables: the leaves of the step, and what it computes.
    step : ForwardStep
    lengths : Lengths
    there : container of Variable
        Rows that are kept anyhow.
    checkpoint : bool
        Keep states alone.
    """
    forward = _with_loops_ahead(outputs, forward)
    leaves = {*step.rows, *step.states, *step.non_sequences}
    order = toposort(outputs, stop_at=forward)
    read = dict.fromkeys(v for node in order for v in node.inputs if v in forward)
    read.update(dict.fromkeys(v for v in outputs if v in forward))
    nodes = toposort(read, stop_at=leaves)
    fixed = _independent_of_steps(nodes, step)

    def may_be_kept(v: Variable) -> bool:
        return not checkpoint and (v in there or lengths.are_known(v))

    # What has no shape to be kept in is computed again, and so what it is computed from is read.
    again: set[Variable] = set()
    for node in reversed(nodes):
        for v in node.outputs:
            if v in read and v not in fixed and not may_be_kept(v):
                again.add(v)
                read.update(dict.fromkeys(node.inputs))
    kept: list[Variable] = []
    outside: list[Variable] = []
    available = set(leaves)
    for node in nodes:
        is_there = all(v in available or isinstance(v, Constant) for v in node.inputs)
        for v in node.outputs:
            if v in again or (is_there and is_cheap(node) and not (v in read and v in there)):
                available.add(v)
            elif v in read:
                (outside if v in fixed else kept).append(v)
                available.add(v)
    stops = {*leaves, *kept, *outside}
    states = set(step.states)
    kept.extend(v for v in ancestors(outputs, stop_at=stops) if v in states)
    return Residuals(kept, outside)


def _with_loops_ahead(outputs: Sequence[Variable], forward: set[Variable]) -> set[Variable]:
    """Count inner loops that read forward values alone as forward too.

    The derivative of an inner loop runs it again, keeping more; to do so within the forward pass
    saves a pass, for there it merges with the loop itself.
    """
    ahead = set(forward)
    for node in toposort(outputs, stop_at=forward):
        if isinstance(node.op, Scan) and all(
            v in ahead or isinstance(v, Constant) for v in node.inputs
        ):
            ahead.update(node.outputs)
    return ahead


def _independent_of_steps(nodes: Sequence[Apply], step: ForwardStep) -> set[Variable]:
    fixed = set(step.non_sequences)
    for node in nodes:
        if all(v in fixed or isinstance(v, Constant) for v in node.inputs):
            fixed.update(node.outputs)
    return fixed
