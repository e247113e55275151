"""Computing now what depends on constants alone."""

from __future__ import annotations

from inspect import signature
from typing import Any

import numpy as np
from bitale_graph.extend import (
    Alloc,
    Apply,
    Arange,
    Constant,
    Elementwise,
    Eye,
    FunctionGraph,
    Scan,
    TensorType,
    Variable,
    constant_int,
    result_of,
    scalar,
)

from ..engine.rewrite import RewriteContext

LARGEST_RESULT = 1_000_000
"""Elements of the largest constant that folding makes.

8 MB of float64 are kept with the function.
"""
LARGEST_FILL = 1024
"""The same for ops whose results are made of a few numbers.

Making them again costs no more than reading them.
"""
MOST_STEPS = 100
"""Of a loop of constants that is run when a function is made; longer ones are left to the call."""


def fold_constants(graph: FunctionGraph, context: RewriteContext) -> None:
    """Replace the outputs of nodes whose inputs are all constant; an error is left to the run."""
    for node in graph.toposort():
        if not node.inputs or not all(isinstance(v, Constant) for v in node.inputs):
            continue
        if _is_small(node) and _agrees(graph, node):
            for old, new in _computed(node):
                if old in graph.clients:
                    context.replace(old, new, "constant_folding")


def _is_small(node: Apply) -> bool:
    op = node.op
    if isinstance(op, Scan) and (constant_int(node.inputs[0]) or 0) > MOST_STEPS:
        return False
    makes_fill = type(op) in (Alloc, Arange, Eye) or (
        isinstance(op, Elementwise) and op.scalar_op is scalar.second
    )
    limit = LARGEST_FILL if makes_fill else LARGEST_RESULT
    for output in node.outputs:
        if not isinstance(output.type, TensorType):
            return False
        known = [n for n in output.type.shape if n is not None]
        if makes_fill and len(known) < output.type.ndim:
            return False
        if int(np.prod(known, dtype=np.float64)) > limit:
            return False
    return True


def _agrees(graph: FunctionGraph, node: Apply) -> bool:
    """Whether the op lets itself be folded; Theano's ops say so by a method."""
    asked: Any = getattr(node.op, "do_constant_folding", None)
    if asked is None:
        return True
    # Theano's takes the node alone, that of its successors the graph as well.
    given = (node,) if len(signature(asked).parameters) == 1 else (graph, node)
    return bool(asked(*given))


def _computed(node: Apply) -> list[tuple[Variable, Variable]]:
    constants: list[Any] = node.inputs
    try:
        values = result_of(node, [v.data for v in constants])
    except Exception:  # noqa: BLE001 (any op's own error: it belongs to the call, if the node is reached then)
        return []
    pairs: list[tuple[Variable, Variable]] = []
    for old, value in zip(node.outputs, values, strict=False):
        if np.size(value) > LARGEST_RESULT:
            return []
        # A view of a larger constant would keep it alive.
        array = np.array(value, copy=True, order="C")
        kind = TensorType(array.dtype.name, array.shape)
        if not old.type.admits(kind):
            return []
        pairs.append((old, kind.make_constant(array)))
    return pairs
