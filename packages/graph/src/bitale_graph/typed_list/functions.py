"""The functions of lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import making, reading


def getitem(x: Any, index: Any) -> Any:
    """The element at a place, or with a slice a list of elements.

    Parameters
    ----------
    x : variable of `TypedListType`
    index : int, symbolic integer, or slice of such
        Negative ones count from the end.

    Returns
    -------
    Variable
        Of the type of the elements, or with a slice of that of ``x``.

    Raises
    ------
    TypeError
        If ``x`` is no list or ``index`` no index; an IndexError when it runs, beyond the end.

    Examples
    --------
    >>> from bitale_graph import language as T
    >>> x = TypedListType(T.dvector)("x")
    >>> getitem(x, -1).eval({x: [[1, 2], [3.0]]})
    array([3.])
    """
    return reading.GetItem()(x, index)


def append(x: Any, toAppend: Any) -> Any:
    """A list with one element more at its end."""
    return making.Append()(x, toAppend)


def extend(x: Any, toAppend: Any) -> Any:
    """A list with the elements of another of its type at its end."""
    return making.Extend()(x, toAppend)


def insert(x: Any, index: Any, toInsert: Any) -> Any:
    """A list with one element more before that at a place, as `list.insert`."""
    return making.Insert()(x, index, toInsert)


def remove(x: Any, toRemove: Any) -> Any:
    """A list without the first element that equals a value; the same if none does."""
    return making.Remove()(x, toRemove)


def reverse(x: Any) -> Any:
    """A list from its end to its beginning."""
    return making.Reverse()(x)


def index_(x: Any, elem: Any) -> Any:
    """The place of the first element that equals a value, int64; a ValueError if none does."""
    return reading.Index()(x, elem)


def count(x: Any, elem: Any) -> Any:
    """How many elements equal a value; int64."""
    return reading.Count()(x, elem)


def length(x: Any) -> Any:
    """The number of elements; int64."""
    return reading.Length()(x)


def make_list(a: Sequence[Any]) -> Any:
    """A list of variables and values.

    Parameters
    ----------
    a : list or tuple
        One element or more; values become constants.

    Returns
    -------
    Variable
        Of `TypedListType`, without lengths of axes that differ among the elements.

    Raises
    ------
    TypeError
        If the elements have several types.
    """
    return making.MakeList()(a)
