"""Arrays on a device, as functions give them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..driver.commands import CopyBytes
from ..driver.driver import Driver
from ..driver.memory import Memory
from .dlpack import CUDA, capsule_of


class DeviceArray:
    """A C-contiguous array on a device.

    CuPy, PyTorch, JAX and others take it without a copy, by ``__dlpack__`` or
    ``__cuda_array_interface__``; NumPy gets a copy.

    Attributes
    ----------
    driver : Driver
    memory : Memory
    shape : tuple of int
    dtype : dtype
    size, nbytes : int
    """

    def __init__(
        self, driver: Driver, shape: tuple[int, ...], dtype: Any, memory: Memory | None = None
    ) -> None:
        self.driver, self.shape, self.dtype = driver, tuple(shape), np.dtype(dtype)
        self.size = int(np.prod(shape, dtype=object))
        self.nbytes = self.size * self.dtype.itemsize
        self.memory = Memory(driver, self.nbytes) if memory is None else memory

    @classmethod
    def copied(
        cls, driver: Driver, address: int, shape: tuple[int, ...], dtype: Any
    ) -> DeviceArray:
        """A copy of what lies on the device, C-contiguous."""
        made = cls(driver, shape, dtype)
        if made.size:
            driver.run([CopyBytes(made.memory.address, address, made.nbytes)])
        return made

    @classmethod
    def uploaded(cls, driver: Driver, array: Any) -> DeviceArray:
        """A copy of an array of the host's."""
        made = cls(driver, array.shape, array.dtype)
        made.memory.upload(np.ascontiguousarray(array))
        return made

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    def get(self) -> Any:
        """A copy as an array of NumPy's."""
        return self.memory.download(self.shape, self.dtype)

    def copy(self) -> DeviceArray:
        """A copy on the device."""
        return self.copied(self.driver, self.memory.address, self.shape, self.dtype)

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        if self.driver.dlpack_device[0] != CUDA:
            raise AttributeError(f"{self.driver.name} is no GPU")
        self.driver.synchronize()
        return {
            "shape": self.shape,
            "typestr": self.dtype.str,
            "data": (self.memory.address, False),
            "strides": None,
            "version": 3,
            "stream": None,
        }

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.driver.dlpack_device

    def __dlpack__(
        self,
        *,
        stream: Any = None,
        max_version: Any = None,
        dl_device: Any = None,
        copy: bool | None = None,
    ) -> Any:
        if dl_device not in (None, self.driver.dlpack_device):
            raise BufferError(f"an array of {self.driver.name} is not handed to another device")
        if copy:
            return self.copy().__dlpack__(stream=stream)
        if stream != -1:  # by which one says that one waits
            self.driver.synchronize()
        return capsule_of(self, self.memory.address, self.driver.dlpack_device)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        if copy is False:
            raise ValueError(f"an array of {self.driver.name} is copied to be one of NumPy's")
        made = self.get()
        return made if dtype is None else made.astype(dtype, copy=False)

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("an array without axes has no len()")
        return self.shape[0]

    def __repr__(self) -> str:
        return f"DeviceArray({self.driver.name}, {self.dtype}, shape {self.shape})"
