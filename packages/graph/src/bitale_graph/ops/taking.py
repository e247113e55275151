"""Taking elements: along an axis, one of several tensors, or where a condition holds."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np

from ..base import dtype as dtypes
from ..base.errors import ShapeError, describe
from ..core.graph import Variable
from ..tensor.conversion import as_tensor
from ..tensor.elementwise import cast
from ..tensor.variable import TensorVariable
from .along_axis import TakeAlongAxis
from .assertion import Assert
from .index_expression import index
from .index_value import as_index
from .math import add, clip, eq, floor, ge, lt, mul, sub, switch, true_div
from .nonzero import flatnonzero
from .reduction import normalize_axes
from .reshape import flatten
from .shape import shape_i

Mode = Literal["raise", "wrap", "clip"]
MODES: tuple[Mode, ...] = get_args(Mode)


def check_mode(name: str, mode: Any) -> None:
    """Raise `ValueError` unless a mode tells what becomes of places that are not there."""
    if mode not in MODES:
        raise ValueError(f"{name}: mode is 'raise', 'wrap' or 'clip', not {mode!r}")


def in_range(indices: Any, n: Any, mode: Mode) -> Any:
    """Indices as places among ``n``: as they are, modulo ``n``, or the nearest that is one."""
    if mode == "raise":
        return indices
    indices = cast(indices, "int64")
    return _remainder(indices, n) if mode == "wrap" else clip(indices, 0, n - 1)


def _remainder(indices: Any, n: Any) -> Any:
    """Indices modulo a length, by products in float64, of which compilers make vectors.

    Of large indices the first quotient is off, and so the rest is not small; that of the second is
    off by one at most. Division of integers takes four times as long.
    """
    inverse = true_div(np.float64(1), n)
    rest = indices
    for _ in range(2):
        rest = sub(rest, mul(cast(floor(mul(cast(rest, "float64"), inverse)), "int64"), n))
    return switch(lt(rest, 0), add(rest, n), switch(ge(rest, n), sub(rest, n), rest))


def take(a: Any, indices: Any, axis: int | None = None, mode: Mode = "raise") -> TensorVariable:
    """Elements at ``indices`` along ``axis``, as `numpy.take`.

    Parameters
    ----------
    a : tensor_like
    indices : tensor_like of integers
        Of any rank: their axes stand in the place of ``axis``.
    axis : int or None
        None: of the flattened tensor.
    mode : {"raise", "wrap", "clip"}
        What becomes of an index outside: an error (negative ones count from the end), its remainder
        modulo the length, or the nearest place (negative ones are 0).

    Raises
    ------
    IndexError
        When it runs, for an index outside.
    """
    check_mode("take", mode)
    a = as_tensor(a)
    indices = as_index(list(indices) if isinstance(indices, tuple) else indices, a)
    if axis is None:
        a, place = flatten(a), 0
    else:
        (place,) = normalize_axes("take", axis, a)
    rows = in_range(indices, shape_i(a, place), mode)
    return index(a, (slice(None),) * place + (rows,))


def compress(condition: Any, x: Any, axis: int | None = None) -> TensorVariable:
    """The parts of ``x`` along ``axis`` where ``condition`` holds, as `numpy.compress`.

    Parameters
    ----------
    condition : tensor_like
        A vector; one that is shorter than the axis leaves out the rest.
    x : tensor_like
    axis : int or None
        None: of the flattened tensor.
    """
    condition = as_tensor(condition)
    if condition.ndim != 1:
        raise ShapeError(f"compress: the condition is a vector, not {describe(condition)}")
    return take(x, flatnonzero(condition), axis)


def choose(a: Any, choices: Any, mode: Mode = "raise") -> TensorVariable:
    """Each element from that one of several tensors whose number ``a`` tells, as `numpy.choose`.

    Parameters
    ----------
    a : tensor_like of integers
    choices : sequence of tensor_like, or tensor_like
        What to choose from; a tensor has the choices along its first axis. All broadcast with
        ``a``.
    mode : {"raise", "wrap", "clip"}
        What becomes of a number that no choice has; see `take`.

    Raises
    ------
    ValueError
        When it runs, for a number that no choice has.
    """
    check_mode("choose", mode)
    a = as_index(a)
    if isinstance(choices, (Variable, np.ndarray)):
        return _of_rows(a, as_tensor(choices), mode)
    options = [as_tensor(c) for c in choices]
    if not options:
        raise ValueError("choose: there is nothing to choose from")
    dtype = dtypes.upcast(*(c.type.dtype for c in options))
    number = _number(a, len(options), mode)
    found = cast(options[-1], dtype)
    for k in reversed(range(len(options) - 1)):
        found = switch(eq(number, k), cast(options[k], dtype), found)
    # A lone choice takes the shape of the numbers as well.
    made: TensorVariable = found if len(options) > 1 else switch(eq(number, 0), found, found)
    return made


def _number(a: Any, n: Any, mode: Mode) -> Any:
    if mode != "raise":
        return in_range(a, n, mode)
    check = Assert("choose: there are numbers that no choice has", "ValueError")
    return check(a, ge(a, 0), lt(a, n))


def _of_rows(a: Any, choices: Any, mode: Mode) -> TensorVariable:
    if choices.ndim == 0:
        raise ShapeError(f"choose: choices are along the first axis, of {describe(choices)}")
    number = _number(a, shape_i(choices, 0), mode)
    ndim = max(a.ndim, choices.ndim - 1)
    own = range(1, choices.ndim)
    aligned = choices.dimshuffle(0, *("x",) * (ndim - len(own)), *own)
    found: TensorVariable = TakeAlongAxis(0)(aligned, as_tensor(number, ndim=ndim + 1))[0]
    return found


def extract(condition: Any, x: Any) -> TensorVariable:
    """The elements of ``x`` where ``condition`` holds, both flattened, as `numpy.extract`."""
    return compress(flatten(as_tensor(condition)), x)
