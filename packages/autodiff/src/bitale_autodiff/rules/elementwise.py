"""Elementwise ops have the rule of their scalar op; the walker sums what broadcasting repeated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bitale_graph.extend import Apply, Elementwise
from bitale_graph.extend import scalar as s

from ..table import connections, scalar_vjps, vjps


@vjps.define(Elementwise)
def elementwise_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]
) -> Sequence[Any]:
    """Apply the scalar rule to whole tensors; a conversion lets the cotangent pass."""
    (ct,) = cotangents
    if s.is_cast(op.scalar_op):
        return [ct]
    return scalar_vjps[op.scalar_op](*inputs, outputs[0], ct)


@connections.define(Elementwise)
def elementwise_connection(node: Apply) -> list[list[bool]]:
    """All operands but the first of ``second``, which gives its shape alone."""
    op: Any = node.op
    return [[op.scalar_op is not s.second or i == 1] for i in range(len(node.inputs))]
