"""Pooling as functions of tensors, in Theano's form."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from ..base import dtype as dtypes
from ..base.errors import ShapeError, describe
from ..core.graph import Variable
from ..ops.shape import as_lengths
from ..ops.vector_length import vector_length
from ..tensor.conversion import as_tensor
from ..tensor.elementwise import cast
from ..tensor.variable import TensorVariable
from .pool import MaxPoolGrad, Pool
from .windows import AVERAGES, MODES

_OLD = {"ds": "ws", "st": "stride", "padding": "pad"}


def pool_2d(
    input: Any,
    ws: Any = None,
    ignore_border: bool | None = None,
    stride: Any = None,
    pad: Any = (0, 0),
    mode: str = "max",
    **old: Any,
) -> TensorVariable:
    """What windows along the last two axes hold at most, in sum, or on average.

    Of an axis of length i windows of length w at steps of s give ``(i + 2 * pad - w) // s + 1``
    numbers with ``ignore_border``, but never fewer than 0. Without it windows may go beyond the
    end, where they hold what is there: ``(i - 1) // s + 1`` if ``s >= w``, else ``max(0, (i - 1 - w
    + s) // s) + 1``.

    Parameters
    ----------
    input : tensor
        Of two or more axes; the leading ones stay.
    ws : int, pair of ints and 0-d integer variables, or integer vector
        The lengths of a window.
    ignore_border : bool
        Whether windows that go beyond the end are left out; it must be said.
    stride : as `ws`, optional
        The steps from one window to the next; by default there is no gap and no overlap.
    pad : as `ws`
        How much is added at both ends, less than the window; it needs ``ignore_border=True``. A
        maximum does not look at it.
    mode : {"max", "sum", "average_inc_pad", "average_exc_pad"}
        Averages divide by how many elements a window has, with or without those that were added.
    **old
        ``ds``, ``st`` and ``padding``, the names that ``ws``, ``stride`` and ``pad`` had.

    Returns
    -------
    TensorVariable
        Of the dtype of ``input``, but for averages of integers, which are floats, and sums of bool,
        which are int64. A maximum among NaN is NaN. By a maximum the derivative goes to every
        element that equals it in its window, and to none where it is NaN.

    Raises
    ------
    ValueError
        If a size is not positive, a pad too large, or the mode none of these: now where that is
        known, else when it runs.

    Examples
    --------
    >>> from bitale_graph import language as T
    >>> x = T.reshape(T.arange(25.0), (5, 5))
    >>> pool_2d(x, 2, ignore_border=True).eval()
    array([[ 6.,  8.],
           [16., 18.]])
    """
    return pooled_by("pool_2d", 2, input, ws, ignore_border, stride, pad, mode, old)


def pool_1d(
    input: Any,
    ws: Any = None,
    ignore_border: bool | None = None,
    stride: Any = None,
    pad: Any = (0,),
    mode: str = "max",
) -> TensorVariable:
    """What windows along the last axis hold; see `pool_2d`."""
    return pooled_by("pool_1d", 1, input, ws, ignore_border, stride, pad, mode, {})


def pool_3d(
    input: Any,
    ws: Any = None,
    ignore_border: bool | None = None,
    stride: Any = None,
    pad: Any = (0, 0, 0),
    mode: str = "max",
    **old: Any,
) -> TensorVariable:
    """What windows along the last three axes hold; see `pool_2d`."""
    return pooled_by("pool_3d", 3, input, ws, ignore_border, stride, pad, mode, old)


def max_pool_2d(
    input: Any,
    ds: Any,
    ignore_border: bool = False,
    st: Any = None,
    padding: Any = (0, 0),
    mode: str = "max",
) -> TensorVariable:
    """`pool_2d` as it was called once: windows beyond the end are kept, unless it is said."""
    return pooled_by("max_pool_2d", 2, input, ds, ignore_border, st, padding, mode, {})


def max_pool_2d_same_size(input: Any, patch_size: Any) -> TensorVariable:
    """``input`` with only the maxima of its patches, and zeros for all else.

    Parameters
    ----------
    input : tensor
        Of two or more axes.
    patch_size : int, pair of ints and 0-d integer variables, or integer vector
        Patches that go beyond the end are left out, and give zeros.
    """
    x = as_tensor(input)
    ws = _each("max_pool_2d_same_size", "patch_size", patch_size, 2)
    sizes = (*ws, *ws, 0, 0)
    maxima = Pool(2)(x, *sizes)
    return MaxPoolGrad(2)(x, maxima, maxima, *sizes)


def pooled_by(
    name: str,
    n: int,
    x: Any,
    ws: Any,
    ignore_border: bool | None,
    stride: Any,
    pad: Any,
    mode: str,
    old: dict[str, Any],
) -> TensorVariable:
    """Pool the last ``n`` axes for a function of that name."""
    windows, steps, pads = sizes_of(name, n, ws, stride, pad, old)
    x = as_tensor(x)
    if mode not in MODES:
        raise ValueError(f"{name}: the mode is one of {', '.join(map(repr, MODES))}, not {mode!r}")
    if x.ndim < n:
        raise ShapeError(f"{name}: there are no {n} axes in\n  {describe(x)}")
    if ignore_border is None:
        raise ValueError(
            f"{name}: say ignore_border=True to leave out windows that go beyond the end, or "
            "ignore_border=False to keep what they hold"
        )
    if mode in AVERAGES:
        x = cast(x, dtypes.at_least_float(x.type.dtype))
    elif mode == "sum" and x.type.dtype == "bool":
        x = cast(x, "int64")
    return Pool(n, mode, bool(ignore_border))(x, *windows, *steps, *pads)


def sizes_of(
    name: str, n: int, ws: Any, stride: Any, pad: Any, old: dict[str, Any]
) -> tuple[list[Any], list[Any], list[Any]]:
    """Windows, steps and pads, a number for each of ``n`` axes."""
    ws, stride, pad = _renamed(name, n, {"ws": ws, "stride": stride, "pad": pad}, old)
    windows = _each(name, "ws", ws, n)
    steps = windows if stride is None else _each(name, "stride", stride, n)
    return windows, steps, _each(name, "pad", 0 if pad is None else pad, n)


def _renamed(name: str, n: int, given: dict[str, Any], old: dict[str, Any]) -> Sequence[Any]:
    """The sizes, of which some may have been given by the names that they had."""
    found = dict(given)
    for word, value in old.items():
        new = _OLD.get(word)
        if new is None:
            raise TypeError(f"{name}: got an unexpected keyword argument {word!r}")
        is_given = found[new] is not None and not (new == "pad" and found[new] == (0,) * n)
        if is_given:
            raise TypeError(f"{name}: {word} is the old name of {new}, and both are given")
        warnings.warn(f"{name}: {word} is called {new} now", DeprecationWarning, stacklevel=5)
        found[new] = value
    if found["ws"] is None:
        raise TypeError(f"{name}: ws, the lengths of a window, is missing")
    return [found[word] for word in given]


def _each(name: str, word: str, size: Any, n: int) -> list[Any]:
    """A size for each axis; a number stands for all."""
    if isinstance(size, Variable) and size.type.ndim == 1 and vector_length(size) is None:
        return as_lengths(f"{name}: {word}", size, n)
    found = as_lengths(f"{name}: {word}", size)
    if len(found) == 1 and n > 1 and as_tensor(size).ndim == 0:
        return found * n
    if len(found) != n:
        raise ValueError(f"{name}: {word} has a number for each of {n} axes, not {len(found)}")
    return found
