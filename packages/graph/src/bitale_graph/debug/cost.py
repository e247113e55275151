"""What a graph costs, as far as its types tell: nodes by op, multiplications, bytes."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..core.function_graph import FunctionGraph
from ..core.graph import Apply, Constant, Variable
from ..ops.loop import Loop, Step
from ..ops.product import BatchedDot, Dot
from ..ops.reduction import Reduce
from ..tensor.elementwise import Elementwise

Shapes = Mapping[Variable, Sequence[int]]


class Cost(NamedTuple):
    """What a graph costs.

    Attributes
    ----------
    ops : list of (str, int)
        Classes of ops and how many nodes each has, the most frequent first.
    nodes : int
    multiplications : int
        Of the nodes whose lengths are known; what goes element by element counts as so many
        multiplications as it costs about.
    unknown : int
        How many nodes are not counted: for a length that is not known, or as of their op nothing
        is known.
    constants : int
        Bytes of constants.
    """

    ops: list[tuple[str, int]]
    nodes: int
    multiplications: int
    unknown: int
    constants: int


def cost_of(graph: FunctionGraph, shapes: Shapes | None = None) -> Cost:
    """What one run of a graph costs; ``shapes`` tells those of inputs whose types do not."""
    known = shapes or {}
    ops: Counter[str] = Counter()
    total = unknown = 0
    order = graph.toposort()
    for node in order:
        ops[type(node.op).__name__] += 1
        found = _multiplications(node, known)
        if found is None:
            unknown += 1
        else:
            total += found
    leaves = {v for node in order for v in node.inputs if isinstance(v, Constant)}
    constants = sum(v.data.nbytes for v in leaves if isinstance(v.data, np.ndarray))
    return Cost(ops.most_common(), len(order), total, unknown, constants)


def _multiplications(node: Apply, shapes: Shapes) -> int | None:
    op: Any = node.op
    if isinstance(op, Loop):
        size = _largest([*node.inputs, *node.outputs], shapes)
        costs: list[int] = [step.op.cost for step in op.steps if isinstance(step, Step)]
        return None if size is None else size * sum(costs)
    if isinstance(op, Elementwise):
        size = _size(node.outputs[0], shapes)
        return None if size is None else size * op.scalar_op.cost
    if isinstance(op, Reduce):
        return _size(node.inputs[0], shapes)
    if isinstance(op, (Dot, BatchedDot)):
        size, inner = _size(node.outputs[0], shapes), _shape(node.inputs[0], shapes)[-1:]
        return None if size is None or None in inner else size * math.prod(inner)  # type: ignore[arg-type]
    return 0 if op.view_map else None


def _largest(variables: Sequence[Variable], shapes: Shapes) -> int | None:
    sizes = [_size(v, shapes) for v in variables]
    known = [n for n in sizes if n is not None]
    return max(known) if len(known) == len(sizes) and known else None


def _size(v: Variable, shapes: Shapes) -> int | None:
    lengths = _shape(v, shapes)
    return None if None in lengths else math.prod(lengths)  # type: ignore[arg-type]


def _shape(v: Variable, shapes: Shapes) -> tuple[int | None, ...]:
    if v in shapes:
        return tuple(shapes[v])
    found = getattr(v.type, "shape", None)
    return (None,) if found is None else tuple(found)
