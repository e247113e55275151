"""What is known of the lengths of what a body computes, before it runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..core.body import Body
from ..core.graph import Variable
from ..core.order import toposort
from ..core.traversal import graph_replace, leaves
from ..tensor.conversion import as_tensor
from .shape import ShapeI, shape_i


def lengths_of_outputs(
    body: Body, known: Mapping[Variable, Sequence[Any]], values: Mapping[Variable, Variable]
) -> list[tuple[Any, ...] | None]:
    """The lengths of each output of a body, as variables outside; None where only computing tells.

    Parameters
    ----------
    known : mapping
        For each tensor input its lengths, as variables or numbers outside.
    values : mapping
        For inputs that are variables outside (rather than parts of some) those variables.
    """
    outside = dict(values)
    found: dict[Variable, tuple[Any, ...]] = {v: tuple(known[v]) for v in body.inputs}

    def lengths(v: Variable) -> tuple[Any, ...]:
        if v not in found:
            shape = v.type.shape
            found[v] = tuple(shape_i(v, a) if n is None else n for a, n in enumerate(shape))
        return tuple(as_tensor(n, dtype="int64") for n in found[v])

    for node in toposort(body.outputs, stop_at=set(body.inputs)):
        told = node.op.infer_shape(node, [lengths(v) for v in node.inputs])
        for v, shape in zip(node.outputs, told or [], strict=False):
            if shape is not None:
                found[v] = tuple(shape)
        if isinstance(node.op, ShapeI):
            length = lengths(node.inputs[0])[node.op.axis]
            outside[node.outputs[0]] = graph_replace([length], outside)[0]
    result: list[tuple[Any, ...] | None] = []
    own = set(body.inputs)
    for v in body.outputs:
        told = graph_replace(lengths(v), outside)
        is_told = not own.intersection(leaves(told))
        result.append(tuple(told) if is_told else None)
    return result
