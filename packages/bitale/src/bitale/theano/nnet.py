"""Functions of networks that are other functions in Theano."""

from __future__ import annotations

import warnings
from typing import Any

from bitale_graph import language as T
from bitale_graph import pooling
from bitale_graph.extend import as_tensor


def relu(x: Any, alpha: Any = 0) -> Any:
    """``x`` where it is positive, else ``alpha * x``, by absolute values.

    It is an array where ``x`` is one and ``alpha`` is 0, and NaN at minus infinity. The derivative
    at 0 is ``(1 + alpha) / 2``.
    """
    if isinstance(alpha, (int, float)) and alpha == 0:
        return 0.5 * (x + abs(x))
    alpha = as_tensor(alpha)
    return 0.5 * (1 + alpha) * x + 0.5 * (1 - alpha) * abs(x)


def softmax(c: Any, axis: int = -1) -> Any:
    """Softmax of the rows of a matrix; a vector is a matrix of one row."""
    return T.softmax(_rows(c), axis)


def logsoftmax(c: Any, axis: int = -1) -> Any:
    """The logarithm of `softmax`."""
    return T.log_softmax(_rows(c), axis)


def pool_2d(
    input: Any, ws: Any = None, ignore_border: bool | None = None, *rest: Any, **named: Any
) -> Any:
    """Pool, where ``ignore_border`` may be left out, which means False and is told."""
    return pooling.pool_2d(input, ws, _border("pool_2d", ignore_border), *rest, **named)


def pool_3d(
    input: Any, ws: Any = None, ignore_border: bool | None = None, *rest: Any, **named: Any
) -> Any:
    """Pool along three axes, as `pool_2d` does along two."""
    return pooling.pool_3d(input, ws, _border("pool_3d", ignore_border), *rest, **named)


def _border(name: str, ignore_border: bool | None) -> bool:
    if ignore_border is None:
        warnings.warn(
            f"{name}: ignore_border is not given, and means False in Theano: windows that go "
            "beyond the end count what is there",
            stacklevel=3,
        )
    return bool(ignore_border)


def _rows(c: Any) -> Any:
    c = as_tensor(c)
    return c.dimshuffle("x", 0) if c.ndim == 1 else c
