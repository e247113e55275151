"""When two values count as equal, for those who relax it (``tag.values_eq_approx``)."""

from __future__ import annotations

from typing import Any

import numpy as np

from .array_type import ArrayType


def values_eq_approx(a: Any, b: Any, ignore_inf: bool = False, ignore_nan: bool = False) -> bool:
    """Whether two arrays are equal but for rounding, and where neither is infinite, or NaN.

    Parameters
    ----------
    a, b : arrays
    ignore_inf, ignore_nan : bool
        Whether elements that are infinite (or NaN) in either array are left out.
    """
    a, b = np.asarray(a), np.asarray(b)
    if a.dtype != b.dtype or a.shape != b.shape:
        return False
    if a.dtype.kind in "fc":
        left_out = np.zeros(a.shape, bool)
        for x in (a, b):
            left_out |= (np.isinf(x) & ignore_inf) | (np.isnan(x) & ignore_nan)
        a, b = a[~left_out], b[~left_out]
    return ArrayType(a.dtype.name, (None,) * a.ndim).values_eq_approx(a, b)


def values_eq_approx_remove_inf(a: Any, b: Any) -> bool:
    """`values_eq_approx` where neither is infinite."""
    return values_eq_approx(a, b, ignore_inf=True)


def values_eq_approx_remove_nan(a: Any, b: Any) -> bool:
    """`values_eq_approx` where neither is NaN."""
    return values_eq_approx(a, b, ignore_nan=True)


def values_eq_approx_remove_inf_nan(a: Any, b: Any) -> bool:
    """`values_eq_approx` where both are finite."""
    return values_eq_approx(a, b, ignore_inf=True, ignore_nan=True)


def values_eq_approx_always_true(a: Any, b: Any) -> bool:
    """True: whatever a variable's values are, they count as equal."""
    return True
