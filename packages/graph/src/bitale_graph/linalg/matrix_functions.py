"""Functions of square matrices that are power series."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..base.errors import ShapeError, describe
from ..core.graph import Apply, Storage
from ..ops.contraction import dot
from ..ops.creation import eye
from ..ops.shape import shape_i
from ..tensor.op import TensorOp
from ..tensor.variable import TensorType, TensorVariable
from .inverse import inv
from .matrices import (
    OfSquares,
    as_squares,
    check_square,
    from_scipy,
    one_by_one,
    quiet,
    square_shape,
)


class _OfMatrix(OfSquares, TensorOp):
    """A function of square matrices by SciPy, in the dtype of the input."""

    keeps_nothing = True
    name = ""

    def make_node(self, x: Any) -> Apply:
        """Keep the shape."""
        x = as_squares(self.name, x)
        return Apply(self, [x], [TensorType(x.type.dtype, square_shape(x))()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        (x,) = inputs
        check_square(self.name, x)
        function = getattr(from_scipy("linalg"), self.name)
        with quiet(), warnings.catch_warnings():
            # Of what float32 cannot hold more precisely.
            warnings.simplefilter("ignore", RuntimeWarning)
            found = one_by_one(function, x) if x.size else x.copy()
        if np.iscomplexobj(found) and not np.iscomplexobj(x):
            raise np.linalg.LinAlgError(
                f"{self.name}: that of a real matrix is complex, which real tensors cannot hold\n"
                "  hint: cast the matrix to complex128 first"
            )
        output_storage[0][0] = np.asarray(found, x.dtype)

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [tuple(input_shapes[0])]


class Expm(_OfMatrix):
    """The exponentials of square matrices, by `scipy.linalg.expm`."""

    name = "expm"


class Logm(_OfMatrix):
    """The principal logarithms of square matrices, by `scipy.linalg.logm`."""

    name = "logm"


class Sqrtm(_OfMatrix):
    """The principal square roots of square matrices, by `scipy.linalg.sqrtm`."""

    name = "sqrtm"


def expm(a: Any) -> TensorVariable:
    """The exponential of a square matrix, as `scipy.linalg.expm`, which it needs when it runs.

    Its derivative is computed with a matrix of twice the size (Mathias, A chain rule for matrix
    functions, 1996).
    """
    return Expm()(a)


def logm(a: Any) -> TensorVariable:
    """The principal logarithm of a square matrix, as `scipy.linalg.logm`, which it needs.

    A real matrix whose logarithm is complex raises when it runs.
    """
    return Logm()(a)


def sqrtm(a: Any) -> TensorVariable:
    """The principal square root of a square matrix, as `scipy.linalg.sqrtm`, which it needs.

    A real matrix whose root is complex raises when it runs.
    """
    return Sqrtm()(a)


def matrix_power(M: Any, n: int) -> TensorVariable:
    """A square matrix to the power of an integer, as `numpy.linalg.matrix_power`.

    A negative power is one of the inverse.
    """
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)):
        raise TypeError(f"matrix_power: the power is an integer, not {n!r:.60}")
    base = as_squares("matrix_power", M)
    if base.ndim != 2:
        raise ShapeError(f"matrix_power takes a matrix\n  {describe(base)}")
    if n == 0:
        return eye(shape_i(base, 0), shape_i(base, 1), dtype=base.type.dtype)
    if n < 0:
        base, n = inv(base), -n
    factors: list[TensorVariable] = []
    while n:
        n, is_odd = divmod(int(n), 2)
        if is_odd:
            factors = [dot(factors[0], base) if factors else base]
        base = dot(base, base) if n else base
    return factors[0]
