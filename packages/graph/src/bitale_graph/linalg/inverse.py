"""Inverses and determinants of matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from ..core.graph import Apply, Op, Storage
from ..tensor.op import TensorOp
from ..tensor.variable import TensorType, TensorVariable
from .matrices import (
    OfSquares,
    as_matrices,
    as_squares,
    check_square,
    quiet,
    real_of,
    regular,
    square_shape,
)


class MatrixInverse(OfSquares, TensorOp):
    """The inverses of square matrices, by `numpy.linalg.inv`."""

    keeps_nothing = True

    def make_node(self, x: Any) -> Apply:
        """Keep the shape."""
        x = as_squares("inv", x)
        return Apply(self, [x], [TensorType(x.type.dtype, square_shape(x))()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        check_square("inv", inputs[0])
        with regular("inv", "pinv(x)"):
            output_storage[0][0] = np.linalg.inv(inputs[0])

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [tuple(input_shapes[0])]


class MatrixPinv(TensorOp):
    """The pseudo-inverses of matrices, by `numpy.linalg.pinv`.

    Parameters
    ----------
    rcond : float or None
        Singular values up to this part of the largest count as zero; None is NumPy's choice.
    hermitian : bool
        Whether the matrices are known to be symmetric, which is faster.
    """

    keeps_nothing = True
    __props__ = ("rcond", "hermitian")

    def __init__(self, rcond: float | None = None, hermitian: bool = False) -> None:
        self.rcond = None if rcond is None else float(rcond)
        self.hermitian = bool(hermitian)

    def make_node(self, x: Any) -> Apply:
        """Exchange the last two lengths."""
        x = as_matrices("pinv", x)
        if self.hermitian:
            x = as_squares("pinv", x)
        *batch, n, m = x.type.shape
        return Apply(self, [x], [TensorType(x.type.dtype, (*batch, m, n))()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        options: Any = {} if self.rcond is None else {"rcond": self.rcond}
        with quiet():
            output_storage[0][0] = np.linalg.pinv(inputs[0], hermitian=self.hermitian, **options)

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        *batch, n, m = input_shapes[0]
        return [(*batch, m, n)]


class Det(OfSquares, TensorOp):
    """The determinants of square matrices, by `numpy.linalg.det`."""

    keeps_nothing = True

    def make_node(self, x: Any) -> Apply:
        """Drop the last two axes."""
        x = as_squares("det", x)
        return Apply(self, [x], [TensorType(x.type.dtype, x.type.shape[:-2])()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        check_square("det", inputs[0])
        with quiet():
            output_storage[0][0] = np.asarray(np.linalg.det(inputs[0]))

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [tuple(input_shapes[0][:-2])]


class SlogDet(OfSquares, Op):
    """The signs of determinants, and the logarithms of their absolute values."""

    keeps_nothing = True
    __props__: ClassVar[tuple[str, ...] | None] = ()

    def make_node(self, x: Any) -> Apply:
        """Drop the last two axes."""
        x = as_squares("slogdet", x)
        kept, dtype = x.type.shape[:-2], x.type.dtype
        outputs = [TensorType(dtype, kept)(), TensorType(real_of(dtype), kept)()]
        return Apply(self, [x], outputs)

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        check_square("slogdet", inputs[0])
        with quiet():
            found = np.linalg.slogdet(inputs[0])
        for cell, value in zip(output_storage, found, strict=True):
            cell[0] = np.asarray(value)

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [tuple(input_shapes[0][:-2])] * 2


def inv(a: Any) -> TensorVariable:
    """The inverse of a square matrix, or of each in the last two axes, as `numpy.linalg.inv`.

    Raises
    ------
    ShapeError
        If the last two lengths differ: now where they are known, else when it runs.
    numpy.linalg.LinAlgError
        When it runs, if a matrix is singular.
    """
    return MatrixInverse()(a)


matrix_inverse = inv


def pinv(a: Any, rcond: float | None = None, hermitian: bool = False) -> TensorVariable:
    """The Moore-Penrose pseudo-inverse, as `numpy.linalg.pinv`.

    Its derivative is right where the rank does not change.

    Parameters
    ----------
    a : tensor_like
        A matrix, or a tensor of matrices in its last two axes.
    rcond : float, optional
        Singular values up to this part of the largest count as zero.
    hermitian : bool
        Whether ``a`` is known to be symmetric.
    """
    return MatrixPinv(rcond, hermitian)(a)


def det(a: Any) -> TensorVariable:
    """The determinant, as `numpy.linalg.det`; its derivative takes the inverse."""
    return Det()(a)


def slogdet(a: Any) -> tuple[TensorVariable, TensorVariable]:
    """The sign of the determinant, and the logarithm of its absolute value."""
    sign, logarithm = SlogDet()(a)
    return sign, logarithm


def logdet(a: Any) -> TensorVariable:
    """The logarithm of the absolute value of the determinant, which does not overflow."""
    return slogdet(a)[1]
