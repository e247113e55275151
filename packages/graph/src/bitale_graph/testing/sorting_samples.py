"""Samples of what goes by the order of numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..ops import sets, sorting
from .elementwise_samples import generator, values
from .sample import LAYOUTS, OpSample, laid_out, sample

DTYPES = ("bool", "int8", "uint8", "int64", "uint64", "float16", "float32", "float64", "complex128")
EDGES = np.array([[np.nan, 1.0, -np.inf, 0.0], [np.inf, np.nan, -0.0, np.nan]])


def _apart(name: str, shape: tuple[int, ...]) -> Any:
    """Numbers far enough from each other for differences to keep their order."""
    count = int(np.prod(shape))
    return 0.37 * generator(name).permutation(count).reshape(shape) - 3


def _largest(x: Any, k: int, axis: int) -> Any:
    order = np.sort(x, axis)
    rows = slice(order.shape[axis] - k, None) if k > 0 else slice(0, -k)
    return np.flip(order[(slice(None),) * axis + (rows,)], axis)


def _places(x: Any, k: int, axis: int) -> Any:
    order = np.argsort(x, axis)
    rows = slice(order.shape[axis] - k, None) if k > 0 else slice(0, -k)
    return np.flip(order[(slice(None),) * axis + (rows,)], axis)


def _orders(tag: str, x: Any, axis: int, **facts: Any) -> Iterator[OpSample]:
    smooth = facts.pop("smooth", False)
    for kind in ("quicksort", "stable") if tag in ("ties", "float64") else ("quicksort",):
        for op, reference in ((sorting.Sort, np.sort), (sorting.ArgSort, np.argsort)):
            yield sample(
                f"{op.__name__}: {tag}, axis {axis}, {kind}",
                op,
                op(axis, kind),
                x,
                reference=lambda x, f=reference, k=kind: f(x, axis, kind=k),
                smooth=smooth and op is sorting.Sort,
                **facts,
            )


def _partitions(tag: str, x: Any, kth: Any, axis: int, **facts: Any) -> Iterator[OpSample]:
    smooth = facts.pop("smooth", False)
    pairs = ((sorting.Partition, np.partition), (sorting.ArgPartition, np.argpartition))
    for op, reference in pairs:
        yield sample(
            f"{op.__name__}: {tag}, {kth} along axis {axis}",
            op,
            op(axis),
            x,
            np.asarray(kth),
            reference=lambda x, k, f=reference: f(x, k, axis),
            smooth=(smooth and op is sorting.Partition, False),
            **facts,
        )


def _tops(tag: str, x: Any, k: int, axis: int, **facts: Any) -> Iterator[OpSample]:
    smooth = facts.pop("smooth", False)
    for op, reference in ((sorting.TopK, _largest), (sorting.ArgTopK, _places)):
        yield sample(
            f"{op.__name__}: {tag}, {k} along axis {axis}",
            op,
            op(axis),
            x,
            np.asarray(k),
            reference=lambda x, k, f=reference: f(x, int(k), axis),
            smooth=(smooth and op is sorting.TopK, False),
            **facts,
        )


def _known_tops() -> Iterator[OpSample]:
    """A number of elements that the graph knows; places in other dtypes."""
    x = _apart("known", (3, 5))
    for dtype in ("int32", "uint8"):
        yield sample(
            f"ArgTopK: known, {dtype}",
            sorting.ArgTopK,
            lambda x, dtype=dtype: sorting.argtopk(x, 2, idx_dtype=dtype),
            x,
            reference=lambda x, dtype=dtype: _places(x, 2, 1).astype(dtype),
        )
    yield sample(
        "TopK: known, unsorted",
        sorting.TopK,
        lambda x: sorting.topk(x, -1, 0, sorted=False),
        x,
        reference=lambda x: x.min(0, keepdims=True),
        smooth=True,
    )


def _numpy_unique(x: Any, flags: Sequence[bool], axis: int | None) -> Any:
    unique: Any = np.unique
    found = unique(x, *flags, axis=axis)
    if not flags[1] or axis is None:
        return found
    # Along an axis NumPy 2.0 gives the inverse with lengths of 1 beside that axis.
    return tuple(y.ravel() if at == 1 + flags[0] else y for at, y in enumerate(found))


def _uniques(tag: str, x: Any, axis: int | None = None, **facts: Any) -> Iterator[OpSample]:
    for flags in ((False, False, False), (True, True, True), (False, True, False)):
        if sum(flags) == 1 and tag != "float64":
            continue
        yield sample(
            f"Unique: {tag}, axis {axis}, {sum(flags)} more",
            sets.Unique,
            sets.Unique(*flags, axis=axis),
            x,
            reference=lambda x, flags=flags: _numpy_unique(x, flags, axis),
            **facts,
        )


def sorting_samples() -> Iterator[OpSample]:
    """Sorting, partitions, the largest elements, and the different ones."""
    for dtype in DTYPES:
        x = values("sorting", dtype, (4, 5))
        if np.dtype(dtype).kind in "iub":
            x = x % 3 if dtype != "bool" else x
        yield from _orders(dtype, x, 1, core=True)
        yield from _partitions(dtype, x, 2, 1)
        yield from _uniques(dtype, x, core=True)
    for dtype in ("int16", "float32", "float64"):
        yield from _tops(dtype, (10 * _apart("top", (4, 5))).astype(dtype), 2, 1, core=True)
    x = _apart("ranks", (3, 4, 5))
    for axis in (0, 1, 2):
        yield from _orders("rank 3", x, axis, smooth=axis == 1)
        yield from _partitions("rank 3", x, [0, 2], axis, smooth=axis == 0)
        yield from _tops("rank 3", x, -2, axis, smooth=axis == 2)
    yield from _orders("vector", x[0, 0], 0, smooth=True, core=True)
    yield from _orders("length 1", x[:1, 0], 0)
    yield from _orders("empty", x[:0, 0], 0, core=True)
    yield from _orders("no rows", x[:0, 0], 1)
    yield from _orders("ties", np.array([2.0, 1, 2, 1, 1, 2, 0]), 0)
    yield from _orders("edges", EDGES, 1, core=True)
    yield from _partitions("edges", EDGES, 1, 1)
    yield from _partitions("from the end", x[0], -1, 1)
    yield from _tops("all", x[0], 5, 1)
    yield from _tops("no rows", x[:0, 0], 2, 1)
    yield from _known_tops()
    yield from _uniques("rank 3", x)
    yield from _uniques("empty", x[:0, 0, 0], core=True)
    yield from _uniques("edges", EDGES)
    yield from _uniques("0-d", np.asarray(2.0))
    yield from _uniques("rows", np.array([[1.0, 2], [0, 1], [1, 2], [0, 0]]), 0)
    yield from _uniques("columns", np.array([[1, 0, 1], [2, 2, 2]]), 1)
    yield from _uniques("apart", x[0], smooth=True)
    for layout in LAYOUTS:
        moved = laid_out(x[0], layout)
        yield from _orders(layout, moved, 0)
        yield from _partitions(layout, moved, 1, 1)
        yield from _tops(layout, moved, 2, 0)
        yield from _uniques(layout, moved)
