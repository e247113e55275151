"""The arguments of a launch as the driver reads them."""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np

from .commands import Launch

_WORD = 8  # no kind is longer, and none wants a coarser alignment


class Parameters:
    """Room for arguments of certain kinds, and the array of their addresses.

    The driver copies them while it is called, so that one room serves all launches in turn.

    Parameters
    ----------
    kinds : str
        Characters of `struct`.
    """

    def __init__(self, kinds: str) -> None:
        self._kinds = kinds
        self._layout = struct.Struct(
            "@" + "".join(f"{kind}{_WORD - struct.calcsize(kind)}x" for kind in kinds)
        )
        self._values = ctypes.create_string_buffer(max(self._layout.size, 1))
        base = ctypes.addressof(self._values)
        count = len(kinds)
        self._addresses = (ctypes.c_void_p * max(count, 1))(
            *range(base, base + count * _WORD, _WORD)
        )
        self.address = ctypes.addressof(self._addresses)

    def fill(self, arguments: Sequence[Any]) -> int:
        """Put numbers into the room, and return the address of the array of addresses."""
        try:
            # NumPy's truth values are no integers to `struct`.
            plain = [bool(a) if isinstance(a, np.bool_) else a for a in arguments]
            self._layout.pack_into(self._values, 0, *plain)
        except struct.error as error:
            raise ValueError(
                f"arguments {arguments!r} do not have the kinds {self._kinds!r}: {error}"
            ) from None
        return self.address


def filled(one: Launch) -> Parameters:
    """Room of its own for the arguments of a launch, with these in it."""
    made = Parameters(one.kinds)
    made.fill(one.arguments)
    return made
