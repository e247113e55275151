"""Philox 4x32-10: 128 random bits from a key and a place, as a pure function.

Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011. A block of
four words of 32 bits is found by a key of 64 bits, the number of the draw (64 bits) and the index
of the element (48 bits; above it stands the number of a further attempt, 16 bits). Whoever computes
an element needs no other one: the bits are the same in whatever order, on however many threads.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

_MULTIPLIERS = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_WEYL = 0x9E3779B9, 0xBB67AE85
_ROUNDS = 10
_LOW, _HALF = np.uint64(0xFFFFFFFF), np.uint64(32)
# Elements at a time, so that what is computed with stays in the cache.
_CHUNK = 1 << 14
ATTEMPT_BITS = np.uint64(48)


def philox(key: Any, draw: Any, index: Any) -> tuple[Array, Array]:
    """The four words of each block, as two arrays of uint64: the first and the last two of them.

    Operands are uint64 and broadcast together.
    """
    key, draw, index = np.broadcast_arrays(key, draw, index)
    low, high = np.empty(key.shape, np.uint64), np.empty(key.shape, np.uint64)
    flat = [x.reshape(-1) for x in (key, draw, index)]
    for start in range(0, low.size, _CHUNK):
        part = slice(start, start + _CHUNK)
        low.reshape(-1)[part], high.reshape(-1)[part] = _blocks(*(x[part] for x in flat))
    return low, high


def _blocks(key: Array, draw: Array, index: Array) -> tuple[Array, Array]:
    c0, c1, c2, c3 = index & _LOW, index >> _HALF, draw & _LOW, draw >> _HALF
    for number in range(_ROUNDS):
        bump = [np.uint64(number * w & 0xFFFFFFFF) for w in _WEYL]
        k0, k1 = ((key & _LOW) + bump[0]) & _LOW, ((key >> _HALF) + bump[1]) & _LOW
        first, second = c0 * _MULTIPLIERS[0], c2 * _MULTIPLIERS[1]
        c0, c1 = (second >> _HALF) ^ c1 ^ k0, second & _LOW
        c2, c3 = (first >> _HALF) ^ c3 ^ k1, first & _LOW
    return c1 << _HALF | c0, c3 << _HALF | c2


def random_bits(key: Any, draw: Any, index: Any) -> Array:
    """64 random bits: the first two words of a block."""
    return philox(key, draw, index)[0]


def more_random_bits(key: Any, draw: Any, index: Any) -> Array:
    """64 further random bits: the last two words of a block."""
    return philox(key, draw, index)[1]


def random_below(key: Any, draw: Any, index: Any, n: Any) -> Array:
    """A whole number from 0 to n - 1: the upper half of bits times n, of 128 bits.

    One number is likelier than another by n / 2**64 at most. 0 if n is 0.
    """
    bits, n = random_bits(key, draw, index), np.asarray(n, np.uint64)
    low, high, n_low, n_high = bits & _LOW, bits >> _HALF, n & _LOW, n >> _HALF
    middle = high * n_low + (low * n_low >> _HALF)
    other = low * n_high + (middle & _LOW)
    found: Array = high * n_high + (middle >> _HALF) + (other >> _HALF)
    return found


def attempt(index: Array, number: int) -> Array:
    """The index of the block of a further attempt."""
    return index ^ (np.uint64(number) << ATTEMPT_BITS)


def unit(bits: Array) -> Array:
    """A float64 of 53 bits, at least 0 and below 1."""
    return (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53


def above_zero(bits: Array) -> Array:
    """A float64 of 53 bits, above 0 and at most 1: for a logarithm."""
    return ((bits >> np.uint64(11)).astype(np.float64) + 1) * 2.0**-53
