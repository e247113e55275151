"""Memory of a device that somebody owns."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Any

import numpy as np

from ..base.errors import CudaError
from .driver import Driver


class Memory:
    """A piece of memory, given back when nothing refers to it any more.

    Attributes
    ----------
    driver : Driver
    size, address : int
    """

    def __init__(self, driver: Driver, size: int) -> None:
        self.driver, self.size = driver, size
        self._process = os.getpid()
        self.address = driver.allocate(max(size, 1))

    def upload(self, data: Any) -> None:
        """Copy a C-contiguous array to where the memory begins."""
        if data.size:
            self.driver.upload(self.address, data)

    def download(self, shape: tuple[int, ...], dtype: Any) -> Any:
        """The array that lies where the memory begins."""
        made = np.empty(shape, dtype)
        if made.size:
            self.driver.download(made, self.address)
        return made

    def __del__(self, _ends: Any = sys.is_finalizing) -> None:
        # A process that ends gives all back; one that was forked has none of it.
        if _ends() or not hasattr(self, "address") or self._process != os.getpid():
            return
        with contextlib.suppress(CudaError):
            self.driver.free(self.address)
