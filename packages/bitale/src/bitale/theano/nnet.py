"""Functions of networks that are other functions in Theano."""

from __future__ import annotations

from typing import Any

from bitale_graph import language as T
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


def _rows(c: Any) -> Any:
    c = as_tensor(c)
    return c.dimshuffle("x", 0) if c.ndim == 1 else c
