"""What is an expression of products, inverses and decompositions of matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..base.errors import ShapeError, describe
from ..ops import math as tm
from ..ops import reduction
from ..ops.assertion import Assert
from ..ops.axes import transpose
from ..ops.creation import zeros
from ..ops.indexing import set_subtensor
from ..ops.reshape import reshape
from ..ops.shape import dimshuffle, shape_i
from ..tensor.conversion import as_tensor, constant_int
from ..tensor.elementwise import cast
from ..tensor.variable import TensorVariable
from .decompositions import cholesky, svdvals
from .eigen import Eigvalsh
from .inverse import inv
from .matrices import as_matrices, as_numbers, as_squares, common_dtype, swapped, triangle
from .solve import solve, solve_triangular


def eigvalsh(a: Any, b: Any = None, lower: bool = True) -> TensorVariable:
    """The eigenvalues of a symmetric matrix, ascending; with ``b`` those of ``a v = w b v``.

    Parameters
    ----------
    a : tensor_like
        One triangle of it is read.
    b : tensor_like, optional
        Positive definite; needs SciPy when it runs.
    lower : bool
        Which triangle is read of both; the derivative by the other one is zero.
    """
    if b is None:
        return Eigvalsh("L" if lower else "U")(a)
    a, b = common_dtype("eigvalsh", a, b)
    a, b = as_squares("eigvalsh", a), as_squares("eigvalsh", b)
    if not lower:
        a, b = swapped(a), swapped(b)
    # b = L L.T gives the eigenvalues of inv(L) a inv(L).T
    factor = cholesky(b)
    whole = tm.add(triangle(a, True), swapped(triangle(a, True, -1)))
    half = solve_triangular(factor, whole, lower=True)
    return Eigvalsh("L")(solve_triangular(factor, swapped(half), lower=True))


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> TensorVariable:
    """The norm of a vector or of a matrix, as `numpy.linalg.norm`.

    Parameters
    ----------
    x : tensor_like
    ord : None, "fro", "nuc", number, "inf" or "-inf"
        Of vectors any number; of matrices 1, -1, 2, -2 and the infinities; None is the root of the
        sum of squares.
    axis : int, pair of ints or None
        The axis of vectors, or the two of matrices; None takes all elements for None, and the
        whole of a vector or a matrix for others.
    keepdims : bool

    Raises
    ------
    ValueError
        For any other ``ord``.
    """
    x = as_tensor(x)
    ord = {"inf": np.inf, "-inf": -np.inf}.get(ord, ord) if isinstance(ord, str) else ord
    axes = reduction.normalize_axes("norm", axis, x)
    if ord is None or (ord == "fro" and len(axes) == 2):
        return reduction.norm(x, None, axes, keepdims)
    if len(axes) == 1 and not isinstance(ord, str):
        return reduction.norm(x, ord, axes, keepdims)
    if len(axes) != 2:
        raise ValueError(
            f"norm: there is none for ord={ord!r} over {len(axes)} axes of {describe(x)}"
        )
    rows, columns = (0, 1) if axis is None else (int(a) % x.ndim for a in axis)
    found = _matrix_norm(x, ord, rows, columns)
    if not keepdims:
        return found
    rest = iter(range(x.ndim))
    return dimshuffle(found, *("x" if a in axes else next(rest) for a in range(x.ndim)))


def _matrix_norm(x: Any, ord: Any, rows: int, columns: int) -> TensorVariable:
    if ord in ("nuc", 2, -2):
        rest = [a for a in range(x.ndim) if a not in (rows, columns)]
        values = svdvals(transpose(x, [*rest, rows, columns]))
        if ord == "nuc":
            return reduction.sum(values, -1)
        return reduction.max(values, -1) if ord == 2 else reduction.min(values, -1)
    if ord not in (1, -1, np.inf, -np.inf):
        raise ValueError(
            f"norm: there is no norm of matrices for ord={ord!r}; see numpy.linalg.norm"
        )
    first, second = (rows, columns) if ord in (1, -1) else (columns, rows)
    sums = reduction.norm(x, 1, first)
    place = second - (second > first)
    return reduction.max(sums, place) if ord in (1, np.inf) else reduction.min(sums, place)


def cond(x: Any, p: Any = None) -> TensorVariable:
    """The condition number of a matrix, as `numpy.linalg.cond`."""
    x = as_matrices("cond", x)
    if p in (None, 2, -2):
        values = svdvals(x)
        first, last = values[..., 0], values[..., -1]
        found: TensorVariable = tm.true_div(*((last, first) if p == -2 else (first, last)))
        return found
    return tm.mul(norm(x, p, (-2, -1)), norm(inv(x), p, (-2, -1)))


def matrix_rank(A: Any, tol: Any = None) -> TensorVariable:
    """How many singular values are above ``tol``, as `numpy.linalg.matrix_rank`; int64."""
    a = as_matrices("matrix_rank", A)
    values = svdvals(a)
    if tol is None:
        size = cast(tm.maximum(shape_i(a, -2), shape_i(a, -1)), values.dtype)
        step = float(np.finfo(values.dtype).eps)
        tol = tm.mul(reduction.max(values, -1, keepdims=True), tm.mul(size, step))
    return reduction.sum(cast(tm.gt(values, tol), "int64"), -1)


def block_diag(*arrs: Any) -> TensorVariable:
    """A matrix of blocks along the diagonal, and zeros, as `scipy.linalg.block_diag`.

    A vector is one row.
    """
    if not arrs:
        return zeros([1, 0])
    blocks = [as_tensor(a, ndim=2) if as_tensor(a).ndim < 2 else as_tensor(a) for a in arrs]
    for one in blocks:
        if one.ndim != 2:
            raise ShapeError(f"block_diag takes matrices\n  {describe(one)}")
    dtype = np.result_type(*(b.dtype for b in blocks)).name
    lengths = [[shape_i(b, a) for b in blocks] for a in (0, 1)]
    found = zeros([tm.add(*n) if len(n) > 1 else n[0] for n in lengths], dtype=dtype)
    row: Any = 0
    column: Any = 0
    for one, n, m in zip(blocks, *lengths, strict=True):
        below, behind = tm.add(row, n), tm.add(column, m)
        found = set_subtensor(found[row:below, column:behind], cast(one, dtype))
        row, column = below, behind
    return found


def _size(lengths: Sequence[Any]) -> Any:
    return tm.mul(*lengths) if len(lengths) > 1 else (lengths[0] if lengths else 1)


def _as_one_matrix(name: str, a: Any, split: int, rows: Any, columns: Any) -> TensorVariable:
    """Some first axes as rows and the others as columns, of which there must be as many."""
    known = [constant_int(as_tensor(_size(n))) for n in (rows, columns)]
    text = f"{name}: the first {split} axes and the others must have as many elements"
    if None not in known and known[0] != known[1]:
        raise ShapeError(f"{text}, and have {known[0]} and {known[1]}\n  a  {describe(a)}")
    size = tm.eq(_size(rows), _size(columns))
    checked = Assert(text, "ShapeError")(a, size) if None in known else a
    return reshape(checked, [_size(rows), _size(columns)])


def tensorinv(a: Any, ind: int = 2) -> TensorVariable:
    """The inverse of the linear map of the first ``ind`` axes, as `numpy.linalg.tensorinv`."""
    a = as_numbers("tensorinv", a)
    if not isinstance(ind, (int, np.integer)) or not 0 < ind < a.ndim:
        raise ValueError(f"tensorinv: ind is between 1 and {a.ndim - 1}, not {ind!r}")
    rows = [shape_i(a, i) for i in range(ind)]
    columns = [shape_i(a, i) for i in range(ind, a.ndim)]
    found = inv(_as_one_matrix("tensorinv", a, int(ind), rows, columns))
    return reshape(found, [*columns, *rows])


def tensorsolve(a: Any, b: Any, axes: Any = None) -> TensorVariable:
    """The solution of ``tensordot(a, x, x.ndim) = b``, as `numpy.linalg.tensorsolve`.

    Parameters
    ----------
    a : tensor_like
    b : tensor_like
        The rank of ``a`` is that of ``b`` and of the solution together.
    axes : sequence of ints, optional
        Axes of ``a`` to move to its end first.
    """
    a, b = common_dtype("tensorsolve", a, b)
    if axes is not None:
        moved = reduction.normalize_axes("tensorsolve", axes, a)
        last = [int(i) % a.ndim for i in axes]
        a = transpose(a, [*(i for i in range(a.ndim) if i not in moved), *last])
    if b.ndim > a.ndim:
        raise ShapeError(
            f"tensorsolve: b has more axes than a\n  a  {describe(a)}\n  b  {describe(b)}"
        )
    rows = [shape_i(a, i) for i in range(b.ndim)]
    columns = [shape_i(a, i) for i in range(b.ndim, a.ndim)]
    matrix = _as_one_matrix("tensorsolve", a, b.ndim, rows, columns)
    return reshape(solve(matrix, b.flatten()), columns)
