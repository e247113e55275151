"""Where None in an index with integer arrays puts its axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .shape import dimshuffle


def with_new_axes(x: Any, found: Any, entries: Sequence[Any]) -> Any:
    """What was read without the Nones of an index with arrays, with their axes.

    As in NumPy the axes of the arrays stand where these do if they are side by side, a None being
    between as much as a slice, and else before all others.
    """
    entries = [*entries, *[slice(None)] * (x.ndim - sum(e is not None for e in entries))]
    width = found.ndim - sum(isinstance(e, slice) for e in entries)
    old = _places([e for e in entries if e is not None], width)
    new = _places(entries, width)
    at = {label: i for i, label in enumerate(old)}
    return dimshuffle(found, *(at.get(label, "x") for label in new))


def _places(entries: Sequence[Any], width: int) -> list[Any]:
    """A label for each axis of the result: of an array, the count of a slice, or "x"."""
    arrays = [i for i, e in enumerate(entries) if not isinstance(e, slice) and e is not None]
    apart = arrays != list(range(arrays[0], arrays[0] + len(arrays)))
    joint = [f"array {i}" for i in range(width)]
    labels: list[Any] = list(joint) if apart else []
    count = 0
    for i, e in enumerate(entries):
        if e is None:
            labels.append("x")
        elif isinstance(e, slice):
            labels.append(count)
            count += 1
        elif i == arrays[0] and not apart:
            labels += joint
    return labels
