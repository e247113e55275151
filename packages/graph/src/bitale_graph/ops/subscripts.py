"""The subscripts of `einsum`: a label for each axis of the operands and of the result."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..base.errors import ShapeError, describe
from ..tensor.conversion import as_tensor

Labels = tuple[Hashable, ...]


class Subscripts(NamedTuple):
    """The operands of a sum of products, and the labels of their axes.

    Attributes
    ----------
    operands : list of TensorVariable
    inputs : list of tuple
        For each operand the labels of its axes. A label is a letter or a number; that of an axis
        which ``...`` stands for is a pair that tells which one, counted from the last.
    output : tuple
    """

    operands: list[Any]
    inputs: list[Labels]
    output: Labels


def read_subscripts(arguments: Sequence[Any]) -> Subscripts:
    """Read ``("ij,jk->ik", x, y)``, or ``(x, [0, 1], y, [1, 2], [0, 2])``.

    Raises
    ------
    ValueError
        If they are not as `numpy.einsum` has them.
    ShapeError
        If they do not fit the ranks of the operands.
    """
    if not arguments:
        raise ValueError("einsum takes subscripts, such as 'ij,jk->ik', and operands")
    if isinstance(arguments[0], str):
        text, *given = arguments
        terms, output = _from_text(text)
        if len(terms) != len(given):
            raise ValueError(
                f"einsum: {text!r} has subscripts of {len(terms)} operands, and {len(given)} are "
                "given"
            )
    else:
        given, terms, output = _from_lists(arguments)
    operands = [as_tensor(x) for x in given]
    widths = [_width(t, v, i) for i, (t, v) in enumerate(zip(terms, operands, strict=True))]
    inputs = [_spread(t, n) for t, n in zip(terms, widths, strict=True)]
    return Subscripts(operands, inputs, _output(inputs, output, max(widths)))


def _from_text(text: str) -> tuple[list[list[Any]], list[Any] | None]:
    left, arrow, right = text.replace(" ", "").partition("->")
    terms = [_labels(term, text) for term in left.split(",")]
    return terms, _labels(right, text) if arrow else None


def _labels(term: str, text: str) -> list[Any]:
    parts = term.split("...")
    if len(parts) > 2:
        raise ValueError(f"einsum: {text!r} has two ellipses in one term")
    for letter in "".join(parts):
        if not (letter.isalpha() and letter.isascii()):
            raise ValueError(f"einsum: {letter!r} in {text!r} is no subscript; those are letters")
    return [*parts[0], *((..., *parts[1]) if len(parts) == 2 else ())]


def _from_lists(arguments: Sequence[Any]) -> tuple[list[Any], list[list[Any]], list[Any] | None]:
    count = len(arguments) // 2
    if count == 0:
        raise ValueError("einsum: behind each operand stands a list of its subscripts")
    given = list(arguments[0 : 2 * count : 2])
    terms = [_numbers(one) for one in arguments[1 : 2 * count : 2]]
    return given, terms, _numbers(arguments[-1]) if len(arguments) % 2 else None


def _numbers(one: Any) -> list[Any]:
    if not isinstance(one, (list, tuple)):
        raise TypeError(f"einsum: subscripts are a text or a list of numbers, and not {one!r:.60}")
    for n in one:
        if n is not ... and (not isinstance(n, (int, np.integer)) or isinstance(n, bool)):
            raise TypeError(f"einsum: a subscript in a list is a number or ..., and not {n!r:.60}")
        if n is not ... and not 0 <= n < 52:
            raise ValueError(f"einsum: a subscript in a list is from 0 to 51, and not {n}")
    if sum(n is ... for n in one) > 1:
        raise ValueError(f"einsum: {list(one)} has two ellipses")
    return [n if n is ... else int(n) for n in one]


def _width(term: list[Any], v: Any, i: int) -> int:
    """How many axes the ellipsis of a term stands for."""
    named = sum(n is not ... for n in term)
    if named > v.ndim or (named < v.ndim and ... not in term):
        raise ShapeError(
            f"einsum: operand {i} has {named} subscripts, which do not fit\n  {describe(v)}"
        )
    return int(v.ndim - named)


def _spread(term: list[Any], width: int) -> Labels:
    """Labels for the axes that an ellipsis stands for: they are aligned at the last one."""
    if ... not in term:
        return tuple(term)
    at = term.index(...)
    return (*term[:at], *((..., n) for n in range(width, 0, -1)), *term[at + 1 :])


def _output(inputs: list[Labels], output: list[Any] | None, width: int) -> Labels:
    """The labels of the result; if they are not told those that occur once, in order."""
    every = [label for term in inputs for label in term]
    if output is None:
        named = {n for n in every if not isinstance(n, tuple)}
        once: list[Any] = sorted((n for n in named if every.count(n) == 1), key=lambda n: n)
        return _spread([..., *once], width)
    if width and ... not in output:
        raise ValueError("einsum: the result has no ellipsis for the axes of those of the operands")
    found = _spread(output, width)
    for label in found:
        if found.count(label) > 1:
            raise ValueError(f"einsum: the result has the subscript {label!r} twice")
        if label not in every:
            raise ValueError(f"einsum: the subscript {label!r} of the result is of no operand")
    return found
