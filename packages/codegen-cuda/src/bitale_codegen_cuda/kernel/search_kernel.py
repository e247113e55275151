"""Kernels that look numbers up in a sorted vector: a thread for each number."""

from __future__ import annotations

from functools import cache

from .dialect import DIALECT
from .text import KernelText, kernel_text

# NaN is behind all numbers, as in NumPy; for integers the compiler drops what asks for it.
_IS_BEFORE = {
    "left": "item < key || (key != key && item == item)",
    "right": "!(key < item || (item != item && key == key))",
}


@cache
def search_kernel(side: str, dtype: str, *, is_guarded: bool) -> KernelText:
    """The text of the kernel, for numbers of a dtype.

    A launch passes the address of the vector, its length and its stride; the address of the numbers
    and how many there are; and where their places go.
    """
    stored = DIALECT.c_type(dtype)
    parameters = [
        (f"const {stored} *x", "P"),
        ("int64_t length", "q"),
        ("int64_t stride", "q"),
        (f"const {stored} *keys", "P"),
        ("int64_t count", "q"),
        ("int64_t *found", "P"),
    ]
    thread, threads = "(int64_t)blockIdx.x * blockDim.x + threadIdx.x", "gridDim.x * blockDim.x"
    lines = [
        f"for (int64_t e = {thread}; e < count; e += (int64_t){threads}) {{",
        f"const {stored} key = keys[e];",
        "int64_t low = 0, n = length;",
        "while (n > 0) {",
        "const int64_t half = n >> 1;",
        f"const {stored} item = x[(low + half) * stride];",
        f"if ({_IS_BEFORE[side]}) low += half + 1, n -= half + 1;",
        "else n = half;",
        "}",
        "found[e] = low;",
        "}",
    ]
    return kernel_text("search", parameters, lines, is_guarded=is_guarded)
