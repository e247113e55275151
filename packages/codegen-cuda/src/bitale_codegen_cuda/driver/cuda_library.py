"""libcuda, the library that comes with NVIDIA's driver, through ctypes."""

from __future__ import annotations

import ctypes
import os
from ctypes import (
    POINTER,
    c_char_p,
    c_float,
    c_int,
    c_size_t,
    c_ubyte,
    c_uint,
    c_uint64,
    c_void_p,
)
from typing import Any

from ..base.errors import CudaError, NoDeviceError

VARIABLE = "BITALE_LIBCUDA"

INVALID_VALUE = 1
OUT_OF_MEMORY = 2
NOT_INITIALIZED = 3
DEINITIALIZED = 4
NO_DEVICE = 100
# A binary that the driver cannot read: of another architecture, or newer than the driver.
NO_SUCH_BINARY = frozenset({200, 209, 218, 222})
# After these no call that concerns the device succeeds any more in this process.
STICKY = frozenset(
    {
        214,  # uncorrectable error of its memory
        220,  # the same of NVLink
        226,  # contained
        700,  # illegal address
        702,  # timeout of a launch
        709,  # context destroyed
        710,  # assertion
        714,  # hardware stack error
        715,  # illegal instruction
        716,  # misaligned address
        717,  # invalid address space
        718,  # invalid program counter
        719,  # launch failed
        721,  # tensor memory leak
    }
)

STREAM_NON_BLOCKING = 1
EVENT_DISABLE_TIMING = 2
# Other threads may allocate and load while one captures; nothing of theirs is in the graph.
CAPTURE_RELAXED = 2
MULTIPROCESSOR_COUNT = 16
POINTER_DEVICE = 9
COMPUTE_CAPABILITY_MAJOR = 75
COMPUTE_CAPABILITY_MINOR = 76

_OUT = c_void_p  # the address of a place for a result
_FUNCTIONS: dict[str, tuple[Any, ...]] = {
    "cuInit": (c_uint,),
    "cuDriverGetVersion": (POINTER(c_int),),
    "cuGetErrorName": (c_int, POINTER(c_char_p)),
    "cuGetErrorString": (c_int, POINTER(c_char_p)),
    "cuDeviceGetCount": (POINTER(c_int),),
    "cuDeviceGet": (POINTER(c_int), c_int),
    "cuDeviceGetName": (c_char_p, c_int, c_int),
    "cuDeviceTotalMem_v2": (POINTER(c_size_t), c_int),
    "cuDeviceGetAttribute": (POINTER(c_int), c_int, c_int),
    "cuDevicePrimaryCtxRetain": (_OUT, c_int),
    "cuDevicePrimaryCtxRelease_v2": (c_int,),
    "cuCtxPushCurrent_v2": (c_void_p,),
    "cuCtxPopCurrent_v2": (_OUT,),
    "cuStreamCreate": (_OUT, c_uint),
    "cuStreamDestroy_v2": (c_void_p,),
    "cuStreamSynchronize": (c_void_p,),
    "cuStreamWaitEvent": (c_void_p, c_void_p, c_uint),
    "cuEventCreate": (_OUT, c_uint),
    "cuEventRecord": (c_void_p, c_void_p),
    "cuEventSynchronize": (c_void_p,),
    "cuEventDestroy_v2": (c_void_p,),
    "cuEventElapsedTime": (POINTER(c_float), c_void_p, c_void_p),
    "cuMemGetInfo_v2": (POINTER(c_size_t), POINTER(c_size_t)),
    "cuMemAlloc_v2": (POINTER(c_uint64), c_size_t),
    "cuMemFree_v2": (c_uint64,),
    "cuPointerGetAttribute": (_OUT, c_int, c_uint64),
    "cuMemHostAlloc": (_OUT, c_size_t, c_uint),
    "cuMemFreeHost": (c_void_p,),
    "cuMemcpyHtoDAsync_v2": (c_uint64, c_void_p, c_size_t, c_void_p),
    "cuMemcpyDtoHAsync_v2": (c_void_p, c_uint64, c_size_t, c_void_p),
    "cuMemcpyDtoDAsync_v2": (c_uint64, c_uint64, c_size_t, c_void_p),
    "cuMemsetD8Async": (c_uint64, c_ubyte, c_size_t, c_void_p),
    "cuModuleLoadDataEx": (_OUT, c_char_p, c_uint, c_void_p, c_void_p),
    "cuModuleUnload": (c_void_p,),
    "cuModuleGetFunction": (_OUT, c_void_p, c_char_p),
    # function, grid, block, bytes of shared memory, stream, addresses of the arguments, extra
    "cuLaunchKernel": (c_void_p, *([c_uint] * 7), c_void_p, c_void_p, c_void_p),
    "cuStreamBeginCapture_v2": (c_void_p, c_int),
    "cuStreamEndCapture": (c_void_p, _OUT),
    "cuGraphInstantiateWithFlags": (_OUT, c_void_p, c_uint64),
    "cuGraphExecKernelNodeSetParams_v2": (c_void_p, c_void_p, c_void_p),
    "cuGraphLaunch": (c_void_p, c_void_p),
    "cuGraphExecDestroy": (c_void_p,),
    "cuGraphDestroy": (c_void_p,),
}
# Whether a stream captures: status, id, graph, dependencies, edges (from CUDA 12.3 on), count.
_CAPTURE_INFO = {
    "cuStreamGetCaptureInfo_v3": (c_void_p, POINTER(c_int), POINTER(c_uint64), *([_OUT] * 4)),
    "cuStreamGetCaptureInfo_v2": (c_void_p, POINTER(c_int), POINTER(c_uint64), *([_OUT] * 3)),
}


