"""Loading a compiled function."""

from __future__ import annotations

import _ctypes  # its functions that close have no other name
import ctypes
import os
import sys
import weakref
from typing import TYPE_CHECKING

from ..base.symbols import symbol_address
from ..runtime import runtime
from .threads import ensure_threads

if TYPE_CHECKING:
    from pathlib import Path

ABI = runtime.ABI


class LoadError(RuntimeError):
    """A shared object that cannot be loaded, or that was made for another runtime."""


class Kernel:
    """A loaded shared object, which is given back to the system when nothing refers to it.

    Attributes
    ----------
    path : Path
    entry : int
        Address of ``bitale_main``; valid as long as the kernel is referred to.
    """

    def __init__(self, path: Path) -> None:
        mode = getattr(os, "RTLD_NOW", 0) | getattr(os, "RTLD_LOCAL", 0)
        library = ctypes.CDLL(str(path), mode=mode)
        # Not at exit: a thread may still be running there.
        weakref.finalize(self, _close, library._handle).atexit = False
        self.path = path
        self.abi = ctypes.c_int64.in_dll(library, "bitale_abi").value
        self.entry = symbol_address(library, "bitale_main")


def _close(handle: int) -> None:
    """Unload a library, once for each time that it was loaded."""
    if sys.platform == "win32":
        _ctypes.FreeLibrary(handle)
    else:
        _ctypes.dlclose(handle)


def load_kernel(path: Path) -> Kernel:
    """Load a shared object and find its entry point.

    Raises
    ------
    LoadError
        If it cannot be loaded, or is of another ABI version than this runtime.
    """
    try:
        kernel = Kernel(path)
    except (OSError, ValueError) as error:
        raise LoadError(f"{path} cannot be loaded: {error}") from error
    if kernel.abi != ABI:
        raise LoadError(
            f"{path} was made for version {kernel.abi} of the runtime's interface, this is {ABI}; "
            "remove it from the cache"
        )
    if not kernel.entry:
        raise LoadError(f"{path} has no function bitale_main")
    ensure_threads()
    return kernel
