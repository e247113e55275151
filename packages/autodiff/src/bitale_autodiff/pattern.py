"""Which inputs of a graph a derivative of its outputs may be taken by."""

from __future__ import annotations

from collections.abc import Sequence

from bitale_graph.extend import Body, Variable, toposort

from .walker import connection_pattern


def io_connection_pattern(
    inputs: Sequence[Variable], outputs: Sequence[Variable]
) -> list[list[bool]]:
    """For each input and each output, whether the output depends on the numbers in the input.

    Through a shape or an index there is no path.
    """
    depends = _reached(inputs, outputs)
    return [[v in depends[o] for o in outputs] for v in inputs]


def dependence(body: Body) -> dict[Variable, set[Variable]]:
    """For each output of a body the inputs whose numbers it depends on."""
    return _reached(body.inputs, body.outputs)


def _reached(
    inputs: Sequence[Variable], outputs: Sequence[Variable]
) -> dict[Variable, set[Variable]]:
    found: dict[Variable, set[Variable]] = {v: {v} for v in inputs}
    nothing: set[Variable] = set()
    for node in toposort(outputs, stop_at=found):
        pattern = connection_pattern(node)
        read = [found.get(v, nothing) for v in node.inputs]
        for j, o in enumerate(node.outputs):
            reached = nothing.union(*(r for r, row in zip(read, pattern, strict=True) if row[j]))
            found.setdefault(o, reached)
    return {o: found.get(o, nothing) for o in outputs}
