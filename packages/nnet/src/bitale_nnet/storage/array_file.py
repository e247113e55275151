"""Files of named arrays, read with suspicion: what they claim first, and numbers only.

Dtypes and shapes stand in headers, which are small and are compared with the size of the file
before memory is taken for any array.
"""

from __future__ import annotations

import contextlib
import io
import math
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import IO, Any, Protocol

import numpy as np

Array = np.ndarray[Any, Any]

# Bytes of the header of one array: NumPy writes 128, and 2,000 for an array of 64 axes.
_LONGEST_HEADER = 4096
# Compressed files may be larger in memory than on the disk: up to so many bytes in any case, and
# beyond by this factor. A file of zeros has a factor of 1,000.
_INFLATED_BYTES, _INFLATED_TIMES = 64 << 20, 20
_CHUNK = 1 << 20
_TENSOR_DTYPES = {
    "BOOL": "bool", "F16": "float16", "F32": "float32", "F64": "float64",
    **{f"{letter}{8 * n}": f"{kind}{8 * n}" for letter, kind in (("I", "int"), ("U", "uint"))
       for n in (1, 2, 4, 8)},
}  # fmt: skip


@dataclass(frozen=True)
class Header:
    """What a file says of one array."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]

    @property
    def bytes(self) -> int:
        """How much memory the array takes."""
        return math.prod(self.shape) * self.dtype.itemsize


class ArrayFile(Protocol):
    """An open file: ``headers`` by name, and what is read when it is asked for."""

    headers: dict[str, Header]

    def read(self, name: str) -> Array:
        """Read one array; raises `ValueError` if the file is damaged there."""


@contextlib.contextmanager
def open_arrays(path: str | os.PathLike[str]) -> Iterator[ArrayFile]:
    """Open a file of named arrays.

    Raises
    ------
    ValueError
        If ``path`` ends in neither .npz nor .safetensors, or the file is no such file: if it holds
        anything but numbers, is damaged, or claims more than it can hold.
    FileNotFoundError
        If there is none.
    """
    path = Path(path)
    is_npz = suffix_of(path) == ".npz"
    with path.open("rb") as file, contextlib.ExitStack() as stack:
        with no_file_of_parameters(path):
            opened: ArrayFile = (
                _NpzFile(path, file) if is_npz else stack.enter_context(_tensor_file(path))
            )
        yield opened


def safetensors() -> ModuleType:
    """The package for the other format; raises `ImportError` if it is not installed."""
    try:
        import safetensors.numpy
    except ImportError as error:
        raise ImportError(
            "files that end in .safetensors need the package safetensors: "
            'pip install "bitale-nnet[safetensors]"; files that end in .npz need nothing'
        ) from error
    return safetensors


def suffix_of(path: Path) -> str:
    """The suffix; raises `ValueError` if there is no such format."""
    if path.suffix not in (".npz", ".safetensors"):
        raise ValueError(f"the name of a file of parameters ends in .npz or .safetensors: {path}")
    return path.suffix


@contextlib.contextmanager
def no_file_of_parameters(path: Path) -> Iterator[None]:
    """Turn whatever a damaged file leads to into a `ValueError` that names it."""
    try:
        yield
    except (
        *(ValueError, EOFError, KeyError, RuntimeError, NotImplementedError, OSError),
        *(zipfile.BadZipFile, zlib.error, struct.error),
    ) as error:
        raise ValueError(f"{path} is no file of parameters: {error}") from error


class _NpzFile:
    def __init__(self, path: Path, file: IO[bytes]) -> None:
        self.path = path
        if file.read(6) == b"\x93NUMPY":
            raise ValueError("it holds a single array")
        self.archive = zipfile.ZipFile(file)
        self.headers: dict[str, Header] = {}
        self._entries: dict[str, _Entry] = {}
        size, claimed = os.fstat(file.fileno()).st_size, 0
        for info in self.archive.infolist():
            name = info.filename.removesuffix(".npy")
            if name == info.filename or name in self.headers:
                raise ValueError(f"{info.filename!r} is no array, or is there twice")
            # Other ways to compress may take memory for themselves.
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise ValueError(f"{name!r} is compressed in a way that is not read")
            with self.archive.open(info) as content:
                header, entry = _read_header(content, info)
            if entry.start + header.bytes != info.file_size:
                raise ValueError(
                    f"{name!r} claims dtype {header.dtype} and shape {header.shape}, and the file "
                    f"has {info.file_size - entry.start} bytes for it"
                )
            claimed += header.bytes
            self.headers[name], self._entries[name] = header, entry
        if claimed > max(_INFLATED_BYTES, _INFLATED_TIMES * size):
            raise ValueError(f"it has {size} bytes and claims arrays of {claimed}")

    def read(self, name: str) -> Array:
        header, entry = self.headers[name], self._entries[name]
        with no_file_of_parameters(self.path), self.archive.open(entry.info) as content:
            content.read(entry.start)
            buffer = np.empty(header.bytes, "uint8")
            for start in range(0, len(buffer), _CHUNK):
                part = content.read(min(_CHUNK, len(buffer) - start))
                buffer[start : start + len(part)] = np.frombuffer(part, "uint8")
            if content.read(1):  # at the end the sum of the bytes is checked
                raise ValueError(f"{name!r} is longer than it says")
        values = buffer != 0 if header.dtype.kind == "b" else buffer.view(header.dtype)
        array = values.reshape(header.shape, order="F" if entry.is_fortran else "C")
        return array.astype(header.dtype.newbyteorder("="), order="C", copy=False)


@dataclass(frozen=True)
class _Entry:
    """Where the numbers of an array begin in its part of an archive, and their order."""

    info: zipfile.ZipInfo
    start: int
    is_fortran: bool


def _read_header(content: IO[bytes], info: zipfile.ZipInfo) -> tuple[Header, _Entry]:
    version = np.lib.format.read_magic(content)
    readers = {
        (1, 0): (2, np.lib.format.read_array_header_1_0),
        (2, 0): (4, np.lib.format.read_array_header_2_0),
    }
    if version not in readers:
        raise ValueError(f"{info.filename!r} is of version {version}, which has no numbers only")
    width, reader = readers[version]
    length = content.read(width)
    size = int.from_bytes(length, "little")
    if size > _LONGEST_HEADER:  # NumPy would read it first
        raise ValueError(f"{info.filename!r} has a header of {size} bytes")
    try:
        shape, is_fortran, dtype = reader(io.BytesIO(length + content.read(size)))
    except Exception as error:  # NumPy reads it as text of Python, and fails in as many ways
        raise ValueError(f"{info.filename!r} has no header") from error
    header = _checked(info.filename, dtype, shape)
    return header, _Entry(info, 6 + 2 + width + size, bool(is_fortran))


def _checked(name: str, dtype: np.dtype[Any], shape: Any) -> Header:
    if dtype.kind not in "biuf" or dtype.shape:
        raise ValueError(f"{name!r} holds {dtype}, and not numbers")
    if any(n < 0 for n in shape) or len(shape) > 64:
        raise ValueError(f"{name!r} has the shape {shape}")
    return Header(dtype, tuple(int(n) for n in shape))


class _TensorFile:
    def __init__(self, path: Path, reader: Any) -> None:
        self.path, self.reader = path, reader
        self.headers: dict[str, Header] = {}
        for name in reader.keys():  # noqa: SIM118 (it has no iterator)
            part = reader.get_slice(name)
            dtype = _TENSOR_DTYPES.get(part.get_dtype())
            if dtype is None:
                raise ValueError(f"{name!r} holds {part.get_dtype()}")
            self.headers[name] = _checked(name, np.dtype(dtype), part.get_shape())

    def read(self, name: str) -> Array:
        with no_file_of_parameters(self.path), _its_errors():
            return np.asarray(self.reader.get_tensor(name))


@contextlib.contextmanager
def _tensor_file(path: Path) -> Iterator[_TensorFile]:
    with contextlib.ExitStack() as stack:
        with _its_errors():
            # The format has no compression, and the package compares its header with the file.
            reader = stack.enter_context(safetensors().safe_open(path, "numpy"))
            opened = _TensorFile(path, reader)
        yield opened


@contextlib.contextmanager
def _its_errors() -> Iterator[None]:
    try:
        yield
    except safetensors().SafetensorError as error:
        raise ValueError(str(error)) from error