class KernelNodeParams(ctypes.Structure):
    """CUDA_KERNEL_NODE_PARAMS_v2."""

    _fields_ = [
        ("func", c_void_p),
        ("grid", c_uint * 3),
        ("block", c_uint * 3),
        ("shared_bytes", c_uint),
        ("kernel_params", c_void_p),
        ("extra", c_void_p),
        ("kern", c_void_p),
        ("context", c_void_p),
    ]


class StatusError(CudaError):
    """A call of the driver returned an error.

    Attributes
    ----------
    status : int
        Its number.
    """

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)


class CudaLibrary:
    """The functions of libcuda, with their types, initialised.

    Parameters
    ----------
    path : str, optional
        The library; else what the variable BITALE_LIBCUDA names, else the system's.

    Raises
    ------
    NoDeviceError
        If there is no such library, or none that works.
    """

    def __init__(self, path: str | None = None) -> None:
        self.path, library = _open(path)
        try:
            self._functions = {
                name: _typed(library, name, types) for name, types in _FUNCTIONS.items()
            }
        except AttributeError as error:
            raise NoDeviceError(
                f"NVIDIA's driver ({self.path}) is too old, as it lacks a function: {error}. "
                "Install one for CUDA 12 or later, from https://www.nvidia.com/drivers"
            ) from None
        for name, types in _CAPTURE_INFO.items():
            if hasattr(library, name):
                self._functions[name] = _typed(library, name, types)
        try:
            self.call("cuInit", 0)
        except (StatusError, MemoryError) as error:
            raise NoDeviceError(_why_not(error)) from None

    def call(self, name: str, *arguments: Any) -> None:
        """Call a function.

        Raises
        ------
        MemoryError
            If the device has not enough memory.
        StatusError
            If the function returns any other error.
        """
        status = self._functions[name](*arguments)
        if status:
            raise self._error(name, status)

    def attempt(self, name: str, *arguments: Any) -> int:
        """Call a function, and return its status."""
        return int(self._functions[name](*arguments))

    def make(self, name: str, *arguments: Any) -> int:
        """Call a function whose first argument is the place for a handle, and return this."""
        handle = c_void_p()
        self.call(name, ctypes.addressof(handle), *arguments)
        return handle.value or 0

    def elapsed(self, start: int, end: int) -> float:
        """The seconds from one event to another."""
        milliseconds = c_float()
        self.call("cuEventElapsedTime", milliseconds, start, end)
        return milliseconds.value / 1000

    def version(self) -> tuple[int, int]:
        """The newest CUDA that the driver knows."""
        number = c_int()
        self.call("cuDriverGetVersion", number)
        return number.value // 1000, number.value % 1000 // 10

    def count(self) -> int:
        """How many devices there are."""
        number = c_int()
        self.call("cuDeviceGetCount", number)
        return number.value

    def attribute(self, device: int, which: int) -> int:
        """A number that describes a device."""
        number = c_int()
        self.call("cuDeviceGetAttribute", number, which, device)
        return number.value

    def device(self, ordinal: int) -> int:
        """The handle of a device.

        Raises
        ------
        NoDeviceError
            If there are not so many.
        """
        count = self.count()
        if not 0 <= ordinal < count:
            raise NoDeviceError(
                f"there is no GPU number {ordinal}: the driver shows {count}, counted from 0"
                f"{_visible()}"
            )
        device = c_int()
        self.call("cuDeviceGet", device, ordinal)
        return device.value

    def title(self, device: int) -> str:
        """The maker's name for a device."""
        text = ctypes.create_string_buffer(256)
        self.call("cuDeviceGetName", text, len(text), device)
        return text.value.decode(errors="replace")

    def memory(self, device: int) -> int:
        """How many bytes a device has."""
        size = c_size_t()
        self.call("cuDeviceTotalMem_v2", size, device)
        return size.value

    def capability(self, device: int) -> tuple[int, int]:
        """The compute capability of a device."""
        return (
            self.attribute(device, COMPUTE_CAPABILITY_MAJOR),
            self.attribute(device, COMPUTE_CAPABILITY_MINOR),
        )

    def newest_node(self, stream: int) -> int:
        """The node that a stream, which captures, got last."""
        status, number = c_int(), c_uint64()
        graph, nodes, edges, count = c_void_p(), c_void_p(), c_void_p(), c_size_t()
        places = [ctypes.addressof(place) for place in (graph, nodes, edges, count)]
        name = "cuStreamGetCaptureInfo_v3"
        if name not in self._functions:
            name = "cuStreamGetCaptureInfo_v2"
            del places[2]
        self.call(name, stream, status, number, *places)
        if count.value != 1 or not nodes.value:
            raise CudaError(f"a stream that captures waits for {count.value} nodes, not for one")
        return int(ctypes.cast(nodes, POINTER(c_uint64))[0])

    def _error(self, name: str, status: int) -> Exception:
        text = f"{name} returned {self._word('cuGetErrorName', status) or status}"
        if meaning := self._word("cuGetErrorString", status):
            text += f" ({meaning})"
        if status == OUT_OF_MEMORY:
            return MemoryError(text)
        if status == NOT_INITIALIZED and name != "cuInit":
            text += (
                ". A process that was forked cannot use a GPU which its parent uses: "
                "start it with multiprocessing's method 'spawn'"
            )
        return StatusError(status, text)

    def _word(self, function: str, status: int) -> str:
        text = c_char_p()
        self._functions[function](status, text)
        return text.value.decode(errors="replace") if text.value else ""


