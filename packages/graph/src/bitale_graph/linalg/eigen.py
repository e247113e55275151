"""Eigenvalues and eigenvectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import numpy as np

from ..base import dtype as dtypes
from ..core.graph import Apply, Op, Storage
from ..tensor.op import TensorOp
from ..tensor.variable import TensorType, TensorVariable
from .matrices import OfSquares, as_squares, check_square, quiet, real_of, square_shape


class Eig(OfSquares, Op):
    """The eigenvalues and the right eigenvectors of square matrices, in the dtype of the input."""

    keeps_nothing = True
    __props__: ClassVar[tuple[str, ...] | None] = ()

    def make_node(self, x: Any) -> Apply:
        """Give a vector and a matrix for each."""
        x = as_squares("eig", x)
        shape, dtype = square_shape(x), x.type.dtype
        return Apply(self, [x], [TensorType(dtype, shape[:-1])(), TensorType(dtype, shape)()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        check_square("eig", inputs[0])
        with quiet():
            found: Sequence[Any] = np.linalg.eig(inputs[0])
        dtype = node.outputs[0].type.dtype
        if not dtypes.is_complex(dtype):
            if np.imag(found[0]).any():
                raise np.linalg.LinAlgError(
                    "eig: a real matrix has complex eigenvalues, which real tensors cannot hold\n"
                    "  hint: cast the matrix to complex128 first"
                )
            # NumPy 2.5 gives complex arrays for every matrix.
            found = [np.real(value) for value in found]
        for cell, value in zip(output_storage, found, strict=True):
            cell[0] = np.ascontiguousarray(value, dtype)

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [tuple(input_shapes[0][:-1]), tuple(input_shapes[0])]


class _OfSymmetric(OfSquares):
    """An op of symmetric (or Hermitian) matrices, of which one triangle is read.

    Parameters
    ----------
    UPLO : {"L", "U"}
    """

    keeps_nothing = True
    __props__: ClassVar[tuple[str, ...] | None] = ("UPLO",)

    def __init__(self, UPLO: Any = "L") -> None:
        upper = UPLO.upper() if isinstance(UPLO, str) else UPLO
        if upper not in ("L", "U"):
            raise ValueError(f"{type(self).__name__.lower()}: UPLO is 'L' or 'U', not {UPLO!r}")
        self.UPLO: Literal["L", "U"] = "L" if upper == "L" else "U"


class Eigh(_OfSymmetric, Op):
    """The eigenvalues and the eigenvectors of symmetric matrices, by `numpy.linalg.eigh`."""

    def make_node(self, x: Any) -> Apply:
        """Give a vector and a matrix for each."""
        x = as_squares("eigh", x)
        shape, dtype = square_shape(x), x.type.dtype
        outputs = [TensorType(real_of(dtype), shape[:-1])(), TensorType(dtype, shape)()]
        return Apply(self, [x], outputs)

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        check_square("eigh", inputs[0])
        with quiet():
            found = np.linalg.eigh(inputs[0], self.UPLO)
        for cell, value in zip(output_storage, found, strict=True):
            cell[0] = np.asarray(value)

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [tuple(input_shapes[0][:-1]), tuple(input_shapes[0])]


class Eigvalsh(_OfSymmetric, TensorOp):
    """The eigenvalues of symmetric matrices, by `numpy.linalg.eigvalsh`."""

    def make_node(self, x: Any) -> Apply:
        """Give a vector for each."""
        x = as_squares("eigvalsh", x)
        return Apply(self, [x], [TensorType(real_of(x.type.dtype), square_shape(x)[:-1])()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        check_square("eigvalsh", inputs[0])
        with quiet():
            output_storage[0][0] = np.linalg.eigvalsh(inputs[0], self.UPLO)

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [tuple(input_shapes[0][:-1])]


def eig(a: Any) -> tuple[TensorVariable, TensorVariable]:
    """The eigenvalues and the right eigenvectors (in columns) of a square matrix.

    They have the dtype of ``a``. A real matrix with complex eigenvalues raises when it runs: cast
    it to complex128 to have them. Derivatives are those of vectors of length 1.
    """
    values, vectors = Eig()(a)
    return values, vectors


def eigvals(a: Any) -> TensorVariable:
    """The eigenvalues that `eig` gives."""
    return eig(a)[0]


def eigh(a: Any, UPLO: str = "L") -> tuple[TensorVariable, TensorVariable]:
    """The eigenvalues (ascending) and the eigenvectors (in columns) of a symmetric matrix.

    As `numpy.linalg.eigh`; derivatives are there where eigenvalues differ.

    Parameters
    ----------
    a : tensor_like
        A symmetric (or Hermitian) matrix, or a tensor of them in its last two axes.
    UPLO : {"L", "U"}
        Which triangle of it is read; the derivative by the other one is zero.
    """
    values, vectors = Eigh(UPLO)(a)
    return values, vectors
