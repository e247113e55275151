"""Dtypes in C: type names, suffixes of function names, and literals."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

C_TYPES = {
    "bool": "uint8_t",
    "int8": "int8_t", "int16": "int16_t", "int32": "int32_t", "int64": "int64_t",
    "uint8": "uint8_t", "uint16": "uint16_t", "uint32": "uint32_t", "uint64": "uint64_t",
    "float32": "float", "float64": "double",
    # Only stored and passed on; what computes with them goes through NumPy.
    "float16": "uint16_t", "complex64": "uint64_t", "complex128": "bt_complex128",
}  # fmt: skip
SUFFIXES = {
    "bool": "u8",
    "int8": "i8", "int16": "i16", "int32": "i32", "int64": "i64",
    "uint8": "u8", "uint16": "u16", "uint32": "u32", "uint64": "u64",
    "float32": "f32", "float64": "f64",
}  # fmt: skip


def is_supported(dtype: str) -> bool:
    """Whether generated code computes with ``dtype``; float16 and complex go through NumPy."""
    return dtype in SUFFIXES


def literal(value: Any, dtype: str) -> str:
    """A C constant of exactly this value: the shortest text that reads back as it."""
    if dtype in ("float32", "float64"):
        suffix = "f" if dtype == "float32" else ""
        number = float(value)
        if math.isnan(number):
            return f'__builtin_nan{suffix}("")'
        if math.isinf(number):
            return f"{'-' if number < 0 else ''}__builtin_inf{suffix}()"
        text = str(np.float32(value)) if dtype == "float32" else repr(number)
        if "e" not in text and "." not in text:
            text += ".0"
        return f"({text}{suffix})" if text.startswith("-") else text + suffix
    number = int(value)
    if dtype == "int64":
        return "INT64_MIN" if number == -(2**63) else f"INT64_C({number})"
    if dtype == "uint64":
        return f"UINT64_C({number})"
    if dtype == "uint32":
        return f"{number}u"
    if dtype == "int32" and number == -(2**31):
        return "INT32_MIN"
    return str(number) if number >= 0 else f"({number})"
