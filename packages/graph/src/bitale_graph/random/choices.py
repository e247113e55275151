"""Random choices and orders, as functions from a state to the next state and what was drawn.

See `distributions` for ``size``, ``ndim`` and states.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..base import dtype as dtypes
from ..base.errors import DtypeError, ShapeError, describe
from ..core.graph import Constant
from ..ops import math as tm
from ..ops.along_axis import take_along_axis
from ..ops.assertion import Assert
from ..ops.creation import arange
from ..ops.cumulative import cumsum
from ..ops.join import concatenate
from ..ops.reduction import all as all_of
from ..ops.reduction import sum as sum_of
from ..ops.reshape import reshape
from ..ops.shape import dimshuffle, lengths_of, shape_i
from ..ops.sorting import argsort
from ..recurrence import scan
from ..tensor import draws
from ..tensor.conversion import as_tensor
from ..tensor.elementwise import cast
from ..tensor.functions import log1p
from .distributions import Drawn, check_known, is_probability
from .state import Draws, advanced, count_of, parameter, shape_of_draw


def multinomial(
    state: Any,
    size: Any = None,
    n: Any = 1,
    pvals: Any = (0.5, 0.5),
    ndim: int | None = None,
    dtype: str = "int64",
) -> Drawn:
    """How often each kind is chosen, of ``n`` that are chosen independently.

    Parameters
    ----------
    state : vector of two uint64
    size, ndim
        The shape but for the last axis, along which the kinds are.
    n : tensor of integers
    pvals : tensor
        Along its last axis the probabilities of the kinds. The last kind has what the others leave.
    dtype : str
    """
    n, p = as_tensor(n), parameter(pvals)
    if p.ndim == 0:
        raise ShapeError(
            f"multinomial: pvals has the kinds along its last axis, and is {describe(p)}"
        )
    check_known("multinomial", "pvals must lie between 0 and 1", p, is_probability)
    check_known("multinomial", "pvals must not sum up to more than 1", p, _sum_up_to_one_at_most)
    outer = shape_of_draw("multinomial", size, ndim, [p], inner=1)
    if n.ndim > len(outer):
        raise ShapeError(f"multinomial: n is {describe(n)}, and {len(outer)} axes are drawn")
    if isinstance(n, Constant) and (n.data == 1).all():
        return _one_of_each(state, outer, p, dtype)
    return _many_of_each(state, outer, cast(n, "int64"), p, dtype)


def _sum_up_to_one_at_most(p: Any) -> Any:
    return tm.le(sum_of(cast(p, "float64"), axis=-1), 1 + _rounding(p))


def _sum_up_to_one(p: Any) -> Any:
    return tm.and_(
        _sum_up_to_one_at_most(p), tm.ge(sum_of(cast(p, "float64"), axis=-1), 1 - _rounding(p))
    )


def _rounding(p: Any) -> float:
    """What probabilities that are computed may sum up to wrongly, as NumPy has it."""
    return float(np.sqrt(np.finfo(p.type.dtype if dtypes.is_float(p.type.dtype) else "d").eps))


def _one_of_each(state: Any, outer: Any, p: Any, dtype: str) -> Drawn:
    d = Draws(state, outer)
    place = _placed(d, p)
    kinds = arange(shape_i(p, p.ndim - 1))
    return d.next_state(), cast(tm.eq(dimshuffle(place, *range(place.ndim), "x"), kinds), dtype)


def _placed(d: Draws, p: Any) -> Any:
    """One kind for each element, by its probability along the last axis of ``p``."""
    dtype = p.type.dtype if dtypes.is_float(p.type.dtype) else "float64"
    u = d.unit(dtype)
    # Where the probabilities sum up to less than 1, the last kind has the rest.
    below = cumsum(cast(p, dtype), axis=-1)[..., :-1]
    return sum_of(tm.le(below, dimshuffle(u, *range(u.ndim), "x")), axis=-1)


def _many_of_each(state: Any, outer: Any, n: Any, p: Any, dtype: str) -> Drawn:
    """One kind after the other: how many of those that are left, by what it has of the rest."""
    d = Draws(state, outer)
    rank, last = len(outer), p.ndim - 1
    first = dimshuffle(cast(p, "float64"), last, *range(last))
    rest = 1 - cumsum(first, axis=0) + first
    share = tm.clip(first / tm.switch(tm.gt(rest, 0), rest, 1), 0, 1)
    share = dimshuffle(share, 0, *("x",) * (rank - last), *range(1, last + 1))
    kinds = shape_i(p, last)

    def one(kind: Any, p: Any, left: Any, key: Any, draw: Any, index: Any) -> Any:
        found = draws.random_binomial(key, draw + cast(kind, "uint64"), index, left, p)
        return found, left - found

    (found, _), _ = scan(
        one,
        sequences=[arange(kinds - 1), share[:-1]],
        outputs_info=[None, n + cast(d.index * 0, "int64")],
        non_sequences=[d.state[0], d.state[1], d.index],
    )
    others = n - sum_of(found, axis=0)
    every = concatenate([found, dimshuffle(others, "x", *range(rank))])
    return advanced(state, kinds), cast(dimshuffle(every, *range(1, rank + 1), 0), dtype)


def choice(
    state: Any,
    size: Any = None,
    a: Any = None,
    replace: bool = True,
    p: Any = None,
    ndim: int | None = None,
    dtype: str | None = None,
) -> Drawn:
    """Elements that are chosen at random.

    Parameters
    ----------
    state : vector of two uint64
    size, ndim
        The shape of what is drawn.
    a : 0-d integer, or tensor
        What is chosen from: the numbers below it, or what lies along its first axis. By default
        the numbers that have a probability, or 0 and 1.
    replace : bool
        Whether one may be chosen again.
    p : vector or matrix, optional
        How likely each is; by default all are equally. Of a matrix ``size``, an integer, are drawn
        with the probabilities of each row; then ``a`` is left out.
    dtype : str, optional
        By default that of ``a``, or int64.
    """
    if p is not None and a is None:
        p = as_tensor(p)
        if p.ndim == 2:
            after, found = _of_rows(state, 1 if size is None else size, replace, parameter(p))
            return after, cast(found, dtype or "int64")
        a = shape_i(p, p.ndim - 1) if p.ndim else 1
    a = as_tensor(2 if a is None else a)
    if a.ndim == 0 and not dtypes.is_discrete(a.type.dtype):
        raise DtypeError(f"choice: a is a number of elements or a tensor, and not {describe(a)}")
    lengths = shape_of_draw("choice", () if size is None else size, ndim, [])
    count = cast(a, "int64") if a.ndim == 0 else shape_i(a, 0)
    after, places = (_again if replace else _once)(state, lengths, count, p)
    found = places if a.ndim == 0 else a[places]
    return after, found if dtype is None else cast(found, dtype)


def _again(state: Any, lengths: Any, count: Any, p: Any) -> Drawn:
    """Places, each independent of the others."""
    d = Draws(state, lengths)
    if p is not None:
        p = _of_each(parameter(p), count)
        return d.next_state(), cast(_placed(d, p), "int64")
    count = _enough("there is nothing to choose from", count, tm.gt(count, 0))
    return d.next_state(), cast(d(draws.random_below, cast(count, "uint64")), "int64")


def _once(state: Any, lengths: Any, count: Any, p: Any) -> Drawn:
    """Places, no two equal: those that come first in a random order.

    Where some are likelier, by waiting times (Efraimidis and Spirakis, 2006).
    """
    d = Draws(state, [count])
    wanted = count_of(lengths)
    if p is None:
        times, likely = d.bits(), count
    else:
        p = _of_each(parameter(p), count)
        times = _waiting_times(d, p)
        likely = sum_of(tm.gt(p, 0))
    wanted = _enough("more are drawn than there are", wanted, tm.le(wanted, likely))
    return d.next_state(), reshape(argsort(times)[:wanted], lengths, len(lengths))


def _waiting_times(d: Draws, p: Any) -> Any:
    """What comes first without replacement; what has no probability comes never."""
    times = -log1p(-d.unit("float64")) / cast(p, "float64")
    return tm.switch(tm.gt(p, 0), times, np.inf)


def _of_rows(state: Any, size: Any, replace: bool, p: Any) -> Drawn:
    """For each row of probabilities ``size`` places along it."""
    size = as_tensor(size[0] if isinstance(size, (list, tuple)) and len(size) == 1 else size)
    if size.ndim or not dtypes.is_discrete(size.type.dtype):
        raise ShapeError(
            f"choice: the size is the number that is drawn of each row of p\n  p  {describe(p)}"
        )
    rows, count = lengths_of(p)
    if replace:
        d = Draws(state, [rows, size])
        return d.next_state(), _placed(d, dimshuffle(p, 0, "x", 1))
    d = Draws(state, [rows, count])
    likely = all_of(tm.le(size, sum_of(tm.gt(p, 0), axis=1)))
    size = _enough("more are drawn than there are", size, likely)
    return d.next_state(), argsort(_waiting_times(d, p), axis=1)[:, :size]


def _of_each(p: Any, count: Any) -> Any:
    """Probabilities, of which there are as many as elements."""
    if p.ndim != 1:
        raise ShapeError(f"choice: p is a vector of probabilities, and not {describe(p)}")
    check_known("choice", "p must lie between 0 and 1", p, is_probability)
    check_known("choice", "p must sum up to 1", p, _sum_up_to_one)
    said = "choice: there are more or fewer probabilities than elements"
    return Assert(said, "ShapeError")(p, tm.eq(shape_i(p, 0), count))


def _enough(said: str, x: Any, holds: Any) -> Any:
    return Assert(f"choice: {said}", "ValueError")(x, holds)


def permutation(
    state: Any, size: Any = None, n: Any = 1, ndim: int | None = None, dtype: str = "int64"
) -> Drawn:
    """Random orders of the numbers below ``n``, along a last axis; of a tensor one of its rows."""
    n = as_tensor(n)
    outer = shape_of_draw("permutation", () if size is None else size, ndim, [])
    rows = None
    if n.ndim:
        if outer:
            raise ShapeError(f"permutation: one order of {describe(n)} is drawn, and no size")
        rows, n = n, shape_i(n, 0)
    d = Draws(state, [*outer, cast(n, "int64")])
    order = argsort(d.bits(), axis=-1)
    return d.next_state(), cast(order, dtype) if rows is None else rows[order]


def shuffle_row_elements(state: Any, input: Any) -> Drawn:
    """The elements along the last axis, for each of the others in a random order of its own."""
    x = as_tensor(input)
    if x.ndim == 0:
        raise ShapeError(f"shuffle_row_elements: there are no rows in {describe(x)}")
    d = Draws(state, lengths_of(x))
    return d.next_state(), take_along_axis(x, argsort(d.bits(), axis=-1), -1)
