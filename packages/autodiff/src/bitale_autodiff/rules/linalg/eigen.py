"""Eigenvalues and eigenvectors, where eigenvalues differ.

Giles, Collected matrix derivative results for forward and reverse mode algorithmic differentiation
(2008); of vectors that are not orthogonal Boeddeker and others, On the computation of
complex-valued gradients with application to statistically optimum beamforming (2017).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bitale_graph.linalg import Eig, Eigh, Eigvalsh, MatrixInverse

from ...conjugates import of_parts
from ...table import Cotangents, vjps
from .matrices import (
    adjoint,
    as_row,
    diagonal,
    folded,
    inverse_differences,
    on_diagonal,
    product,
)

vjp = vjps.define
of_parts(Eig, Eigh, Eigvalsh)


@vjp(Eigvalsh)
def eigvalsh_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Cotangents
) -> list[Any]:
    """``V diag(ct) V.T``, in the triangle that is read."""
    (x,), (ct,) = inputs, cotangents
    _, v = Eigh(op.UPLO)(x)
    return [folded(product(v * as_row(ct), adjoint(v)), op.UPLO == "L")]


@vjp(Eigh)
def eigh_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Cotangents
) -> list[Any]:
    """``V (diag(ct_w) + F * (V.T ct_v)) V.T``, F the inverse differences of eigenvalues."""
    (w, v), (by_values, by_vectors) = outputs, cotangents
    inner = 0 if by_values is None else on_diagonal(by_values)
    if by_vectors is not None:
        inner = inner + inverse_differences(w) * product(adjoint(v), by_vectors)
    return [folded(product(v, inner, adjoint(v)), op.UPLO == "L")]


@vjp(Eig)
def eig_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Cotangents
) -> list[Any]:
    """As that of symmetric matrices, with the inverse of V, whose columns have length 1."""
    (w, v), (by_values, by_vectors) = outputs, cotangents
    inner = 0 if by_values is None else on_diagonal(by_values)
    vt = adjoint(v)
    if by_vectors is not None:
        turned = product(vt, by_vectors)
        turned = turned - product(vt, v) * as_row(diagonal(turned))
        inner = inner + inverse_differences(w) * turned
    return [product(adjoint(MatrixInverse()(v)), inner, vt)]
