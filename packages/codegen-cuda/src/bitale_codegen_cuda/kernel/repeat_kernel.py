"""The kernel that repeats slices: a thread for each element of the result."""

from __future__ import annotations

from functools import cache

from .dialect import DIALECT
from .text import KernelText, kernel_text


@cache
def repeat_kernel(dtype: str, *, is_guarded: bool) -> KernelText:
    """The text of the kernel, for numbers of a dtype.

    A launch passes how many elements the result has; the lengths of the axis in what is repeated
    and in the result, and how many elements lie behind it; the addresses of the contiguous numbers,
    of the sums so far of the counts, and of the result.
    """
    stored = DIALECT.c_type(dtype)
    parameters = [
        ("int64_t count", "q"),
        ("int64_t n", "q"),
        ("int64_t total", "q"),
        ("int64_t inner", "q"),
        (f"const {stored} *x", "P"),
        ("const int64_t *ends", "P"),
        (f"{stored} *out", "P"),
    ]
    thread, threads = "(int64_t)blockIdx.x * blockDim.x + threadIdx.x", "gridDim.x * blockDim.x"
    lines = [
        f"for (int64_t e = {thread}; e < count; e += (int64_t){threads}) {{",
        "const int64_t row = e / inner, place = row % total;",
        "int64_t low = 0, left = n;",
        "while (left > 0) {",
        "const int64_t half = left >> 1;",
        "if (ends[low + half] <= place) low += half + 1, left -= half + 1;",
        "else left = half;",
        "}",
        "out[e] = x[(row / total * n + low) * inner + e % inner];",
        "}",
    ]
    return kernel_text("repeat", parameters, lines, is_guarded=is_guarded)
