"""Functions by their names, and objects in a line of text."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from typing import Any

from bitale_graph.extend import Op


def by_name(what: str, given: Any, known: Mapping[str, Callable[..., Any]]) -> Callable[..., Any]:
    """A function that is given itself, or by its name among ``known``.

    Raises
    ------
    ValueError
        For a name that is not known.
    TypeError
        For what is neither a name nor callable.
    """
    if isinstance(given, str):
        if given in known:
            return known[given]
        near = difflib.get_close_matches(given.lower(), known, 1)
        suggestion = f"did you mean {near[0]!r}? " if near else ""
        raise ValueError(
            f"there is no {what} {given!r}; {suggestion}The names are {', '.join(sorted(known))}, "
            "and any function will do"
        )
    if not callable(given):
        raise TypeError(
            f"the {what} must be a function or one of the names {', '.join(sorted(known))}, not "
            f"{given!r}"
        )
    result: Callable[..., Any] = given
    return result


def shown(value: Any) -> str:
    """A value of an attribute, short: functions and objects without a text by their name."""
    scalar_op = getattr(value, "scalar_op", None)
    if isinstance(value, Op) and scalar_op is not None:
        return str(scalar_op)
    name = getattr(value, "__name__", None)
    if callable(value) and isinstance(name, str):
        return name
    if " object at 0x" in repr(value):
        return type(value).__name__
    return repr(value)
