"""Products of vectors and matrices."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..base import dtype as dtypes
from ..base.errors import ShapeError, describe
from ..core.graph import Apply, Storage
from ..ops import math as tm
from ..tensor.conversion import as_tensor, is_python_number
from ..tensor.elementwise import cast
from ..tensor.op import TensorOp
from ..tensor.variable import TensorType, TensorVariable
from .reshape import reshape
from .shape import dimshuffle, shape_i


class Dot(TensorOp):
    """The product of two operands, each a vector or a matrix of one dtype."""

    __props__ = ()

    def make_node(self, x: Any, y: Any) -> Apply:
        """Check that the inner lengths agree where they are known."""
        x, y = as_tensor(x), as_tensor(y)
        if x.ndim not in (1, 2) or y.ndim not in (1, 2):
            raise ShapeError(
                f"dot takes vectors and matrices, and got\n  {describe(x)}\n  {describe(y)}"
            )
        dtype = dtypes.upcast(x.type.dtype, y.type.dtype)
        x, y = cast(x, dtype), cast(y, dtype)
        n, m = x.type.shape[-1], y.type.shape[0]
        if n is not None and m is not None and n != m:
            raise ShapeError(
                f"dot: shapes do not match: the last axis of x has length {n}, the first of y {m}"
                f"\n  x  {describe(x)}\n  y  {describe(y)}"
            )
        return Apply(self, [x, y], [TensorType(dtype, (*x.type.shape[:-1], *y.type.shape[1:]))()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        x, y = inputs
        check_inner("dot", x, y)
        with np.errstate(all="ignore"):
            output_storage[0][0] = np.asarray(np.dot(x, y))

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [(*input_shapes[0][:-1], *input_shapes[1][1:])]

    def compared_lengths(
        self, node: Apply, input_shapes: Sequence[Sequence[Any]]
    ) -> Iterable[tuple[Any, Any]]:
        return [(input_shapes[0][-1], input_shapes[1][0])]


def check_inner(name: str, x: Any, y: Any) -> None:
    """Raise `ShapeError` if arrays cannot be multiplied."""
    if x.shape[-1] != y.shape[0]:
        raise ShapeError(
            f"{name}: shapes do not match: x has shape {x.shape}, y has shape {y.shape}; "
            f"the last axis of x ({x.shape[-1]}) must equal the first axis of y ({y.shape[0]})"
        )


class Gemm(TensorOp):
    """``beta * z + alpha * dot(x, y)`` for matrices z, x, y and 0-d alpha and beta.

    All have one dtype.
    Rewriting makes it; where ``z`` is not needed any more the product is added to it in place.
    """

    __props__ = ()

    def make_node(self, z: Any, alpha: Any, x: Any, y: Any, beta: Any) -> Apply:
        """All five must have one dtype."""
        inputs = [as_tensor(v) for v in (z, alpha, x, y, beta)]
        if len({v.type.dtype for v in inputs}) != 1 or [v.ndim for v in inputs] != [2, 0, 2, 2, 0]:
            operands = "".join(f"\n  {describe(v)}" for v in inputs)
            raise ShapeError(
                f"gemm takes a matrix, a scalar, two matrices and a scalar of one dtype{operands}"
            )
        z, _, x, y, _ = inputs
        shape = tuple(
            a if a is not None else b
            for a, b in zip(z.type.shape, (x.type.shape[0], y.type.shape[1]), strict=True)
        )
        return Apply(self, inputs, [TensorType(z.type.dtype, shape)()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        z, alpha, x, y, beta = inputs
        check_inner("gemm", x, y)
        if z.shape != (x.shape[0], y.shape[1]):
            raise ShapeError(
                f"gemm: z has shape {z.shape}, dot(x, y) has {(x.shape[0], y.shape[1])}"
            )
        with np.errstate(all="ignore"):
            product = alpha * np.dot(x, y)
            total = product if beta == 0 else beta * z + product
            output_storage[0][0] = np.asarray(total, dtype=z.dtype)

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [tuple(input_shapes[0])]

    def compared_lengths(
        self, node: Apply, input_shapes: Sequence[Sequence[Any]]
    ) -> Iterable[tuple[Any, Any]]:
        z, _, x, y, _ = input_shapes
        return [(x[1], y[0]), (x[0], z[0]), (y[1], z[1])]


def dot(x: Any, y: Any) -> TensorVariable:
    """The product: of numbers, of vectors, of matrices.

    For higher ranks the last axis of x with the second last of y.

    Raises
    ------
    ShapeError
        If the lengths that are summed over differ: now where they are known, else when it runs.
    """
    if is_python_number(x) or is_python_number(y):
        return tm.mul(x, y)
    x, y = as_tensor(x), as_tensor(y)
    if x.ndim == 0 or y.ndim == 0:
        return tm.mul(x, y)
    if x.ndim <= 2 and y.ndim <= 2:
        return Dot()(x, y)
    return tensordot(x, y, [[x.ndim - 1], [max(y.ndim - 2, 0)]])


def matmul(x: Any, y: Any) -> TensorVariable:
    """The ``@`` operator, for vectors and matrices; raises `ShapeError` for other ranks."""
    x, y = as_tensor(x), as_tensor(y)
    if x.ndim == 0 or y.ndim == 0:
        raise ShapeError(f"matmul takes no scalars; use * for\n  {describe(x)}\n  {describe(y)}")
    if x.ndim > 2 or y.ndim > 2:
        raise ShapeError(
            f"matmul takes vectors and matrices; use tensordot for\n  {describe(x)}\n  "
            f"{describe(y)}"
        )
    return Dot()(x, y)


def outer(x: Any, y: Any) -> TensorVariable:
    """The matrix of all products of elements of two (flattened) tensors."""
    x, y = as_tensor(x).flatten(), as_tensor(y).flatten()
    return dot(x.dimshuffle(0, "x"), y.dimshuffle("x", 0))


def tensordot(x: Any, y: Any, axes: Any = 2) -> TensorVariable:
    """The sum of products over pairs of axes.

    A number of last and first axes, or two lists of axes.
    """
    x, y = as_tensor(x), as_tensor(y)
    if isinstance(axes, (int, np.integer)):
        first, second = list(range(x.ndim - int(axes), x.ndim)), list(range(int(axes)))
    else:
        first, second = (
            [int(axes[i])] if isinstance(axes[i], (int, np.integer)) else [int(a) for a in axes[i]]
            for i in (0, 1)
        )
    if (
        len(first) != len(second)
        or any(not -x.ndim <= a < x.ndim for a in first)
        or any(not -y.ndim <= a < y.ndim for a in second)
    ):
        raise ShapeError(
            f"tensordot: the axes {axes!r} do not fit\n  {describe(x)}\n  {describe(y)}"
        )
    first, second = [a % x.ndim for a in first], [a % y.ndim for a in second]
    for a, b in zip(first, second, strict=True):
        n, m = x.type.shape[a], y.type.shape[b]
        if n is not None and m is not None and n != m:
            raise ShapeError(
                f"tensordot: axis {a} of {describe(x)} and axis {b} of {describe(y)} differ"
            )
    free_x = [a for a in range(x.ndim) if a not in first]
    free_y = [a for a in range(y.ndim) if a not in second]
    rows, columns = [shape_i(x, a) for a in free_x], [shape_i(y, a) for a in free_y]
    inner = tm.mul(*(shape_i(x, a) for a in first)) if first else as_tensor(np.int64(1))
    left = reshape(dimshuffle(x, *free_x, *first), [tm.mul(*rows) if rows else 1, inner])
    right = reshape(dimshuffle(y, *second, *free_y), [inner, tm.mul(*columns) if columns else 1])
    return reshape(Dot()(left, right), [*rows, *columns])
