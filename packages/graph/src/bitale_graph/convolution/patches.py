"""Correlations in NumPy: products of the filters with a matrix of patches."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

import numpy as np

from .geometry import Geometry

# The patches of several images are multiplied at once while they have fewer elements than this.
MOST_IN_BLOCK = 1 << 21


def correlate(x: Any, w: Any, geometry: Geometry, shape: Sequence[int]) -> Any:
    """The correlation of a batch with filters; ``shape`` is that of the result."""
    out = np.empty(shape, x.dtype)
    grouped = _in_groups(w, geometry.groups)
    for images in _blocks(x, w.shape[2:], shape[2:]):
        patches = _patches(x[images], w.shape[2:], geometry, shape[2:])
        found = np.matmul(grouped, patches)
        out[images] = found.reshape(out[images].shape)
    return out


def correlate_inputs(g: Any, w: Any, geometry: Geometry, shape: Sequence[int]) -> Any:
    """The adjoint of the correlation in its input, which has ``shape``."""
    out = np.empty(shape, g.dtype)
    kernel, lengths = w.shape[2:], g.shape[2:]
    grouped = np.swapaxes(_in_groups(w, geometry.groups), 1, 2)
    for images in _blocks(out, kernel, lengths):
        count = len(g[images])
        filters = g[images].reshape(count, *grouped.shape[::2], math.prod(lengths))
        patches = np.matmul(grouped, filters).reshape(count, shape[1], *kernel, *lengths)
        wide = _padded_lengths(shape[2:], kernel, geometry)
        padded: Any = np.zeros((count, shape[1], *wide), g.dtype)
        for place in product(*map(range, kernel)):
            seen = _seen_from(padded, place, geometry, lengths)
            seen += patches[(slice(None), slice(None), *place)]
        out[images] = padded[(..., *_inner(shape[2:], kernel, geometry))]
    return out


def correlate_filters(x: Any, g: Any, geometry: Geometry, shape: Sequence[int]) -> Any:
    """The adjoint of the correlation in its filters, which have ``shape``."""
    kernel, lengths, groups = shape[2:], g.shape[2:], geometry.groups
    each = g.shape[1] // groups
    out = np.zeros((groups, each, math.prod(shape[1:])), g.dtype)
    for images in _blocks(x, kernel, lengths):
        patches = _patches(x[images], kernel, geometry, lengths)
        filters = g[images].reshape(len(patches), groups, each, math.prod(lengths))
        out += np.matmul(filters, np.swapaxes(patches, 2, 3)).sum(0)
    return out.reshape(shape)


def _in_groups(w: Any, groups: int) -> Any:
    """Filters as one matrix for each group."""
    return w.reshape(groups, w.shape[0] // groups, math.prod(w.shape[1:]))


def _blocks(x: Any, kernel: Sequence[int], lengths: Sequence[int]) -> Iterator[slice]:
    """Parts of a batch whose patches are not too many."""
    each = x.shape[1] * math.prod(kernel) * math.prod(lengths)
    count = max(1, MOST_IN_BLOCK // max(1, each))
    return (slice(i, i + count) for i in range(0, len(x), count))


def _padded_lengths(lengths: Sequence[int], kernel: Sequence[int], geometry: Geometry) -> list[int]:
    pads = [geometry.pads(a, k) for a, k in enumerate(kernel)]
    return [n + before + after for n, (before, after) in zip(lengths, pads, strict=True)]


def _inner(lengths: Sequence[int], kernel: Sequence[int], geometry: Geometry) -> tuple[slice, ...]:
    """Where the input lies among the zeros."""
    starts = [geometry.pads(a, k)[0] for a, k in enumerate(kernel)]
    return tuple(slice(i, i + n) for i, n in zip(starts, lengths, strict=True))


def _seen_from(
    padded: Any, place: Sequence[int], geometry: Geometry, lengths: Sequence[int]
) -> Any:
    """What one element of the filters is multiplied with."""
    cuts = []
    for i, d, s, m in zip(place, geometry.dilation, geometry.stride, lengths, strict=True):
        cuts.append(slice(i * d, i * d + max(0, (m - 1) * s + 1) if m else i * d, s))
    return padded[(..., *cuts)]


def _patches(x: Any, kernel: Sequence[int], geometry: Geometry, lengths: Sequence[int]) -> Any:
    """The patches of a batch: (images, groups, channels by kernel, places)."""
    padded: Any = x
    wanted = _padded_lengths(x.shape[2:], kernel, geometry)
    if wanted != list(x.shape[2:]):
        padded = np.zeros((*x.shape[:2], *wanted), x.dtype)
        padded[(..., *_inner(x.shape[2:], kernel, geometry))] = x
    steps = padded.strides[2:]
    inner = [d * step for d, step in zip(geometry.dilation, steps, strict=True)]
    outer = [s * step for s, step in zip(geometry.stride, steps, strict=True)]
    windows = np.lib.stride_tricks.as_strided(
        padded,
        (*x.shape[:2], *kernel, *lengths),
        (*padded.strides[:2], *inner, *outer),
        writeable=False,
    )
    rows = x.shape[1] // geometry.groups * math.prod(kernel)
    return windows.reshape(len(x), geometry.groups, rows, math.prod(lengths))
