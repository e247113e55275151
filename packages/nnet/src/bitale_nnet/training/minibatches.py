"""Data in pieces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np


def iterate_minibatches(
    arrays: Sequence[np.ndarray[Any, Any]],
    batch_size: int,
    rng: np.random.Generator | None = None,
    shuffle: bool = True,
) -> Iterator[tuple[np.ndarray[Any, Any], ...]]:
    """Yield the rows of several arrays, ``batch_size`` at a time; the last piece may be shorter.

    Parameters
    ----------
    arrays : sequence of arrays of one length (rows, ...)
    batch_size : int
        Rows in a piece, at least 1.
    rng : numpy.random.Generator, optional
        Decides the order of the rows.
    shuffle : bool
        False keeps the rows in order; the pieces are then views.

    Raises
    ------
    ValueError
        If there are no arrays, their lengths differ, or ``batch_size`` is less than 1.
    """
    lengths = [len(array) for array in arrays]
    if not lengths or len(set(lengths)) > 1:
        raise ValueError(f"iterate_minibatches: arrays of one length are needed, not {lengths}")
    if batch_size < 1:
        raise ValueError(f"iterate_minibatches: batch_size must be at least 1, not {batch_size}")
    return _pieces(arrays, batch_size, lengths[0], _order(lengths[0], rng) if shuffle else None)


def _order(n: int, rng: np.random.Generator | None) -> np.ndarray[Any, Any]:
    return np.random.default_rng(rng).permutation(n)


def _pieces(
    arrays: Sequence[np.ndarray[Any, Any]],
    batch_size: int,
    n: int,
    order: np.ndarray[Any, Any] | None,
) -> Iterator[tuple[np.ndarray[Any, Any], ...]]:
    for start in range(0, n, batch_size):
        rows = slice(start, start + batch_size)
        yield tuple(array[rows] if order is None else array[order[rows]] for array in arrays)
