"""What a call gives, put to the arguments that a function has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .arguments import MISSING
from .maker import Argument


def bind(
    function: str, parameters: Sequence[Argument], args: Sequence[Any], keywords: Mapping[str, Any]
) -> list[Any]:
    """A value for each parameter; `MISSING` for state that keeps its own.

    Raises
    ------
    TypeError
        For missing, unknown, doubled or too many arguments.
    """
    names = [p.name for p in parameters]
    if len(args) > len(parameters):
        raise TypeError(
            f"function {function!r} takes {len(parameters)} arguments ({listed(names)}), and got "
            f"{len(args)}"
        )
    values: list[Any] = [*args, *[MISSING] * (len(parameters) - len(args))]
    for name, value in keywords.items():
        if name not in names:
            raise TypeError(
                f"function {function!r} has no argument {name!r}; its arguments are {listed(names)}"
            )
        i = names.index(name)
        if values[i] is not MISSING:
            raise TypeError(f"function {function!r} got two values for the argument {name!r}")
        values[i] = value
    for i, p in enumerate(parameters):
        if values[i] is not MISSING and p.implicit:
            raise TypeError(
                f"function {function!r}: {p.name or p.variable} (position {i}) is implicit, and "
                "takes no value in a call"
            )
        if values[i] is MISSING and p.default:
            values[i] = p.default[0]
    missing = [
        f"{p.name or p.variable} (position {i})"
        for i, p in enumerate(parameters)
        if values[i] is MISSING and p.state is None
    ]
    if missing:
        raise TypeError(f"function {function!r} misses values for: {', '.join(missing)}")
    return values


def listed(names: Sequence[str | None]) -> str:
    """Names in a row, for messages."""
    return ", ".join(n or "<unnamed>" for n in names) or "none"
