"""Images made larger, and pooled to a size that does not depend on theirs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..base import dtype as dtypes
from ..base.errors import DtypeError, ShapeError, describe
from ..ops.creation import zeros
from ..ops.indexing import set_subtensor
from ..ops.join import concatenate, stack
from ..ops.reduction import max as max_of
from ..ops.reduction import sum as sum_of
from ..ops.repeat import stretched
from ..ops.shape import shape_i
from ..ops.split import as_known, part_of
from ..tensor.conversion import as_tensor
from ..tensor.elementwise import cast
from ..tensor.variable import TensorVariable
from .pool import PoolGrad


def upscale(x: Any, factor: Any, mode: str = "repeat", n: int = 2) -> TensorVariable:
    """``x`` larger by whole factors along its last ``n`` axes.

    Parameters
    ----------
    x : tensor
    factor : int or sequence of ints
        One for all, or one for each axis; at least 1.
    mode : {"repeat", "dilate"}
        Whether each element is repeated, or stands before zeros.
    n : int

    Examples
    --------
    >>> upscale([[1.0, 2.0]], 2).eval()
    array([[1., 1., 2., 2.],
           [1., 1., 2., 2.]])
    """
    x = as_tensor(x)
    if x.ndim < n:
        raise ShapeError(f"upscale: there are no {n} axes in\n  {describe(x)}")
    factors = [factor] * n if isinstance(factor, (int, np.integer)) else list(factor)
    if len(factors) != n or any(not isinstance(f, (int, np.integer)) or f < 1 for f in factors):
        raise ValueError(f"upscale: {n} factors are ints of at least 1, not {factor!r}")
    every = [1] * (x.ndim - n) + [int(f) for f in factors]
    lengths = [as_known(shape_i(x, a)) for a in range(x.ndim)]
    if mode == "repeat" and dtypes.is_float(x.type.dtype) and n in (1, 2, 3):
        # The transpose of a sum by windows, of which the transpose has a routine as well.
        wide = [m * f for m, f in zip(lengths[x.ndim - n :], every[x.ndim - n :], strict=True)]
        sizes = every[x.ndim - n :]
        return PoolGrad(n, "sum")(x, *wide, *sizes, *sizes, *[0] * n)
    if mode == "repeat":
        each = zip(lengths, every, strict=True)
        return stretched("upscale", x, [[(m, a), (f, "x")] for a, (m, f) in enumerate(each)])
    if mode != "dilate":
        raise ValueError(f"upscale: the mode is 'repeat' or 'dilate', not {mode!r}")
    dilated = zeros([m * f for m, f in zip(lengths, every, strict=True)], dtype=x.type.dtype)
    return set_subtensor(dilated[tuple(slice(None, None, f) for f in every)], x)


def spatial_pyramid_pool(
    x: Any, levels: Sequence[int] = (4, 2, 1), mode: str = "max"
) -> TensorVariable:
    """As many numbers from images of every size: each level of n cuts both axes into n parts.

    Part k of an axis of length i goes from ``k * i // n`` up to ``((k + 1) * i + n - 1) // n``, so
    that parts overlap where n does not divide i, and none is empty (He and others, Spatial pyramid
    pooling in deep convolutional networks for visual recognition, 2015).

    Parameters
    ----------
    x : tensor
        Its last two axes are pooled.
    levels : sequence of int
    mode : {"max", "average"}

    Returns
    -------
    TensorVariable
        The other axes, then one of ``sum(n * n for n in levels)``: level by level, row by row.
    """
    x = as_tensor(x)
    if x.ndim < 2:
        raise ShapeError(f"spatial_pyramid_pool: there are no 2 axes in\n  {describe(x)}")
    if mode not in ("max", "average"):
        raise ValueError(f"spatial_pyramid_pool: the mode is 'max' or 'average', not {mode!r}")
    if x.type.dtype.startswith("complex"):
        raise DtypeError(f"spatial_pyramid_pool: images have real numbers, not {describe(x)}")
    if not levels or any(not isinstance(n, (int, np.integer)) or n < 1 for n in levels):
        raise ValueError(f"spatial_pyramid_pool: levels are ints of at least 1, not {levels!r}")
    if mode == "average":
        x = cast(x, dtypes.at_least_float(x.type.dtype))
    found = []
    for n in map(int, levels):
        parts = _parts(_parts(x, x.ndim - 2, n, mode), x.ndim - 1, n, mode)
        found.append(parts.flatten(x.ndim - 1))
    return found[0] if len(found) == 1 else concatenate(found, axis=x.ndim - 2)


def _parts(x: Any, axis: int, n: int, mode: str) -> TensorVariable:
    """What each of ``n`` parts of an axis holds at most, or on average."""
    length = as_known(shape_i(x, axis))
    parts = []
    for k in range(n):
        start, stop = k * length // n, ((k + 1) * length + n - 1) // n
        part = part_of(x, axis, start, stop)
        if mode == "max":
            parts.append(max_of(part, axis))
        else:
            parts.append(sum_of(part, axis) / cast(as_tensor(stop - start), x.type.dtype))
    return stack(parts, axis=axis)
