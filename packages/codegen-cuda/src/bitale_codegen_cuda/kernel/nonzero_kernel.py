"""Kernels that find the places of true elements: blocks count theirs, then write behind others'.

A block has a part of the mask; it goes through it in tiles, of which each thread has a few elements
in a row. Places come in row-major order, whatever the blocks do first.
"""

from __future__ import annotations

from functools import cache

from ..base.limits import MOST_THREADS
from .text import KernelText, kernel_text

# So many elements of a tile a thread has.
EACH = 8
_SUM = "bt_combined(mine, shared, blockDim.x, [](int64_t a, int64_t b) { return a + b; })"
_PART = (
    "const int64_t from = blockIdx.x * part, to = from + part < size ? from + part : size;",
    f"__shared__ int64_t shared[{MOST_THREADS}];",
    "int64_t mine = 0;",
)
_GIVEN = [("const unsigned char *mask", "P"), ("int64_t size", "q"), ("int64_t part", "q")]


@cache
def count_kernel(*, is_guarded: bool) -> KernelText:
    """The text of the kernel that counts the true elements of each part.

    A launch passes the address of the mask, how many elements it has and how many a block has, and
    the address for a number of each block.
    """
    lines = [
        *_PART,
        "for (int64_t e = from + threadIdx.x; e < to; e += blockDim.x) mine += mask[e] != 0;",
        f"const int64_t total = {_SUM};",
        "if (threadIdx.x == 0) counts[blockIdx.x] = total;",
    ]
    parameters = [*_GIVEN, ("int64_t *counts", "P")]
    return kernel_text("count", parameters, lines, is_guarded=is_guarded)


@cache
def places_kernel(rank: int, *, is_guarded: bool) -> KernelText:
    """The text of the kernel that writes the places, in a mask of some rank.

    A launch passes what `count_kernel` has, the numbers that it found, how many there are in all;
    then the lengths of the mask, and for each axis the address for the places along it.
    """
    axes = range(rank)
    parameters = [
        *_GIVEN,
        ("const int64_t *counts", "P"),
        ("int64_t all", "q"),
        *((f"int64_t n{a}", "q") for a in axes),
        *((f"int64_t *place{a}", "P") for a in axes),
    ]
    write = ["int64_t rest = e;"]
    for a in reversed(axes[1:]):
        write += [f"place{a}[at] = rest % n{a};", f"rest /= n{a};"]
    write.append("place0[at] = rest;")
    lines = [
        *_PART,
        "(void)n0;",
        "for (int64_t k = threadIdx.x; k < blockIdx.x; k += blockDim.x) mine += counts[k];",
        f"int64_t found = {_SUM};",
        f"for (int64_t tile = from; tile < to; tile += {EACH} * (int64_t)blockDim.x) {{",
        f"const int64_t first = tile + {EACH} * (int64_t)threadIdx.x;",
        f"const int64_t last = first + {EACH} < to ? first + {EACH} : to;",
        "int64_t own = 0;",
        "for (int64_t e = first; e < last; e++) own += mask[e] != 0;",
        # The sum of what the threads up to this one have.
        "__syncthreads();",
        "shared[threadIdx.x] = own;",
        "__syncthreads();",
        "for (unsigned by = 1; by < blockDim.x; by *= 2) {",
        "const int64_t more = threadIdx.x >= by ? shared[threadIdx.x - by] : 0;",
        "__syncthreads();",
        "shared[threadIdx.x] += more;",
        "__syncthreads();",
        "}",
        "int64_t at = found + shared[threadIdx.x] - own;",
        "found += shared[blockDim.x - 1];",
        "for (int64_t e = first; e < last && at < all; e++) {",
        "if (mask[e] == 0) continue;",
        *write,
        "at++;",
        "}",
        "}",
    ]
    return kernel_text("places", parameters, lines, is_guarded=is_guarded)
