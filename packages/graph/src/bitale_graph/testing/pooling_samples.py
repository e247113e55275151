"""Samples of pooling, against plain loops over windows."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..pooling import MaxPoolGrad, MaxPoolTangent, Pool, PoolGrad, pool_1d, pool_2d, pool_3d
from ..pooling.windows import MODES
from .elementwise_samples import values
from .sample import LAYOUTS, OpSample, laid_out, sample

Array = np.ndarray[Any, Any]
FUNCTIONS = {1: pool_1d, 2: pool_2d, 3: pool_3d}
RTOL = {"float16": 5e-3, "float32": 5e-6, "float64": 1e-13}
# The shape; windows, steps, pads; whether windows beyond the end are left out; tags.
CASES: list[tuple[str, tuple[int, ...], Any, Any, Any, bool]] = [
    ("2 by 2", (2, 3, 4, 6), (2, 2), None, (0, 0), True),
    ("2 by 2 with a border", (2, 5, 7), (2, 2), None, (0, 0), False),
    ("2 by 2 without the border", (2, 5, 7), (2, 2), None, (0, 0), True),
    ("3 by 3 at 2", (2, 7, 9), (3, 3), (2, 2), (1, 1), True),
    ("3 by 2 at 1", (2, 5, 6), (3, 2), (1, 1), (0, 0), True),
    ("3 by 5 at 2 by 3 with a border", (2, 6, 17), (3, 5), (2, 3), (0, 0), False),
    ("gaps", (2, 9, 10), (2, 3), (4, 5), (1, 2), True),
    ("7 at 5 with pads", (2, 12, 23), (7, 7), (5, 5), (3, 6), True),
    ("all", (3, 4, 5), (4, 5), None, (0, 0), True),
    ("more than all", (3, 4, 5), (9, 9), (3, 3), (0, 0), False),
    ("too large", (3, 4, 5), (6, 2), None, (0, 0), True),
    ("vector", (11,), (3,), (2,), (1,), True),
    ("three axes", (2, 4, 5, 6), (2, 3, 2), (2, 2, 1), (1, 0, 1), True),
    ("three axes with a border", (3, 5, 4), (2, 2, 2), None, (0, 0, 0), False),
    ("no images", (0, 4, 4), (2, 2), None, (0, 0), True),
    ("no columns", (2, 4, 0), (2, 2), None, (0, 0), False),
    ("nothing but a pad", (2, 0, 3), (2, 2), (1, 1), (1, 1), True),
]


def _windows(
    shape: Sequence[int], ws: Sequence[int], st: Sequence[int], pad: Sequence[int], ib: bool
) -> Iterator[tuple[tuple[int, ...], tuple[slice, ...], int]]:
    """For each window its place, what it holds, and how many elements with what was added."""
    every = []
    for i, w, s, p in zip(shape, ws, st, pad, strict=True):
        if ib:
            count = max((i + 2 * p - w) // s + 1, 0)
        else:
            count = (i - 1) // s + 1 if s >= w else max(0, (i - 1 - w + s) // s) + 1
        starts = [k * s - p for k in range(count)]
        every.append([
            (k, slice(max(a, 0), max(min(a + w, i), 0)), min(a + w, i + p) - a)
            for k, a in enumerate(starts)
        ])  # fmt: skip
    for each in itertools.product(*every):
        yield (
            tuple(k for k, _, _ in each),
            tuple(part for _, part, _ in each),
            int(np.prod([m for _, _, m in each])),
        )


class _Reference:
    """Pooling by loops, with the windows of a case."""

    def __init__(self, n: int, ws: Any, st: Any, pad: Any, ib: bool, mode: str) -> None:
        self.n, self.given, self.mode = n, (ws, st or ws, pad, ib), mode

    def _each(self, x: Array) -> Any:
        return list(_windows(x.shape[-self.n :], *self.given))

    def pool(self, x: Array) -> Array:
        each = self._each(x)
        y = np.zeros((*x.shape[: -self.n], *self._counts(x)), x.dtype)
        axes = tuple(range(-self.n, 0))
        for at, part, with_pad in each:
            held = x[(..., *part)]
            y[(..., *at)] = self._one(held, axes, with_pad)
        return y

    def _counts(self, x: Array) -> list[int]:
        ws, st, pad, ib = self.given
        lengths = x.shape[-self.n :]
        return [
            len(list(_windows([i], [w], [s], [p], ib)))
            for i, w, s, p in zip(lengths, ws, st, pad, strict=True)
        ]

    def _one(self, held: Array, axes: tuple[int, ...], with_pad: int) -> Any:
        if self.mode == "max":
            least = -np.inf if held.dtype.kind == "f" else np.iinfo(held.dtype).min
            return held.max(axes, initial=least)
        total = held.sum(axes, dtype="float64" if held.dtype.kind == "f" else held.dtype)
        if self.mode == "sum":
            return total
        number = int(np.prod([held.shape[a] for a in axes]))
        return total / np.float64(with_pad if self.mode == "average_inc_pad" else number)

    def grad(self, x: Array, g: Array) -> Array:
        found = np.zeros(x.shape, "float64" if g.dtype.kind == "f" else g.dtype)
        y = self.pool(x)
        for at, part, with_pad in self._each(x):
            held, one = x[(..., *part)], g[(..., *at)][(..., *(None,) * self.n)]
            if self.mode == "max":
                top = y[(..., *at)][(..., *(None,) * self.n)]
                found[(..., *part)] += np.where(held == top, one, 0)
                continue
            number = int(np.prod(held.shape[-self.n :]))
            by = {"sum": 1, "average_inc_pad": with_pad}.get(self.mode, number)
            found[(..., *part)] += one / np.float64(by) if by != 1 else one
        return found.astype(g.dtype)

    def tangent(self, x: Array, v: Array) -> Array:
        y = self.pool(x)
        found = np.zeros(y.shape, v.dtype)
        axes = tuple(range(-self.n, 0))
        for at, part, _ in self._each(x):
            top = y[(..., *at)][(..., *(None,) * self.n)]
            found[(..., *at)] = np.where(x[(..., *part)] == top, v[(..., *part)], 0).sum(axes)
        return found


def pooling_samples() -> Iterator[OpSample]:
    """All ops, each over cases, modes, dtypes and layouts."""
    yield from _pool_samples()
    yield from _grad_samples()


def _distinct(seed: str, dtype: str, shape: tuple[int, ...]) -> Array:
    """Numbers no two of which are near each other."""
    rng = np.random.default_rng(len(seed) + sum(shape))
    size = int(np.prod(shape))
    return (rng.permutation(size).reshape(shape) * 0.25 - size / 8).astype(dtype)


def _pool(
    tag: str, x: Array, n: int, ws: Any, st: Any, pad: Any, ib: bool, mode: str, **facts: Any
) -> OpSample:
    return sample(
        f"Pool: {mode} {tag}",
        Pool,
        lambda v: FUNCTIONS[n](v, ws, ib, st, pad, mode),
        x,
        reference=_Reference(n, ws, st, pad, ib, mode).pool,
        rtol=RTOL.get(x.dtype.name),
        atol=1e-12 if x.dtype == np.float64 else 1e-5,
        **facts,
    )


def _pool_samples() -> Iterator[OpSample]:
    for mode in MODES:
        for tag, shape, ws, st, pad, ib in CASES:
            x = _distinct(tag, "float64", shape)
            is_small = x.size < 200
            yield _pool(
                tag, x, len(ws), ws, st, pad, ib, mode, smooth=is_small and 0 not in shape,
                core=tag in ("2 by 2 with a border", "3 by 3 at 2", "7 at 5 with pads"),
            )  # fmt: skip
    for dtype in ("float32", "float16"):
        for mode in MODES:
            x = _distinct(dtype, dtype, (2, 3, 7, 9))
            yield _pool(dtype, x, 2, (3, 2), (2, 2), (1, 1), True, mode, core=dtype == "float32")
            yield _pool(f"{dtype} side by side", x, 2, (2, 2), None, (0, 0), False, mode)
    for dtype in ("int8", "int64", "uint16"):
        for mode in ("max", "sum"):
            x = values(f"pool{dtype}", dtype, (4, 6), 0, 9)
            yield _pool(dtype, x, 2, (2, 2), None, (0, 0), True, mode)
    x = np.array([[1.0, np.nan, -np.inf, 2.0], [np.inf, 0.0, -np.inf, -np.inf]])
    for mode in MODES:
        yield _pool("NaN and infinity", x, 2, (1, 2), None, (0, 0), True, mode, core=True)
        yield _pool("NaN at 1", x, 2, (2, 2), (1, 1), (0, 1), True, mode)
    x = _distinct("layout", "float64", (2, 6, 8))
    for layout in LAYOUTS:
        given = laid_out(x, layout)
        yield _pool(layout, given, 2, (2, 2), None, (0, 0), True, "max", core=layout == "reversed")
    yield _pool("known", x, 2, (3, 3), (2, 2), (1, 1), True, "max", static=((2, 6, 8),))
    yield sample(
        "Pool: symbolic sizes",
        Pool,
        lambda v, ws, st, pad: pool_2d(v, ws, True, st, pad),
        x, np.array([3, 2]), np.array([2, 1]), np.array([1, 0]),
        reference=lambda v, *_: _Reference(2, (3, 2), (2, 1), (1, 0), True, "max").pool(v),
        core=True,
        smooth=True,
    )  # fmt: skip


def _grad_samples() -> Iterator[OpSample]:
    for tag, shape, ws, st, pad, ib in CASES:
        yield from _derivatives(tag, _distinct(tag, "float64", shape), ws, st, pad, ib)
    ties = np.array([[1.0, 1.0, 0.0, 2.0], [1.0, 0.0, 2.0, 2.0], [0.0, 0.0, np.nan, 0.0]])
    yield from _derivatives("ties", ties, (2, 2), (1, 1), (0, 0), True)
    for dtype in ("float32", "float16", "int32"):
        x = _distinct(dtype, "float64" if dtype == "int32" else dtype, (2, 7, 9))
        yield from _derivatives(dtype, x.astype(dtype), (3, 3), (2, 2), (1, 1), True)
        yield from _derivatives(f"{dtype} pairs", x.astype(dtype), (2, 2), None, (0, 0), False)


def _derivatives(tag: str, x: Array, ws: Any, st: Any, pad: Any, ib: bool) -> Iterator[OpSample]:
    n, sizes = len(ws), (*ws, *(st or ws), *pad)
    dtype = x.dtype.name
    facts: dict[str, Any] = {
        "rtol": RTOL.get(dtype), "atol": 1e-12 if dtype == "float64" else 1e-4,
        "core": tag in ("2 by 2 with a border", "3 by 3 at 2", "gaps", "7 at 5 with pads", "ties"),
    }  # fmt: skip
    is_smooth = dtype == "float64" and 0 < x.size < 200 and tag != "ties"
    maxima = _Reference(n, ws, st, pad, ib, "max")
    y = maxima.pool(x)
    g = (np.arange(y.size).reshape(y.shape) % 7 - 2).astype(dtype)
    if dtype != "int32":
        for mode in MODES[1:]:
            linear = _Reference(n, ws, st, pad, ib, mode)
            yield sample(
                f"PoolGrad: {mode} {tag}", PoolGrad,
                lambda ct, mode=mode: PoolGrad(n, mode, ib)(ct, *x.shape[x.ndim - n :], *sizes),
                g, reference=lambda ct, linear=linear: linear.grad(x, ct),
                smooth=is_smooth and g.size > 0, **facts,
            )  # fmt: skip
    yield sample(
        f"MaxPoolGrad: {tag}", MaxPoolGrad,
        lambda x, y, ct: MaxPoolGrad(n, ib)(x, y, ct, *sizes),
        x, y, g, reference=lambda x, _, ct: maxima.grad(x, ct),
        smooth=(False, False, is_smooth and g.size > 0), **facts,
    )  # fmt: skip
    v = (np.arange(x.size).reshape(x.shape) % 5 - 2).astype(dtype)
    yield sample(
        f"MaxPoolTangent: {tag}", MaxPoolTangent,
        lambda x, y, v: MaxPoolTangent(n, ib)(x, y, v, *sizes),
        x, y, v, reference=lambda x, _, v: maxima.tangent(x, v),
        smooth=(False, False, is_smooth and g.size > 0), **facts,
    )  # fmt: skip
