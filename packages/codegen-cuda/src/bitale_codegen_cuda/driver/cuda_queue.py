"""A device's context and stream, and how each command gets into the stream."""

from __future__ import annotations

import contextlib
import ctypes
import threading
from collections.abc import Iterable, Iterator
from types import TracebackType

from ..base.errors import CudaError
from .commands import Command, CopyBytes, Launch, Product
from .cublas import WORKSPACE, Cublas, find_cublas
from .cuda_library import CAPTURE_RELAXED, STICKY, STREAM_NON_BLOCKING, CudaLibrary, StatusError
from .parameters import Parameters

GRID = (2**31 - 1, 65535)
BLOCK = 1024


class CudaQueue:
    """One device as libcuda shows it; within ``with`` its context is the current one.

    Whoever is within also holds the lock, so that the commands of several threads do not mix.
    The primary context is used, which other libraries in this process use as well.

    Parameters
    ----------
    library : CudaLibrary
    ordinal : int
    cublas : str, optional
        The path of cuBLAS, else it is searched for when the first product needs it.

    Attributes
    ----------
    stream : int
        Its handle.
    kernels : dict
        From names to handles.
    lock : RLock
    """

    def __init__(self, library: CudaLibrary, ordinal: int, cublas: str | None = None) -> None:
        self.library = library
        self.name = f"cuda{ordinal}"
        self.lock = threading.RLock()
        self.kernels: dict[str, int] = {}
        self._rooms: dict[str, Parameters] = {}
        self._cublas_path = cublas
        self._cublas: Cublas | None = None
        self._workspace = 0
        self._popped = ctypes.c_void_p()
        self._waiting: list[int] | None = None
        self.closed = False
        self._refusal: str | None = None
        self._device = library.device(ordinal)
        self._context = library.make("cuDevicePrimaryCtxRetain", self._device)
        self.stream = 0
        try:
            with self:
                self.stream = library.make("cuStreamCreate", STREAM_NON_BLOCKING)
        except BaseException:
            library.attempt("cuDevicePrimaryCtxRelease_v2", self._device)
            raise

    @property
    def usable(self) -> bool:
        """Whether the device has neither failed for good nor been closed."""
        return self._refusal is None

    def __enter__(self) -> CudaLibrary:
        self.lock.acquire()
        try:
            self._enter()
        except BaseException as error:
            self._note(error)
            self.lock.release()
            raise
        return self.library

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self._pop()
            self._note(error)
        finally:
            self.lock.release()

    def prepare(self, commands: Iterable[Command]) -> None:
        """Refuse what cannot run, and make ready what must not be made while a graph is."""
        for command in commands:
            if isinstance(command, Launch):
                self.check(command)
            elif isinstance(command, Product):
                self.blas()

    def check(self, launch: Launch) -> None:
        """Refuse a launch that the device cannot carry out.

        Raises
        ------
        CudaError
            If no such kernel was compiled.
        ValueError
            If the grid or a block is empty or too large.
        """
        if launch.kernel not in self.kernels:
            raise CudaError(f"no kernel {launch.kernel!r} was compiled for {self.name}")
        x, y = launch.grid
        if not (1 <= x <= GRID[0] and 1 <= y <= GRID[1]):
            raise ValueError(
                f"kernel {launch.kernel!r} has a grid of {launch.grid}: "
                f"a device takes from (1, 1) to {GRID} blocks"
            )
        if not 1 <= launch.block <= BLOCK:
            raise ValueError(
                f"kernel {launch.kernel!r} has blocks of {launch.block} threads: "
                f"a device takes from 1 to {BLOCK}"
            )

    def arguments(self, launch: Launch) -> int:
        """The address of the addresses of a launch's arguments, until the next call of this."""
        room = self._rooms.get(launch.kinds)
        if room is None:
            room = self._rooms[launch.kinds] = Parameters(launch.kinds)
        return room.fill(launch.arguments)

    def put(self, command: Command) -> None:
        """Put a command, which was prepared, into the stream."""
        call = self.library.call
        if isinstance(command, Launch):
            function = self.kernels[command.kernel]
            x, y = command.grid
            places = self.arguments(command)
            shape = (x, y, 1, command.block, 1, 1)
            call("cuLaunchKernel", function, *shape, 0, self.stream, places, None)
        elif isinstance(command, Product):
            self.blas().multiply(command)
        elif isinstance(command, CopyBytes):
            if command.size and command.to != command.source:
                to, source = command.to, command.source
                call("cuMemcpyDtoDAsync_v2", to, source, command.size, self.stream)
        elif command.size:
            call("cuMemsetD8Async", command.to, 0, command.size, self.stream)

    def record(self, commands: Iterable[Command]) -> tuple[int, dict[int, int]]:
        """Let the stream collect commands instead of running them.

        Returns
        -------
        graph : int
        nodes : dict of int
            The node of each launch, by the launch's number among the commands.
        """
        self._waiting = []
        try:
            self.library.call("cuStreamBeginCapture_v2", self.stream, CAPTURE_RELAXED)
            try:
                nodes = self._collect(commands)
            except BaseException:
                # A capture that failed has to end too, or the stream takes nothing any more.
                with contextlib.suppress(StatusError):
                    self.library.attempt("cuGraphDestroy", self._end_of_capture())
                raise
            return self._end_of_capture(), nodes
        finally:
            waiting, self._waiting = self._waiting, None
            for address in waiting:
                self.release(address)

    def release(self, address: int) -> None:
        """Give memory back once the stream has done its work, or has got its graph.

        A finalizer may be at work, to which an error means nothing; the next call shows it.
        """
        attempt = self.library.attempt
        with self.lock:
            if self._waiting is not None:
                self._waiting.append(address)
            elif not attempt("cuCtxPushCurrent_v2", self._context):
                attempt("cuStreamSynchronize", self.stream)
                attempt("cuMemFree_v2", address)
                self._pop()

    @contextlib.contextmanager
    def closing(self) -> Iterator[CudaLibrary]:
        """Give back all that is the queue's, after what is done within; then all is refused."""
        attempt = self.library.attempt
        with self.lock:
            attempt("cuCtxPushCurrent_v2", self._context)
            attempt("cuStreamSynchronize", self.stream)
            yield self.library
            if self._cublas is not None:
                self._cublas.close()
                attempt("cuMemFree_v2", self._workspace)
                self._cublas = None
            attempt("cuStreamDestroy_v2", self.stream)
            self._pop()
            attempt("cuDevicePrimaryCtxRelease_v2", self._device)
            self.closed = True
            self._refusal = f"{self.name} was closed"

    def _enter(self) -> None:
        if self._refusal is not None:
            raise CudaError(self._refusal)
        self.library.call("cuCtxPushCurrent_v2", self._context)

    def _note(self, error: BaseException | None) -> None:
        """Refuse all that follows a failure for good."""
        if isinstance(error, StatusError) and error.status in STICKY:
            self._refusal = (
                f"{self.name} failed before: {error}. No process recovers from this; "
                f"restart yours to use {self.name} again"
            )

    def _collect(self, commands: Iterable[Command]) -> dict[int, int]:
        nodes = {}
        for index, command in enumerate(commands):
            self.put(command)
            if isinstance(command, Launch):
                nodes[index] = self.library.newest_node(self.stream)
        return nodes

    def _end_of_capture(self) -> int:
        graph = ctypes.c_void_p()
        self.library.call("cuStreamEndCapture", self.stream, ctypes.addressof(graph))
        return graph.value or 0

    def _pop(self) -> None:
        self.library.attempt("cuCtxPopCurrent_v2", ctypes.addressof(self._popped))

    def blas(self) -> Cublas:
        """cuBLAS, with room of ours to work in: its own would be allocated within a graph."""
        if self._cublas is None:
            found = find_cublas(self._cublas_path, newest=self.library.version()[0])
            room = ctypes.c_uint64()
            self.library.call("cuMemAlloc_v2", room, WORKSPACE)
            try:
                self._cublas = Cublas(found, self.stream, room.value)
            except BaseException:
                self.library.attempt("cuMemFree_v2", room.value)
                raise
            self._workspace = room.value
        return self._cublas
