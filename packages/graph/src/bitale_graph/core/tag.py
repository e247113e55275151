"""The scratch pad that each variable has."""

from __future__ import annotations

from typing import Any

import numpy as np


class Tag:
    """A free scratch pad for whoever holds the variable.

    Attributes
    ----------
    trace : list
        One stack: where the variable was made, as (file name, line, function), innermost first.
    unique_value : number or None
        Constants alone have it: the number that all elements are, if they are one.
    test_value : array
        The value of an example, where one was given or computed.
    """

    test_value: Any

    def __init__(self, holder: Any = None) -> None:
        if holder is None:
            return
        self.trace = [holder.made_at if holder.owner is None else holder.owner.trace]
        if hasattr(holder, "data"):
            self.unique_value = _one_number(holder.data)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"nothing was stored as {name!r} in this tag")


def _one_number(data: Any) -> Any:
    is_array = isinstance(data, np.ndarray) and data.ndim and data.size
    return data.flat[0] if is_array and (data == data.flat[0]).all() else None