def devices(path: str | None = None) -> int:
    """How many NVIDIA GPUs this process can use.

    Raises
    ------
    NoDeviceError
        If there is no driver, or it finds no GPU; with the reason.
    """
    return CudaLibrary(path).count()


def _typed(library: ctypes.CDLL, name: str, types: tuple[Any, ...]) -> Any:
    function = getattr(library, name)
    function.argtypes = types
    function.restype = c_int
    return function


def _open(path: str | None) -> tuple[str, ctypes.CDLL]:
    named = path or os.environ.get(VARIABLE)
    # Under WSL the loader often does not know the folder.
    names = [named] if named else ["libcuda.so.1", "/usr/lib/wsl/lib/libcuda.so.1"]
    reasons = []
    for name in names:
        try:
            return name, ctypes.CDLL(name)
        except OSError as error:
            reasons.append(str(error))
    raise NoDeviceError(
        f"NVIDIA's driver is missing ({reasons[0]}). Install it from "
        "https://www.nvidia.com/drivers; a container must be started with its GPUs, "
        "such as by `docker run --gpus all`"
    )


def _why_not(error: Exception) -> str:
    status = getattr(error, "status", None)
    if status == NO_DEVICE:
        return f"NVIDIA's driver finds no GPU{_visible()}"
    cures = {
        34: "This library is a stub to link with: let LD_LIBRARY_PATH name the driver's own first",
        803: "The driver was exchanged under a running system: restart the machine",
        804: "The package cuda-compat does not work with this GPU: remove it",
    }
    return f"NVIDIA's driver does not start: {error}. " + cures.get(
        status or 0, "See whether `nvidia-smi` works"
    )


def _visible() -> str:
    value = os.environ.get("CUDA_VISIBLE_DEVICES")
    return "" if value is None else f" (CUDA_VISIBLE_DEVICES is {value!r})"
