"""Ops that multiply vectors, matrices, and many matrices at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..base import dtype as dtypes
from ..base.errors import ShapeError, describe
from ..core.graph import Apply, Storage
from ..tensor.conversion import as_tensor
from ..tensor.elementwise import (
    broadcast_symbolic_shape,
    cast,
    check_run_time_shapes,
    stretched_together,
)
from ..tensor.op import TensorOp
from ..tensor.variable import TensorType


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


class BatchedDot(TensorOp):
    """The products of many pairs of matrices: ``(..., m, k)`` by ``(..., k, n)``, of one dtype.

    Both have the same rank, three or more. Of the axes before the last two, those stretch whose
    length is known to be 1 when the expression is built; others must agree.
    """

    __props__ = ()

    def make_node(self, x: Any, y: Any) -> Apply:
        """Check that lengths agree where they are known."""
        x, y = as_tensor(x), as_tensor(y)
        if x.ndim != y.ndim or x.ndim < 3:
            raise ShapeError(
                "batched dot takes two operands of one rank, three or more, and got\n"
                f"  x  {describe(x)}\n  y  {describe(y)}"
            )
        dtype = dtypes.upcast(x.type.dtype, y.type.dtype)
        x, y = cast(x, dtype), cast(y, dtype)
        n, m = x.type.shape[-1], y.type.shape[-2]
        if n is not None and m is not None and n != m:
            raise ShapeError(
                f"batched dot: shapes do not match: the last axis of x has length {n}, the second "
                f"last of y {m}\n  x  {describe(x)}\n  y  {describe(y)}"
            )
        batch = [_stretched(x, y, a) for a in range(x.ndim - 2)]
        shape = (*batch, x.type.shape[-2], y.type.shape[-1])
        return Apply(self, [x, y], [TensorType(dtype, shape)()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        x, y = inputs
        if x.shape[-1] != y.shape[-2]:
            raise ShapeError(
                f"batched dot: shapes do not match: x has shape {x.shape}, y has shape {y.shape}; "
                f"the last axis of x ({x.shape[-1]}) must equal the second last axis of y "
                f"({y.shape[-2]})"
            )
        check_run_time_shapes([(*batch, 1, 1) for batch in _batches(node.inputs)], inputs)
        with np.errstate(all="ignore"):
            output_storage[0][0] = np.asarray(np.matmul(x, y))

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        x, y = input_shapes
        batch = broadcast_symbolic_shape(_batches(node.inputs), [x[:-2], y[:-2]])
        return [(*batch, x[-2], y[-1])]

    def compared_lengths(
        self, node: Apply, input_shapes: Sequence[Sequence[Any]]
    ) -> Iterable[tuple[Any, Any]]:
        x, y = input_shapes
        batch = stretched_together(_batches(node.inputs), [x[:-2], y[:-2]])
        return [(x[-1], y[-2]), *batch]


def _batches(inputs: Sequence[Any]) -> list[Any]:
    """The static lengths of the axes before those of the matrices."""
    return [v.type.shape[:-2] for v in inputs]


def _stretched(x: Any, y: Any, axis: int) -> int | None:
    """The static length of an axis before those of the matrices."""
    n: int | None = x.type.shape[axis]
    m: int | None = y.type.shape[axis]
    if 1 in (n, m):
        return m if n == 1 else n
    if n is not None and m is not None and n != m:
        raise ShapeError(
            f"batched dot: there are {n} matrices along axis {axis} of x, and {m} along that of y"
            f"\n  x  {describe(x)}\n  y  {describe(y)}"
        )
    return n if m is None else m
