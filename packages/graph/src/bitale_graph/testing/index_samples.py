"""Samples of reading and writing at indices."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..ops import indexing, sorting
from .elementwise_samples import values
from .sample import LAYOUTS, OpSample, laid_out, sample

DTYPES = ("bool", "int8", "int64", "uint16", "float32", "float64", "complex64")
INDICES: dict[str, Any] = {
    "integer": 1,
    "last": -1,
    "slice": np.s_[1:3],
    "step": np.s_[::2],
    "backwards": np.s_[::-1],
    "backwards from the end": np.s_[-1:-4:-2],
    "beyond the end": np.s_[1:99],
    "empty": np.s_[3:1],
    "two integers": (1, -2),
    "integer and slice": (2, np.s_[1:]),
    "second axis": (np.s_[:], 0),
    "two slices": (np.s_[-3:], np.s_[:-1:2]),
}


def index_samples() -> Iterator[OpSample]:
    """Every op of indexing."""
    yield from _views()
    yield from _writes()
    yield from _rows()
    yield from _arrays()
    yield from _searches()


def _views() -> Iterator[OpSample]:
    def one(tag: str, x: Any, key: Any, **facts: Any) -> OpSample:
        return sample(
            f"Subtensor: {tag}",
            indexing.Subtensor,
            lambda v: v[key],
            x,
            reference=lambda v: v[key],
            **facts,
        )

    for dtype in DTYPES:
        yield one(dtype, values("index", dtype, (4, 5)), np.s_[1:3, 2], core=True)
    x = values("index", "float64", (4, 5))
    for tag, key in INDICES.items():
        core = tag in ("integer", "backwards", "beyond the end", "two slices")
        yield one(tag, x, key, smooth=tag in ("backwards", "two slices"), core=core)
    yield one("vector", x[0], 2)
    yield one("rank 3", values("index", "float64", (2, 3, 4)), np.s_[:, 1, ::-2])
    yield one("known lengths", x, np.s_[1:, -2:], static=((4, 5),))
    yield one("an empty tensor", x[:0], np.s_[::2])
    for layout in LAYOUTS:
        yield one(layout, laid_out(x, layout), np.s_[1:, ::2], core=layout == "reversed")
    for bounds in ((1, 3, 1), (-1, -9, -1), (0, 0, 2), (7, 1, -2), (-3, 99, 2), (2, -1, 1)):
        yield sample(
            f"Subtensor: symbolic {bounds}",
            indexing.Subtensor,
            lambda v, i, j, k: v[i:j:k],
            x,
            *(np.int64(b) for b in bounds),
            reference=lambda v, i, j, k: v[slice(int(i), int(j), int(k))],
            core=True,
        )
    yield sample(
        "Subtensor: symbolic integer",
        indexing.Subtensor,
        lambda v, i: v[i, 1:],
        x,
        np.int32(-2),
        reference=lambda v, i: v[int(i), 1:],
        smooth=True,
    )


def _written(x: Any, y: Any, key: Any, is_set: bool) -> Any:
    out = np.array(x)
    if is_set:
        out[key] = y
    else:
        np.add.at(out, key, np.asarray(y, out.dtype))
    return out


def _write(
    name: str, subject: Any, tag: str, is_set: bool, x: Any, y: Any, key: Any, **facts: Any
) -> OpSample:
    write = indexing.set_subtensor if is_set else indexing.inc_subtensor
    return sample(
        f"{name}: {'set' if is_set else 'inc'} {tag}",
        subject,
        lambda v, w: write(v[key], w),
        x,
        y,
        reference=lambda v, w: _written(v, w, key, is_set),
        **facts,
    )


def _writes() -> Iterator[OpSample]:
    for is_set in (True, False):

        def one(tag: str, x: Any, y: Any, key: Any, set: bool = is_set, **facts: Any) -> OpSample:
            return _write("IncSubtensor", indexing.IncSubtensor, tag, set, x, y, key, **facts)

        for dtype in DTYPES:
            x, y = values("write", dtype, (4, 5)), values("write", dtype, (2, 5))
            yield one(dtype, x, y, np.s_[1:3], core=True)
        x = values("write", "float64", (4, 5))
        for tag, key in INDICES.items():
            y = values("write", "float64", x[key].shape)
            core = tag in ("integer", "backwards", "two slices")
            yield one(tag, x, y, key, smooth=tag == "two slices", core=core)
        yield one("by a number", x, np.float64(7.0), np.s_[1:, ::2], smooth=True)
        yield one(
            "by a column", x, x[:2, :1], np.s_[1:3], static=((None,) * 2, (None, 1)), smooth=True
        )
        yield one("by a vector", x, x[0], np.s_[1:3])
        yield one("by a smaller dtype", x, np.arange(5, dtype="int8"), np.s_[1])
        yield one("nothing", x, x[:0], np.s_[2:2])
        for layout in LAYOUTS:
            yield one(layout, laid_out(x, layout), laid_out(x[:2], layout), np.s_[1:3])
    yield sample(
        "IncSubtensor: inc symbolic",
        indexing.IncSubtensor,
        lambda v, w, i: indexing.inc_subtensor(v[i:], w),
        values("write", "float64", (4, 5)),
        np.float64(2.0),
        np.int64(1),
        reference=lambda v, w, i: _written(v, w, np.s_[int(i) :], False),
        smooth=True,
    )


def _rows() -> Iterator[OpSample]:
    rows = np.array([3, 0, 3, -1, 1])

    def one(tag: str, x: Any, at: Any, **facts: Any) -> OpSample:
        return sample(
            f"AdvancedSubtensor1: {tag}",
            indexing.AdvancedSubtensor1,
            indexing.AdvancedSubtensor1(),
            x,
            at,
            reference=lambda x, at: x[at],
            **facts,
        )

    for dtype in DTYPES:
        yield one(dtype, values("rows", dtype, (4, 3)), rows, core=True)
    x = values("rows", "float64", (4, 3))
    for dtype in ("int8", "uint8", "int32", "uint64"):
        yield one(f"{dtype} indices", x, np.array([2, 0, 2], dtype))
    yield one("of a vector", x[:, 0], rows, smooth=True)
    yield one("of rank 3", values("rows", "float64", (4, 2, 3)), rows, smooth=True)
    yield one("no rows", x, rows[:0], core=True)
    yield one("empty rows", x[:, :0], rows)
    for layout in LAYOUTS:
        yield one(layout, laid_out(x, layout), laid_out(rows, layout))
    for is_set in (True, False):
        at = np.array([3, 0, 2]) if is_set else rows

        def write(tag: str, x: Any, y: Any, at: Any, set: bool = is_set, **facts: Any) -> OpSample:
            return sample(
                f"AdvancedIncSubtensor1: {'set' if set else 'inc'} {tag}",
                indexing.AdvancedIncSubtensor1,
                indexing.AdvancedIncSubtensor1(set),
                x,
                y,
                at,
                reference=lambda x, y, at: _written(x, y, at, set),
                **facts,
            )

        for dtype in DTYPES:
            table, y = values("rows", dtype, (4, 3)), values("rows", dtype, (len(at), 3))
            yield write(dtype, table, y, at, core=True)
        y = values("rows", "float64", (len(at), 3))
        yield write("matrix", x, y, at, smooth=True)
        yield write("by a number", x, np.float64(1.5), at, smooth=True, core=True)
        yield write("by one row", x, y[0], at, smooth=True)
        yield write("of a vector", x[:, 0], y[:, 0], at)
        yield write("no rows", x, y[:0], at[:0])
        for layout in LAYOUTS:
            yield write(layout, laid_out(x, layout), laid_out(y, layout), at)


def _arrays() -> Iterator[OpSample]:
    i, j = np.array([0, 2, 1]), np.array([-1, 0, 3])
    keys: dict[str, Any] = {
        "two vectors": (i, j),
        "second axis": (np.s_[:], j),
        "vector and integer": (i, 1),
        "matrix and vector": (np.array([[0], [2]]), j),
        "slice between": (i, np.s_[1:], np.array([0, 1, 0])),
        "slice after": (i, j, np.s_[::-1]),
        "repeats": (np.array([1, 1, 1]), np.array([2, 2, 0])),
        "nothing": (i[:0], j[:0]),
    }
    for dtype in DTYPES:
        yield _gather(f"{dtype}", values("arrays", dtype, (3, 4)), (i, j), core=True)
    for tag, key in keys.items():
        x = values("arrays", "float64", (3, 4, 2) if len(key) == 3 else (3, 4))
        yield _gather(tag, x, key, smooth=tag in ("two vectors", "slice between"), core=True)
        for is_set in (True, False):
            if is_set and tag == "repeats":
                continue
            y = values("arrays", "float64", x[key].shape)
            name, subject = "AdvancedIncSubtensor", indexing.AdvancedIncSubtensor
            smooth = tag in ("second axis", "repeats")
            yield _write(name, subject, tag, is_set, x, y, key, smooth=smooth, core=True)
    for dtype in DTYPES:
        x, y = values("arrays", dtype, (3, 4)), values("arrays", dtype, (3,))
        name, subject = "AdvancedIncSubtensor", indexing.AdvancedIncSubtensor
        yield _write(name, subject, dtype, False, x, y, (i, j))
    for layout in LAYOUTS:
        yield _gather(layout, laid_out(values("arrays", "float64", (3, 4)), layout), (i, j))


def _gather(tag: str, x: Any, key: Any, **facts: Any) -> OpSample:
    return sample(
        f"AdvancedSubtensor: {tag}",
        indexing.AdvancedSubtensor,
        lambda v: v[key],
        x,
        reference=lambda v: v[key],
        **facts,
    )


def _searches() -> Iterator[OpSample]:
    def one(tag: str, x: Any, v: Any, side: sorting.Side = "left", **facts: Any) -> OpSample:
        return sample(
            f"SearchSorted: {side} {tag}",
            sorting.SearchSorted,
            sorting.SearchSorted(side),
            x,
            v,
            reference=lambda x, v: np.searchsorted(x, v, side),
            **facts,
        )

    for dtype in ("bool", "int8", "uint8", "int64", "uint64", "float16", "float32", "float64"):
        x, v = np.sort(values("sorted", dtype, (9,))), values("searched", dtype, (3, 5))
        for side in sorting.SIDES:
            yield one(dtype, x, v, side, core=True)
    x, v = np.sort(values("sorted", "float64", (9,))), values("searched", "float64", (2, 3, 4))
    edges = np.array([np.nan, -np.inf, np.inf, -0.0, 0.0, 1.0, np.nan, 2.0])
    for side in sorting.SIDES:
        yield one("equal numbers", np.array([1, 2, 2, 2, 5]), np.array([2, 1, 5, 9, 0]), side)
        yield one("edges", np.array([-np.inf, 0.0, 1.0, 1.0, np.nan, np.nan]), edges, side)
        yield one("in none", x[:0], v[0], side, core=True)
        yield one("one number", x, np.asarray(v[0, 0, 0]), side, core=True)
        yield one("integers in floats", x, np.arange(-3, 4), side)
    yield one("no numbers", x, v[:0])
    yield one("rank 3", x, v)
    for layout in LAYOUTS:
        yield one(layout, laid_out(x, layout), laid_out(v[0], layout), core=layout == "reversed")
