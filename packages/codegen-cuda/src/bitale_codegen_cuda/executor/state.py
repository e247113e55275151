"""Shared variables on a device: a copy of each, and who has the newest value."""

from __future__ import annotations

from typing import Any

import numpy as np
from bitale_graph.extend import Container

from ..driver.commands import CopyBytes
from ..driver.driver import Driver
from ..driver.memory import Memory


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
    """

    def __init__(self, driver: Driver, shape: tuple[int, ...], dtype: Any) -> None:
        self.driver, self.shape, self.dtype = driver, shape, np.dtype(dtype)
        self.host: Any = None
        self.memory = Memory(driver, int(np.prod(shape, dtype=object)) * self.dtype.itemsize)

    @property
    def address(self) -> int:
        """Where it lies."""
        return self.memory.address

    @property
    def size(self) -> int:
        """In bytes."""
        return self.memory.size

    def fetch(self) -> Any:
        """The array."""
        self.host = self.memory.download(self.shape, self.dtype)
        return self.host

    def upload(self, data: Any) -> None:
        """Become a copy of an array of the same size."""
        self.memory.upload(data)
        self.shape, self.host = data.shape, data


def on_device(container: Container, driver: Driver) -> DeviceCopy:
    """The copy that a device has of a container, made or brought up to date; its lock is held."""
    away = container.away
    ours = away if isinstance(away, DeviceCopy) and away.driver is driver else None
    if ours is not None and (container.data is None or ours.host is container.data):
        return ours
    data = container.home()
    if ours is None or ours.size != data.nbytes or ours.dtype != data.dtype:
        ours = DeviceCopy(driver, data.shape, data.dtype)
    ours.upload(data)
    container.away = ours
    return ours


def note_written(container: Container, copy: DeviceCopy) -> None:
    """Tell that a device has the newest value of a container, whose lock is held."""
    copy.host = None
    container.away = copy
    container.data = None


def replace(container: Container, driver: Driver, source: int, shape: tuple[int, ...]) -> None:
    """Let a container be what lies on a device, of another shape than before."""
    copy = DeviceCopy(driver, shape, container.away.dtype)
    if copy.size:
        driver.run([CopyBytes(copy.address, source, copy.size)])
    note_written(container, copy)
