"""What is known of the lengths of what a body computes, before it runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..core.body import Body
from ..core.function_graph import FunctionGraph
from ..core.graph import Variable
from ..core.order import toposort
from ..core.traversal import graph_replace, leaves
from ..tensor.conversion import as_tensor
from ..tensor.variable import TensorType
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

    def lengths(v: Any) -> tuple[Any, ...]:
        if not isinstance(v.type, TensorType):
            return ()
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
        is_told = isinstance(v.type, TensorType) and not own.intersection(leaves(told))
        result.append(tuple(told) if is_told else None)
    return result


def shapes_of(
    outputs: Sequence[Variable], known: Mapping[Variable, Sequence[Any]]
) -> dict[Variable, tuple[Any, ...]]:
    """The lengths of what ``outputs`` depend on, as expressions of those that are known.

    Where only computing tells, the lengths are read from the variable.

    Parameters
    ----------
    outputs : sequence of Variable
    known : mapping
        For some variables their lengths; what is behind these is not looked at.
    """
    found = {v: tuple(as_tensor(n, dtype="int64") for n in known[v]) for v in known}

    def lengths(v: Any) -> tuple[Any, ...]:
        if not isinstance(v.type, TensorType):
            return ()
        if v not in found:
            static = v.type.shape
            given = (shape_i(v, a) if n is None else n for a, n in enumerate(static))
            found[v] = tuple(as_tensor(n, dtype="int64") for n in given)
        return found[v]

    replaced: dict[Variable, Variable] = {}
    for node in toposort(outputs, stop_at=known):
        told = node.op.infer_shape(node, [lengths(v) for v in node.inputs])
        for v, shape in zip(node.outputs, told or [], strict=False):
            if shape is not None and v not in found:
                found[v] = tuple(as_tensor(n) for n in graph_replace(list(shape), replaced))
        if isinstance(node.op, ShapeI):
            replaced[node.outputs[0]] = lengths(node.inputs[0])[node.op.axis]
        for v in node.outputs:
            lengths(v)
    for v in outputs:
        lengths(v)
    return found


def infer_shape(
    outs: Sequence[Variable],
    inputs: Sequence[Variable],
    input_shapes: Sequence[Sequence[Any]],
) -> list[tuple[Any, ...]]:
    """The shapes of ``outs``, as expressions of those of ``inputs``, in variables of rank 0."""
    found = shapes_of(outs, dict(zip(inputs, input_shapes, strict=True)))
    return [found[v] for v in outs]


def shape_of_variables(
    fgraph: FunctionGraph, input_shapes: Mapping[Variable, Sequence[int]]
) -> dict[Variable, tuple[int, ...]]:
    """The shapes in numbers of every tensor of a graph, given those of its inputs.

    Parameters
    ----------
    fgraph : FunctionGraph
    input_shapes : mapping
        For each input its shape.

    Raises
    ------
    ValueError
        If an input has no shape, or a length depends on the values of an input.
    """
    missing = [v for v in fgraph.inputs if v not in input_shapes]
    if missing:
        raise ValueError(
            f"shape_of_variables: there is no shape for {', '.join(map(str, missing))}"
        )
    found = shapes_of(fgraph.outputs, {v: input_shapes[v] for v in fgraph.inputs})
    flat = [n for lengths in found.values() for n in lengths]
    numbers = iter(int(n) for n in Body([], flat).run([]))
    return {v: tuple(next(numbers) for _ in lengths) for v, lengths in found.items()}
