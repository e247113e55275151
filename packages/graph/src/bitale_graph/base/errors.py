"""The exception classes of bitale; each refines the builtin that a caller would expect."""

from __future__ import annotations

import linecache
import os
from collections.abc import Iterable
from typing import Any

from .cells import place_in


class ShapeError(ValueError):
    """Shapes or ranks that do not go together, found while an expression is built or run."""


class DtypeError(TypeError):
    """Dtypes that an operation cannot take."""


class ComplexError(DtypeError):
    """Complex numbers, for what has no meaning of them."""


class AsTensorError(TypeError):
    """A value that cannot become a tensor."""


class UnusedInputError(ValueError):
    """An input of a function that no output or update depends on."""


class MissingInputError(ValueError):
    """A variable that the outputs depend on and that nothing gives a value."""


class DuplicateInputError(ValueError):
    """A variable listed twice among the inputs of a function."""


class InconsistentGraphError(ValueError):
    """A replacement that would change the type of a variable or leave a graph broken."""


InconsistencyError = InconsistentGraphError


class MissingRuleError(LookupError):
    """An op that a layer knows no rule for."""


class NotScalarConstantError(ValueError):
    """A variable that is not a constant scalar, where one is needed."""


class EmptyConstantError(NotScalarConstantError):
    """A constant without elements, where a scalar is needed."""


class CachedConstantError(ValueError):
    """Of Theano, where constants kept for all programs must not be used in a graph.

    Nothing raises it here.
    """


class ConfigError(ValueError):
    """An unknown flag, or a value that a flag does not take."""


def nearest(name: object, known: Iterable[object], form: str = "{!r}") -> str:
    """Ask whether one of the ``known`` names was meant; an empty string if none is near."""
    from difflib import get_close_matches  # costs a hundredth of importing this package

    spelt = {str(one).lower(): one for one in sorted(map(str, known))}
    found = get_close_matches(str(name).lower(), spelt, n=3, cutoff=0.7)
    if not found:
        return ""
    return f"; did you mean {' or '.join(form.format(spelt[one]) for one in found)}?"


def source_line(filename: str, line: int) -> str:
    """The text of a line of the user's program, cut to 80 letters; empty where there is none."""
    # To open what is no file, such as /dev/stdin, could wait for ever.
    if filename not in linecache.cache and not os.path.isfile(filename):  # noqa: PTH113 (any text)
        return ""
    text = linecache.getline(filename, line).strip()
    return text if len(text) <= 80 else f"{text[:77]}..."


def where_made(variable: Any) -> str:
    """Tell at which line of the user's program ``variable`` was made, with its text.

    An empty string where that is not known.
    """
    trace = variable.made_at or (variable.owner.trace if variable.owner is not None else ())
    if not trace:
        return ""
    filename, line, function = trace[0]
    source = source_line(filename, line)
    return place_in(filename, line, function) + (f": `{source}`" if source else "")


def describe(variable: Any) -> str:
    """Lay out one operand for an error message: name, type and the line that made it."""
    place = where_made(variable)
    return f"{variable}  {variable.type}" + (f"  made at {place}" if place else "")
