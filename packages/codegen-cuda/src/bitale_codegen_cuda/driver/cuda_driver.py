"""An NVIDIA GPU, driven through libcuda."""

from __future__ import annotations

import ctypes
import itertools
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from ..base.errors import CudaError, NoDeviceError
from .commands import Command
from .cuda_graph import CudaGraph, tally
from .cuda_library import (
    EVENT_DISABLE_TIMING,
    INVALID_VALUE,
    MULTIPROCESSOR_COUNT,
    NO_SUCH_BINARY,
    POINTER_DEVICE,
    CudaLibrary,
    StatusError,
    devices,
)
from .cuda_queue import CudaQueue
from .driver import Driver, Graph, Properties
from .pinned_ring import SLOT, PinnedRing

__all__ = ["CudaDriver", "KernelCompiler", "devices"]


class KernelCompiler(Protocol):
    """What makes a binary of a source, such as `compiler.nvrtc.Nvrtc`."""

    def compile(self, source: str, architecture: str, options: Sequence[str] = ()) -> Binary:
        """Compile a source for an architecture such as "sm_90"."""


class Binary(Protocol):
    """What the driver loads."""

    @property
    def cubin(self) -> bytes:
        """A binary for the device, or PTX that ends on a zero byte."""


class CudaDriver(Driver):
    """One GPU.

    Nothing is given back when the process ends but what `close` gives back: the system takes
    the rest, and the driver may be gone before the last object of Python is.

    Parameters
    ----------
    ordinal : int
        Its number, from 0, among those that CUDA_VISIBLE_DEVICES leaves visible.
    prelude : str
        CUDA C that stands before all kernels.
    compiler : KernelCompiler
    options : sequence of str
        For the compiler.
    library, cublas : str, optional
        Paths of libcuda and libcublas, else they are searched for.

    Attributes
    ----------
    ordinal : int
    capability : pair of int
        Such as (9, 0).
    stream : int
        The handle of the stream in which all work is put.

    Raises
    ------
    NoDeviceError
        If there is no such device or it cannot be used; with what to do.
    """

    def __init__(
        self,
        ordinal: int,
        prelude: str,
        compiler: KernelCompiler,
        *,
        options: Sequence[str] = (),
        library: str | None = None,
        cublas: str | None = None,
    ) -> None:
        loaded = CudaLibrary(library)
        try:
            device = loaded.device(ordinal)
            self.capability = loaded.capability(device)
            properties = Properties(
                title=loaded.title(device),
                architecture="sm_{}{}".format(*self.capability),
                multiprocessors=loaded.attribute(device, MULTIPROCESSOR_COUNT),
                memory=loaded.memory(device),
            )
            self._queue = CudaQueue(loaded, ordinal, cublas)
        except (StatusError, MemoryError) as error:
            raise NoDeviceError(
                f"GPU number {ordinal} cannot be used: {error}. Another process may hold it "
                "or all of its memory: see `nvidia-smi`"
            ) from None
        super().__init__(name=f"cuda{ordinal}", properties=properties, lock=self._queue.lock)
        self.ordinal = ordinal
        self.stream = self._queue.stream
        self._library = loaded
        self._prelude = prelude
        self._compiler = compiler
        self._options = tuple(options)
        self._modules: list[int] = []
        self._blocks: set[int] = set()
        self._graphs: dict[int, CudaGraph] = {}
        self._ring: PinnedRing | None = None

    @property
    def dlpack_device(self) -> tuple[int, int]:
        """Where its memory is in DLPack's words: the kind of device, and its number."""
        return (2, self.ordinal)

    def has(self, address: int) -> bool:
        """Whether memory at an address is that of the device.

        Raises
        ------
        TypeError
            If it is that of no device.
        """
        ordinal = ctypes.c_int()
        place = ctypes.addressof(ordinal)
        with self._queue as library:
            try:
                library.call("cuPointerGetAttribute", place, POINTER_DEVICE, address)
            except StatusError as error:
                if error.status != INVALID_VALUE:
                    raise
                raise TypeError(
                    f"an array says that it lies on a GPU, and at {address:#x} is no memory of one"
                ) from None
        return ordinal.value == self.ordinal

    def prepare_products(self) -> None:
        """Load cuBLAS, and give it room."""
        with self._queue:
            self._queue.blas()

    def wait_for(self, stream: int) -> None:
        """Let what is asked from now on wait for the work of another stream of the device.

        Parameters
        ----------
        stream : int
            Its handle; 1 is the default stream, 2 that of this thread.
        """
        if stream == self.stream:
            return
        with self._queue as library:
            event = library.make("cuEventCreate", EVENT_DISABLE_TIMING)
            try:
                library.call("cuEventRecord", event, stream)
                library.call("cuStreamWaitEvent", self.stream, event, 0)
            finally:
                library.attempt("cuEventDestroy_v2", event)

    def allocate(self, size: int) -> int:
        """The address of ``size`` bytes, aligned to 256.

        Raises
        ------
        MemoryError
            If the device has not that much.
        """
        if size < 0:
            raise ValueError(f"no memory of {size} bytes")
        place = ctypes.c_uint64()
        with self._queue as library:
            try:
                library.call("cuMemAlloc_v2", place, max(size, 1))
            except MemoryError:
                raise MemoryError(
                    f"{self.name} ({self.properties.title}) has no {size:,} bytes{self._free()}"
                ) from None
            self._blocks.add(place.value)
            self.counts.allocations += 1
        return place.value

    def free(self, address: int) -> None:
        """Give memory back once the work that was asked for has ended.

        Nothing happens when the device failed or was closed, as the memory is gone already: a
        finalizer may call this at any time.
        """
        queue = self._queue
        if sys.is_finalizing():
            return
        with queue.lock:
            if not queue.usable:
                return
            if address not in self._blocks:
                raise ValueError(f"{self.name} has no memory at {address:#x}")
            self._blocks.discard(address)
            queue.release(address)

    def upload(self, to: int, source: Any) -> None:
        """Copy a C-contiguous NumPy array to the device; it may be changed when this returns."""
        address, size = _place(source)
        with self._queue as library:
            self.counts.uploads += 1
            if not size:
                return
            if size <= SLOT:
                address = self._staging(library).stage(address, size)
            library.call("cuMemcpyHtoDAsync_v2", to, address, size, self.stream)
            if size > SLOT:
                # From pages that happen to be locked, the copy has only begun.
                library.call("cuStreamSynchronize", self.stream)
            self.counts.uploaded += size

    def download(self, to: Any, source: int) -> None:
        """Copy from the device into a C-contiguous NumPy array, after all work asked before."""
        if not to.flags.writeable:
            raise ValueError("the array that a download goes to is read-only")
        address, size = _place(to)
        with self._queue as library:
            if size:
                library.call("cuMemcpyDtoHAsync_v2", address, source, size, self.stream)
            library.call("cuStreamSynchronize", self.stream)
            self.counts.downloads += 1
            self.counts.downloaded += size

    def synchronize(self) -> None:
        """Wait for all work.

        Raises
        ------
        CudaError
            If any of it failed.
        """
        with self._queue as library:
            library.call("cuStreamSynchronize", self.stream)

    def compile(self, texts: Mapping[str, str]) -> None:
        """Make kernels known by their names, each text a whole definition.

        Those known already are left out; the others are compiled as one source.
        """
        with self.lock:
            new = {name: text for name, text in texts.items() if not self.knows(name)}
            if not new:
                return
            source = "\n".join([self._prelude, *new.values()])
            architecture = self.properties.architecture
            image = self._compiler.compile(source, architecture, self._options).cubin
            with self._queue as library:
                module = self._load(library, image)
                self._modules.append(module)
                made = {name: self._function(library, module, name) for name in new}
                self._queue.kernels.update(made)

    def knows(self, kernel: str) -> bool:
        """Whether a kernel was compiled."""
        return kernel in self._queue.kernels

    def run(self, commands: Sequence[Command]) -> None:
        """Start commands one by one.

        All are looked at before the first is started.

        Raises
        ------
        ValueError
            If one cannot be carried out as it is.
        """
        with self._queue:
            self._queue.prepare(commands)
            for command in commands:
                self._queue.put(command)
            tally(commands, self.counts)

    def timed(self, commands: Sequence[Command]) -> list[float]:
        """Start commands one by one, and give the seconds that each took, by events."""
        with self._queue as library:
            self._queue.prepare(commands)
            events = [library.make("cuEventCreate", 0) for _ in range(len(commands) + 1)]
            try:
                library.call("cuEventRecord", events[0], self.stream)
                for command, event in zip(commands, events[1:], strict=True):
                    self._queue.put(command)
                    library.call("cuEventRecord", event, self.stream)
                library.call("cuEventSynchronize", events[-1])
                tally(commands, self.counts)
                return [library.elapsed(a, b) for a, b in itertools.pairwise(events)]
            finally:
                for event in events:
                    library.attempt("cuEventDestroy_v2", event)

    def graph(self, commands: Sequence[Command]) -> Graph:
        """Make a graph of commands, which lives until it or the device is closed."""
        with self.lock:
            graph = CudaGraph(self._queue, self.counts, commands, self._forget)
            self._graphs[id(graph)] = graph
        return graph

    def close(self) -> None:
        """Give all back: memory, kernels, graphs, the context if nothing else uses it."""
        queue = self._queue
        with self.lock:
            if queue.closed:
                return
            for graph in list(self._graphs.values()):
                graph.close()
            with queue.closing() as library:
                if self._ring is not None:
                    self._ring.close()
                for module in self._modules:
                    library.attempt("cuModuleUnload", module)
                for block in self._blocks:
                    library.attempt("cuMemFree_v2", block)
            queue.kernels.clear()
            self._blocks.clear()
            self._modules.clear()
            self._ring = None

    def _forget(self, graph: CudaGraph) -> None:
        self._graphs.pop(id(graph), None)

    def _staging(self, library: CudaLibrary) -> PinnedRing:
        if self._ring is None:
            self._ring = PinnedRing(library, self.stream)
        return self._ring

    def _free(self) -> str:
        free, total = ctypes.c_size_t(), ctypes.c_size_t()
        if self._library.attempt("cuMemGetInfo_v2", free, total):
            return ""
        return f": {free.value:,} of {total.value:,} are free"

    def _load(self, library: CudaLibrary, image: bytes) -> int:
        try:
            return library.make("cuModuleLoadDataEx", image, 0, None, None)
        except StatusError as error:
            if error.status not in NO_SUCH_BINARY:
                raise
            raise CudaError(
                f"{error}: the driver, which knows CUDA {'.'.join(map(str, library.version()))}, "
                f"cannot read what was compiled for {self.properties.architecture}. "
                "Install a newer driver, or an NVRTC that is not newer than it"
            ) from error

    def _function(self, library: CudaLibrary, module: int, name: str) -> int:
        try:
            return library.make("cuModuleGetFunction", module, name.encode())
        except StatusError as error:
            raise CudaError(f"no kernel {name!r} is in what was compiled: {error}") from error


def _place(array: np.ndarray[Any, Any]) -> tuple[int, int]:
    """The address of an array and its bytes."""
    if not array.flags.c_contiguous:
        raise ValueError("an array that is copied to a device or from it must be C-contiguous")
    return int(array.__array_interface__["data"][0]), array.nbytes
