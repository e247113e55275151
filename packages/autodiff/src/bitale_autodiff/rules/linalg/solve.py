"""Solutions of linear equations.

Giles, Collected matrix derivative results for forward and reverse mode algorithmic differentiation
(2008); of least squares Golub and Pereyra, The differentiation of pseudo-inverses and nonlinear
least squares problems (1973).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import Apply
from bitale_graph.linalg import (
    SVD,
    Lstsq,
    MatrixPinv,
    Solve,
    SolveRiccati,
    SolveStein,
    SolveSylvester,
    SolveTriangular,
    swapped,
    triangle,
)

from ...conjugates import of_parts
from ...table import Cotangents, connections, vjps
from ...zero import ZERO, grad_not_implemented
from .matrices import adjoint, as_column, as_row, conjugate, folded, product

vjp = vjps.define
of_parts(Lstsq, Solve, SolveRiccati, SolveStein, SolveSylvester, SolveTriangular)


def _outer(x: Any, y: Any) -> Any:
    """``x y.T`` of two vectors, or of matrices of as many columns."""
    if x.ndim == 1:
        return as_column(x) * as_row(conjugate(y))
    return product(x, adjoint(y))


@vjp(Solve)
def solve_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Cotangents
) -> list[Any]:
    """``b' = inv(a).T ct``, and ``-b' y.T``."""
    (a, _), (y,), (ct,) = inputs, outputs, cotangents
    if op.A_structure == "general":
        by_b = op(adjoint(a), ct)
        return [-_outer(by_b, y), by_b]
    if op.A_structure == "positive":
        by_b = op(a, ct)
        return [-folded(_outer(by_b, y), op.lower), by_b]
    by_b = op(conjugate(a), ct)
    return [-folded(_outer(by_b, y), op.lower, swapped), by_b]


@vjp(SolveTriangular)
def solve_triangular_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Cotangents
) -> list[Any]:
    """As of any other matrix, in the triangle that is read."""
    (a, _), (y,), (ct,) = inputs, outputs, cotangents
    back = SolveTriangular(op.lower, "C" if op.trans == "N" else "N", op.unit_diagonal)
    by_b = back(conjugate(a) if op.trans == "T" else a, ct)
    by_a = -_outer(by_b, y) if op.trans == "N" else -_outer(y, by_b)
    by_a = conjugate(by_a) if op.trans == "T" else by_a
    skipped = (-1 if op.lower else 1) if op.unit_diagonal else 0
    return [triangle(by_a, op.lower, skipped), by_b]


@vjp(Lstsq)
def lstsq_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Cotangents
) -> list[Any]:
    """Of the solution by the pseudo-inverse, and of the singular values."""
    (a, b), (y, *_), (by_y, by_residuals, _, by_s) = inputs, outputs, cotangents
    if by_residuals is not None:
        text = "sum the squares of b - dot(a, x) instead"
        return [grad_not_implemented(op, i, inputs[i], text) for i in (0, 1)]
    by_a: Any = ZERO
    by_b: Any = None if by_y is None else ZERO
    if by_y is not None:
        inverse = MatrixPinv(1e-15 if op.rcond is None else op.rcond)(a)
        by_b = T.dot(adjoint(inverse), by_y)
        beside = by_y - T.dot(adjoint(a), by_b)
        by_a = -_outer(by_b, y) + _outer(b - T.dot(a, y), T.dot(inverse, by_b))
        by_a = by_a + _outer(T.dot(adjoint(inverse), y), beside)
    if by_s is not None:
        u, _, vt = SVD(full_matrices=False)(a)
        term = T.dot(u * as_row(by_s), vt)
        by_a = term if by_a is ZERO else by_a + term
    return [by_a, by_b]


@connections.define(Lstsq)
def lstsq_connection(node: Apply) -> list[list[bool]]:
    """The rank is an integer; the singular values are those of the matrix alone."""
    return [[True, True, True, True], [True, True, True, False]]


@vjp(SolveSylvester)
def sylvester_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Cotangents
) -> list[Any]:
    """``s`` from ``a.T s + s b.T = ct``, ``-s x.T`` and ``-x.T s``."""
    (a, b, _), (x,), (ct,) = inputs, outputs, cotangents
    s, xt = op(adjoint(a), adjoint(b), ct), adjoint(x)
    return [-product(s, xt), -product(xt, s), s]


@vjp(SolveStein)
def stein_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Cotangents
) -> list[Any]:
    """``s`` from ``s - a.T s b.T = ct``, ``s (x b).T`` and ``(a x).T s``."""
    (a, b, _), (x,), (ct,) = inputs, outputs, cotangents
    s = op(adjoint(a), adjoint(b), ct)
    return [product(s, adjoint(product(x, b))), product(adjoint(product(a, x)), s), s]


@vjp(SolveRiccati)
def riccati_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Cotangents
) -> list[Any]:
    """``s`` from ``s - c s c.T = ct``, c the closed loop ``a - b k``; of symmetric q and r.

    Differentiate the equation: what k depends on cancels, since k is the best of all.
    """
    (a, b, _, r), (x,), (ct,) = inputs, outputs, cotangents
    gain = Solve()(r + product(adjoint(b), x, b), product(adjoint(b), x, a))
    closed = a - T.dot(b, gain)
    s = SolveStein()(closed, adjoint(closed), 0.5 * (ct + adjoint(ct)))
    by_a = 2 * product(x, closed, s)
    return [by_a, -T.dot(by_a, adjoint(gain)), s, product(gain, s, adjoint(gain))]
