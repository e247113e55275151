"""DLPack, by which libraries hand arrays to each other: capsules read, and made."""

from __future__ import annotations

import ctypes
import sys
from ctypes import c_int32, c_int64, c_uint8, c_uint16, c_uint32, c_uint64, c_void_p
from typing import Any

import numpy as np

CUDA, CUDA_MANAGED = 2, 13

_DTYPES = {
    **{(0, bits): f"int{bits}" for bits in (8, 16, 32, 64)},
    **{(1, bits): f"uint{bits}" for bits in (8, 16, 32, 64)},
    **{(2, bits): f"float{bits}" for bits in (16, 32, 64)},
    (6, 8): "bool",
}
_NEWEST = 1


class _Tensor(ctypes.Structure):
    """DLTensor."""

    _fields_ = [
        ("data", c_void_p),
        ("device", c_int32 * 2),
        ("ndim", c_int32),
        ("code", c_uint8),
        ("bits", c_uint8),
        ("lanes", c_uint16),
        ("shape", ctypes.POINTER(c_int64)),
        ("strides", ctypes.POINTER(c_int64)),
        ("byte_offset", c_uint64),
    ]


class _Managed(ctypes.Structure):
    """DLManagedTensor."""

    _fields_ = [("tensor", _Tensor), ("context", c_void_p), ("deleter", c_void_p)]


class _Versioned(ctypes.Structure):
    """DLManagedTensorVersioned."""

    _fields_ = [
        ("major", c_uint32),
        ("minor", c_uint32),
        ("context", c_void_p),
        ("deleter", c_void_p),
        ("flags", c_uint64),
        ("tensor", _Tensor),
    ]


# A capsule refers to its name, which is never copied.
_LAYOUTS: dict[bytes, Any] = {b"dltensor": _Managed, b"dltensor_versioned": _Versioned}
_USED = {name: b"used_" + name for name in _LAYOUTS}
_api = ctypes.pythonapi
_is_valid = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_IsValid", _api)
)
_pointer = ctypes.PYFUNCTYPE(c_void_p, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", _api)
)
_rename = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_SetName", _api)
)
# With the interpreter's lock, as capsules of their own call it.
_Deleter = ctypes.PYFUNCTYPE(None, c_void_p)


class Received:
    """An array that came in a capsule, given back when nothing refers to this any more.

    Attributes
    ----------
    address : int
    shape : tuple of int
    strides : tuple of int or None
        In elements; None where it is C-contiguous.
    dtype : dtype

    Raises
    ------
    TypeError
        If it is no capsule of DLPack's, or the array is of numbers that NumPy has not.
    """

    def __init__(self, capsule: Any) -> None:
        self._managed: Any = None
        name = next((n for n in _LAYOUTS if _is_valid(capsule, n)), None)
        if name is None:
            raise TypeError(f"__dlpack__ gave no capsule of an array, but {capsule!r}")
        managed = _LAYOUTS[name].from_address(_pointer(capsule, name))
        _rename(capsule, _USED[name])
        self._managed = managed
        if isinstance(managed, _Versioned) and managed.major > _NEWEST:
            raise TypeError(f"an array of DLPack {managed.major}, which is newer than {_NEWEST}")
        tensor = managed.tensor
        dtype = _DTYPES.get((tensor.code, tensor.bits)) if tensor.lanes == 1 else None
        if dtype is None:
            raise TypeError(
                f"an array of DLPack's kind of numbers {tensor.code}, of {tensor.bits} bits and "
                f"{tensor.lanes} lanes: no function takes these"
            )
        self.address = (tensor.data or 0) + tensor.byte_offset
        self.shape = tuple(tensor.shape[: tensor.ndim]) if tensor.ndim else ()
        self.strides = tuple(tensor.strides[: tensor.ndim]) if tensor.strides else None
        self.dtype = np.dtype(dtype)

    def __del__(self) -> None:
        managed = self._managed
        if managed is not None and managed.deleter and not sys.is_finalizing():
            _Deleter(managed.deleter)(ctypes.addressof(managed))


def received(value: Any, stream: int) -> Received:
    """The array that an object hands over, ready for what is put into a stream of its device."""
    wanted: dict[str, Any] = {"stream": stream} if stream else {}
    try:
        capsule = value.__dlpack__(**wanted, max_version=(_NEWEST, 0))
    except TypeError:  # which those say that know no versions
        capsule = value.__dlpack__(**wanted)
    return Received(capsule)


class _Lying:
    """What NumPy takes for an array of the host's."""

    def __init__(self, owner: Any, told: dict[str, Any]) -> None:
        self.owner, self.__array_interface__ = owner, told


def capsule_of(owner: Any, address: int, device: tuple[int, int]) -> Any:
    """A capsule of a C-contiguous array, which keeps its owner.

    NumPy makes it, so that no code of Python's has to run when it is given back; where the array
    lies is put in afterwards, as NumPy does not look there.

    Parameters
    ----------
    owner : object
        Has ``shape`` and ``dtype``.
    address : int
    device : pair of int
        Kind and number.
    """
    told = {
        "shape": owner.shape,
        "typestr": owner.dtype.str,
        "data": (address, False),
        "version": 3,
    }
    capsule = np.asarray(_Lying(owner, told)).__dlpack__()
    managed = _Managed.from_address(_pointer(capsule, b"dltensor"))
    managed.tensor.device[:] = device
    return capsule
