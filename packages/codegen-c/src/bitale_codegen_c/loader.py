"""Loading a compiled function."""

from __future__ import annotations

import ctypes
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .runtime import runtime
from .symbols import symbol_address
from .threads import ensure_threads

if TYPE_CHECKING:
    from pathlib import Path

ABI = runtime.ABI


class LoadError(RuntimeError):
    """A shared object that cannot be loaded, or that was made for another runtime."""


@dataclass(frozen=True)
class Kernel:
    """A loaded shared object.

    Attributes
    ----------
    path : Path
    entry : int
        Address of ``bitale_main``; valid while the library is referred to.
    library : ctypes.CDLL
    """

    path: Path
    entry: int
    library: ctypes.CDLL


def load_kernel(path: Path) -> Kernel:
    """Load a shared object and find its entry point.

    Raises
    ------
    LoadError
        If it cannot be loaded, or is of another ABI version than this runtime.
    """
    mode = getattr(os, "RTLD_NOW", 0) | getattr(os, "RTLD_LOCAL", 0)
    try:
        library = ctypes.CDLL(str(path), mode=mode)
        abi = ctypes.c_int64.in_dll(library, "bitale_abi").value
    except (OSError, ValueError) as error:
        raise LoadError(f"{path} cannot be loaded: {error}") from error
    if abi != ABI:
        raise LoadError(
            f"{path} was made for version {abi} of the runtime's interface, this is {ABI}; "
            "remove it from the cache"
        )
    entry = symbol_address(library, "bitale_main")
    if not entry:
        raise LoadError(f"{path} has no function bitale_main")
    ensure_threads()
    return Kernel(path, entry, library)
