"""A tensor cut into parts along an axis: views."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..base.errors import ShapeError, describe
from ..core.graph import Variable
from ..ops import math as tm
from ..tensor.conversion import as_tensor, constant_int
from ..tensor.variable import TensorVariable
from .assertion import Assert
from .axes import normalize_axes
from .shape import as_lengths, shape_i, with_lengths


def one_axis(name: str, axis: Any, x: Any) -> int:
    """An axis of ``x`` counted from the front; a constant may stand for the number."""
    if isinstance(axis, Variable):
        known = constant_int(axis)
        if known is None:
            raise TypeError(
                f"{name}: the axis must be known when the expression is built\n"
                f"  axis  {describe(axis)}"
            )
        axis = known
    if not isinstance(axis, (int, np.integer)):
        raise TypeError(f"{name}: the axis is an int, not {axis!r}")
    (place,) = normalize_axes(name, axis, x)
    return place


def part_of(x: Any, axis: int, start: Any, stop: Any, step: Any = None) -> TensorVariable:
    """``x[start:stop:step]`` along an axis."""
    part: TensorVariable = x[(slice(None),) * axis + (slice(start, stop, step),)]
    return part


def plus(a: Any, b: Any) -> Any:
    """The sum of two lengths: an int where both are ints."""
    return a + b if isinstance(a, int) and isinstance(b, int) else tm.add(a, b)


def minus(a: Any, b: Any) -> Any:
    """The difference of two lengths: an int where both are ints."""
    return a - b if isinstance(a, int) and isinstance(b, int) else tm.sub(a, b)


def as_known(n: Any) -> Any:
    """A length as an int where it is known, else the variable."""
    known = constant_int(n)
    return n if known is None else known


def split(
    x: Any, splits_size: Any, n_splits: int | None = None, axis: Any = 0
) -> list[TensorVariable]:
    """The parts of ``x`` of the lengths ``splits_size`` along an axis, which they add up to.

    Parameters
    ----------
    splits_size : sequence of ints and 0-d integer variables, or integer vector
    n_splits : int, optional
        How many; needed where ``splits_size`` is a vector of unknown length.
    axis : int

    Returns
    -------
    list of TensorVariable
        Views.

    Raises
    ------
    ShapeError
        If a length is negative or they do not add up: now where they are known, else when it runs.

    Examples
    --------
    >>> from bitale_graph import function
    >>> from bitale_graph import language as T
    >>> x = T.dvector("x")
    >>> function([x], T.split(x, [2, 1], 2))([1.0, 2.0, 3.0])
    [array([1., 2.]), array([3.])]
    """
    x = as_tensor(x)
    axis = one_axis("split", axis, x)
    if n_splits is not None and not isinstance(n_splits, (int, np.integer)):
        raise TypeError(f"split: n_splits is an int, not {n_splits!r}")
    sizes = [as_known(n) for n in as_lengths("split", splits_size, n_splits)]
    if n_splits is not None and len(sizes) != n_splits:
        raise ShapeError(f"split: {n_splits} parts need as many sizes, and given are {len(sizes)}")
    x = _checked(x, axis, sizes)
    ends: list[Any] = [0]
    for n in sizes:
        ends.append(plus(ends[-1], n))
    return [part_of(x, axis, a, b) for a, b in itertools.pairwise(ends)]


def _checked(x: Any, axis: int, sizes: Sequence[Any]) -> Any:
    """``x`` itself, once it is known that the sizes cut it up, or will be when it runs."""
    length = x.type.shape[axis]
    known = [n for n in sizes if isinstance(n, int)]
    total = sum(known)
    is_known = len(known) == len(sizes)
    if any(n < 0 for n in known):
        raise ShapeError(f"split: a size cannot be negative: {known}")
    if length is not None and (total > length or (is_known and total != length)):
        raise ShapeError(
            f"split: the sizes {known} do not add up to the length {length} of axis {axis} of "
            f"{describe(x)}"
        )
    conditions = [tm.ge(n, 0) for n in sizes if not isinstance(n, int)]
    if not is_known or length is None:
        whole: Any = 0
        for n in sizes:
            whole = plus(whole, n)
        conditions.append(tm.eq(whole, shape_i(x, axis)))
    if not conditions:
        return x
    message = (
        f"split: the sizes must not be negative and add up to the length of axis {axis}\n"
        "  hint: give the last one as that length without the others"
    )
    x = Assert(message, "ShapeError")(x, *conditions)
    return with_lengths(x, [total if a == axis and is_known else None for a in range(x.ndim)])


def array_split(x: Any, indices_or_sections: Any, axis: Any = 0) -> list[TensorVariable]:
    """Parts of ``x`` along an axis, as `numpy.array_split`.

    Parameters
    ----------
    indices_or_sections : int, or sequence of integers
        A number of parts of equal length, the first ones longer by one where that must be; or the
        places of the cuts, which may be symbolic.
    """
    x = as_tensor(x)
    axis = one_axis("array_split", axis, x)
    if isinstance(indices_or_sections, (int, np.integer)):
        sections = int(indices_or_sections)
        if sections < 1:
            raise ValueError(f"array_split: there must be a part or more, not {sections}")
        n = as_known(shape_i(x, axis))
        if isinstance(n, int):
            each, longer = divmod(n, sections)
            cuts: list[Any] = [i * each + min(i, longer) for i in range(1, sections)]
        else:
            whole, rest = tm.divmod(n, sections)
            cuts = [tm.add(tm.mul(whole, i), tm.minimum(rest, i)) for i in range(1, sections)]
    else:
        cuts = [as_known(n) for n in as_lengths("array_split", indices_or_sections)]
    ends = [None, *cuts, None]
    return [part_of(x, axis, a, b) for a, b in itertools.pairwise(ends)]
