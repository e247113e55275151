"""Whether two values that should be the same are, but for rounding; if not, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.graph import Type
from .bad_numbers import numbers_of

ROUNDING = 256.0
"""How many units in the last place of the largest number that went in a result may be off."""
USUAL = {"float16": 1e-2, "float32": 1e-4, "complex64": 1e-4}
EXACT, SAME, FINITE = "exact", "same", "finite"
"""How much is asked: NaN and infinities at the same places, or only finite numbers that stay so."""


class Failed:
    """What stands for a value that could not be computed."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __str__(self) -> str:
        return f"{type(self.error).__name__}: {self.error}"


def disagreement(
    type: Type, old: Any, new: Any, went_in: Sequence[Any] = (), asked: str = SAME
) -> str:
    """Why ``new`` cannot stand for ``old``, or an empty text.

    Parameters
    ----------
    type : Type
    old, new : values
    went_in : sequence of values
        What both were computed from: rounding counts in units of the largest number among them.
    asked : str
        `SAME`, or `FINITE` where a NaN or an infinity of ``old`` may become any number.
    """
    if isinstance(old, Failed):
        return ""
    if isinstance(new, Failed):
        return f"computing it fails ({str(new).splitlines()[0]})"
    if hasattr(old, "toarray") and hasattr(new, "toarray"):
        old, new = old.toarray(), new.toarray()  # sparse matrices, however they are stored
    if not (isinstance(old, np.ndarray) and isinstance(new, np.ndarray)):
        return "" if type.values_eq_approx(old, new) else "the values differ"
    if old.dtype != new.dtype:
        return f"the dtype was {old.dtype}, and is {new.dtype}"
    if old.shape != new.shape:
        return f"the shape was {old.shape}, and is {new.shape}"
    if old.dtype.kind not in "fc":
        return "" if _are_equal(old, new) else "the values differ"
    return _apart(old, new, went_in, asked)


def _are_equal(old: Any, new: Any) -> bool:
    try:
        return bool(np.array_equal(old, new))
    except (TypeError, ValueError):
        return True  # objects that do not compare


def _apart(old: Any, new: Any, went_in: Sequence[Any], asked: str) -> str:
    with np.errstate(all="ignore"):
        told = np.isfinite(old)
        if asked == FINITE:
            lost = told & ~np.isfinite(new)
        else:
            lost = (np.isnan(old) != np.isnan(new)) | (np.isinf(old) != np.isinf(new))
            lost |= np.isinf(old) & (old != new) & (old.dtype.kind == "f")
        if lost.any():
            return "numbers became NaN or infinite, or the other way"
        x, y = old[told], new[told]
        if not x.size:
            return ""
        usual = USUAL.get(old.dtype.name, 1e-5)
        unit = float(np.finfo(old.dtype).eps)
        limit = usual * np.abs(x) + usual * unit**0.5 + ROUNDING * unit * _largest(went_in)
        return "" if (np.abs(y - x) <= limit).all() else "the values differ by more than rounding"


def _largest(values: Sequence[Any]) -> float:
    """The largest size of a finite number among values."""
    most = 0.0
    for value in values:
        found = numbers_of(value)
        if found is not None:
            sizes = np.abs(found)
            sizes = sizes[np.isfinite(sizes)]
            most = max(most, float(sizes.max())) if sizes.size else most
    return most


def is_identical(old: Any, new: Any) -> bool:
    """Whether two values are the same to the last bit, as far as can be told."""
    if old is new:
        return True
    if hasattr(old, "toarray") and hasattr(new, "toarray"):
        old, new = old.toarray(), new.toarray()  # sparse matrices, however they are stored
    if not (isinstance(old, np.ndarray) and isinstance(new, np.ndarray)):
        return False
    if old.dtype != new.dtype or old.shape != new.shape or old.dtype.kind == "O":
        return False
    return np.ascontiguousarray(old).tobytes() == np.ascontiguousarray(new).tobytes()
