"""Products of tensors of any rank, each made of the products that there are ops for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np

from ..base import dtype as dtypes
from ..base import late
from ..base.errors import ShapeError, describe
from ..core.graph import Constant
from ..ops import math as tm
from ..tensor.conversion import as_tensor, is_python_number
from ..tensor.elementwise import cast
from ..tensor.variable import TensorVariable
from .assertion import Assert
from .product import BatchedDot, Dot
from .reduction import accumulator_dtype, normalize_axes
from .reduction import sum as total
from .reshape import flatten, reshape
from .shape import dimshuffle, shape_i

Axes = Sequence[int]


def dot(x: Any, y: Any) -> TensorVariable:
    """The product: of numbers, of vectors, of matrices.

    For higher ranks the last axis of x with the second last of y. With a sparse operand it is
    `structured_dot` of the sparse module.

    Raises
    ------
    ShapeError
        If the lengths that are summed over differ: now where they are known, else when it runs.
    """
    if is_python_number(x) or is_python_number(y):
        return tm.mul(x, y)
    if any(map(_is_sparse, (x, y))):
        made: TensorVariable = late.sparse.structured_dot(x, y)
        return made
    x, y = as_tensor(x), as_tensor(y)
    if x.ndim == 0 or y.ndim == 0:
        return tm.mul(x, y)
    if x.ndim <= 2 and y.ndim <= 2:
        return Dot()(x, y)
    return contract("dot", x, y, ([], []), ([x.ndim - 1], [max(y.ndim - 2, 0)]))


def _is_sparse(x: Any) -> bool:
    """Whether ``x`` is a sparse variable, or a sparse matrix of SciPy's."""
    return hasattr(x, "answers_tensors") or type(x).__module__.startswith("scipy.sparse")


def outer(x: Any, y: Any) -> TensorVariable:
    """The matrix of all products of elements of two (flattened) tensors."""
    return tm.mul(dimshuffle(flatten(x), 0, "x"), dimshuffle(flatten(y), "x", 0))


def inner(x: Any, y: Any) -> TensorVariable:
    """The sum of products over the last axis of both, as `numpy.inner`; numbers multiply."""
    x, y = as_tensor(x), as_tensor(y)
    if 0 in (x.ndim, y.ndim):
        return tm.mul(x, y)
    return contract("inner", x, y, ([], []), ([x.ndim - 1], [y.ndim - 1]))


def vdot(x: Any, y: Any) -> TensorVariable:
    """The product of two tensors as vectors, of the complex conjugate of ``x``."""
    return Dot()(conjugated(flatten(x)), flatten(y))


def tensordot(x: Any, y: Any, axes: Any = 2) -> TensorVariable:
    """The sum of products over pairs of axes.

    Parameters
    ----------
    x, y : tensors
    axes : int or pair
        How many of the last axes of x and of the first of y; or two lists of axes, or two axes.

    Raises
    ------
    ShapeError
        If an axis is not there, or lengths differ: now where they are known, else when it runs.
    """
    x, y = as_tensor(x), as_tensor(y)
    return contract("tensordot", x, y, ([], []), _pairs("tensordot", x, y, axes, 0))


def batched_tensordot(x: Any, y: Any, axes: Any = 2) -> TensorVariable:
    """A `tensordot` for each index of the first axis of both.

    Parameters
    ----------
    x, y : tensors
    axes : int or pair
        How many of the last axes of x and of those of y behind the first; or two lists of axes, or
        two axes, counted with the first, which is not among them.

    Raises
    ------
    ShapeError
        If an axis is not there, or lengths differ: now where they are known, else when it runs.
    """
    x, y = as_tensor(x), as_tensor(y)
    _check_batch("batched_tensordot", x, y)
    summed = _pairs("batched_tensordot", x, y, axes, 1)
    return contract("batched_tensordot", x, y, ([0], [0]), summed)


def batched_dot(x: Any, y: Any) -> TensorVariable:
    """A `dot` for each index of the first axis of both, which is not an axis of the operands.

    Raises
    ------
    ShapeError
        For a number, and where lengths differ: now where they are known, else when it runs.
    """
    x, y = as_tensor(x), as_tensor(y)
    _check_batch("batched_dot", x, y)
    summed = ([], []) if 1 in (x.ndim, y.ndim) else ([x.ndim - 1], [max(1, y.ndim - 2)])
    return contract("batched_dot", x, y, ([0], [0]), summed)


