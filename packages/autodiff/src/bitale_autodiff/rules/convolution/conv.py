"""Correlations are linear in both operands, and their adjoints are made of one another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bitale_graph import language as T
from bitale_graph.convolution import Conv, ConvGradInputs, ConvGradWeights

from ...table import Cotangents, connections, first_two_inputs_only, jvps, vjps


def _lengths(v: Any) -> list[Any]:
    """The lengths of the spatial axes."""
    return [T.shape_i(v, a) for a in range(2, v.ndim)]


@vjps.define(Conv)
def conv_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Cotangents
) -> list[Any]:
    """The adjoint in the input, and that in the filters."""
    (x, w), (ct,) = inputs, cotangents
    return [
        ConvGradInputs(op.geometry)(ct, w, *_lengths(x)),
        ConvGradWeights(op.geometry)(x, ct, *_lengths(w)),
    ]


@vjps.define(ConvGradInputs)
def conv_grad_inputs_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Cotangents
) -> list[Any]:
    """The cotangent stands where the input of the correlation stood."""
    (g, w, *lengths), (ct,) = inputs, cotangents
    return [
        Conv(op.geometry)(ct, w),
        ConvGradWeights(op.geometry)(ct, g, *_lengths(w)),
        *(None for _ in lengths),
    ]


@vjps.define(ConvGradWeights)
def conv_grad_weights_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Cotangents
) -> list[Any]:
    """The cotangent stands where the filters of the correlation stood."""
    (x, g, *lengths), (ct,) = inputs, cotangents
    return [
        ConvGradInputs(op.geometry)(g, ct, *_lengths(x)),
        Conv(op.geometry)(x, ct),
        *(None for _ in lengths),
    ]


@jvps.define(Conv, ConvGradInputs, ConvGradWeights)
def conv_jvp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], tangents: Sequence[Any]
) -> list[Any]:
    """D (x * w) = dx * w + x * dw."""
    (first, second, *lengths), (dfirst, dsecond, *_) = inputs, tangents
    terms = [
        *([] if dfirst is None else [op(dfirst, second, *lengths)]),
        *([] if dsecond is None else [op(first, dsecond, *lengths)]),
    ]
    return [T.add(*terms)]


connections.define(ConvGradInputs, ConvGradWeights)(first_two_inputs_only)
