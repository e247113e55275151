"""Products of stacks of vectors and matrices, which broadcast: ``@``, and what NumPy has beside."""

from __future__ import annotations

from typing import Any

from ..base.errors import ShapeError, describe
from ..tensor.conversion import as_tensor
from ..tensor.variable import TensorVariable
from .axes import swapaxes
from .contraction import conjugated, contract, sum_of_products
from .product import BatchedDot, Dot
from .reduction import normalize_axes
from .shape import dimshuffle


def matmul(x: Any, y: Any) -> TensorVariable:
    """The ``@`` operator: of vectors, matrices, and stacks of matrices.

    As `numpy.matmul`: the axes before the last two broadcast, where their length is known to be 1.

    Raises
    ------
    ShapeError
        For a number, and where lengths do not fit: now where they are known, else when it runs.
    """
    x, y = as_tensor(x), as_tensor(y)
    if 0 in (x.ndim, y.ndim):
        raise ShapeError(f"matmul takes no scalars; use * for\n  {describe(x)}\n  {describe(y)}")
    if x.ndim == 1 and y.ndim > 1:
        return _without(matmul(dimshuffle(x, "x", 0), y), -2)
    if y.ndim == 1:
        return as_tensor(_times("matmul", x, y, 0))
    ndim = max(x.ndim, y.ndim)
    if _is_single(y):
        # The rows of all matrices are those of a tall one.
        return as_tensor(_times("matmul", x, _last(y, 2), 0), ndim=ndim)
    return BatchedDot()(as_tensor(x, ndim=ndim), as_tensor(y, ndim=ndim))


def matvec(x: Any, y: Any) -> TensorVariable:
    """Products of matrices ``(..., m, k)`` and vectors ``(..., k)``, as `numpy.matvec`.

    Raises
    ------
    ShapeError
        If a rank is too low, and where lengths do not fit.
    """
    x, y = as_tensor(x), as_tensor(y)
    _check_ranks("matvec", x, 2, y, 1)
    if _is_single(x):
        return as_tensor(_times("matvec", y, _last(x, 2), 1), ndim=max(x.ndim - 1, y.ndim))
    return _without(matmul(x, dimshuffle(y, *range(y.ndim), "x")), -1)


def vecmat(x: Any, y: Any) -> TensorVariable:
    """Products of vectors ``(..., k)`` and matrices ``(..., k, n)``, as `numpy.vecmat`.

    Of complex vectors the conjugate is taken.

    Raises
    ------
    ShapeError
        If a rank is too low, and where lengths do not fit.
    """
    x, y = conjugated(x), as_tensor(y)
    _check_ranks("vecmat", x, 1, y, 2)
    if _is_single(y):
        return as_tensor(_times("vecmat", x, _last(y, 2), 0), ndim=max(x.ndim, y.ndim - 1))
    return _without(matmul(dimshuffle(x, *range(x.ndim - 1), "x", x.ndim - 1), y), -2)


def vecdot(x: Any, y: Any, axis: int = -1) -> TensorVariable:
    """Products of vectors along ``axis`` of both; the other axes broadcast, as `numpy.vecdot`.

    Of complex vectors the conjugate of the first is taken.

    Raises
    ------
    ShapeError
        If an operand has not that axis, and where lengths do not fit.
    """
    x, y = conjugated(x), as_tensor(y)
    for v in (x, y):
        normalize_axes("vecdot", axis, v)
    x, y = (swapaxes(v, axis, -1) if v.ndim > 1 else v for v in (x, y))
    if x.ndim == y.ndim == 1:
        return Dot()(x, y)
    n, m = x.type.shape[-1], y.type.shape[-1]
    if n != m and 1 in (n, m):
        raise ShapeError(
            f"vecdot: the vectors have lengths {n} and {m}, and no vector is stretched\n"
            f"  x  {describe(x)}\n  y  {describe(y)}"
        )
    ndim = max(x.ndim, y.ndim)
    return sum_of_products(x, y, [ndim - 1])


def matrix_transpose(x: Any) -> TensorVariable:
    """Matrices with rows and columns exchanged: the last two axes."""
    x = as_tensor(x)
    if x.ndim < 2:
        raise ShapeError(f"matrix_transpose takes matrices, and got {describe(x)}")
    return swapaxes(x, -1, -2)


def _check_ranks(name: str, x: Any, first: int, y: Any, second: int) -> None:
    if x.ndim < first or y.ndim < second:
        raise ShapeError(
            f"{name} takes operands of rank {first} and {second}, or stacks of them, and got\n"
            f"  x  {describe(x)}\n  y  {describe(y)}"
        )


def _is_single(x: Any) -> bool:
    """Whether there is one matrix, the same for all that it is multiplied with."""
    return all(n == 1 for n in x.type.shape[:-2])


def _last(x: Any, count: int) -> Any:
    return dimshuffle(x, *range(x.ndim - count, x.ndim))


def _times(name: str, x: Any, y: Any, axis: int) -> Any:
    """The last axis of ``x`` with an axis of ``y``."""
    return contract(name, x, y, ([], []), ([x.ndim - 1], [axis]))


def _without(x: Any, axis: int) -> TensorVariable:
    return dimshuffle(x, *(a for a in range(x.ndim) if a != axis % x.ndim))