def kron(x: Any, y: Any) -> TensorVariable:
    """The Kronecker product: each element of ``x`` times all of ``y``, for any ranks."""
    x, y = as_tensor(x), as_tensor(y)
    ndim = max(x.ndim, y.ndim)
    if 0 in (x.ndim, y.ndim):
        return tm.mul(x, y)
    x, y = as_tensor(x, ndim=ndim), as_tensor(y, ndim=ndim)
    left = dimshuffle(x, *(p for a in range(ndim) for p in (a, "x")))
    right = dimshuffle(y, *(p for a in range(ndim) for p in ("x", a)))
    lengths = [product_of_lengths([shape_i(x, a), shape_i(y, a)]) for a in range(ndim)]
    return reshape(tm.mul(left, right), lengths)


def matrix_dot(*args: Any) -> TensorVariable:
    """The product of several operands, `dot` by `dot` from the left."""
    if not args:
        raise TypeError("matrix_dot takes at least one operand")
    return as_tensor(reduce(dot, args))


def conjugated(x: Any) -> TensorVariable:
    """The complex conjugate; what is real stands for itself."""
    x = as_tensor(x)
    return as_tensor(tm.conj(x)) if dtypes.is_complex(x.dtype) else x


def sum_of_products(x: Any, y: Any, axes: Axes) -> TensorVariable:
    """The products of elements summed over axes, in the dtype of the products, as NumPy has it."""
    return added(tm.mul(x, y), axes)


def added(x: Any, axes: Axes) -> TensorVariable:
    """The sum over axes in the dtype of ``x``; of bools it is whether any is true."""
    x = as_tensor(x)
    if not axes:
        return as_tensor(x)
    dtype = x.dtype
    return total(x, list(axes), dtype=dtype, acc_dtype=accumulator_dtype(dtype))


def _check_batch(name: str, x: Any, y: Any) -> None:
    if 0 in (x.ndim, y.ndim):
        raise ShapeError(
            f"{name} takes operands with at least one axis, the first one of both, and got\n"
            f"  x  {describe(x)}\n  y  {describe(y)}"
        )


def _pairs(name: str, x: Any, y: Any, axes: Any, batch: int) -> tuple[list[int], list[int]]:
    """The axes of both that are summed over, behind so many that are not."""
    if isinstance(axes, (int, np.integer)):
        count = int(axes)
        first, second = range(x.ndim - count, x.ndim), range(batch, batch + count)
        given = (list(first), list(second))
        is_right = 0 <= count <= min(x.ndim, y.ndim) - batch
    else:
        try:
            one, other = (
                [a] if isinstance(a, (int, np.integer)) else [int(i) for i in a] for a in axes
            )
        except (TypeError, ValueError):
            raise TypeError(
                f"{name}: the axes are a number or two lists of axes, and not {axes!r}"
            ) from None
        given = ([int(a) for a in one], [int(a) for a in other])
        is_right = len(one) == len(other)
        for v, mine in zip((x, y), given, strict=True):
            is_right &= all(-v.ndim <= a < v.ndim for a in mine)
    if not is_right:
        raise ShapeError(f"{name}: the axes {axes!r} do not fit\n  {describe(x)}\n  {describe(y)}")
    found = ([a % x.ndim for a in given[0]], [a % y.ndim for a in given[1]])
    for v, mine in zip((x, y), found, strict=True):
        normalize_axes(name, mine, v)
        if batch and 0 in mine:
            raise ShapeError(f"{name}: the axes {axes!r} name the first one of {describe(v)}")
    return found


