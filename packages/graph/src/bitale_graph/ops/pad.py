"""Tensors with more elements around them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..base import dtype as dtypes
from ..base.errors import ShapeError, describe
from ..core.graph import Variable
from ..ops import math as tm
from ..tensor.conversion import as_tensor
from ..tensor.elementwise import cast
from ..tensor.variable import TensorVariable
from .assertion import Assert
from .axes import expand_dims, moveaxis, squeeze
from .creation import arange, empty
from .indexing import set_subtensor
from .reduction import max as max_of
from .reduction import mean as mean_of
from .reduction import min as min_of
from .sequences import linspace
from .shape import as_lengths, dimshuffle, shape_i
from .split import as_known, minus, part_of, plus

_STATISTICS: dict[str, Callable[..., Any]] = {"maximum": max_of, "mean": mean_of, "minimum": min_of}
# The option that a mode has, and its default.
_OPTIONS: dict[str, dict[str, Any]] = {
    "constant": {"constant_values": 0},
    "edge": {},
    "empty": {},
    "linear_ramp": {"end_values": 0},
    "maximum": {"stat_length": None},
    "mean": {"stat_length": None},
    "minimum": {"stat_length": None},
    "reflect": {"reflect_type": "even"},
    "symmetric": {"reflect_type": "even"},
    "wrap": {},
}


@dataclass
class _Axis:
    """An axis while it is padded.

    ``y`` is the result so far, of which the elements from ``before`` to ``before + n`` are there.
    """

    y: Any
    axis: int
    before: Any
    after: Any
    n: Any

    def inner(self, start: Any, stop: Any) -> Any:
        """What is there, from one place to another."""
        return part_of(self.y, self.axis, plus(self.before, start), plus(self.before, stop))

    def edge(self, *, is_left: bool) -> Any:
        """The first or the last slice of what is there."""
        place = self.before if is_left else plus(self.before, plus(self.n, -1))
        return expand_dims(self.y[(slice(None),) * self.axis + (place,)], self.axis)

    def rows(self, places: Any) -> Any:
        """A copy of what is there at places, as many as there are elements in the first axis."""
        return self.y[(slice(None),) * self.axis + (tm.add(places, self.before),)]

    def along(self, vector: Any) -> Any:
        """A vector along the axis."""
        return dimshuffle(vector, *(0 if a == self.axis else "x" for a in range(self.y.ndim)))

    def write(self, values: Any, *, is_left: bool) -> None:
        """Fill one side."""
        if is_left:
            place = part_of(self.y, self.axis, None, self.before)
        else:
            place = part_of(self.y, self.axis, plus(self.before, self.n), None)
        self.y = set_subtensor(place, cast(values, self.y.type.dtype))


def pad(x: Any, pad_width: Any, mode: str = "constant", **options: Any) -> TensorVariable:
    """``x`` with elements added before and after it along each axis, as `numpy.pad`.

    Parameters
    ----------
    pad_width : int, pair, or sequence of pairs
        How many elements come before and after: for all axes, or a pair for each. Numbers may be
        0-d integer variables. A dict tells them for some axes.
    mode : str
        One of ``constant``, ``edge``, ``empty``, ``linear_ramp``, ``maximum``, ``mean``,
        ``minimum``, ``reflect``, ``symmetric`` and ``wrap``.
    constant_values, end_values : number, pair, or sequence of pairs
        What is written (``constant``), or where a ramp ends (``linear_ramp``).
    stat_length : int, pair, or sequence of pairs
        How many elements at each side maxima, means and minima are taken of; None for all.
    reflect_type : {"even", "odd"}
        Whether mirrored elements are written as they are, or taken from twice the one at the edge.

    Raises
    ------
    ShapeError
        For a negative width, and where an empty axis is to be continued.
    """
    x = as_tensor(x)
    if mode not in _OPTIONS:
        raise ValueError(f"pad: mode is one of {', '.join(_OPTIONS)}, not {mode!r}")
    unknown = set(options) - set(_OPTIONS[mode])
    if unknown:
        raise ValueError(f"pad: the mode {mode!r} does not take {', '.join(sorted(unknown))}")
    chosen = {**_OPTIONS[mode], **options}
    widths = [_width_pair(pair) for pair in _pairs("pad_width", _from_dict(pad_width, x), x.ndim)]
    x = _checked(x, widths, mode)
    if all(n == 0 and isinstance(n, int) for pair in widths for n in pair):
        return as_tensor(x)
    lengths = [as_known(shape_i(x, a)) for a in range(x.ndim)]
    whole = [plus(plus(p, n), q) for (p, q), n in zip(widths, lengths, strict=True)]
    inside = tuple(slice(p, plus(p, n)) for (p, _), n in zip(widths, lengths, strict=True))
    y: Any = set_subtensor(empty(whole, x.type.dtype)[inside], x)
    for a, (p, q) in enumerate(widths):
        sides = [(n, is_left) for n, is_left in ((p, True), (q, False)) if _is_some(n)]
        one = _Axis(y, a, p, q, lengths[a])
        # What is written last must not be taken for what is there.
        found = [(_values(mode, one, n, is_left, chosen), is_left) for n, is_left in sides]
        for values, is_left in found:
            if values is not None:
                one.write(values, is_left=is_left)
        y = one.y
    return as_tensor(y)


def _is_some(n: Any) -> bool:
    return not (isinstance(n, int) and n == 0)


def _from_dict(widths: Any, x: Any) -> Any:
    if not isinstance(widths, dict):
        return widths
    pairs: list[Any] = [(0, 0)] * x.ndim
    for axis, width in widths.items():
        if not isinstance(axis, (int, np.integer)) or not -x.ndim <= axis < x.ndim:
            raise ShapeError(f"pad: there is no axis {axis!r} of {describe(x)}")
        pairs[axis] = tuple(width) if isinstance(width, (list, tuple)) else (width, width)
    return pairs


def _unstacked(name: str, given: Any) -> Any:
    """What is told by an array or a symbolic vector or matrix, as a list of its rows."""
    if isinstance(given, np.ndarray):
        return given.tolist()
    if not isinstance(given, Variable) or not as_tensor(given).ndim:
        return list(given) if isinstance(given, (list, tuple)) else given
    v = as_tensor(given)
    n = v.type.shape[0]
    if n is None:
        raise ShapeError(f"pad: the length of {name} must be known\n  {describe(v)}")
    return [v[i] for i in range(n)]


def _pairs(name: str, given: Any, ndim: int) -> list[tuple[Any, Any]]:
    """What is told for all axes, or for each, as a pair for each."""
    given = _unstacked(name, given)
    if not isinstance(given, list):
        return [(given, given)] * ndim
    items = [_unstacked(name, item) for item in given]
    if all(not isinstance(item, list) for item in items):
        if len(items) == 1:
            return [(items[0], items[0])] * ndim
        if len(items) == 2:
            return [(items[0], items[1])] * ndim
    pairs = [
        (item[0], item[-1]) for item in items if isinstance(item, list) and len(item) in (1, 2)
    ]
    if len(pairs) != len(items) or len(pairs) not in (1, ndim):
        raise ShapeError(
            f"pad: {name} is a number, a pair, or a pair for each of the {ndim} axes, and not "
            f"{given!r:.80}"
        )
    return pairs * ndim if len(pairs) == 1 else pairs


def _width_pair(pair: tuple[Any, Any]) -> tuple[Any, Any]:
    before, after = (as_known(n) for n in as_lengths("pad", list(pair)))
    return before, after


def _checked(x: Any, widths: Sequence[tuple[Any, Any]], mode: str) -> Any:
    """``x`` itself, once it is known that the widths go with it, or will be when it runs."""
    given = [n for pair in widths for n in pair]
    for n in given:
        if isinstance(n, int) and n < 0:
            raise ShapeError(f"pad: a width cannot be negative, and is {n}")
    conditions = [tm.ge(n, 0) for n in given if not isinstance(n, int)]
    if conditions:
        x = Assert("pad: a width cannot be negative", "ShapeError")(x, *conditions)
    if mode in ("constant", "empty"):
        return x
    for a, (before, after) in enumerate(widths):
        added = plus(before, after)
        length = x.type.shape[a]
        message = f"pad: the mode {mode!r} cannot continue axis {a}, which is empty"
        if length == 0 and isinstance(added, int) and added:
            raise ShapeError(f"{message}, of {describe(x)}")
        if not length and _is_some(added):
            fits = tm.or_(tm.gt(shape_i(x, a), 0), tm.eq(added, 0))
            x = Assert(message, "ShapeError")(x, fits)
    return x


def _values(mode: str, one: _Axis, width: Any, is_left: bool, options: dict[str, Any]) -> Any:
    """What is written at one side of an axis; None leaves what is there."""
    ndim = one.y.ndim
    side = 0 if is_left else 1
    if mode == "empty":
        return None
    if mode == "constant":
        return _number(
            _pairs("constant_values", options["constant_values"], ndim)[one.axis][side], one
        )
    if mode == "linear_ramp":
        end = _number(_pairs("end_values", options["end_values"], ndim)[one.axis][side], one)
        return _ramp(one, width, end, is_left)
    if mode in _STATISTICS:
        length = _pairs("stat_length", options["stat_length"], ndim)[one.axis][side]
        return _statistic(mode, one, length, is_left)
    last = plus(one.n, -1)
    outside = tm.sub(arange(width), width) if is_left else tm.add(arange(width), one.n)
    if mode == "edge":
        return one.rows(tm.minimum(tm.maximum(outside, 0), last))
    if mode == "wrap":
        return one.rows(tm.mod(outside, one.n))
    if options["reflect_type"] not in ("even", "odd"):
        raise ValueError(f"pad: reflect_type is 'even' or 'odd', not {options['reflect_type']!r}")
    return _mirrored(mode, one, outside, options["reflect_type"] == "odd")


def _number(value: Any, one: _Axis) -> Any:
    v = as_tensor(value)
    if v.ndim:
        raise ShapeError(f"pad: what is written is a number, and not {describe(v)}")
    return cast(v, one.y.type.dtype)


def _ramp(one: _Axis, width: Any, end: Any, is_left: bool) -> Any:
    """From the edge, which is not repeated, to what it ends with."""
    edge = squeeze(one.edge(is_left=is_left), one.axis)
    steps = moveaxis(
        linspace(end, edge, width, endpoint=False, dtype=one.y.type.dtype), 0, one.axis
    )
    if is_left:
        return steps
    return steps[tuple(slice(None, None, -1 if a == one.axis else None) for a in range(steps.ndim))]


def _statistic(mode: str, one: _Axis, length: Any, is_left: bool) -> Any:
    """Of all elements along the axis, or of some at one side."""
    if length is None:
        part = one.inner(0, one.n)
    else:
        (given,) = as_lengths("pad", [length])
        size = as_known(given)
        if isinstance(size, int) and size < 1:
            raise ValueError(f"pad: stat_length must be 1 or more, and is {size}")
        is_known = isinstance(size, int) and isinstance(one.n, int)
        size = min(size, one.n) if is_known else tm.minimum(size, one.n)
        part = one.inner(0, size) if is_left else one.inner(minus(one.n, size), one.n)
    found = _STATISTICS[mode](part, axis=one.axis, keepdims=True)
    is_rounded = mode == "mean" and one.y.type.dtype in dtypes.INTEGERS
    return tm.round(found) if is_rounded else found


def _mirrored(mode: str, one: _Axis, outside: Any, is_odd: bool) -> Any:
    """Elements behind a mirror on the edge (``reflect``) or just outside (``symmetric``)."""
    last = plus(one.n, -1)
    is_symmetric = mode == "symmetric"
    # A second mirror behind the first one gives the elements in order again.
    period = plus(one.n, one.n if is_symmetric else plus(one.n, -2))
    period = max(period, 1) if isinstance(period, int) else tm.maximum(period, 1)
    within = tm.mod(outside, period)
    is_back = tm.gt(within, last)
    places = tm.switch(
        is_back, tm.sub(plus(period, -1) if is_symmetric else period, within), within
    )
    found = one.rows(places)
    if not is_odd:
        return found
    low, high = one.edge(is_left=True), one.edge(is_left=False)
    rise = tm.mul(
        one.along(cast(tm.int_div(outside, period), one.y.type.dtype)), tm.mul(2, tm.sub(high, low))
    )
    return tm.add(tm.switch(one.along(is_back), tm.sub(tm.mul(2, high), found), found), rise)
