"""The two products of which those of sparse matrices are made, on vectors.

Their derivatives are products of the two kinds again, so they can be differentiated at will.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..base import dtype as dtypes
from ..base.errors import ShapeError, describe
from ..core.graph import Apply, Storage
from ..ops.shape import INT64_SCALAR
from ..tensor.conversion import as_tensor
from ..tensor.elementwise import cast
from ..tensor.op import TensorOp
from ..tensor.variable import TensorType
from .library import scipy_sparse
from .parts import check_parts


class StoredProduct(TensorOp):
    """The product of a matrix, given by its parts, and a dense vector or matrix.

    Parameters
    ----------
    format : str
        ``"csr"`` or ``"csc"``.
    """

    __props__ = ("format",)

    def __init__(self, format: str) -> None:
        self.format = format

    def make_node(
        self, data: Any, indices: Any, indptr: Any, rows: Any, columns: Any, y: Any
    ) -> Apply:
        """Numbers are of one dtype; the lengths are 0-d int64."""
        data, indices, indptr, y = map(as_tensor, (data, indices, indptr, y))
        if data.ndim != 1 or y.ndim not in (1, 2):
            raise ShapeError(
                f"StoredProduct takes a vector of numbers and a dense vector or matrix, and got"
                f"\n  {describe(data)}\n  {describe(y)}"
            )
        dtype = dtypes.upcast(data.type.dtype, y.type.dtype)
        sizes = [cast(n, INT64_SCALAR.dtype) for n in (rows, columns)]
        out = TensorType(dtype, (None, *y.type.shape[1:]))()
        inputs = [cast(data, dtype), indices, indptr, *sizes, cast(y, dtype)]
        return Apply(self, inputs, [out])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        data, indices, indptr, rows, columns, y = inputs
        shape = int(rows), int(columns)
        check_parts(self.format, data, indices, indptr, shape)
        if len(y) != shape[1]:
            raise ShapeError(f"dot: shapes do not match: {shape} and {y.shape}")
        kind = getattr(scipy_sparse(), f"{self.format}_matrix")
        with np.errstate(all="ignore"):
            found = kind((data, indices, indptr), shape=shape) @ y
        output_storage[0][0] = np.asarray(found, node.outputs[0].type.dtype)

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [(node.inputs[3], *input_shapes[5][1:])]

    def compared_lengths(
        self, node: Apply, input_shapes: Sequence[Sequence[Any]]
    ) -> Iterable[tuple[Any, Any]]:
        return [(input_shapes[0][0], input_shapes[1][0]), (node.inputs[4], input_shapes[5][0])]


class Usmm(TensorOp):
    """``z + alpha * dot(x, y)``, of the parts of ``x`` and dense operands.

    Rewriting makes it, of a product that is scaled and added.

    Parameters
    ----------
    format : str
        Of ``x``: ``"csr"`` or ``"csc"``.
    """

    __props__ = ("format",)

    def __init__(self, format: str) -> None:
        self.format = format

    def make_node(self, *inputs: Any) -> Apply:
        """Take the inputs of `StoredProduct`, then the factor and what is added."""
        *factors, alpha, z = inputs
        product = StoredProduct(self.format).make_node(*factors)
        out: Any = product.outputs[0]
        alpha, z = as_tensor(alpha), as_tensor(z)
        if (alpha.ndim, z.ndim) != (0, out.ndim) or z.type.dtype != out.dtype:
            raise ShapeError(
                f"usmm takes a number, and a tensor like the product, and got\n  {describe(alpha)}"
                f"\n  {describe(z)}"
            )
        shape = tuple(
            n if m is None else m for n, m in zip(out.type.shape, z.type.shape, strict=True)
        )
        made = TensorType(out.dtype, shape)()
        return Apply(self, [*product.inputs, cast(alpha, out.dtype), z], [made])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        *factors, alpha, z = inputs
        StoredProduct(self.format).perform(node, factors, output_storage)
        found = output_storage[0][0]
        if z.shape != found.shape:
            raise ShapeError(f"usmm: z has shape {z.shape}, dot(x, y) has {found.shape}")
        with np.errstate(all="ignore"):
            output_storage[0][0] = np.asarray(z + alpha * found, z.dtype)

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [input_shapes[7]]

    def compared_lengths(
        self, node: Apply, input_shapes: Sequence[Sequence[Any]]
    ) -> Iterable[tuple[Any, Any]]:
        pairs = StoredProduct(self.format).compared_lengths(node, input_shapes[:6])
        last = zip(input_shapes[7][1:], input_shapes[5][1:], strict=True)
        return [*pairs, (node.inputs[3], input_shapes[7][0]), *last]


class SampledProduct(TensorOp):
    """For each place (i, j) of a csr matrix the product of row i of ``x`` and row j of ``y``.

    Of a csc matrix with the operands in the other order.
    """

    __props__ = ()

    def make_node(self, x: Any, y: Any, indices: Any, indptr: Any) -> Apply:
        """Two dense vectors, or two matrices with as many columns, of one dtype."""
        x, y, indices, indptr = map(as_tensor, (x, y, indices, indptr))
        if x.ndim not in (1, 2) or y.ndim != x.ndim:
            raise ShapeError(
                f"SampledProduct takes two matrices, or two vectors, and got\n  {describe(x)}\n"
                f"  {describe(y)}"
            )
        dtype = dtypes.upcast(x.type.dtype, y.type.dtype)
        out = TensorType(dtype, indices.type.shape)()
        return Apply(self, [cast(x, dtype), cast(y, dtype), indices, indptr], [out])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        x, y, indices, indptr = inputs
        check_parts("csr", indices, indices, indptr, (len(x), len(y)))
        if x.shape[1:] != y.shape[1:]:
            raise ShapeError(f"sampling_dot: shapes do not match: {x.shape} and {y.shape}")
        rows = np.repeat(np.arange(len(x)), np.diff(indptr))
        with np.errstate(all="ignore"):
            if x.ndim == 1:
                found = x[rows] * y[indices]
            else:
                found = np.zeros(len(indices), node.outputs[0].type.dtype)
                for k in range(x.shape[1]):
                    found += x[rows, k] * y[indices, k]
        output_storage[0][0] = found

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [input_shapes[2]]

    def compared_lengths(
        self, node: Apply, input_shapes: Sequence[Sequence[Any]]
    ) -> Iterable[tuple[Any, Any]]:
        return zip(input_shapes[0][1:], input_shapes[1][1:], strict=True)
