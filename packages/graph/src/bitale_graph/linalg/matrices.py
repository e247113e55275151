"""What ops on matrices share: their operands, which may have axes before the last two."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

import numpy as np

from ..base import dtype as dtypes
from ..base.errors import DtypeError, ShapeError, describe
from ..core.graph import Apply, Op
from ..ops import math as tm
from ..ops.creation import arange
from ..ops.shape import dimshuffle, shape_i
from ..tensor.array_type import Shape
from ..tensor.conversion import as_tensor
from ..tensor.elementwise import cast
from ..tensor.variable import TensorVariable

Lengths = Sequence[Any]


def as_matrices(name: str, x: Any) -> TensorVariable:
    """A tensor of rank 2 or more; integers become ``floatX``.

    Raises
    ------
    ShapeError
        If the rank is less.
    DtypeError
        For float16, which LAPACK has not.
    """
    matrices = as_numbers(name, x)
    if matrices.ndim < 2:
        raise ShapeError(
            f"{name} takes a matrix, or a tensor of matrices in its last two axes\n"
            f"  {describe(matrices)}"
        )
    return matrices


def as_numbers(name: str, x: Any) -> TensorVariable:
    """A tensor of numbers that LAPACK computes with."""
    numbers = as_tensor(x)
    numbers = cast(numbers, dtypes.quotient(numbers.type.dtype))
    if numbers.type.dtype == "float16":
        raise DtypeError(f"{name} is not there for float16; cast to float32\n  {describe(numbers)}")
    return numbers


def as_squares(name: str, x: Any) -> TensorVariable:
    """`as_matrices` whose last two lengths are not known to differ."""
    matrices = as_matrices(name, x)
    n, m = matrices.type.shape[-2:]
    if n is not None and m is not None and n != m:
        raise ShapeError(
            f"{name} takes a square matrix, and got one of {n} rows and {m} columns\n"
            f"  {describe(matrices)}"
        )
    return matrices


def check_square(name: str, x: Any) -> None:
    """Raise `ShapeError` if an array does not hold square matrices."""
    if x.shape[-1] != x.shape[-2]:
        raise ShapeError(f"{name} takes a square matrix, and got one of shape {x.shape}")


def square_shape(x: TensorVariable) -> Shape:
    """The static shape of square matrices: one known length of the last two tells the other."""
    shape: Shape = x.type.shape
    n = shape[-1] if shape[-2] is None else shape[-2]
    return (*shape[:-2], n, n)


def real_of(dtype: str) -> str:
    """The dtype of the absolute values."""
    return {"complex64": "float32", "complex128": "float64"}.get(dtype, dtype)


def least(n: int | None, m: int | None) -> int | None:
    """The smaller of two lengths, where it is known."""
    return None if n is None or m is None else min(n, m)


def common_dtype(name: str, *operands: Any) -> list[TensorVariable]:
    """Operands of one dtype that LAPACK computes with."""
    numbers = [as_numbers(name, x) for x in operands]
    dtype = dtypes.upcast(*(x.type.dtype for x in numbers))
    return [cast(x, dtype) for x in numbers]


class OfSquares(Op):
    """An op whose first input holds square matrices in its last two axes."""

    __props__: ClassVar[tuple[str, ...] | None] = ()

    def compared_lengths(
        self, node: Apply, input_shapes: Sequence[Lengths]
    ) -> Iterable[tuple[Any, Any]]:
        return [tuple(input_shapes[0][-2:])]


def from_scipy(name: str) -> Any:
    """A module of SciPy; an `ImportError` that says what to install where there is none."""
    try:
        return importlib.import_module(f"scipy.{name}")
    except ImportError as error:
        raise ImportError(
            f"this needs scipy.{name}, which cannot be imported ({error}): pip install scipy"
        ) from error


def quiet() -> Any:
    """Overflow gives infinity in silence."""
    return np.errstate(all="ignore")


@contextmanager
def regular(what: str, other: str) -> Iterator[None]:
    """Tell of a singular matrix what to do instead: another function, as in ``pinv(x)``."""
    with quiet():
        try:
            yield
        except np.linalg.LinAlgError as error:
            if "ingular" not in str(error):  # NumPy's words, or ours
                raise
            raise np.linalg.LinAlgError(
                f"{what}: the matrix is singular\n  hint: {other} takes any matrix; a small number "
                "added to the diagonal makes this one regular"
            ) from None


def one_by_one(function: Any, x: Any, *others: Any) -> Any:
    """The results of a function of matrices, for each in the axes before the last two.

    There is at least one; ``others`` are arrays with the same axes before.
    """
    if x.ndim == 2:
        return function(x, *others)
    found = [function(*(a[i] for a in (x, *others))) for i in np.ndindex(x.shape[:-2])]
    return np.stack(found).reshape(*x.shape[:-2], *found[0].shape)


def conjugate(x: TensorVariable) -> TensorVariable:
    """The complex conjugates of complex numbers; others as they are."""
    found: TensorVariable = tm.conj(x) if dtypes.is_complex(x.type.dtype) else x
    return found


def swapped(x: TensorVariable) -> TensorVariable:
    """The last two axes exchanged."""
    return dimshuffle(x, *range(x.ndim - 2), x.ndim - 1, x.ndim - 2)


def triangle(x: Any, lower: bool, k: int = 0) -> TensorVariable:
    """The elements of matrices up to (or from) diagonal ``k``, and zeros."""
    rows = dimshuffle(arange(shape_i(x, -2)), 0, "x")
    places = tm.sub(arange(shape_i(x, -1)), rows)
    found: TensorVariable = tm.switch(tm.le(places, k) if lower else tm.ge(places, k), x, 0)
    return found
