"""The arguments of a launch in memory, as drivers want them: an array of pointers to each."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np

_TYPES: dict[str, Any] = {
    "P": ctypes.c_void_p, "b": ctypes.c_int8, "h": ctypes.c_int16, "i": ctypes.c_int32,
    "q": ctypes.c_int64, "B": ctypes.c_uint8, "H": ctypes.c_uint16, "I": ctypes.c_uint32,
    "Q": ctypes.c_uint64, "f": ctypes.c_float, "d": ctypes.c_double,
    "e": ctypes.c_uint16,
}  # fmt: skip


class Arguments:
    """Numbers and addresses, each where its pointer shows.

    Attributes
    ----------
    pointers : ctypes array
    """

    def __init__(self, kinds: str, values: Sequence[Any]) -> None:
        self._held = [
            _TYPES[kind](_passed(kind, value)) for kind, value in zip(kinds, values, strict=True)
        ]
        places = [ctypes.cast(ctypes.pointer(one), ctypes.c_void_p) for one in self._held]
        self.pointers = (ctypes.c_void_p * max(len(places), 1))(*places)


def _passed(kind: str, value: Any) -> Any:
    if kind == "e":
        return int(np.float16(value).view(np.uint16))
    return value if kind in "fd" else int(value)
