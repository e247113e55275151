"""Sums and products so far: the cotangent is carried back from the last element."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bitale_graph import language as T
from bitale_graph import scan
from bitale_graph.extend import Cumulative
from bitale_graph.extend import scalar as s

from ..forward import transposed_twice
from ..table import jvps, linear_in_first, vjps
from ..walker import cotangent_dtype


@vjps.define(Cumulative)
def cumulative_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]
) -> list[Any]:
    """A sum has the cotangents from it on; of a product see `_product_vjp`."""
    (x,), (ct,) = inputs, cotangents
    if op.scalar_op is s.add:
        back = (*(slice(None),) * op.axis, slice(None, None, -1))
        return [op(ct[back])[back]]
    return [_product_vjp(T.cast(x, cotangent_dtype(x)), ct, op.axis)]


def _product_vjp(x: Any, ct: Any, axis: int) -> Any:
    """Without a division, so that zeros may be among the factors.

    By x[i] goes p[i-1] r[i], where p are the products so far and r[i] = ct[i] + x[i+1] r[i+1].
    """
    order = [axis, *(a for a in range(x.ndim) if a != axis)]
    x, ct = x.dimshuffle(*order), ct.dimshuffle(*order)
    one = T.ones_like(x[:1])
    factors = T.concatenate([x[1:], one])
    rest, _ = scan(
        lambda c, f, r: c + f * r,
        sequences=[ct[::-1], factors[::-1]],
        outputs_info=[T.zeros([T.shape_i(ct, a) for a in range(1, ct.ndim)], dtype=ct.dtype)],
    )
    before = T.cumprod(T.concatenate([one, x[:-1]]), axis=0)
    found = T.conj(before) * rest[::-1] if x.dtype.startswith("complex") else before * rest[::-1]
    return found.dimshuffle(*(order.index(a) for a in range(x.ndim)))


@jvps.define(Cumulative)
def cumulative_jvp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], tangents: Sequence[Any]
) -> Sequence[Any]:
    """A sum is linear; a product has its derivative from the way back."""
    if op.scalar_op is s.add:
        return linear_in_first(op, inputs, outputs, tangents)
    return transposed_twice(outputs[0].owner, tangents)
