"""Matrices as products of simpler ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from ..core.graph import Apply, Op, Storage
from ..ops import math as tm
from ..tensor.op import TensorOp
from ..tensor.variable import TensorType, TensorVariable
from .matrices import (
    OfSquares,
    as_matrices,
    as_squares,
    check_square,
    least,
    one_by_one,
    quiet,
    real_of,
    square_shape,
)

MODES = ("reduced", "complete", "r", "raw")


class QR(Op):
    """The product of an orthogonal and an upper triangular matrix, by `numpy.linalg.qr`.

    Parameters
    ----------
    mode : {"reduced", "complete", "r", "raw"}
        Which matrices are given: as many columns as needed, all of them, only the triangular one,
        or what LAPACK keeps (the reflections as rows, and their factors).
    """

    keeps_nothing = True
    __props__ = ("mode",)

    def __init__(self, mode: str = "reduced") -> None:
        if mode not in MODES:
            raise ValueError(f"qr: mode is one of {', '.join(map(repr, MODES))}, not {mode!r}")
        self.mode = mode

    def _lengths(self, batch: Any, n: Any, m: Any, k: Any) -> list[Any]:
        return {
            "reduced": [(*batch, n, k), (*batch, k, m)],
            "complete": [(*batch, n, n), (*batch, n, m)],
            "r": [(*batch, k, m)],
            "raw": [(*batch, m, n), (*batch, k)],
        }[self.mode]

    def make_node(self, x: Any) -> Apply:
        """Find the shapes."""
        x = as_matrices("qr", x)
        *batch, n, m = x.type.shape
        shapes = self._lengths(batch, n, m, least(n, m))
        return Apply(self, [x], [TensorType(x.type.dtype, shape)() for shape in shapes])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        modes: Any = self.mode
        with quiet():
            found: Any = np.linalg.qr(inputs[0], modes)
        for cell, value in zip(output_storage, [found] if self.mode == "r" else found, strict=True):
            cell[0] = np.asarray(value)

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        *batch, n, m = input_shapes[0]
        return self._lengths(batch, n, m, tm.minimum(n, m))


class SVD(Op):
    """Singular values, between matrices of singular vectors, by `numpy.linalg.svd`.

    Parameters
    ----------
    full_matrices : bool
        Whether the matrices are square; else they have a vector for each singular value.
    compute_uv : bool
        Whether they are given at all.
    """

    keeps_nothing = True
    __props__ = ("full_matrices", "compute_uv")

    def __init__(self, full_matrices: bool = True, compute_uv: bool = True) -> None:
        self.full_matrices = bool(full_matrices) and bool(compute_uv)
        self.compute_uv = bool(compute_uv)

    def _lengths(self, batch: Any, n: Any, m: Any, k: Any) -> list[Any]:
        if not self.compute_uv:
            return [(*batch, k)]
        rows, columns = (n, m) if self.full_matrices else (k, k)
        return [(*batch, n, rows), (*batch, k), (*batch, columns, m)]

    def make_node(self, x: Any) -> Apply:
        """Find the shapes."""
        x = as_matrices("svd", x)
        *batch, n, m = x.type.shape
        shapes, dtype = self._lengths(batch, n, m, least(n, m)), x.type.dtype
        kinds = [dtype, real_of(dtype), dtype] if self.compute_uv else [real_of(dtype)]
        outputs = [TensorType(d, shape)() for d, shape in zip(kinds, shapes, strict=True)]
        return Apply(self, [x], outputs)

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        with quiet():
            values: Any = np.linalg.svd
            found = values(inputs[0], self.full_matrices, self.compute_uv)
        for cell, value in zip(output_storage, found if self.compute_uv else [found], strict=True):
            cell[0] = np.asarray(value)

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        *batch, n, m = input_shapes[0]
        return self._lengths(batch, n, m, tm.minimum(n, m))


class Cholesky(OfSquares, TensorOp):
    """The triangular factor of positive definite matrices; one triangle of them is read.

    Parameters
    ----------
    lower : bool
        Whether it is L in ``L L.T``, rather than U in ``U.T U``.
    on_error : {"raise", "nan"}
        What is done with a matrix that is not positive definite.
    """

    keeps_nothing = True
    __props__ = ("lower", "on_error")

    def __init__(self, lower: bool = True, on_error: Literal["raise", "nan"] = "raise") -> None:
        if on_error not in ("raise", "nan"):
            raise ValueError(f"cholesky: on_error is 'raise' or 'nan', not {on_error!r}")
        self.lower = bool(lower)
        self.on_error = on_error

    def make_node(self, x: Any) -> Apply:
        """Keep the shape."""
        x = as_squares("cholesky", x)
        return Apply(self, [x], [TensorType(x.type.dtype, square_shape(x))()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        (x,) = inputs
        check_square("cholesky", x)
        with quiet():
            try:
                output_storage[0][0] = self._factor(x)
            except np.linalg.LinAlgError as error:
                if self.on_error == "raise":
                    raise np.linalg.LinAlgError(
                        f"cholesky: {error}\n  hint: Cholesky(on_error='nan') gives NaN instead"
                    ) from None
                output_storage[0][0] = one_by_one(self._factor_or_nan, x)

    def _factor(self, x: Any) -> Any:
        return np.linalg.cholesky(x, upper=not self.lower)

    def _factor_or_nan(self, x: Any) -> Any:
        try:
            return self._factor(x)
        except np.linalg.LinAlgError:
            return np.full(x.shape, np.nan, x.dtype)

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [tuple(input_shapes[0])]


def qr(a: Any, mode: str = "reduced") -> Any:
    """``a`` as a product of an orthogonal and an upper triangular matrix, as `numpy.linalg.qr`.

    Parameters
    ----------
    a : tensor_like
        A matrix, or a tensor of matrices in its last two axes.
    mode : {"reduced", "complete", "r", "raw"}

    Returns
    -------
    TensorVariable, or list of two
        Only the triangular matrix for "r". Derivatives are there for "reduced" and "r", and for
        "complete" where it adds no columns.
    """
    return QR(mode)(a)


def svd(a: Any, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """Singular value decomposition ``U S V``, as `numpy.linalg.svd`.

    Parameters
    ----------
    a : tensor_like
        A matrix, or a tensor of matrices in its last two axes.
    full_matrices, compute_uv : bool
        Whether U and V are square, and whether they are given at all.

    Returns
    -------
    TensorVariable, or list of three
        U, the singular values (descending), and V, whose rows are vectors; or only the values.
        Derivatives are there where singular values differ and, by U and V, none is zero.
    """
    return SVD(full_matrices, compute_uv)(a)


def svdvals(x: Any) -> TensorVariable:
    """The singular values alone, in descending order."""
    found: TensorVariable = SVD(compute_uv=False)(x)
    return found


def cholesky(
    a: Any, lower: bool = True, on_error: Literal["raise", "nan"] = "raise"
) -> TensorVariable:
    """The Cholesky factor of a positive definite matrix, or of each in the last two axes.

    Parameters
    ----------
    a : tensor_like
        One triangle of it is read; the derivative by the other one is zero.
    lower : bool
        Whether the factor is L in ``L L.T``, rather than U in ``U.T U``.
    on_error : {"raise", "nan"}
        Whether what is not positive definite raises `numpy.linalg.LinAlgError`, or gives NaN.
    """
    return Cholesky(lower, on_error)(a)
