"""Differences of neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..base.errors import ShapeError, describe
from ..ops import math as tm
from ..tensor.conversion import as_tensor
from ..tensor.elementwise import cast
from ..tensor.variable import TensorVariable
from .creation import full
from .join import concatenate
from .reshape import flatten
from .shape import shape_i
from .split import one_axis, part_of


def diff(
    x: Any, n: int = 1, axis: Any = -1, prepend: Any = None, append: Any = None
) -> TensorVariable:
    """Differences of neighbours along an axis, ``n`` times over, as `numpy.diff`.

    Parameters
    ----------
    n : int
        Not negative; 0 gives ``x``.
    prepend, append : tensor_like, optional
        What comes before and after along the axis; a number stands for one slice of it.

    Notes
    -----
    Of bools it tells which neighbours differ.
    """
    x = as_tensor(x)
    if not isinstance(n, (int, np.integer)) or n < 0:
        raise ValueError(f"diff: the order is an int and not negative, and is {n!r}")
    if x.ndim == 0:
        raise ShapeError(f"diff takes a tensor of rank 1 or more, and got {describe(x)}")
    axis = one_axis("diff", axis, x)
    around = [_slice_of(x, v, axis) for v in (prepend, append) if v is not None]
    if around:
        before, after = around[: prepend is not None], around[prepend is not None :]
        x = concatenate([*before, x, *after], axis)
    for _ in range(n):
        later, earlier = part_of(x, axis, 1, None), part_of(x, axis, None, -1)
        x = tm.neq(later, earlier) if x.type.dtype == "bool" else tm.sub(later, earlier)
    return as_tensor(x)


def _slice_of(x: Any, value: Any, axis: int) -> Any:
    v = as_tensor(value)
    if v.ndim:
        return v
    lengths = [1 if a == axis else shape_i(x, a) for a in range(x.ndim)]
    return full(lengths, v)


def ediff1d(x: Any, to_end: Any = None, to_begin: Any = None) -> TensorVariable:
    """Differences of neighbours in row-major order, as `numpy.ediff1d`.

    ``to_begin`` and ``to_end`` are put before and after them, in the dtype of ``x``.
    """
    x = flatten(as_tensor(x))
    parts = [diff(x)]
    if to_begin is not None:
        parts.insert(0, flatten(cast(to_begin, x.type.dtype)))
    if to_end is not None:
        parts.append(flatten(cast(to_end, x.type.dtype)))
    return concatenate(parts)
