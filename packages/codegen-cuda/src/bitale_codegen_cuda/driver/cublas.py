"""cuBLAS, NVIDIA's library of matrix products, through ctypes."""

from __future__ import annotations

import ctypes
from ctypes import POINTER, c_int, c_int64, c_longlong, c_size_t, c_void_p
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..base import wheels
from ..base.errors import CudaError, NoDeviceError
from .commands import Product

VARIABLE = "BITALE_CUBLAS"
# What NVIDIA advises for Hopper; earlier chips want less.
WORKSPACE = 32 << 20

_HOST, _DEVICE = 0, 1
# No TF32, and sums in the type that is computed in also where numbers are stored in 16 bits.
_IEEE = 0 | 16
_TF32 = 3
_AS_IT_LIES, _TRANSPOSED = 0, 1
_DEFAULT_ALGORITHM = -1
_INT32 = 2**31
# In one call: some kernels count pairs along an axis of the grid that is no longer.
_PAIRS = 65535


@dataclass(frozen=True)
class _Numbers:
    """What cuBLAS calls a dtype, what it computes in, and the type of alpha and beta."""

    stored: int
    computed: int
    scale: type[ctypes.c_float] | type[ctypes.c_double]


_SINGLE, _DOUBLE = 68, 70
_DTYPES = {
    "float16": _Numbers(2, _SINGLE, ctypes.c_float),
    "bfloat16": _Numbers(14, _SINGLE, ctypes.c_float),
    "float32": _Numbers(0, _SINGLE, ctypes.c_float),
    "float64": _Numbers(1, _DOUBLE, ctypes.c_double),
}


def _product_types(length: Any, step: Any = None) -> tuple[Any, ...]:
    """The types of the arguments; with steps from one matrix to the next also of how many."""
    matrix = (c_void_p, c_int, length, *([] if step is None else [step]))
    lengths = (length, length, length)
    scales = (c_void_p, *matrix, *matrix, c_void_p, *matrix)
    counts = () if step is None else (length,)
    return (c_void_p, c_int, c_int, *lengths, *scales, *counts, c_int, c_int)


_FUNCTIONS: dict[str, tuple[Any, ...]] = {
    "cublasGetProperty": (c_int, POINTER(c_int)),
    "cublasCreate_v2": (c_void_p,),
    "cublasDestroy_v2": (c_void_p,),
    "cublasSetStream_v2": (c_void_p, c_void_p),
    "cublasSetWorkspace_v2": (c_void_p, c_void_p, c_size_t),
    "cublasSetPointerMode_v2": (c_void_p, c_int),
    "cublasSetMathMode": (c_void_p, c_int),
    "cublasGemmEx": _product_types(c_int),
    "cublasGemmEx_64": _product_types(c_int64),
    "cublasGemmStridedBatchedEx": _product_types(c_int, c_longlong),
    "cublasGemmStridedBatchedEx_64": _product_types(c_int64, c_int64),
}


