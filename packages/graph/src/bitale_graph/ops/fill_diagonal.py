"""Copies with one number along a diagonal."""

from __future__ import annotations

from typing import Any

from ..base.errors import ShapeError, describe
from ..tensor.conversion import as_tensor
from ..tensor.elementwise import cast
from ..tensor.variable import TensorVariable
from .assertion import Assert
from .index_value import as_index
from .indexing import set_subtensor
from .math import eq, maximum, minimum, mul, switch
from .reshape import flatten
from .shape import shape_i


def fill_diagonal(a: Any, val: Any) -> TensorVariable:
    """A copy of ``a`` with ``val`` in the places whose indices are all equal.

    Parameters
    ----------
    a : tensor_like
        Of rank 2 at least; one of a higher rank has all lengths equal.
    val : scalar
        Cast to the dtype of ``a`` where that loses nothing.

    Raises
    ------
    ShapeError
        If ``a`` has not that rank or such lengths, or ``val`` is no number.
    """
    a, val = _checked("fill_diagonal", a, val)
    lengths = [shape_i(a, i) for i in range(a.ndim)]
    if a.ndim > 2:
        message = "fill_diagonal: the lengths of a tensor of rank 3 and more must all be equal"
        known = {n for n in a.type.shape if n is not None}
        if len(known) > 1:
            raise ShapeError(f"{message}\n  a  {describe(a)}")
        a = Assert(message, "ShapeError")(a, *(eq(n, lengths[0]) for n in lengths[1:]))
    step: Any = 1
    for n in reversed(lengths[1:]):
        step = step * n + 1
    # Of a matrix with more rows than columns those behind the last column have none.
    count = minimum(lengths[0], lengths[1])
    return _filled(a, val, 0, count, step)


def fill_diagonal_offset(a: Any, val: Any, offset: Any) -> TensorVariable:
    """A copy of the matrix ``a`` with ``val`` on the diagonal ``offset`` columns to the right.

    Parameters
    ----------
    a : tensor_like
        A matrix.
    val : scalar
    offset : scalar integer
        Negative: so many rows down.

    Raises
    ------
    ShapeError
        If ``a`` is no matrix, or ``val`` or ``offset`` no number.
    """
    a, val = _checked("fill_diagonal_offset", a, val)
    offset = cast(as_index(offset), "int64")
    if a.ndim != 2 or offset.ndim:
        raise ShapeError(
            "fill_diagonal_offset takes a matrix and a number of columns\n"
            f"  a       {describe(a)}\n  offset  {describe(offset)}"
        )
    rows, columns = shape_i(a, 0), shape_i(a, 1)
    to_right = offset >= 0
    left = switch(to_right, columns - offset, rows + offset)
    count = maximum(minimum(minimum(rows, columns), left), 0)
    start = switch(to_right, offset, mul(-offset, columns))
    return _filled(a, val, start, count, columns + 1)


def _checked(name: str, a: Any, val: Any) -> tuple[Any, Any]:
    a = as_tensor(a)
    if a.ndim < 2:
        raise ShapeError(f"{name}: a diagonal is of rank 2 at least, not of {describe(a)}")
    number = as_tensor(val)
    if number.ndim:
        raise ShapeError(f"{name}: a diagonal is filled with a number, not {describe(number)}")
    return a, val


def _filled(a: Any, val: Any, start: Any, count: Any, step: Any) -> TensorVariable:
    """Every so manyth element of all in their order; the slice ends before what is too far."""
    flat = flatten(a)
    filled = set_subtensor(flat[start : start + count * step : step], val)
    made: TensorVariable = filled.reshape([shape_i(a, i) for i in range(a.ndim)])
    return made
