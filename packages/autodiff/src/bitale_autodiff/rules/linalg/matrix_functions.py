"""Functions of matrices that are power series.

The derivative of f at x in the direction e is the upper right block of ``f([[x, e], [0, x]])``
(Mathias, A chain rule for matrix functions and applications, 1996), and its transpose is that at
the transpose of x. So these are closed under differentiation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bitale_graph import language as T
from bitale_graph.linalg import Expm, Logm, SolveSylvester, Sqrtm

from ...conjugates import of_parts
from ...table import Cotangents, vjps
from .matrices import adjoint

vjp = vjps.define
of_parts(Expm, Logm, Sqrtm)


@vjp(Expm, Logm)
def block_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Cotangents
) -> list[Any]:
    """The upper right block of the function of a matrix of twice the size."""
    xt, ct = adjoint(inputs[0]), cotangents[0]
    above = T.concatenate([xt, ct], axis=xt.ndim - 1)
    below = T.concatenate([T.zeros_like(xt), xt], axis=xt.ndim - 1)
    n = T.shape_i(xt, -1)
    return [op(T.concatenate([above, below], axis=xt.ndim - 2))[..., :n, n:]]


@vjp(Sqrtm)
def sqrtm_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Cotangents
) -> list[Any]:
    """``s`` from ``y.T s + s y.T = ct``: the square of y moves with it on both sides."""
    y = adjoint(outputs[0])
    return [SolveSylvester()(y, y, cotangents[0])]
