"""Tensors made from lengths and numbers: lengths have no derivatives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import Alloc, AllocEmpty, Apply, Arange, Eye

from ..table import connections, first_input_only, jvps, linear_in_first, shapes_only, vjps

vjp = vjps.define

# The walker sums over the axes that the value was repeated along.
vjp(Alloc)(lambda op, inputs, outputs, cotangents: [cotangents[0], *[None] * (len(inputs) - 1)])


@vjp(Arange)
def arange_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]
) -> list[Any]:
    """Differentiate ``start + i step``; where it ends decides the length alone."""
    (ct,) = cotangents
    positions = T.cast(T.arange(T.shape_i(outputs[0], 0)), ct.dtype)
    return [T.sum(ct), None, T.dot(ct, positions)]


@jvps.define(Arange)
def arange_jvp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], tangents: Sequence[Any]
) -> list[Any]:
    """Differentiate ``start + i step``."""
    (y,), (start, _, step) = outputs, tangents
    if step is None:
        return [start]
    moved = T.cast(T.arange(T.shape_i(y, 0)), y.dtype) * step
    return [moved if start is None else start + moved]


@connections.define(Arange)
def arange_connection(node: Apply) -> list[list[bool]]:
    """The start and the step, not the stop."""
    return [[True], [False], [True]]


jvps.define(Alloc)(linear_in_first)
vjp(Eye, AllocEmpty)(lambda op, inputs, outputs, cotangents: [None] * len(inputs))
connections.define(Alloc)(first_input_only)
connections.define(Eye, AllocEmpty)(shapes_only)
