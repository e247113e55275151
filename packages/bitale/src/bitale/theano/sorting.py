"""Sorting along an axis that is told when a function is called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bitale_graph import Constant, Variable, assert_op, ifelse
from bitale_graph import language as T


def sort(a: Any, axis: Any = -1, kind: Any = "quicksort", order: None = None) -> Any:
    """`sort`, of which ``axis`` may be a symbolic integer."""
    return _along(T.sort, a, axis, kind, order)


def argsort(a: Any, axis: Any = -1, kind: Any = "quicksort", order: None = None) -> Any:
    """`argsort`, of which ``axis`` may be a symbolic integer."""
    return _along(T.argsort, a, axis, kind, order)


def _along(function: Callable[..., Any], a: Any, axis: Any, kind: Any, order: None) -> Any:
    if isinstance(axis, Constant):
        axis = None if axis.data is None else int(axis.data)
    if not isinstance(axis, Variable):
        return function(a, axis, kind, order)
    return _told_later(function, T.as_tensor_variable(a), axis, kind, order)


def _told_later(function: Callable[..., Any], x: Any, axis: Any, kind: Any, order: None) -> Any:
    if axis.ndim or axis.dtype.startswith(("float", "complex", "bool")):
        raise TypeError(f"an axis is a 0-d integer, and not of {axis.type}")
    inside = T.and_(T.ge(axis, -x.ndim), T.lt(axis, x.ndim))
    place = assert_op(axis % x.ndim, inside)
    found = function(x, x.ndim - 1, kind, order)
    for k in reversed(range(x.ndim - 1)):  # of which only the one that is asked for is computed
        found = ifelse(T.eq(place, k), function(x, k, kind, order), found)
    return found


__all__ = ["argsort", "sort"]
