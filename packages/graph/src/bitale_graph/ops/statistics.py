"""Counts and quantiles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..base import dtype as dtypes
from ..base.errors import DtypeError, describe
from ..core.graph import Variable
from ..tensor import scalar
from ..tensor.conversion import as_tensor
from ..tensor.elementwise import cast
from ..tensor.variable import TensorVariable
from . import math as tm
from .assertion import Assert
from .axes import keep_axes
from .creation import arange, full_like, ones_like, zeros
from .indexing import inc_subtensor
from .join import stack
from .reduction import Reduce, normalize_axes
from .reduction import all as all_true
from .reshape import flatten, reshape
from .sets import as_vector
from .shape import dimshuffle, shape_i
from .sorting import Partition, searchsorted


def bincount(
    x: Any, weights: Any = None, minlength: Any = None, assert_nonneg: bool = False
) -> TensorVariable:
    """How often each number from 0 is in a vector of integers, as `numpy.bincount`.

    Parameters
    ----------
    x : tensor_like of integers
        A vector of numbers that are not negative.
    weights : tensor_like, optional
        What to add up instead of ones, a vector of the length of ``x``.
    minlength : int or 0-d integer variable, optional
        The least length of the result.
    assert_nonneg : bool
        Theano's; negative numbers raise anyhow.

    Returns
    -------
    TensorVariable
        A vector of the dtype of ``weights``, or of int64.

    Raises
    ------
    ValueError
        When it runs, if a number is negative.
    """
    x = as_vector("bincount", x)
    if not dtypes.is_discrete(x.type.dtype) or x.type.dtype == "uint64":
        raise DtypeError(f"bincount counts integers that int64 holds\n  x  {describe(x)}")
    least = as_tensor(0 if minlength is None else minlength)
    x = cast(x, "int64")
    if weights is not None:
        weights = as_vector("bincount", weights)
    added = ones_like(x) if weights is None else weights
    top = tm.add(Reduce(scalar.maximum, (0,), "int64", "int64", allows_empty=True)(x), 1)
    places = Assert("bincount: a number is negative", "ValueError")(x, all_true(tm.ge(x, 0)))
    counts = zeros([tm.maximum(tm.maximum(top, least), 0)], dtype=added.dtype)
    return inc_subtensor(counts[places], added)


def digitize(x: Any, bins: Any, right: bool = False) -> TensorVariable:
    """In which of the intervals between ``bins`` each number lies, as `numpy.digitize`; int64.

    Parameters
    ----------
    x : tensor_like
    bins : tensor_like
        A vector, ascending or descending.
    right : bool
        Whether an interval has its right end, rather than its left one.

    Raises
    ------
    ValueError
        When it runs, if ``bins`` are not in order.
    """
    bins = as_vector("digitize", bins)
    steps = bins[1:], bins[:-1]
    rises, falls = all_true(tm.ge(*steps)), all_true(tm.le(*steps))
    bins = Assert("digitize: bins must ascend or descend", "ValueError")(bins, tm.or_(rises, falls))
    ordered = tm.switch(rises, bins, bins[::-1])
    places = searchsorted(ordered, x, "left" if right else "right")
    return tm.switch(rises, places, tm.sub(shape_i(bins, 0), places))


def histogram(
    a: Any, bins: Any = 10, range: Any = None, density: bool = False, weights: Any = None
) -> tuple[TensorVariable, TensorVariable]:
    """How many numbers lie in each of some intervals, and their ends, as `numpy.histogram`.

    Parameters
    ----------
    a : tensor_like
        Of any shape.
    bins : int or tensor_like
        How many intervals of one width, or their ascending ends.
    range : pair of numbers, optional
        Where intervals of one width begin and end; by default the least and the largest number.
    density : bool
        Give the density: its integral is 1.
    weights : tensor_like, optional
        What each number counts, in the shape of ``a``.
    """
    x = flatten(as_tensor(a))
    if not dtypes.is_float(x.type.dtype):
        x = cast(x, dtypes.quotient(x.type.dtype))
    is_count = isinstance(bins, (int, np.integer)) or as_tensor(bins).ndim == 0
    edges = _equal_bins(x, bins, range) if is_count else as_vector("histogram", bins)
    if not dtypes.is_float(edges.type.dtype):
        edges = cast(edges, x.type.dtype)
    count = tm.sub(shape_i(edges, 0), 1)
    within = tm.and_(tm.ge(x, edges[0]), tm.le(x, edges[-1]))
    if is_count:
        places = _in_equal_bins(tm.switch(within, x, edges[0]), edges, count)
    else:
        places = tm.minimum(tm.sub(searchsorted(edges, x, "right"), 1), tm.sub(count, 1))
    ones = ones_like(x, "int64") if weights is None else flatten(as_tensor(weights))
    # What lies outside adds nothing to the first.
    counted = tm.switch(within, ones, full_like(ones, 0))
    into = zeros([count], dtype=ones.dtype)
    counts = inc_subtensor(into[tm.switch(within, places, 0)], counted)
    if density:
        share = cast(counts, edges.type.dtype)
        counts = tm.true_div(share, tm.mul(share.sum(), tm.sub(edges[1:], edges[:-1])))
    return counts, edges


def _in_equal_bins(x: Any, edges: Any, count: Any) -> Any:
    """In which interval of one width a number lies: by a division, put right at the ends."""
    low, last = edges[0], tm.sub(count, 1)
    share = tm.mul(tm.true_div(tm.sub(x, low), tm.sub(edges[-1], low)), cast(count, x.dtype))
    places = tm.minimum(cast(share, "int64"), last)
    places = tm.sub(places, cast(tm.lt(x, edges[places]), "int64"))
    above = tm.and_(tm.ge(x, edges[tm.add(places, 1)]), tm.lt(places, last))
    return tm.add(places, cast(above, "int64"))


def _equal_bins(x: Any, bins: Any, given: Any) -> TensorVariable:
    """The ends of intervals of one width; around a single number they are as wide as 1."""
    if given is None:
        identity = {"low": np.inf, "high": -np.inf}
        low = Reduce(scalar.minimum, (0,), x.dtype, x.dtype, allows_empty=True)(x)
        high = Reduce(scalar.maximum, (0,), x.dtype, x.dtype, allows_empty=True)(x)
        low = tm.switch(tm.eq(low, identity["low"]), 0, low)
        high = tm.switch(tm.eq(high, identity["high"]), 1, high)
    else:
        low, high = (cast(as_tensor(n), x.dtype) for n in given)
    is_point = tm.eq(low, high)
    low, high = tm.switch(is_point, low - 0.5, low), tm.switch(is_point, high + 0.5, high)
    count = as_tensor(bins)
    places = cast(arange(tm.add(count, 1)), x.dtype)
    inner = tm.add(tm.mul(places, tm.true_div(tm.sub(high, low), cast(count, x.dtype))), low)
    return tm.switch(tm.eq(arange(tm.add(count, 1)), count), high, inner)


# Where a quantile lies in n sorted numbers, counted from 0, by q; Hyndman and Fan, Sample quantiles
# in statistical packages (1996), whose alpha and beta these are.
_BETWEEN: dict[str, tuple[float, float]] = {
    "linear": (1, 1),
    "interpolated_inverted_cdf": (0, 1),
    "hazen": (0.5, 0.5),
    "weibull": (0, 0),
    "median_unbiased": (1 / 3, 1 / 3),
    "normal_unbiased": (3 / 8, 3 / 8),
}
_AT: dict[str, Callable[[Any], Any]] = {
    "lower": tm.floor,
    "higher": tm.ceil,
    "nearest": tm.round,
    "midpoint": lambda place: 0.5 * (tm.floor(place) + tm.ceil(place)),
}


def _place(method: str, q: Any, n: Any) -> Any:
    """Where a quantile lies in ``n`` sorted numbers: whole, or between two of them."""
    if method in _AT:
        return _AT[method](q * (n - 1))
    if method not in _BETWEEN:
        known = ", ".join(map(repr, [*_BETWEEN, *_AT]))
        raise ValueError(f"quantile: method is one of {known}, not {method!r}")
    alpha, beta = _BETWEEN[method]
    return n * q + (alpha + q * (1 - alpha - beta)) - 1 if method != "linear" else q * (n - 1)


def _as_last(name: str, a: Any, axis: Any) -> tuple[Any, tuple[int, ...]]:
    """Floats with the axes that are gone through as one, the last."""
    x = as_tensor(a)
    if dtypes.is_complex(x.type.dtype):
        raise DtypeError(f"{name}: complex numbers have no order\n  a  {describe(x)}")
    x = cast(x, dtypes.quotient(x.type.dtype))
    axes = normalize_axes(name, axis, x)
    rest = [i for i in range(x.ndim) if i not in axes]
    moved = dimshuffle(x, *rest, *axes)
    if len(axes) != 1:
        size = tm.mul(*(shape_i(x, i) for i in axes)) if axes else 1
        moved = reshape(moved, [*(shape_i(x, i) for i in rest), size])
    return moved, axes


def quantile(
    a: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> TensorVariable:
    """The numbers below which the parts ``q`` of all lie, as `numpy.quantile`.

    Parameters
    ----------
    a : tensor_like
        Integers count as ``floatX``.
    q : tensor_like
        Parts between 0 and 1, of any shape; a number outside raises where it is known, and reads
        the first or the last where it is not.
    axis : int, sequence of ints or None
    method : str
        NumPy's names, but for those that are defined by steps.
    keepdims : bool

    Returns
    -------
    TensorVariable
        The axes of ``q``, then those that are left. NaN where there is one among the numbers.
    """
    x, axes = _as_last("quantile", a, axis)
    parts = cast(as_tensor(q), "float64")
    if not isinstance(q, Variable) and not ((parts.data >= 0) & (parts.data <= 1)).all():  # type: ignore[attr-defined]  # a constant
        raise ValueError(f"quantile: parts lie between 0 and 1, and q is {q!r:.60}")
    n = shape_i(x, -1)
    last = tm.sub(n, 1)
    place = tm.clip(_place(method, flatten(parts), cast(n, "float64")), 0, cast(last, "float64"))
    low = cast(tm.floor(place), "int64")
    high = tm.minimum(tm.add(low, 1), last)
    found = _between(x, low, high, last, cast(tm.sub(place, tm.floor(place)), x.dtype))
    found = dimshuffle(found, found.ndim - 1, *range(found.ndim - 1))
    if keepdims:
        rank = as_tensor(a).ndim
        kept = iter(range(1, found.ndim))
        found = dimshuffle(found, 0, *("x" if i in axes else next(kept) for i in range(rank)))
    lengths = [shape_i(parts, i) for i in range(parts.ndim)]
    return reshape(found, [*lengths, *(shape_i(found, i) for i in range(1, found.ndim))])


def _between(x: Any, low: Any, high: Any, last: Any, share: Any) -> Any:
    """Numbers between those at two places of the sorted last axis; NaN beside any NaN."""
    from .join import concatenate

    kth = concatenate([low, high, stack(last)])
    ordered = Partition(x.ndim - 1)(x, kth)
    before, behind = ordered[..., low], ordered[..., high]
    step = tm.sub(behind, before)
    # As NumPy does, so that both ends are met exactly.
    near = tm.add(before, tm.mul(step, share))
    far = tm.sub(behind, tm.mul(step, tm.sub(1, share)))
    found = tm.switch(tm.ge(share, 0.5), far, near)
    found = tm.switch(tm.eq(before, behind), before, found)
    final = dimshuffle(ordered[..., -1], *range(x.ndim - 1), "x")
    return tm.switch(tm.isnan(final), final, found)


def percentile(
    a: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> TensorVariable:
    """`quantile` of ``q / 100``, as `numpy.percentile`."""
    if not isinstance(q, Variable):
        return quantile(a, np.asarray(q, "float64") / 100, axis, method, keepdims)
    return quantile(a, tm.true_div(q, 100), axis, method, keepdims)


def median(a: Any, axis: Any = None, keepdims: bool = False) -> TensorVariable:
    """The number in the middle of all, or the mean of the two there, as `numpy.median`."""
    x, axes = _as_last("median", a, axis)
    place = x.ndim - 1
    if len(axes) == 1 and axes[0] != place:
        # Where it lies: what orders the columns needs no copy by rows.
        (place,) = axes
        x = dimshuffle(x, *range(place), x.ndim - 1, *range(place, x.ndim - 1))
    n = shape_i(x, place)
    low, high = tm.int_div(tm.sub(n, 1), 2), tm.int_div(n, 2)
    ordered = Partition(place)(x, stack(low, high, tm.sub(n, 1)))
    lower, upper, last = (ordered[(slice(None),) * place + (k,)] for k in (low, high, -1))
    middle = tm.switch(tm.eq(low, high), lower, tm.mul(tm.add(lower, upper), 0.5))
    found = tm.switch(tm.isnan(last), last, middle)
    return keep_axes(found, axes, as_tensor(a).ndim) if keepdims else found
