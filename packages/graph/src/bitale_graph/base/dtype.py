"""The dtypes that tensors may have, and how they combine.

Tensors combine as NumPy arrays do. Python numbers are weak, as in NumPy 2: they take the dtype of
the tensors beside them, and widen it only from bool to integer to float to complex.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from .config import config
from .errors import DtypeError

INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
DISCRETE = ("bool", *INTEGERS)
FLOATS = ("float16", "float32", "float64")
COMPLEX = ("complex64", "complex128")
ALL = (*DISCRETE, *FLOATS, *COMPLEX)
_KNOWN = frozenset(ALL)
_SMALL = ("bool", "int8", "int16", "uint8", "uint16")


def check(dtype: object) -> str:
    """The canonical name of ``dtype`` (``"floatX"`` is resolved); raises `DtypeError`."""
    if type(dtype) is str:
        if dtype in _KNOWN:
            return dtype
        if dtype == "floatX":
            return str(config.floatX)
    # NumPy before 2.4 would take what has a dtype, a variable say, for that dtype.
    is_told = isinstance(dtype, (str, type, np.dtype))
    try:
        name = np.dtype(dtype).name if is_told else None  # type: ignore[call-overload]  # what is no dtype raises
    except (TypeError, ValueError):
        name = None
    if name is None:
        raise DtypeError(f"{dtype!r} is not a dtype; the dtypes are {', '.join(ALL)}")
    if name not in ALL:
        raise DtypeError(f"tensors cannot have dtype {name}; the dtypes are {', '.join(ALL)}")
    return str(name)


@cache
def _promote(dtypes: tuple[str, ...]) -> str:
    return str(np.result_type(*(np.dtype(d) for d in dtypes)).name)


def upcast(*dtypes: str) -> str:
    """The dtype that NumPy gives arrays of these dtypes combined."""
    return dtypes[0] if len(set(dtypes)) == 1 else _promote(dtypes)


def is_float(dtype: str) -> bool:
    """Whether ``dtype`` is a real floating dtype."""
    return dtype in FLOATS


def is_discrete(dtype: str) -> bool:
    """Whether ``dtype`` is bool or an integer dtype."""
    return dtype in DISCRETE


def is_complex(dtype: str) -> bool:
    """Whether ``dtype`` is complex."""
    return dtype in COMPLEX


def at_least_float(dtype: str) -> str:
    """``dtype`` itself if inexact.

    Integers of up to 16 bits give float32, others ``config.floatX`` (never float16).
    """
    if dtype not in DISCRETE:
        return dtype
    if dtype in _SMALL:
        return "float32"
    return "float32" if config.floatX == "float16" else str(config.floatX)


def quotient(dtype: str) -> str:
    """Dtype of a true division: ``config.floatX`` for discrete operands (never float16)."""
    if dtype not in DISCRETE:
        return dtype
    return "float32" if config.floatX == "float16" else str(config.floatX)


def weak(value: bool | int | float | complex, strong: str | None) -> str:
    """The dtype that a Python number takes beside tensors of dtype ``strong`` (None: none)."""
    if isinstance(value, bool):
        return "bool" if strong is None else strong
    if isinstance(value, int):
        if strong is None or strong == "bool":
            return "int64" if -(2**63) <= value < 2**63 else "uint64"
        if strong in INTEGERS:
            info = np.iinfo(strong)
            if not info.min <= value <= info.max:
                raise OverflowError(
                    f"the Python integer {value} is out of bounds for {strong}; "
                    "cast the tensor to a wider dtype first"
                )
        return strong
    if isinstance(value, float):
        return str(config.floatX) if strong is None or strong in DISCRETE else strong
    if strong in COMPLEX:
        return strong
    return "complex64" if strong in ("float16", "float32") else "complex128"


def check_unmasked(value: object) -> None:
    """Raise `TypeError` for a masked array, whose mask would be lost without a word."""
    if isinstance(value, np.ndarray) and hasattr(value, "mask"):
        raise TypeError(
            "tensors have no mask: give the elements that are masked a value with filled(value), "
            f"or pass data and mask apart; got {value!r:.60}"
        )
