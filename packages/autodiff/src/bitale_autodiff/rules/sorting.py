"""What goes by the order of numbers: the cotangent goes to where each element came from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import (
    ArgSort,
    ArgTopK,
    Partition,
    Sort,
    TopK,
    Unique,
)

from ..table import Cotangents, connections, first_input_only, jvps, vjps


def _put_back(x: Any, ct: Any, places: Any, axis: int) -> Any:
    """Zeros of the shape of ``x`` with ``ct`` at places along an axis, one for each element."""
    zeros = T.zeros_like(x, dtype=ct.dtype)
    return T.put_along_axis(zeros, places, ct, axis)


@vjps.define(Sort)
def sort_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Cotangents
) -> list[Any]:
    """Put each cotangent where its element stood."""
    (x,), (ct,) = inputs, cotangents
    return [_put_back(x, ct, ArgSort(op.axis, op.kind)(x), op.axis)]


@vjps.define(Partition)
def partition_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Cotangents
) -> list[Any]:
    """Sort what came out and what went in: they hold the same elements."""
    (x, _), (y,), (ct,) = inputs, outputs, cotangents
    order = ArgSort(op.axis)
    return [_put_back(x, T.take_along_axis(ct, order(y), op.axis), order(x), op.axis), None]


@vjps.define(TopK)
def topk_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Cotangents
) -> list[Any]:
    """Put the cotangents, in the order of the elements, where the elements stood."""
    (x, k), (y,), (ct,) = inputs, outputs, cotangents
    if not op.sorted:
        ct = T.take_along_axis(ct, T.flip(ArgSort(op.axis)(y), op.axis), op.axis)
    return [_put_back(x, ct, ArgTopK(op.axis)(x, k), op.axis), None]


@vjps.define(Unique)
def unique_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Cotangents
) -> list[Any]:
    """Share each cotangent equally among the elements, or the slices, that are equal."""
    (x,), ct = inputs, cotangents[0]
    _, which, counts = Unique(
        return_inverse=True, return_counts=True, axis=op.axis, equal_nan=op.equal_nan
    )(x)
    if op.axis is None:
        return [(ct / T.cast(counts, ct.dtype))[which]]
    shared = ct / T.dimshuffle(
        T.cast(counts, ct.dtype), *(0 if a == op.axis else "x" for a in range(x.ndim))
    )
    return [shared[(slice(None),) * op.axis + (which,)]]


@jvps.define(Sort)
def sort_jvp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], tangents: Sequence[Any]
) -> list[Any]:
    """Take the tangents in the order of the elements."""
    return [T.take_along_axis(tangents[0], ArgSort(op.axis, op.kind)(inputs[0]), op.axis)]


connections.define(Partition, TopK)(first_input_only)
