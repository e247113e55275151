"""Pooling: its ops are the transposes of one another, of maxima with the places held fixed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import Apply
from bitale_graph.pooling import MaxPoolGrad, MaxPoolTangent, Pool, PoolGrad

from ...table import connections, first_input_only, jvps, linear_in_first, vjps
from ...zero import ZERO


@vjps.define(Pool)
def pool_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]
) -> list[Any]:
    """A maximum's goes to the elements that equal it; the sizes of windows are fixed."""
    (x, *sizes), (y,), (ct,) = inputs, outputs, cotangents
    rest = [None] * len(sizes)
    if op.mode == "max":
        return [MaxPoolGrad(op.n, op.ignore_border)(x, y, ct, *sizes), *rest]
    lengths = [T.shape_i(x, a) for a in range(x.ndim - op.n, x.ndim)]
    return [PoolGrad(op.n, op.mode, op.ignore_border)(ct, *lengths, *sizes), *rest]


@jvps.define(Pool)
def pool_jvp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], tangents: Sequence[Any]
) -> Sequence[Any]:
    """The sum of what is at the maxima; what is linear does the same to its tangent."""
    if op.mode != "max":
        return linear_in_first(op, inputs, outputs, tangents)
    x, *sizes = inputs
    return [MaxPoolTangent(op.n, op.ignore_border)(x, outputs[0], tangents[0], *sizes)]


@vjps.define(PoolGrad)
def pool_grad_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]
) -> list[Any]:
    """Its transpose is pooling."""
    _, *given = inputs
    pooled = Pool(op.n, op.mode, op.ignore_border)(cotangents[0], *given[op.n :])
    return [pooled, *[None] * len(given)]


@vjps.define(MaxPoolGrad)
def max_pool_grad_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]
) -> list[Any]:
    """Linear in what is given for the maxima; where these are does not move."""
    x, y, _, *sizes = inputs
    back = MaxPoolTangent(op.n, op.ignore_border)(x, y, cotangents[0], *sizes)
    return [ZERO, ZERO, back, *[None] * len(sizes)]


@vjps.define(MaxPoolTangent)
def max_pool_tangent_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]
) -> list[Any]:
    """Linear in what is given for the elements."""
    x, y, _, *sizes = inputs
    back = MaxPoolGrad(op.n, op.ignore_border)(x, y, cotangents[0], *sizes)
    return [ZERO, ZERO, back, *[None] * len(sizes)]


@jvps.define(MaxPoolGrad, MaxPoolTangent)
def of_maxima_jvp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], tangents: Sequence[Any]
) -> Sequence[Any]:
    """Linear in the third input; flat by the others."""
    x, y, _, *sizes = inputs
    return [ZERO if tangents[2] is None else op(x, y, tangents[2], *sizes)]


@connections.define(MaxPoolGrad, MaxPoolTangent)
def first_three_inputs_only(node: Apply) -> list[list[bool]]:
    """Depend on the tensors, not on the sizes of windows."""
    return [[i < 3] for i in range(len(node.inputs))]


jvps.define(PoolGrad)(linear_in_first)
connections.define(Pool, PoolGrad)(first_input_only)
