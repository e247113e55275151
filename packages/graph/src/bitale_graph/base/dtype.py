"""The dtypes that tensors may have, and how they combine.

Tensors combine as NumPy arrays do. Python numbers are weak, as in NumPy 2: they take the dtype of
the tensors beside them, and widen it only from bool to integer to float to complex.
"""

from __future__ import annotations

from functools import cache
from typing import Any

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

    Integers of up to 16 bits give float32, others ``config.floatX`` (never float16), or float64 if
    ``config.float_of_integers`` says so.
    """
    if dtype not in DISCRETE:
        return dtype
    if dtype in _SMALL:
        return "float32"
    if config.float_of_integers == "float64":
        return "float64"
    return "float32" if config.floatX == "float16" else str(config.floatX)


def quotient(dtype: str) -> str:
    """Dtype of a true division: ``config.floatX`` for discrete operands (never float16)."""
    if dtype not in DISCRETE:
        return dtype
    return "float32" if config.floatX == "float16" else str(config.floatX)


def weak(value: bool | int | float | complex, strong: str | None) -> str:
    """The dtype that a Python number takes beside tensors of dtype ``strong`` (None: none).

    By ``config.cast_policy``: by default that of the tensors if it is of as wide a kind; else one
    of its own, which may widen the result.
    """
    policy = config.cast_policy
    if policy != "weak":
        if strong is None and policy == "custom" and isinstance(value, bool):
            return "int8"
        return _smallest(value) if policy == "custom" else _by_kind(value)
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


def _smallest(value: bool | int | float | complex) -> str:
    """Theano's rule: the smallest dtype that holds a number; a float is a floatX below float64."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        dtypes = ("int8", "int16", "int32", "int64", "uint64")
        fitting = (d for d in dtypes if np.iinfo(d).min <= value <= np.iinfo(d).max)
        return next(fitting, "int64")
    if isinstance(value, complex):
        return "complex128"
    if config.floatX != "float64":
        return str(config.floatX)
    with np.errstate(all="ignore"):
        narrow = float(np.float32(value))
    return "float32" if narrow == value or narrow != narrow else "float64"  # noqa: PLR0124 (NaN)


def _by_kind(value: bool | int | float | complex) -> str:
    """NumPy 1's rule for arrays, but that a float is a floatX."""
    if isinstance(value, float):
        return str(config.floatX)
    if isinstance(value, int) and not isinstance(value, bool):
        return "int64" if -(2**63) <= value < 2**63 else "uint64"
    return "bool" if isinstance(value, bool) else "complex128"


def as_array(value: Any) -> np.ndarray[Any, Any]:
    """An array of a value, which shows the value's own memory where it has one.

    That is told by NumPy's protocols, the buffer protocol or DLPack.

    Raises
    ------
    TypeError
        If there is no array of it, or its memory is another device's.
    """
    check_unmasked(value)
    try:
        if hasattr(value, "__dlpack__") and not hasattr(value, "__array__"):
            return np.from_dlpack(value)
        return np.asarray(value)
    except (ValueError, TypeError, BufferError, RuntimeError) as error:
        raise TypeError(f"there is no array of {value!r:.80}: {error}") from None


def check_unmasked(value: object) -> None:
    """Raise `TypeError` for a masked array, whose mask would be lost without a word."""
    if isinstance(value, np.ndarray) and hasattr(value, "mask"):
        raise TypeError(
            "tensors have no mask: give the elements that are masked a value with filled(value), "
            f"or pass data and mask apart; got {value!r:.60}"
        )
