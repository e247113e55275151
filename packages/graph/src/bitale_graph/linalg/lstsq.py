"""Least squares."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..base.errors import ShapeError, describe
from ..core.graph import Apply, Op, Storage
from ..ops import math as tm
from ..tensor.variable import TensorType, TensorVariable
from .matrices import common_dtype, least, quiet, real_of


class Lstsq(Op):
    """The least-squares solution of ``a x = b``, by `numpy.linalg.lstsq`.

    Parameters
    ----------
    rcond : float or None
        Singular values up to this part of the largest count as zero; None is the precision of
        the dtype times the larger length.
    """

    keeps_nothing = True
    __props__ = ("rcond",)

    def __init__(self, rcond: float | None = None) -> None:
        self.rcond = None if rcond is None else float(rcond)

    def make_node(self, a: Any, b: Any, rcond: float | None = None) -> Apply:
        """Give the solution, the squared residuals, the rank and the singular values."""
        if rcond is not None:
            return Lstsq(rcond).make_node(a, b)
        a, b = common_dtype("lstsq", a, b)
        if a.ndim != 2 or b.ndim not in (1, 2):
            raise ShapeError(
                "lstsq takes a matrix, and a vector or a matrix of right-hand sides\n"
                f"  a  {describe(a)}\n  b  {describe(b)}"
            )
        (n, m), dtype = a.type.shape, a.type.dtype
        rows = b.type.shape[0]
        if n is not None and rows is not None and n != rows:
            raise ShapeError(
                f"lstsq: the matrix has {n} rows, and the right-hand side {rows}\n"
                f"  a  {describe(a)}\n  b  {describe(b)}"
            )
        real = TensorType(real_of(dtype), (None,))
        x = TensorType(dtype, (m, *b.type.shape[1:]))
        s = TensorType(real.dtype, (least(n, m),))
        return Apply(self, [a, b], [x(), real(), TensorType("int64", ())(), s()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        a, b = inputs
        if a.shape[0] != b.shape[0]:
            raise ShapeError(
                f"lstsq: a matrix of shape {a.shape} and a right-hand side of shape {b.shape} do "
                "not go together"
            )
        with quiet():
            found = np.linalg.lstsq(a, b, self.rcond)
        for cell, v, value in zip(output_storage, node.outputs, found, strict=True):
            cell[0] = np.asarray(value, v.type.dtype)

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        (n, m), b = input_shapes
        return [(m, *b[1:]), None, (), (tm.minimum(n, m),)]

    def compared_lengths(
        self, node: Apply, input_shapes: Sequence[Sequence[Any]]
    ) -> Iterable[tuple[Any, Any]]:
        return [(input_shapes[0][0], input_shapes[1][0])]


def lstsq(a: Any, b: Any, rcond: float | None = None) -> list[TensorVariable]:
    """The least-squares solution of ``a x = b``, as `numpy.linalg.lstsq`.

    Parameters
    ----------
    a : tensor_like
        A matrix.
    b : tensor_like
        A vector, or a matrix whose columns are right-hand sides.
    rcond : float, optional
        Singular values up to this part of the largest count as zero.

    Returns
    -------
    list of TensorVariable
        The solution of least norm, the sum of squared residuals of each column (of length 0 where
        the rank is less, or there are no more rows than columns), the rank and the singular values.
        The first and the last have derivatives, right where the rank does not change.
    """
    found: list[TensorVariable] = Lstsq(rcond)(a, b)
    return found
