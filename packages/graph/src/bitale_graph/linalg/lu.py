"""Triangular factors with exchanges of rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..base.errors import ShapeError, describe
from ..core.graph import Apply, Op, Storage
from ..ops import math as tm
from ..ops.along_axis import take_along_axis
from ..ops.creation import arange, eye
from ..ops.index_value import as_index
from ..ops.shape import dimshuffle, shape_i
from ..ops.sorting import ArgSort
from ..tensor.conversion import as_tensor
from ..tensor.elementwise import cast
from ..tensor.op import TensorOp
from ..tensor.variable import TensorType, TensorVariable
from .matrices import (
    OfSquares,
    as_squares,
    check_square,
    from_scipy,
    quiet,
    square_shape,
    triangle,
)
from .solve import solve_triangular


class LUFactor(OfSquares, Op):
    """Both triangular factors in one matrix, and the row that each was exchanged with, by LAPACK.

    They are what `scipy.linalg.lu_factor` gives.
    """

    keeps_nothing = True
    __props__ = ()

    def make_node(self, x: Any) -> Apply:
        """Give a matrix and a vector of int32 for each."""
        x = as_squares("lu_factor", x)
        shape = square_shape(x)
        outputs = [TensorType(x.type.dtype, shape)(), TensorType("int32", shape[:-1])()]
        return Apply(self, [x], outputs)

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        (x,) = inputs
        check_square("lu_factor", x)
        getrf = from_scipy("linalg.lapack").get_lapack_funcs(("getrf",), (x,))[0]
        with quiet():
            if x.ndim == 2 and x.size:
                factors, pivots, _ = getrf(x)
            else:
                factors, pivots = np.empty(x.shape, x.dtype), np.empty(x.shape[:-1], "int32")
                for i in np.ndindex(x.shape[:-2] if x.size else (0,)):
                    factors[i], pivots[i], _ = getrf(x[i])
        output_storage[0][0], output_storage[1][0] = factors, pivots

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [tuple(input_shapes[0]), tuple(input_shapes[0][:-1])]


class PivotOrder(TensorOp):
    """The order of rows that exchanging each with another, one after the other, makes."""

    keeps_nothing = True
    __props__ = ()

    def make_node(self, pivots: Any) -> Apply:
        """Keep the shape."""
        pivots = as_index(pivots)
        if pivots.ndim < 1:
            raise ShapeError(f"lu: pivots are vectors of integers\n  {describe(pivots)}")
        return Apply(self, [pivots], [TensorType("int64", pivots.type.shape)()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        (pivots,) = inputs
        n = pivots.shape[-1]
        if ((pivots < 0) | (pivots >= n)).any():
            raise IndexError(f"lu: a pivot is not a row of a matrix of {n}")
        orders = np.empty(pivots.shape, "int64")
        for i in np.ndindex(pivots.shape[:-1]):
            order = list(range(n))
            for row, other in enumerate(pivots[i].tolist()):
                order[row], order[other] = order[other], order[row]
            orders[i] = order
        output_storage[0][0] = orders

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [tuple(input_shapes[0])]


def _identity(x: Any) -> TensorVariable:
    return eye(shape_i(x, -1), dtype=x.type.dtype)


def lu_factor(a: Any) -> tuple[TensorVariable, TensorVariable]:
    """The factors of a square matrix in one, and the exchanges of rows, for `lu_solve`.

    As `scipy.linalg.lu_factor`; needs SciPy when it runs.
    """
    factors, pivots = LUFactor()(a)
    return factors, pivots


def lu(a: Any, permute_l: bool = False, p_indices: bool = False) -> tuple[TensorVariable, ...]:
    """A permutation, a lower and an upper triangular matrix of product ``a``, a square matrix.

    As `scipy.linalg.lu`, which it needs when it runs.

    Parameters
    ----------
    a : tensor_like
        A square matrix, or a tensor of them in its last two axes.
    permute_l : bool
        Give only two: the product of the first two, and the upper triangular matrix.
    p_indices : bool
        Give the permutation as which row of the rest each row is.
    """
    factors, pivots = LUFactor()(a)
    lower = tm.add(triangle(factors, True, -1), _identity(factors))
    upper = triangle(factors, False)
    order = PivotOrder()(pivots)
    if p_indices or permute_l:
        places = ArgSort(order.ndim - 1)(order)
        if not permute_l:
            return places, lower, upper
        rows = dimshuffle(places, *range(places.ndim), "x")
        return take_along_axis(lower, rows, lower.ndim - 2), upper
    rank = order.ndim
    rows = dimshuffle(arange(shape_i(order, -1)), 0, "x")
    columns = dimshuffle(order, *range(rank - 1), "x", rank - 1)
    return cast(tm.eq(rows, columns), factors.type.dtype), lower, upper


def lu_solve(lu_and_piv: tuple[Any, Any], b: Any, trans: int = 0) -> TensorVariable:
    """The solution of ``a x = b`` by what `lu_factor` gives of ``a``, as `scipy.linalg.lu_solve`.

    Parameters
    ----------
    lu_and_piv : (tensor_like, tensor_like)
    b : tensor_like
        A vector or a matrix; ``a`` is one matrix.
    trans : {0, 1, 2}
        Whether ``a``, its transpose, or its conjugate transpose stands in the equation.
    """
    factors, pivots = map(as_tensor, lu_and_piv)
    b = as_tensor(b)
    if factors.ndim != 2 or pivots.ndim != 1:
        raise ShapeError(
            f"lu_solve takes the factors of one matrix\n  {describe(factors)}\n  {describe(pivots)}"
        )
    if trans not in (0, 1, 2):
        raise ValueError(f"lu_solve: trans is 0, 1 or 2, not {trans!r}")
    order = PivotOrder()(pivots)
    if trans == 0:
        half = solve_triangular(factors, b[order], 0, True, True)
        return solve_triangular(factors, half)
    half = solve_triangular(factors, b, trans)
    found: TensorVariable = solve_triangular(factors, half, trans, True, True)[ArgSort(0)(order)]
    return found
