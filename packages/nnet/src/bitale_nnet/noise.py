"""Dropout: elements left out at random while a network trains."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import ShapeError, TensorVariable, Variable, as_tensor, describe
from bitale_graph.extend import dtype as dtypes


def dropout(
    x: Any, streams: Any, p: Any = 0.5, rescale: bool = True, shared_axes: Sequence[int] = ()
) -> TensorVariable:
    """``x`` with each element zero with probability ``p``, and the others divided by ``1 - p``.

    Parameters
    ----------
    x : tensor
    streams : RandomStreams
        What draws; each call of a function draws anew.
    p : number or symbolic scalar
        From 0 on, below 1.
    rescale : bool
        Whether what stays is divided by ``1 - p``, so that means stay the same.
    shared_axes : sequence of int
        Axes along which one draw decides for all: ``(2, 3)`` leaves out whole channels of
        (rows, channels, height, width), ``(1,)`` whole locations.

    Raises
    ------
    ShapeError
        If an axis does not exist.
    ValueError
        If ``p`` is a number and no probability below 1.

    Source: Srivastava et al., Dropout: A Simple Way to Prevent Neural Networks from Overfitting,
    JMLR 15 (2014).
    """
    x = T.cast(x, dtypes.at_least_float(as_tensor(x).dtype))
    if not isinstance(p, Variable):
        if not 0 <= p < 1:
            raise ValueError(f"dropout: p is a probability below 1, and not {p!r}")
        if p == 0:
            return as_tensor(x)
    shared = _checked_axes(x, shared_axes)
    size = [1 if a in shared else x.shape[a] for a in range(x.ndim)]
    # float16 numbers have too few steps between 0 and 1 for a probability.
    drawn = streams.uniform(size, dtype=dtypes.upcast(x.dtype, "float32"), ndim=x.ndim)
    if shared:
        drawn = T.addbroadcast(drawn, *shared)
    kept = T.cast(x / (1 - p), x.dtype) if rescale else x
    # Chosen and not multiplied: what is left out may be infinite.
    return T.switch(drawn >= p, kept, T.zeros_like(kept))


def _checked_axes(x: Any, axes: Sequence[int]) -> list[int]:
    axes = (axes,) if isinstance(axes, int) else tuple(axes)
    if any(not -x.ndim <= a < x.ndim for a in axes):
        raise ShapeError(f"dropout: shared_axes {axes} of {describe(x)}")
    return [a % x.ndim for a in axes]


def dropout_channels(x: Any, streams: Any, p: Any = 0.5, rescale: bool = True) -> TensorVariable:
    r"""`dropout` of whole channels of (rows, channels, \*spatial).

    Source: Tompson et al., Efficient Object Localization Using Convolutional Networks,
    arXiv:1411.4280, section 3.2.
    """
    x = as_tensor(x)
    return dropout(x, streams, p, rescale, range(2, x.ndim))


def dropout_locations(x: Any, streams: Any, p: Any = 0.5, rescale: bool = True) -> TensorVariable:
    r"""`dropout` of all channels at once, location by location, of (rows, channels, \*spatial)."""
    return dropout(x, streams, p, rescale, (1,))
