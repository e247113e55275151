"""Looking up what a loaded library has."""

from __future__ import annotations

import ctypes


def symbol_address(library: ctypes.CDLL, name: str) -> int:
    """Return the address of a symbol in a library or what it stands on; 0 if there is none."""
    try:
        symbol = library[name]
    except AttributeError:
        return 0
    return ctypes.cast(symbol, ctypes.c_void_p).value or 0
