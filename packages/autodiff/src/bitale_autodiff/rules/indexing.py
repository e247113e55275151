"""Indexing: what is read receives the cotangent in zeros, and what is written reads it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from bitale_graph import language as T
from bitale_graph.extend import (
    AdvancedIncSubtensor,
    AdvancedIncSubtensor1,
    AdvancedSubtensor,
    AdvancedSubtensor1,
    Constant,
    IncSubtensor,
    Subtensor,
)

from ..table import connections, first_input_only, first_two_inputs_only, vjps
from ..walker import zeros_for

vjp = vjps.define


def writer(op: Any, set: bool) -> Any:
    """The op that writes at the places that ``op`` reads or writes."""
    if isinstance(op, (AdvancedSubtensor1, AdvancedIncSubtensor1)):
        return AdvancedIncSubtensor1(set)
    if isinstance(op, (AdvancedSubtensor, AdvancedIncSubtensor)):
        return AdvancedIncSubtensor(op.pattern, set)
    return IncSubtensor(op.pattern, set)


def reader(op: Any) -> Any:
    """The op that reads at the places that ``op`` writes."""
    if isinstance(op, AdvancedIncSubtensor1):
        return AdvancedSubtensor1()
    return (AdvancedSubtensor if isinstance(op, AdvancedIncSubtensor) else Subtensor)(op.pattern)


@vjp(Subtensor, AdvancedSubtensor1, AdvancedSubtensor)
def read_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]
) -> list[Any]:
    """Add the cotangent into zeros at the places that were read; one read twice receives both."""
    x, *index = inputs
    return [writer(op, False)(zeros_for(x), cotangents[0], *index), *[None] * len(index)]


@vjp(IncSubtensor, AdvancedIncSubtensor1, AdvancedIncSubtensor)
def write_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]
) -> list[Any]:
    """What was written receives the cotangent of its places; what was overwritten, nothing."""
    _, _, *index = inputs
    (ct,) = cotangents
    dx = writer(op, True)(ct, 0, *index) if op.set else ct
    dy = reader(op)(ct, *index)
    if op.set:
        dy = _of_last_writer(op, inputs, dy)
    return [dx, dy, *[None] * len(index)]


def _of_last_writer(op: Any, inputs: Sequence[Any], dy: Any) -> Any:
    """Zero where another element was written to the same place afterwards."""
    x, _, *index = inputs
    if isinstance(op, IncSubtensor) or _names_no_place_twice(op, index):
        return dy
    lengths = [T.shape_i(dy, a) for a in range(dy.ndim)]
    order = T.reshape(T.arange(T.mul(*lengths)), lengths)
    zeros = T.zeros([T.shape_i(x, a) for a in range(x.ndim)], dtype="int64")
    written = writer(op, True)(zeros, order, *index)
    return T.switch(T.eq(reader(op)(written, *index), order), dy, 0)


def _names_no_place_twice(op: Any, index: Sequence[Any]) -> bool:
    """Whether that is known, for rows given by a constant."""
    if not isinstance(op, AdvancedIncSubtensor1) or not isinstance(index[0], Constant):
        return False
    rows = np.asarray(index[0].data)
    same_sign = bool((rows >= 0).all() or (rows < 0).all())
    return same_sign and len(np.unique(rows)) == rows.size


connections.define(Subtensor, AdvancedSubtensor1, AdvancedSubtensor)(first_input_only)
connections.define(IncSubtensor, AdvancedIncSubtensor1, AdvancedIncSubtensor)(first_two_inputs_only)
