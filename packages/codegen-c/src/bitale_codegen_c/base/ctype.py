"""Dtypes in names of C: of functions, which have a version for each, and of fields of a word."""

from __future__ import annotations

SUFFIXES = {
    "bool": "u8",
    "int8": "i8", "int16": "i16", "int32": "i32", "int64": "i64",
    "uint8": "u8", "uint16": "u16", "uint32": "u32", "uint64": "u64",
    "float32": "f32", "float64": "f64",
}  # fmt: skip
FIELDS = {
    **{dtype: dtype.replace("uint", "u").replace("int", "i") for dtype in SUFFIXES},
    "bool": "u8", "float32": "f32", "float64": "f64", "float16": "u16", "complex64": "u64",
}  # fmt: skip
