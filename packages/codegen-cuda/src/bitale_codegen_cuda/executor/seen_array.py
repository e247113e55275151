"""Arrays that lie on a device when they are passed: taken as they lie, or through the host."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..driver.driver import Driver
from .device_array import DeviceArray
from .dlpack import CUDA, CUDA_MANAGED, received
from .strides import packed_strides, read_array


class SeenArray:
    """An array on a device, as it is passed to a call.

    Attributes
    ----------
    owner : object
        Who keeps its memory.
    address : int
    shape, strides : tuple of int
        Strides in elements.
    dtype : dtype
    is_foreign : bool
        Whether others decide when its memory is used again.
    """

    def __init__(
        self,
        owner: Any,
        address: int,
        shape: tuple[int, ...],
        strides: tuple[int, ...] | None,
        dtype: Any,
    ) -> None:
        self.owner, self.address, self.shape, self.dtype = owner, address, shape, dtype
        self.strides = packed_strides(shape) if strides is None else strides
        self.is_foreign = not isinstance(owner, DeviceArray)

    @property
    def nbytes(self) -> int:
        """Its size in bytes."""
        return int(np.prod(self.shape, dtype=object)) * int(self.dtype.itemsize)

    def fits(self, type: Any) -> bool:
        """Whether it is an array of a type, as kernels read it."""
        return (
            self.dtype == type.numpy_dtype
            and len(self.shape) == type.ndim
            and all(m in (None, n) for n, m in zip(self.shape, type.shape, strict=True))
            and self.address % self.dtype.itemsize == 0
        )

    def read(self, driver: Driver) -> Any:
        """A copy as an array of NumPy's."""
        return read_array(driver, self.address, self.dtype, self.shape, self.strides)


def seen_by(driver: Driver, value: Any) -> Any:
    """A value as a device sees it.

    Returns
    -------
    SeenArray, ndarray or object
        The first for an array that lies on the device, which waits for who computes it; the second
        for a copy of one that lies on another device; all else as it is.

    Raises
    ------
    TypeError
        If it says that it lies on a device, and does not, or cannot be copied from there.
    """
    if isinstance(value, np.ndarray | np.generic | float | int | list | tuple):
        return value
    if isinstance(value, DeviceArray):
        if value.driver is not driver:
            return value.get()
        return SeenArray(value, value.memory.address, value.shape, None, value.dtype)
    if hasattr(value, "__dlpack_device__") and hasattr(value, "__dlpack__"):
        kind, number = value.__dlpack_device__()
        if kind in (CUDA, CUDA_MANAGED):
            if (CUDA, number) != driver.dlpack_device:
                return _through_host(value, driver)
            one = received(value, driver.stream)
            return SeenArray(one, one.address, one.shape, one.strides, one.dtype)
    told = getattr(value, "__cuda_array_interface__", None)
    return value if told is None else _by_interface(driver, value, told)


def _by_interface(driver: Driver, value: Any, told: dict[str, Any]) -> Any:
    if told.get("mask") is not None:
        raise TypeError("a masked array is no argument of a function; fill it first")
    shape = tuple(int(n) for n in told["shape"])
    dtype = np.dtype(told["typestr"])
    address = int(told["data"][0] or 0)
    strides = told.get("strides")
    if 0 not in shape and not driver.has(address):
        return _through_host(value, driver)
    if strides is not None:
        if any(s % dtype.itemsize for s in strides):
            return _through_host(value, driver)
        strides = tuple(int(s) // dtype.itemsize for s in strides)
    if told.get("stream"):
        driver.wait_for(int(told["stream"]))
    return SeenArray(value, address, shape, strides, dtype)


def _through_host(value: Any, driver: Driver) -> Any:
    """A copy that the library makes to which the array belongs."""
    for way in ("get", "cpu", "copy_to_host"):
        if hasattr(value, way):
            return np.asarray(getattr(value, way)())
    if not hasattr(value, "__array__"):
        raise TypeError(
            f"{type(value).__name__} lies on another device than {driver.name}, and has no get(), "
            "cpu() or __array__() to copy it by; pass an array of NumPy's"
        )
    return np.asarray(value)
