"""Words for derivatives of what is made of matrices, in the last two axes of tensors."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import dtype as dtypes
from bitale_graph.linalg import swapped, triangle


def adjoint(x: Any) -> Any:
    """The conjugate transpose."""
    return conjugate(swapped(x))


def conjugate(x: Any) -> Any:
    """The conjugates of complex numbers."""
    return T.conj(x) if dtypes.is_complex(x.dtype) else x


def real_diagonal(x: Any) -> Any:
    """Square matrices with the real parts of the diagonal, and zeros beside it."""
    return (T.real(x) if dtypes.is_complex(x.dtype) else x) * identity_of(T.real(x))


def product(*factors: Any) -> Any:
    """The matrix product, of each in the axes before the last two."""
    return functools.reduce(T.matmul, factors)


def as_column(v: Any) -> Any:
    """Vectors as matrices of one column."""
    return T.dimshuffle(v, *range(v.ndim), "x")


def as_row(v: Any) -> Any:
    """Vectors as matrices of one row."""
    return T.dimshuffle(v, *range(v.ndim - 1), "x", v.ndim - 1)


def identity_of(x: Any) -> Any:
    """One identity matrix of the lengths of square matrices."""
    return T.eye(T.shape_i(x, -1), dtype=x.dtype)


def diagonal(x: Any) -> Any:
    """The diagonals of square matrices."""
    return T.diagonal(x, axis1=-2, axis2=-1)


def on_diagonal(v: Any) -> Any:
    """Diagonal matrices."""
    return as_row(v) * T.eye(T.shape_i(v, -1), dtype=v.dtype)


def without_diagonal(x: Any) -> Any:
    """Square matrices with zeros on the diagonal."""
    return T.switch(_is_diagonal(x), 0, x)


def _is_diagonal(x: Any) -> Any:
    return T.eq(identity_of(x), 1)


def half_lower(x: Any) -> Any:
    """The lower triangles, with half the diagonals."""
    return triangle(x, True) - 0.5 * x * identity_of(x)


def inverse_differences(w: Any) -> Any:
    """``1 / (w[j] - w[i])`` at i, j, and zeros on the diagonal."""
    difference = as_row(w) - as_column(w)
    is_diagonal = _is_diagonal(difference)
    return T.switch(is_diagonal, 0, 1 / T.switch(is_diagonal, 1, difference))


def folded(x: Any, lower: bool, turned: Callable[[Any], Any] = adjoint) -> Any:
    """What derivatives by a symmetric matrix are where only one triangle of it is read."""
    return triangle(x, lower) + turned(triangle(x, not lower, 1 if lower else -1))
