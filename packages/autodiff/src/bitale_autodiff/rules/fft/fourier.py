"""Fourier transforms are linear: their transposes are transforms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bitale_graph import language as T
from bitale_graph.fft import DFT, RealDFT, RealInverseDFT, adjoint_norm

from ...conjugates import of_parts
from ...table import Cotangents, connections, first_input_only, jvps, linear_in_first, vjps

vjp = vjps.define


@vjp(DFT)
def dft_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Cotangents
) -> list[Any]:
    """The inverse, divided as the transform was: its conjugate transpose."""
    return [DFT(op.axes, not op.inverse, adjoint_norm(op.norm))(cotangents[0])]


def _shares(op: Any, half: Any, n: Any, inner: float) -> Any:
    """``inner`` where an element of the half stands for two of the whole, and 1 for one."""
    place = op.axes[-1]
    at = T.arange(T.shape_i(half, place))
    is_double = (at > 0) & T.lt(2 * at, n)
    real = {"complex64": "float32", "complex128": "float64"}.get(half.dtype, half.dtype)
    shares = T.cast(T.switch(is_double, inner, 1.0), real)
    return T.dimshuffle(shares, *(0 if a == place else "x" for a in range(half.ndim)))


@vjp(RealDFT)
def real_dft_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Cotangents
) -> list[Any]:
    """The inverse, in which what stands for two counts half."""
    (x,), (ct,) = inputs, cotangents
    n = T.shape_i(x, op.axes[-1])
    inverse = RealInverseDFT(op.axes, adjoint_norm(op.norm), op.pairs)
    return [inverse(ct * _shares(op, ct, n, 0.5), n)]


@vjp(RealInverseDFT)
def real_inverse_dft_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Cotangents
) -> list[Any]:
    """The transform, in which what stands for two counts twice."""
    (_, n), (ct,) = inputs, cotangents
    found = RealDFT(op.axes, adjoint_norm(op.norm), op.pairs)(ct)
    return [found * _shares(op, found, n, 2.0), None]


of_parts(DFT, RealDFT, RealInverseDFT)
jvps.define(DFT, RealDFT, RealInverseDFT)(linear_in_first)
connections.define(RealInverseDFT)(first_input_only)
