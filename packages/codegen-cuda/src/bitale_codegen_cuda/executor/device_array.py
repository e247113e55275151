"""Arrays that lie on a device: what a call takes without a copy, and gives on request."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..driver.driver import Driver
from ..driver.memory import Memory


class DeviceArray:
    """A C-contiguous array on a device, which others read by ``__cuda_array_interface__``.

    CuPy (``cupy.asarray``), PyTorch (``torch.as_tensor``) and others take it without a copy.

    Attributes
    ----------
    driver : Driver
    memory : Memory
    shape : tuple of int
    dtype : dtype
    """

    def __init__(self, driver: Driver, shape: tuple[int, ...], dtype: Any) -> None:
        self.driver, self.shape, self.dtype = driver, shape, np.dtype(dtype)
        self.nbytes = int(np.prod(shape, dtype=object)) * self.dtype.itemsize
        self.memory = Memory(driver, self.nbytes)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        self.driver.synchronize()
        return {
            "shape": self.shape,
            "typestr": self.dtype.str,
            "data": (self.memory.address, False),
            "strides": None,
            "version": 3,
            "stream": None,
        }

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        made = self.memory.download(self.shape, self.dtype)
        return made if dtype is None else made.astype(dtype)

    def __repr__(self) -> str:
        return f"DeviceArray({self.driver.name}, {self.dtype}, shape {self.shape})"


class SeenArray:
    """An array of somebody else's on a device, as it is passed to a call.

    Attributes
    ----------
    address : int
    shape, strides : tuple of int
        Strides in elements.
    dtype : dtype
    owner : object
        Who keeps its memory.
    """

    def __init__(self, owner: Any, told: dict[str, Any]) -> None:
        self.owner = owner
        self.shape = tuple(int(n) for n in told["shape"])
        self.dtype = np.dtype(told["typestr"])
        self.address = int(told["data"][0] or 0)
        self.stream = told.get("stream")
        steps = told.get("strides")
        item = self.dtype.itemsize
        if steps is None:
            packed, size = [], 1
            for n in reversed(self.shape):
                packed.append(size)
                size *= n
            self.strides = tuple(reversed(packed))
        elif any(s % item for s in steps):
            raise TypeError(f"an array whose strides {steps} are no multiples of {item} bytes")
        else:
            self.strides = tuple(s // item for s in steps)


def seen_on_device(value: Any) -> SeenArray | None:
    """How an argument that lies on a device lies there; None for all others."""
    if isinstance(value, np.ndarray | float | int | list | tuple | np.generic):
        return None
    told = getattr(value, "__cuda_array_interface__", None)
    return None if told is None else SeenArray(value, told)