class CublasLibrary:
    """The functions of libcublas, with their types.

    Parameters
    ----------
    path : str

    Raises
    ------
    OSError
        If it cannot be loaded.
    AttributeError
        If it lacks a function.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        wheels.preload(path, "libcublasLt")
        library = ctypes.CDLL(path)
        self._functions: dict[str, Any] = {}
        for name, types in _FUNCTIONS.items():
            function = getattr(library, name)
            function.argtypes = types
            function.restype = c_int
            self._functions[name] = function
        self._word = library.cublasGetStatusName
        self._word.argtypes = (c_int,)
        self._word.restype = ctypes.c_char_p

    def call(self, name: str, *arguments: Any) -> None:
        """Call a function.

        Raises
        ------
        MemoryError
            If the device has not enough memory.
        CudaError
            If the function returns any other error.
        """
        status = self._functions[name](*arguments)
        if status:
            word = (self._word(status) or b"").decode(errors="replace")
            text = f"{name} returned {word or status}"
            raise MemoryError(text) if word == "CUBLAS_STATUS_ALLOC_FAILED" else CudaError(text)

    def attempt(self, name: str, *arguments: Any) -> int:
        """Call a function, and return its status."""
        return int(self._functions[name](*arguments))

    def version(self) -> tuple[int, int]:
        """Its version."""
        numbers = (c_int(), c_int())
        for which, number in enumerate(numbers):
            self.call("cublasGetProperty", which, number)
        return numbers[0].value, numbers[1].value


def find_cublas(path: str | None = None, newest: int | None = None) -> CublasLibrary:
    """Load cuBLAS.

    Parameters
    ----------
    path : str, optional
        The library; else what the variable BITALE_CUBLAS names, else that of a wheel, of a
        toolkit or of the system.
    newest : int, optional
        The newest major version of CUDA that the driver knows.

    Raises
    ------
    NoDeviceError
        If there is none.
    """
    names = [path] if path else list(wheels.candidates("libcublas", VARIABLE, "cublas"))
    reasons = []
    for name in names:
        major = wheels.major(name)
        if newest is not None and major is not None and major > newest:
            reasons.append(f"{name} is too new for the driver, which knows CUDA {newest}")
            continue
        try:
            return CublasLibrary(name)
        except (OSError, AttributeError) as error:
            reasons.append(str(error))
    raise NoDeviceError(
        f"cuBLAS, which matrix products need, is missing ({reasons[0]}): {wheels.cure(newest)}"
    )


class Cublas:
    """Products in one stream; the context must be current in all calls.

    Parameters
    ----------
    library : CublasLibrary
    stream : int
    workspace : int
        The address of `WORKSPACE` bytes, which must stay until `close`.
    """

    def __init__(self, library: CublasLibrary, stream: int, workspace: int) -> None:
        self._library = library
        handle = c_void_p()
        library.call("cublasCreate_v2", ctypes.addressof(handle))
        self._handle = handle.value
        self._modes: dict[str, int] = {}
        try:
            # In this order, as a new stream takes the workspace away.
            library.call("cublasSetStream_v2", self._handle, stream)
            library.call("cublasSetWorkspace_v2", self._handle, workspace, WORKSPACE)
        except BaseException:
            self.close()
            raise

    def multiply(self, product: Product) -> None:
        """Put a product into the stream.

        Numbers of 16 bits are summed in float32; alpha and beta, also those that lie on the
        device, are float32 for them.

        Raises
        ------
        ValueError
            If cuBLAS has no product of such matrices.
        """
        numbers = _DTYPES.get(product.dtype)
        if numbers is None:
            raise ValueError(f"no product of {product.dtype}: there are {', '.join(_DTYPES)}")
        if product.precision not in {"ieee", "tf32"}:
            raise ValueError(f"no precision {product.precision!r}: there are 'ieee' and 'tf32'")
        rows, columns, inner = product.rows, product.columns, product.inner
        if not (rows and columns and product.batch):
            return
        # What lies by rows is the transposed matrix to cuBLAS: out.T = y.T @ x.T.
        y_operation, y_leading = leading(product.y_strides, inner, columns)
        x_operation, x_leading = leading(product.x_strides, rows, inner)
        _, out_leading = leading((product.out_stride, 1), rows, columns)
        self._set("cublasSetPointerMode_v2", _DEVICE if product.scales_lie else _HOST)
        tf32 = product.precision == "tf32" and product.dtype == "float32"
        self._set("cublasSetMathMode", _TF32 if tf32 else _IEEE)
        places, kept = _scales(product, numbers)
        lengths = (columns, rows, inner)
        large = max(*lengths, y_leading, x_leading, out_leading) >= _INT32
        stored = numbers.stored
        name = "cublasGemmEx" if product.batch == 1 else "cublasGemmStridedBatchedEx"
        size = np.dtype(product.dtype).itemsize if product.batch > 1 else 0
        for first in range(0, product.batch, _PAIRS):
            count = min(product.batch - first, _PAIRS)
            # Of each matrix where it lies, and how far it is to the next one.
            (x, *x_step), (y, *y_step), (out, *out_step) = (
                (place + first * step * size, *([step] if product.batch > 1 else []))
                for place, step in zip(
                    (product.x, product.y, product.out), product.steps, strict=True
                )
            )
            self._library.call(
                f"{name}_64" if large else name,
                self._handle,
                y_operation,
                x_operation,
                *lengths,
                places[0],
                *(y, stored, y_leading, *y_step),
                *(x, stored, x_leading, *x_step),
                places[1],
                *(out, stored, out_leading, *out_step),
                *([count] if product.batch > 1 else []),
                numbers.computed,
                _DEFAULT_ALGORITHM,
            )
        del kept

    def close(self) -> None:
        """Give back what cuBLAS keeps."""
        self._library.attempt("cublasDestroy_v2", self._handle)

    def _set(self, function: str, mode: int) -> None:
        if self._modes.get(function) != mode:
            self._library.call(function, self._handle, mode)
            self._modes[function] = mode


def leading(strides: tuple[int, int], rows: int, columns: int) -> tuple[int, int]:
    """How cuBLAS, which counts down columns, reads the transpose of a matrix.

    Parameters
    ----------
    strides : pair of int
        In elements.
    rows, columns : int

    Returns
    -------
    operation : int
        1 if it has to be transposed once more.
    leading : int
        The distance of what to cuBLAS are its columns.

    Raises
    ------
    ValueError
        If neither its rows nor its columns are contiguous and apart.
    """
    if not (rows and columns):
        return _AS_IT_LIES, max(1, columns)
    # Along an axis of one element nothing is read, whatever its stride.
    down = strides[0] if rows > 1 else columns
    if (strides[1] == 1 or columns == 1) and down >= columns:
        return _AS_IT_LIES, down
    across = strides[1] if columns > 1 else rows
    if (strides[0] == 1 or rows == 1) and across >= rows:
        return _TRANSPOSED, across
    raise ValueError(
        f"cuBLAS cannot read a matrix of {rows} rows and {columns} columns with strides {strides}"
    )


def _scales(product: Product, numbers: _Numbers) -> tuple[tuple[int, int], Any]:
    """Where alpha and beta lie, and what must stay alive until they are read."""
    if product.scales_lie:
        return (product.alpha, product.beta), None
    pair = (numbers.scale * 2)(product.alpha, product.beta)
    base = ctypes.addressof(pair)
    return (base, base + ctypes.sizeof(numbers.scale)), pair
