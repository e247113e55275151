"""Sums and products of the elements so far, along an axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..base.errors import ShapeError, describe
from ..core.graph import Apply, Storage
from ..tensor import scalar
from ..tensor.conversion import as_tensor
from ..tensor.elementwise import cast
from ..tensor.op import TensorOp
from ..tensor.reductions import reductions
from ..tensor.scalar import ScalarOp
from ..tensor.variable import TensorType, TensorVariable
from .reduction import normalize_axes, sum_dtype
from .reshape import flatten


class Cumulative(TensorOp):
    """Combine each element along an axis with what the ones before it give.

    Parameters
    ----------
    scalar_op : ScalarOp
        ``add`` or ``mul``.
    axis : int
        Not negative.
    """

    __props__ = ("scalar_op", "axis")

    def __init__(self, scalar_op: ScalarOp, axis: int) -> None:
        self.scalar_op = scalar_op
        self.axis = axis

    def make_node(self, x: Any) -> Apply:
        """The result has the shape of ``x``, and its dtype."""
        x = as_tensor(x)
        if not 0 <= self.axis < x.ndim:
            raise ShapeError(f"{self}: there is no axis {self.axis} in {describe(x)}")
        return Apply(self, [x], [TensorType(x.type.dtype, x.type.shape)()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        (x,) = inputs
        ufunc = reductions[self.scalar_op].ufunc
        with np.errstate(all="ignore"):
            output_storage[0][0] = ufunc.accumulate(x, axis=self.axis, dtype=x.dtype)

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [tuple(input_shapes[0])]

    def __str__(self) -> str:
        return f"Cumulative{{{self.scalar_op.name}, axis={self.axis}}}"


def _cumulated(name: str, op: ScalarOp, x: Any, axis: int | None, dtype: str | None) -> Any:
    x = as_tensor(x)
    if axis is None or x.ndim == 0:
        if axis not in (None, 0, -1):
            normalize_axes(name, axis, x)
        x, axis = flatten(x), 0
    (place,) = normalize_axes(name, axis, x)
    return Cumulative(op, place)(cast(x, dtype or sum_dtype(x.type.dtype)))


def cumsum(x: Any, axis: int | None = None, dtype: str | None = None) -> TensorVariable:
    """For each element the sum of those up to it, along an axis.

    Parameters
    ----------
    x : tensor
    axis : int, optional
        None: of the elements as one vector.
    dtype : str, optional
        What is summed up, and given. By default bool and small integers become int64 or uint64, as
        in NumPy; others stay.
    """
    found: TensorVariable = _cumulated("cumsum", scalar.add, x, axis, dtype)
    return found


def cumprod(x: Any, axis: int | None = None, dtype: str | None = None) -> TensorVariable:
    """For each element the product of those up to it, along an axis; see `cumsum`."""
    found: TensorVariable = _cumulated("cumprod", scalar.mul, x, axis, dtype)
    return found
