"""Whether there are NaN, infinities or very large numbers in a value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

BIG = 1e10
"""Above this a number is big, as for Theano."""


def numbers_of(value: Any) -> np.ndarray[Any, Any] | None:
    """The floats of a value: of a sparse matrix those stored; None where it has none."""
    if not isinstance(value, (np.ndarray, np.generic)):
        value = getattr(value, "data", None)
    if not isinstance(value, (np.ndarray, np.generic)):
        return None
    found = np.asarray(value)
    return found if found.dtype.kind in "fc" and found.size else None


def contains_nan(arr: Any, node: Any = None, var: Any = None) -> bool:
    """Whether a value has a NaN; ``node`` and ``var`` are taken for old programs."""
    found = numbers_of(arr)
    return found is not None and bool(np.isnan(found).any())


def contains_inf(arr: Any, node: Any = None, var: Any = None) -> bool:
    """Whether a value has an infinity; ``node`` and ``var`` are taken for old programs."""
    found = numbers_of(arr)
    return found is not None and bool(np.isinf(found).any())


def contains_big(arr: Any) -> bool:
    """Whether a value has a number of more than `BIG`, or an infinity."""
    found = numbers_of(arr)
    with np.errstate(all="ignore"):
        return found is not None and bool((np.abs(found) > BIG).any())


def is_not_finite(value: Any) -> bool:
    """Whether a value has a NaN or an infinity."""
    found = numbers_of(value)
    return found is not None and not np.isfinite(found).all()


def flatten_lists(nested: Any) -> list[Any]:
    """The elements of lists and tuples in each other, in one list."""
    return list(_leaves(nested))


def _leaves(nested: Any) -> Iterator[Any]:
    stack = [nested]
    while stack:
        one = stack.pop()
        if isinstance(one, (list, tuple)):
            stack.extend(reversed(one))
        else:
            yield one