def contract(
    name: str, x: Any, y: Any, batch: tuple[Axes, Axes], summed: tuple[Axes, Axes]
) -> TensorVariable:
    """The sum of products over pairs of axes, for each index of other pairs of axes.

    Parameters
    ----------
    name : str
        For error messages.
    x, y : TensorVariable
    batch, summed : pair of sequences of int
        Axes of x, and those of y that they go with. Those of ``batch`` broadcast where they are
        known to have length 1.

    Returns
    -------
    TensorVariable
        First the axes of ``batch``, then what is left of x, then what is left of y.
    """
    x, y = _of_one_dtype(x, y)
    free_x = [a for a in range(x.ndim) if a not in (*batch[0], *summed[0])]
    free_y = [a for a in range(y.ndim) if a not in (*batch[1], *summed[1])]
    if not summed[0]:
        return tm.mul(
            dimshuffle(x, *batch[0], *free_x, *("x",) * len(free_y)),
            dimshuffle(y, *batch[1], *("x",) * len(free_x), *free_y),
        )
    _check_lengths(name, x, y, summed)
    if batch[0] and not (free_x or free_y):
        count = len(batch[0])
        x, y = dimshuffle(x, *batch[0], *summed[0]), dimshuffle(y, *batch[1], *summed[1])
        return sum_of_products(x, y, range(count, x.ndim))
    if len(summed[0]) > 1:
        x = _with_checked_lengths(name, x, y, summed)
    left = _joined(x, batch[0], [free_x, summed[0]])
    right = _joined(y, batch[1], [summed[1], free_y])
    rows, columns = [shape_i(x, a) for a in free_x], [shape_i(y, a) for a in free_y]
    has = (bool(free_x), bool(free_y))
    made = as_tensor(_of_matrices(left, right, *has) if batch[0] else Dot()(left, right))
    if max(len(rows), len(columns)) <= 1:
        return made
    lengths = [shape_i(made, a) for a in range(len(batch[0]))]
    return reshape(made, [*lengths, *rows, *columns])


def _of_one_dtype(x: Any, y: Any) -> tuple[Any, Any]:
    dtype = dtypes.upcast(x.dtype, y.dtype)
    return cast(x, dtype), cast(y, dtype)


def _check_lengths(name: str, x: Any, y: Any, summed: tuple[Axes, Axes]) -> None:
    for a, b in zip(*summed, strict=True):
        n, m = x.type.shape[a], y.type.shape[b]
        if n is not None and m is not None and n != m:
            raise ShapeError(
                f"{name}: axis {a} of {describe(x)} and axis {b} of {describe(y)} differ"
            )


def _with_checked_lengths(name: str, x: Any, y: Any, summed: tuple[Axes, Axes]) -> Any:
    """``x``, checked to have the lengths of ``y``: joined axes cannot be told apart."""
    conditions = [
        tm.eq(shape_i(x, a), shape_i(y, b))
        for a, b in zip(*summed, strict=True)
        if None in (x.type.shape[a], y.type.shape[b])
    ]
    message = (
        f"{name}: the lengths of axes {list(summed[0])} of x and of axes {list(summed[1])} of y "
        "differ"
    )
    return Assert(message, "ShapeError")(x, *conditions) if conditions else x


def _joined(x: Any, batch: Axes, groups: Sequence[Axes]) -> Any:
    """Axes of a batch, and one axis for each group that has any."""
    order = [*batch, *(a for group in groups for a in group)]
    moved = dimshuffle(x, *order)
    if all(len(group) <= 1 for group in groups):
        return moved
    lengths = [product_of_lengths([shape_i(x, a) for a in group]) for group in groups if group]
    return reshape(moved, [*(shape_i(x, a) for a in batch), *lengths])


def product_of_lengths(lengths: Sequence[Any]) -> Any:
    """How many elements axes have together: a number where it is known."""
    if all(isinstance(n, Constant) for n in lengths):
        return int(np.prod([int(n.data) for n in lengths], dtype=np.int64))
    return tm.mul(*lengths)


def _of_matrices(x: Any, y: Any, has_rows: bool, has_columns: bool) -> Any:
    """The product of stacks in which a vector stands for a matrix of one row or column."""
    ndim = x.ndim + (not has_rows)
    stack = range(ndim - 2)
    if not has_rows:
        x = dimshuffle(x, *stack, "x", ndim - 2)
    if not has_columns:
        y = dimshuffle(y, *range(ndim - 1), "x")
    made = BatchedDot()(x, y)
    kept = [*stack, *([ndim - 2] if has_rows else []), *([ndim - 1] if has_columns else [])]
    return dimshuffle(made, *kept)
