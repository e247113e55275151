"""What the rest of the package asks of a device, whoever drives it."""

from __future__ import annotations

import os
import threading
import time
import weakref
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..base.limits import MOST_THREADS
from .commands import ClearBytes, Command

# How many blocks may have a number each, by which the last of several is found.
TICKETS = 1 << 16


@dataclass
class Counts:
    """What a device was asked for so far.

    Attributes
    ----------
    graphs : int
        Launches of whole graphs.
    launches, products, copies : int
        Commands carried out, in graphs or alone.
    uploads, downloads : int
        Transfers from the host and to it.
    uploaded, downloaded : int
        Bytes of these.
    allocations : int
    """

    graphs: int = 0
    launches: int = 0
    products: int = 0
    copies: int = 0
    uploads: int = 0
    downloads: int = 0
    uploaded: int = 0
    downloaded: int = 0
    allocations: int = 0


@dataclass(frozen=True)
class Properties:
    """What is known of a device.

    Attributes
    ----------
    title : str
        In the maker's words.
    architecture : str
        Such as "sm_90"; "cpu" for an emulated one.
    multiprocessors : int
    memory : int
        Bytes in all.
    threads : int
        How many threads a block has by preference: a power of 2, up to `MOST_THREADS`.

    Raises
    ------
    ValueError
        For another number of threads.
    """

    title: str
    architecture: str
    multiprocessors: int
    memory: int
    threads: int = 256

    def __post_init__(self) -> None:
        if self.threads not in [1 << k for k in range(MOST_THREADS.bit_length())]:
            raise ValueError(
                f"blocks have a power of 2 of threads, up to {MOST_THREADS}, and not {self.threads}"
            )


class Graph(ABC):
    """Commands that are launched together, one after the other."""

    @abstractmethod
    def launch(self) -> None:
        """Start all commands, behind what the device was asked before."""

    @abstractmethod
    def update(self, index: int, command: Command) -> None:
        """Replace command number ``index``, a launch, by one of the same kernel and kinds."""

    @abstractmethod
    def close(self) -> None:
        """Give back what the driver keeps for it."""


@dataclass(eq=False)
class Driver(ABC):
    """One device: its memory, kernels, and one queue of work in order.

    Attributes
    ----------
    name : str
        Such as "cuda0".
    properties : Properties
    counts : Counts
    lock : RLock
        Held while several calls belong together.
    stream : int
        The handle of the stream in which all work is put; 0 where there are no streams.
    """

    name: str
    properties: Properties
    counts: Counts = field(default_factory=Counts)
    lock: Any = field(default_factory=threading.RLock)

    stream: int = field(default=0, init=False, repr=False)
    _tickets: int = field(default=0, init=False, repr=False)

    def __post_init__(self) -> None:
        _drivers.add(self)

    @property
    def tickets(self) -> int:
        """The address of `TICKETS` numbers that are 0 before and after each kernel."""
        with self.lock:
            if not self._tickets:
                self._tickets = self.allocate(4 * TICKETS)
                self.run([ClearBytes(self._tickets, 4 * TICKETS)])
            return self._tickets

    @property
    def dlpack_device(self) -> tuple[int, int]:
        """Where its memory is in DLPack's words: the kind of device, and its number."""
        return (1, 0)

    def has(self, address: int) -> bool:
        """Whether memory at an address is that of the device.

        Raises
        ------
        TypeError
            If it is that of no device.
        """
        return True

    def wait_for(self, stream: int) -> None:  # noqa: B027 (nothing to wait for where work is done at once)
        """Let what is asked from now on wait for the work of another stream of the device."""

    def prepare_products(self) -> None:  # noqa: B027 (nothing is needed where NumPy multiplies)
        """Load what multiplies matrices.

        Raises
        ------
        NoDeviceError
            If it is missing.
        """

    @abstractmethod
    def allocate(self, size: int) -> int:
        """The address of ``size`` bytes, aligned to 256.

        Raises
        ------
        MemoryError
            If the device has not that much.
        """

    @abstractmethod
    def free(self, address: int) -> None:
        """Give memory back once the work that was asked for has ended."""

    @abstractmethod
    def upload(self, to: int, source: Any) -> None:
        """Copy a C-contiguous NumPy array to the device; it may be changed when this returns."""

    @abstractmethod
    def download(self, to: Any, source: int) -> None:
        """Copy from the device into a C-contiguous NumPy array, after all work asked before."""

    @abstractmethod
    def synchronize(self) -> None:
        """Wait for all work.

        Raises
        ------
        CudaError
            If any of it failed.
        """

    @abstractmethod
    def compile(self, texts: Mapping[str, str]) -> None:
        """Make kernels known by their names, each text a whole definition.

        Those known already are left out.
        """

    @abstractmethod
    def knows(self, kernel: str) -> bool:
        """Whether a kernel was compiled."""

    @abstractmethod
    def run(self, commands: Sequence[Command]) -> None:
        """Start commands one by one."""

    def timed(self, commands: Sequence[Command]) -> list[float]:
        """Carry commands out one by one, and give the seconds that each took."""
        found = []
        with self.lock:
            for one in commands:
                start = time.perf_counter()
                self.run([one])
                self.synchronize()
                found.append(time.perf_counter() - start)
        return found

    @abstractmethod
    def graph(self, commands: Sequence[Command]) -> Graph:
        """Make a graph of commands."""


_drivers: weakref.WeakSet[Driver] = weakref.WeakSet()


def _free_locks() -> None:
    """Let a forked process find no lock held by a thread that it has not."""
    for driver in list(_drivers):
        driver.lock._at_fork_reinit()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_free_locks)
