"""Indexing: what is read receives the cotangent in zeros, and what is written reads it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import (
    AdvancedIncSubtensor,
    AdvancedIncSubtensor1,
    AdvancedSubtensor,
    AdvancedSubtensor1,
    Diagonal,
    IncDiagonal,
    IncSubtensor,
    Nonzero,
    PutAlongAxis,
    Subtensor,
    TakeAlongAxis,
    names_no_place_twice,
)

from ..moves import with_zeros
from ..table import (
    connections,
    first_input_only,
    first_two_inputs_only,
    jvps,
    linear_in_first,
    vjps,
)
from ..walker import zeros_for
from ..zero import ZERO

vjp = vjps.define


@vjp(Subtensor, Diagonal, AdvancedSubtensor1, AdvancedSubtensor, TakeAlongAxis)
def read_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]
) -> list[Any]:
    """Add the cotangent into zeros at the places that were read; one read twice receives both."""
    x, *index = inputs
    return [op.writing(False)(zeros_for(x), cotangents[0], *index), *[None] * len(index)]


@vjp(IncSubtensor, IncDiagonal, AdvancedIncSubtensor1, AdvancedIncSubtensor, PutAlongAxis)
def write_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]
) -> list[Any]:
    """What was written receives the cotangent of its places; what was overwritten, nothing."""
    _, _, *index = inputs
    (ct,) = cotangents
    dx = op.reading().writing(True)(ct, 0, *index) if op.set else ct
    dy = op.reading()(ct, *index)
    if op.set:
        dy = _of_last_writer(op, inputs, dy)
    return [dx, dy, *[None] * len(index)]


@vjp(Nonzero)
def nonzero_vjp(
    op: Nonzero, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]
) -> list[Any]:
    """Zero: places stay where they are for small changes; how many there are is a length."""
    return [ZERO, None]


def _of_last_writer(op: Any, inputs: Sequence[Any], dy: Any) -> Any:
    """Zero where another element was written to the same place afterwards."""
    x, _, *index = inputs
    if names_no_place_twice(op, index):
        return dy
    lengths = [T.shape_i(dy, a) for a in range(dy.ndim)]
    order = T.reshape(T.arange(T.mul(*lengths)), lengths)
    zeros = T.zeros([T.shape_i(x, a) for a in range(x.ndim)], dtype="int64")
    written = op.reading().writing(True)(zeros, order, *index)
    return T.switch(T.eq(op.reading()(written, *index), order), dy, 0)


jvps.define(Subtensor, Diagonal, AdvancedSubtensor1, AdvancedSubtensor, TakeAlongAxis)(
    linear_in_first
)


@jvps.define(IncSubtensor, IncDiagonal, AdvancedIncSubtensor1, AdvancedIncSubtensor, PutAlongAxis)
def write_jvp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], tangents: Sequence[Any]
) -> Sequence[Any]:
    """Write the tangent of what is written into that of what it is written to."""
    moving = with_zeros(inputs[:2], tangents[:2])
    found: Sequence[Any] = op.make_node(*moving, *inputs[2:]).outputs
    return found


connections.define(Subtensor, Diagonal, AdvancedSubtensor1, AdvancedSubtensor, TakeAlongAxis)(
    first_input_only
)
connections.define(
    IncSubtensor, IncDiagonal, AdvancedIncSubtensor1, AdvancedIncSubtensor, PutAlongAxis
)(first_two_inputs_only)
connections.define(Nonzero)(first_input_only)
