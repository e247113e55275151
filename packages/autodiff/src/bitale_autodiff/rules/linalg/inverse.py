"""Inverses and determinants.

Giles, Collected matrix derivative results for forward and reverse mode algorithmic differentiation
(2008); of the pseudo-inverse Golub and Pereyra, The differentiation of pseudo-inverses and
nonlinear least squares problems (1973).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bitale_graph.linalg import Det, MatrixInverse, MatrixPinv, SlogDet

from ...conjugates import of_parts
from ...table import Cotangents, vjps
from ...zero import ZERO
from .matrices import adjoint, as_column, conjugate, product

vjp = vjps.define
of_parts(Det, MatrixInverse, MatrixPinv, SlogDet)


@vjp(MatrixInverse)
def inverse_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Cotangents
) -> list[Any]:
    """``-y.T ct y.T``, where y is the inverse."""
    y = adjoint(outputs[0])
    return [-product(y, cotangents[0], y)]


@vjp(Det)
def det_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Cotangents
) -> list[Any]:
    """``ct det(x) inv(x).T``."""
    (x,), (y,), (ct,) = inputs, outputs, cotangents
    return [as_column(as_column(ct * conjugate(y))) * adjoint(MatrixInverse()(x))]


@vjp(SlogDet)
def slogdet_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Cotangents
) -> list[Any]:
    """``ct inv(x).T``; the sign stays."""
    ct = cotangents[1]
    if ct is None:
        return [ZERO]
    return [as_column(as_column(ct)) * adjoint(MatrixInverse()(inputs[0]))]


@vjp(MatrixPinv)
def pinv_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Cotangents
) -> list[Any]:
    """Differentiate where the rank does not change."""
    (a,), (y,), (ct,) = inputs, outputs, cotangents
    yt, back = adjoint(y), adjoint(ct)
    left = back - product(a, y, back)
    right = back - product(back, y, a)
    return [-product(yt, ct, yt) + product(left, y, yt) + product(yt, y, right)]
