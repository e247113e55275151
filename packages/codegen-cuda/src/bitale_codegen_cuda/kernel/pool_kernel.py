"""Kernels that pool planes of three axes by windows: a thread for each number that is written.

What goes from windows back to elements is gathered: an element adds up what its windows have, so
that no two threads write to one place, and results are the same at each run.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from .dialect import DIALECT, computing
from .text import KernelText, kernel_text

SIZES = tuple(f"{letter}{axis}" for letter in "nowsp" for axis in range(3))
"""Lengths, how many windows there are, how long they are, their steps, and pads."""

MODES = ("max", "sum", "average_inc_pad", "average_exc_pad")
"""By the numbers that plans have for them."""

# DIV: the quotient of numbers that are not negative, in 32 bits where these hold them.
_QUOTIENT = "(is_small ? int64_t(uint32_t(a) / uint32_t(b)) : int64_t(a) / int64_t(b))"
_PLACE = """
const int64_t c2 = e - DIV(e, {l}2) * {l}2, rest2 = DIV(e, {l}2);
const int64_t c1 = rest2 - DIV(rest2, {l}1) * {l}1, rest1 = DIV(rest2, {l}1);
const int64_t c0 = rest1 - DIV(rest1, {l}0) * {l}0, plane = DIV(rest1, {l}0);"""
_WINDOW = """
const int64_t start{a} = c{a} * s{a} - p{a}, end{a} = start{a} + w{a};
const int64_t from{a} = start{a} > 0 ? start{a} : 0, to{a} = end{a} < n{a} ? end{a} : n{a};"""
_WINDOWS = "".join(_WINDOW.format(a=a) for a in range(3))
_ELEMENTS = """
for (int64_t d = from0; d < to0; d++)
    for (int64_t h = from1; h < to1; h++)
        for (int64_t j = from2; j < to2; j++) {
            const int64_t i = ((plane * n0 + d) * n1 + h) * n2 + j;
            EACH
        }"""
# The windows that an element is in, from the first one that reaches it.
_REACHING = """
const int64_t least{a} = c{a} + p{a} - w{a} + 1, last{a} = DIV(c{a} + p{a}, s{a});
const int64_t k{a}_from = least{a} > 0 ? DIV(least{a} + s{a} - 1, s{a}) : 0;
const int64_t k{a}_to = last{a} < o{a} ? last{a} + 1 : o{a};"""
_OVER_WINDOWS = (
    "".join(_REACHING.format(a=a) for a in range(3))
    + """
for (int64_t k0 = k0_from; k0 < k0_to; k0++)
    for (int64_t k1 = k1_from; k1 < k1_to; k1++)
        for (int64_t k2 = k2_from; k2 < k2_to; k2++) {
            const int64_t i = ((plane * o0 + k0) * o1 + k1) * o2 + k2;
            EACH
        }"""
)
_COUNTS = {
    "average_inc_pad": "((end{a} < n{a} + p{a} ? end{a} : n{a} + p{a}) - start{a})",
    "average_exc_pad": "(to{a} > from{a} ? to{a} - from{a} : 0)",
}


def _divisor(mode: str) -> str:
    return " * ".join(_COUNTS[mode].format(a=a) for a in range(3))


def _pool(mode: str) -> str:
    place, found = _PLACE.format(l="o") + _WINDOWS, "found"
    if mode == "max":
        each, start = "found = bt_maximum(found, T(x[i]));", "LOWEST"
    else:
        each, start = "found += T(x[i]);", "0"
    if mode in _COUNTS:
        found = f"found / T({_divisor(mode)})"
    return f"{place}\nT found = {start};{_ELEMENTS.replace('EACH', each)}\nz[e] = {found};"


def _pool_grad(mode: str) -> str:
    each = "found += T(g[i]);"
    if mode in _COUNTS:
        window = _WINDOWS
        for a in range(3):
            window = window.replace(f"c{a} * s", f"k{a} * s")
        each = f"{window}\nfound += T(g[i]) / T({_divisor(mode)});"
    return (
        f"{_PLACE.format(l='n')}\nT found = 0;{_OVER_WINDOWS.replace('EACH', each)}\nz[e] = found;"
    )


def _max_pool_grad(mode: str) -> str:
    each = "if (value == T(y[i])) found += T(g[i]);"
    start = "const T value = T(x[e]);\nT found = 0;"
    return f"{_PLACE.format(l='n')}\n{start}{_OVER_WINDOWS.replace('EACH', each)}\nz[e] = found;"


def _max_pool_tangent(mode: str) -> str:
    each = "if (T(x[i]) == top) found += T(v[i]);"
    start = "const T top = T(y[e]);\nT found = 0;"
    return (
        f"{_PLACE.format(l='o')}{_WINDOWS}\n{start}{_ELEMENTS.replace('EACH', each)}\nz[e] = found;"
    )


_BODIES = {
    "pool": (_pool, "x"),
    "pool_grad": (_pool_grad, "g"),
    "max_pool_grad": (_max_pool_grad, "xyg"),
    "max_pool_tangent": (_max_pool_tangent, "xyv"),
}
POOL_KERNELS = tuple(_BODIES)
"""What there is: pooling, and its derivatives."""


def _lowest(dtype: str) -> str:
    if dtype.startswith("float"):
        return f"-{DIALECT.infinity(dtype)}"
    return "0" if dtype == "bool" else DIALECT.literal(np.iinfo(dtype).min, dtype)


@cache
def pool_kernel(name: str, mode: str, dtype: str, *, is_guarded: bool) -> KernelText:
    """The text of a kernel, for numbers of a dtype.

    A launch passes how many numbers are written, then `SIZES`, then the addresses of contiguous
    numbers that are read and of those that are written.
    """
    write, read = _BODIES[name]
    stored = DIALECT.c_type(dtype)
    wide = computing(dtype)
    parameters = [
        ("int64_t count", "q"),
        *((f"int64_t {size}", "q") for size in SIZES),
        *((f"const {stored} *{letter}", "P") for letter in read),
        (f"{stored} *z", "P"),
    ]
    body = write(mode).replace("LOWEST", _lowest(wide))
    thread, threads = "(int64_t)blockIdx.x * blockDim.x + threadIdx.x", "gridDim.x * blockDim.x"
    lines = [
        f"typedef {DIALECT.c_type(wide)} T;",
        "const bool is_small = count < INT64_C(2147483648);",
        f"#define DIV(a, b) {_QUOTIENT}",
        f"for (int64_t e = {thread}; e < count; e += (int64_t){threads}) {{",
        *body.strip().splitlines(),
        "}",
        "#undef DIV",
    ]
    return kernel_text(name, parameters, lines, is_guarded=is_guarded)
