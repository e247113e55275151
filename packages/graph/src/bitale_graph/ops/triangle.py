"""Triangles of matrices, and where they lie."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..base import dtype as dtypes
from ..base.errors import ShapeError, describe
from ..ops import math as tm
from ..tensor.conversion import as_tensor
from ..tensor.variable import TensorVariable
from .axes import shape_padright
from .creation import arange
from .repeat import repeat
from .shape import as_lengths, shape_i
from .sorting import searchsorted
from .split import as_known, plus


def _below(n: Any, m: Any, k: Any) -> TensorVariable:
    """Whether a place is on diagonal ``k`` or below it."""
    return tm.ge(shape_padright(tm.add(arange(n), k)), arange(m))


def _integers(name: str, *numbers: Any) -> list[Any]:
    return [as_known(v) for v in as_lengths(name, list(numbers))]


def tri(N: Any, M: Any = None, k: Any = 0, dtype: str | None = None) -> TensorVariable:
    """Ones on diagonal ``k`` of an N by M matrix and below it, zeros above; square without ``M``.

    The dtype defaults to ``floatX``.
    """
    n, m, k = _integers("tri", N, N if M is None else M, k)
    zero, one = (as_tensor(np.asarray(v, dtypes.check(dtype or "floatX"))) for v in (0, 1))
    return tm.switch(_below(n, m, k), one, zero)


def tril(m: Any, k: Any = 0) -> TensorVariable:
    """``m`` with zeros above diagonal ``k`` of its last two axes.

    As in NumPy a vector stands for a square matrix of such rows.
    """
    return _triangle("tril", m, k, is_lower=True)


def triu(m: Any, k: Any = 0) -> TensorVariable:
    """``m`` with zeros below diagonal ``k`` of its last two axes; see `tril`."""
    return _triangle("triu", m, k, is_lower=False)


def _triangle(name: str, x: Any, k: Any, *, is_lower: bool) -> TensorVariable:
    x = as_tensor(x)
    if x.ndim < 1:
        raise ShapeError(f"{name} takes a matrix, and got {describe(x)}")
    (k,) = _integers(name, k)
    columns = shape_i(x, x.ndim - 1)
    rows = columns if x.ndim == 1 else shape_i(x, x.ndim - 2)
    zero = as_tensor(np.zeros((), x.type.dtype))
    if is_lower:
        return tm.switch(_below(rows, columns, k), x, zero)
    return tm.switch(_below(rows, columns, plus(k, -1)), zero, x)


def tril_indices(n: Any, k: Any = 0, m: Any = None) -> tuple[TensorVariable, TensorVariable]:
    """The rows and the columns of the places of the lower triangle of an n by m matrix."""
    n, m, k = _integers("tril_indices", n, n if m is None else m, k)
    if all(isinstance(v, int) for v in (n, m, k)):
        rows, columns = np.tril_indices(n, k, m)
        return as_tensor(rows), as_tensor(columns)
    return _places(n, _clipped(plus(k, 1), n, m), 0)


def triu_indices(n: Any, k: Any = 0, m: Any = None) -> tuple[TensorVariable, TensorVariable]:
    """The rows and the columns of the places of the upper triangle of an n by m matrix."""
    n, m, k = _integers("triu_indices", n, n if m is None else m, k)
    if all(isinstance(v, int) for v in (n, m, k)):
        rows, columns = np.triu_indices(n, k, m)
        return as_tensor(rows), as_tensor(columns)
    first = _clipped(k, n, m)
    return _places(n, tm.sub(m, first), first)


def _clipped(k: Any, n: Any, m: Any) -> TensorVariable:
    """For each row the column on diagonal ``k``, held inside of the matrix."""
    return tm.minimum(tm.maximum(tm.add(arange(n), k), 0), m)


def _places(n: Any, counts: Any, first: Any) -> tuple[TensorVariable, TensorVariable]:
    """The places of rows that have ``counts`` elements, which begin at the column ``first``."""
    rows = repeat(arange(n), counts)
    # How far the column is from the place in the vector: one number for each row.
    shift = tm.sub(first, searchsorted(rows, arange(n)))
    return rows, tm.add(arange(shape_i(rows, 0)), shift[rows])


def tril_indices_from(a: Any, k: Any = 0) -> tuple[TensorVariable, TensorVariable]:
    """`tril_indices` for the shape of a matrix."""
    n, m = _sides("tril_indices_from", a)
    return tril_indices(n, k, m)


def triu_indices_from(a: Any, k: Any = 0) -> tuple[TensorVariable, TensorVariable]:
    """`triu_indices` for the shape of a matrix."""
    n, m = _sides("triu_indices_from", a)
    return triu_indices(n, k, m)


def _sides(name: str, a: Any) -> tuple[Any, Any]:
    a = as_tensor(a)
    if a.ndim != 2:
        raise ShapeError(f"{name} takes a matrix, and got {describe(a)}")
    return shape_i(a, 0), shape_i(a, 1)
