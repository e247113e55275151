"""Ranges, weighted means and covariances."""

from __future__ import annotations

from typing import Any

from ..base import dtype as dtypes
from ..base.errors import DtypeError, ShapeError, describe
from ..ops import math as tm
from ..tensor.conversion import as_tensor
from ..tensor.elementwise import cast
from ..tensor.variable import TensorVariable
from .axes import Axes, expand_dims, normalize_axes, squeeze
from .broadcasting import broadcast_to
from .contraction import dot
from .diagonal import diagonal
from .join import concatenate
from .reduction import max, mean, min, sum
from .shape import dimshuffle, shape_i


def ptp(x: Any, axis: Axes = None, keepdims: bool = False) -> TensorVariable:
    """The largest element along ``axis`` (None: all) less the smallest, as `numpy.ptp`."""
    x = as_tensor(x)
    axes = normalize_axes("ptp", axis, x)
    return tm.sub(max(x, axes, keepdims), min(x, axes, keepdims))


def average(
    x: Any, axis: Axes = None, weights: Any = None, returned: bool = False, keepdims: bool = False
) -> Any:
    """The weighted mean along ``axis`` (None: all), as `numpy.average`.

    Parameters
    ----------
    weights : tensor_like, optional
        Of the shape of ``x``, or a vector along the one axis; without it the plain mean.
    returned : bool
        Give the sum of the weights as well, in the shape of the mean.
    """
    x = as_tensor(x)
    axes = normalize_axes("average", axis, x)
    if weights is None:
        found = mean(x, axes, keepdims=keepdims)
        count: Any = tm.mul(1, *(shape_i(x, a) for a in axes))
        total = cast(count, found.type.dtype)
    else:
        w = _aligned(x, as_tensor(weights), axes)
        work = dtypes.upcast(x.type.dtype, w.type.dtype)
        work = "float64" if dtypes.is_discrete(work) else work
        total = sum(cast(w, work), axes, keepdims=keepdims)
        found = tm.true_div(sum(tm.mul(cast(x, work), w), axes, keepdims=keepdims), total)
    if not returned:
        return found
    return found, broadcast_to(total, [shape_i(found, a) for a in range(found.ndim)])


def _aligned(x: Any, w: Any, axes: tuple[int, ...]) -> Any:
    """Weights that go with ``x``: of its rank, or those of one axis."""
    if w.ndim == x.ndim:
        return w
    if w.ndim != 1 or len(axes) != 1:
        raise ShapeError(
            f"average: the weights have the shape of x, or are a vector along one axis\n"
            f"  x  {describe(x)}\n  weights  {describe(w)}"
        )
    return dimshuffle(w, *(0 if a == axes[0] else "x" for a in range(x.ndim)))


def cov(
    m: Any,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: int | None = None,
    fweights: Any = None,
    aweights: Any = None,
) -> TensorVariable:
    """The covariance matrix of variables, as `numpy.cov`.

    Parameters
    ----------
    m, y : tensor_like
        Observations of variables, at most of rank 2: a row for each variable, or a column without
        ``rowvar``. ``y`` has further variables. Floats keep their dtype, integers give float64.
    bias : bool
        Divide by the number of observations rather than by one less.
    ddof : int, optional
        What is taken from that number; it goes before ``bias``.
    fweights, aweights : tensor_like, optional
        How often each observation was made, and how much each counts.
    """
    x = _observations("cov", m, rowvar)
    if y is not None:
        x = concatenate([x, _observations("cov", y, rowvar)])
    if ddof is None:
        ddof = 0 if bias else 1
    dtype = "float32" if x.type.dtype == "float16" else x.type.dtype
    work = cast(x, dtype)
    w = _weights(x, dtype, fweights, aweights)
    if w is None:
        centre = mean(work, 1, keepdims=True)
        divisor = tm.sub(cast(shape_i(x, 1), dtype), ddof)
    else:
        total = sum(w)
        centre = tm.true_div(sum(tm.mul(work, w), 1, keepdims=True), total)
        lost: Any = ddof
        if aweights is not None and ddof:
            lost = tm.true_div(tm.mul(sum(tm.mul(w, aweights)), ddof), total)
        divisor = tm.sub(total, lost)
    distance = tm.sub(work, centre)
    other = distance if w is None else tm.mul(distance, w)
    found = tm.true_div(dot(distance, other.T), cast(tm.maximum(divisor, 0), dtype))
    return cast(squeeze(found), x.type.dtype)


def _observations(name: str, m: Any, rowvar: bool) -> Any:
    x = as_tensor(m)
    if x.ndim > 2:
        raise ShapeError(f"{name} takes vectors and matrices, and got {describe(x)}")
    if dtypes.is_complex(x.type.dtype):
        raise DtypeError(f"{name}: complex numbers are not there yet\n  m  {describe(x)}")
    if dtypes.is_discrete(x.type.dtype):
        x = cast(x, "float64")
    if x.ndim < 2:
        return as_tensor(x, ndim=2)
    return x if rowvar else x.T


def _weights(x: Any, dtype: str, fweights: Any, aweights: Any) -> Any:
    given = [as_tensor(w) for w in (fweights, aweights) if w is not None]
    for w in given:
        if w.ndim != 1:
            raise ShapeError(f"cov: the weights are a vector, not {describe(w)}")
    if fweights is not None and not dtypes.is_discrete(given[0].type.dtype):
        raise TypeError(f"cov: fweights count observations, and are {describe(given[0])}")
    if not given:
        return None
    return cast(given[0] if len(given) == 1 else tm.mul(*given), dtype)


def corrcoef(x: Any, y: Any = None, rowvar: bool = True) -> TensorVariable:
    """The correlations of variables, as `numpy.corrcoef`; see `cov`."""
    c = cov(x, y, rowvar)
    if c.ndim == 0:
        return tm.true_div(c, c)
    spread = tm.sqrt(diagonal(c))
    return tm.clip(
        tm.true_div(tm.true_div(c, expand_dims(spread, 1)), expand_dims(spread, 0)), -1, 1
    )
