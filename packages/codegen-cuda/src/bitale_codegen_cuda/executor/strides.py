"""Arrays by the strides that they have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..driver.driver import Driver


def packed_strides(shape: Sequence[int]) -> tuple[int, ...]:
    """The strides of a C-contiguous array, in elements."""
    strides, size = [], 1
    for n in reversed(shape):
        strides.append(size)
        size *= n
    return tuple(reversed(strides))


def is_packed(shape: Sequence[int], strides: Sequence[int]) -> bool:
    """Whether an array is C-contiguous."""
    packed = packed_strides(shape)
    return all(n == 1 or s == p for n, s, p in zip(shape, strides, packed, strict=True))


def read_array(
    driver: Driver, address: int, dtype: Any, shape: Sequence[int], strides: Sequence[int]
) -> Any:
    """A copy of an array on a device, given its strides in elements."""
    made = np.empty(tuple(shape), dtype)
    if made.size == 0:
        return made
    if is_packed(shape, strides):
        driver.download(made, address)
        return made
    # From the first element in memory to the last.
    ends = [(n - 1) * s for n, s in zip(shape, strides, strict=True)]
    first = address + made.itemsize * sum(e for e in ends if e < 0)
    block = np.empty(sum(map(abs, ends)) + 1, dtype)
    driver.download(block, first)
    start = (address - first) // made.itemsize
    steps = [s * made.itemsize for s in strides]
    made[...] = np.lib.stride_tricks.as_strided(block[start:], tuple(shape), steps)
    return made
