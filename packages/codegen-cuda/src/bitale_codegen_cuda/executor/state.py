"""Shared variables on a device: a copy of each, and who has the newest value."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np
from bitale_graph.extend import Container

from ..driver.commands import ClearBytes, CopyBytes
from ..driver.driver import Driver
from ..driver.memory import Memory
from .device_array import DeviceArray
from .seen_array import SeenArray, seen_by
from .strides import is_packed


class DeviceCopy:
    """What a device has of a shared variable.

    Attributes
    ----------
    driver : Driver
    shape : tuple of int
    dtype : dtype
    host : ndarray or None
        What it is a copy of; None where it is newer than any array. While it is referred to here,
        no function writes into it.
    readers : int
        How many calls read it that may come back to Python meanwhile.
    before : DeviceCopy or None
        What holds until the device has made an update of other lengths, which sets a number to 1.
    """

    def __init__(self, driver: Driver, shape: tuple[int, ...], dtype: Any) -> None:
        self.driver, self.shape, self.dtype = driver, shape, np.dtype(dtype)
        self.host: Any = None
        self.readers = 0
        self.before: DeviceCopy | None = None
        self._lent: weakref.ref[DeviceArray] | None = None
        self.memory = Memory(driver, int(np.prod(shape, dtype=object)) * self.dtype.itemsize)

    @property
    def address(self) -> int:
        """Where it lies."""
        return self.memory.address

    @property
    def size(self) -> int:
        """In bytes."""
        return self.memory.size

    def settled(self) -> DeviceCopy:
        """The copy itself, or the one before if the update that shall make it was not made."""
        if self.before is None:
            return self
        before, self.before = self.before, None
        return self if self._made.download((), "int32") == 1 else before.settled()

    def expect(self, before: DeviceCopy) -> int:
        """Wait for an update; gives the address of the number that tells if it was made."""
        self.before = before
        self._made = Memory(self.driver, 4)
        self.driver.run([ClearBytes(self._made.address, 4)])
        return self._made.address

    def fetch(self) -> Any:
        """The array."""
        settled = self.settled()
        if settled is not self:
            return settled.fetch()
        self.host = self.memory.download(self.shape, self.dtype)
        return self.host

    def upload(self, data: Any) -> None:
        """Become a copy of an array of the same size."""
        self.memory.upload(data)
        self.shape, self.host = data.shape, data

    @property
    def is_lent(self) -> bool:
        """Whether somebody refers to its memory."""
        return self.readers > 0 or (self._lent is not None and self._lent() is not None)

    def lend(self) -> DeviceArray:
        """Its memory, for who may write to it."""
        settled = self.settled()
        if settled is not self:
            return settled.lend()
        self.host = None
        found = None if self._lent is None else self._lent()
        if found is None:
            found = DeviceArray(self.driver, self.shape, self.dtype, self.memory)
            self._lent = weakref.ref(found)
        return found

    def array(self) -> DeviceArray:
        """A copy on the device."""
        settled = self.settled()
        if settled is not self:
            return settled.array()
        return DeviceArray.copied(self.driver, self.address, self.shape, self.dtype)

    def moved(self, type: Any, value: Any) -> tuple[DeviceCopy | None, Any]:
        """What a device is to have of a new value of a type, and None or the value for the host."""
        seen = seen_by(self.driver, value)
        if not isinstance(seen, SeenArray):
            return None, seen
        if not (seen.fits(type) and is_packed(seen.shape, seen.strides)):
            return None, seen.read(self.driver)
        copy = copied(self.driver, seen.address, seen.shape, seen.dtype)
        if seen.is_foreign:
            self.driver.synchronize()
        return copy, None


def copied(driver: Driver, source: int, shape: tuple[int, ...], dtype: Any) -> DeviceCopy:
    """What is to be a shared variable, from elsewhere on the device."""
    copy = DeviceCopy(driver, shape, dtype)
    if copy.size:
        driver.run([CopyBytes(copy.address, source, copy.size)])
    return copy


def on_device(container: Container, driver: Driver) -> DeviceCopy:
    """The copy that a device has of a container, made or brought up to date; its lock is held."""
    away = container.away
    ours = away.settled() if isinstance(away, DeviceCopy) and away.driver is driver else None
    if ours is not None and ours is not away:
        container.away = ours
    if ours is not None and (container.data is None or ours.host is container.data):
        return ours
    data = container.home()
    if ours is None or ours.is_lent or (ours.size, ours.dtype) != (data.nbytes, data.dtype):
        ours = DeviceCopy(driver, data.shape, data.dtype)
    ours.upload(data)
    container.away = ours
    return ours


def apart(container: Container, copy: DeviceCopy) -> DeviceCopy:
    """A copy that a call may write to: another one, where somebody refers to the memory of ours."""
    if not copy.is_lent:
        return copy
    made = copied(copy.driver, copy.address, copy.shape, copy.dtype)
    made.host = copy.host
    container.away = made
    return made


def note_written(container: Container, copy: DeviceCopy) -> None:
    """Tell that a device has the newest value of a container, whose lock is held."""
    copy.host = None
    container.away = copy
    container.data = None
