"""What may stand at one place of an index."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..base import dtype as dtypes
from ..base.errors import describe
from ..tensor.conversion import as_tensor
from ..tensor.elementwise import cast

_INDEX_HINTS = {
    "bool": "x[mask] reads where a mask of one axis at least is true, "
    "switch(condition, x, y) chooses by one",
    # What `==` gives between variables is whether they are one.
    "bool scalar": "between variables == asks for identity; eq(x, y) compares elements",
    "float": "use // rather than / to compute it",
}


def as_index(value: Any, x: Any = None) -> Any:
    """An integer tensor, for an index into ``x``; raises `TypeError` for any other."""
    try:
        # An empty list is one of integers here, as in NumPy.
        v = as_tensor(np.zeros(0, "int64") if isinstance(value, list) and not value else value)
    except TypeError as error:
        raise TypeError(f"an index must be an integer: {error}{indexed(x)}") from None
    dtype = v.type.dtype
    if dtype == "bool" or not dtypes.is_discrete(dtype):
        kind = "bool scalar" if value is True or value is False else dtype.rstrip("0123456789")
        hint = _INDEX_HINTS.get(kind)
        raise TypeError(
            f"an index must be an integer, and got {describe(v)}{indexed(x)}"
            + (f"\n  hint: {hint}" if hint else "")
        )
    # NumPy takes no uint64 where it may not lose bits; an index never has that many.
    return cast(v, "int64") if v.ndim == 0 or dtype == "uint64" else v


def indexed(x: Any) -> str:
    """What is indexed, for the end of a message."""
    return "" if x is None else f"\n  for {describe(x)}"
