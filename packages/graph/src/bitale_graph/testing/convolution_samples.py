"""Samples of correlations and their adjoints, against plain loops."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np

from ..convolution import Conv, ConvGradInputs, ConvGradWeights, Geometry, geometry
from .elementwise_samples import values
from .sample import LAYOUTS, OpSample, laid_out, sample

ATOL = {"float32": 2e-5, "float64": 1e-12}

# Names, shapes of input and filters, and geometries: each kind alone, and together.
CASES: tuple[tuple[str, tuple[int, ...], tuple[int, ...], Geometry], ...] = (
    ("plain", (2, 3, 6, 7), (4, 3, 3, 2), geometry(2)),
    ("one element", (2, 3, 4, 5), (4, 3, 1, 1), geometry(2)),
    ("the whole", (2, 2, 3, 4), (3, 2, 3, 4), geometry(2)),
    ("strides", (2, 2, 7, 9), (3, 2, 2, 3), geometry(2, (2, 3))),
    ("strides over filters", (1, 2, 8, 7), (2, 2, 2, 1), geometry(2, 3)),
    ("padding", (2, 2, 4, 5), (3, 2, 3, 3), geometry(2, 1, ((1, 2), (0, 3)))),
    ("wide padding", (1, 1, 2, 1), (1, 1, 2, 2), geometry(2, (1, 2), (3, 4))),
    ("half", (2, 2, 5, 4), (3, 2, 3, 2), geometry(2, 1, "half")),
    ("full", (2, 2, 3, 4), (2, 2, 2, 3), geometry(2, 1, "full")),
    ("dilation", (2, 2, 7, 6), (2, 2, 2, 3), geometry(2, 1, 0, (3, 2))),
    ("groups", (2, 4, 4, 5), (6, 2, 2, 3), geometry(2, 1, 0, 1, 2)),
    ("by channel", (2, 3, 5, 4), (6, 1, 3, 3), geometry(2, 1, 1, 1, 3)),
    ("all", (2, 4, 8, 9), (4, 2, 2, 3), geometry(2, (2, 1), ((1, 0), (2, 1)), (2, 3), 2)),
    ("all by words", (1, 2, 7, 6), (2, 1, 3, 2), geometry(2, 2, ("half", "full"), 2, 2)),
    ("1d", (2, 3, 7), (4, 3, 3), geometry(1, 2, 1)),
    ("1d, all", (2, 4, 9), (2, 2, 3), geometry(1, 2, ((0, 3),), 2, 2)),
    ("3d", (2, 2, 3, 4, 5), (3, 2, 2, 3, 2), geometry(3)),
    ("3d, all", (1, 2, 5, 4, 6), (2, 1, 2, 1, 3), geometry(3, (2, 1, 2), (1, (0, 2), 0), 2, 2)),
)
EMPTY: tuple[tuple[str, tuple[int, ...], tuple[int, ...], Geometry], ...] = (
    ("no images", (0, 3, 6, 7), (4, 3, 3, 2), geometry(2)),
    ("no channels", (2, 0, 4, 4), (2, 0, 3, 3), geometry(2, 1, 1)),
    ("no filters", (2, 3, 4, 4), (0, 3, 3, 3), geometry(2)),
    ("no places", (2, 3, 2, 5), (4, 3, 3, 2), geometry(2)),
    ("zeros alone", (2, 1, 0, 3), (2, 1, 2, 2), geometry(2, 1, 1)),
)


def _places(x: Any, w: Any, told: Geometry) -> Iterator[Any]:
    """Each place of the output and of the filters, and what element of the input meets there."""
    counts, spans = [], []
    for a, (n, k) in enumerate(zip(x.shape[2:], w.shape[2:], strict=True)):
        reach = (k - 1) * told.dilation[a] + 1
        words: dict[Any, Any] = {"half": (reach // 2,) * 2, "full": (reach - 1,) * 2}
        before, after = words.get(told.padding[a], told.padding[a])
        counts.append((n + before + after - reach) // told.stride[a] + 1)
        spans.append(before)
    for out in product(*map(range, counts)):
        for at in product(*map(range, w.shape[2:])):
            seen = tuple(
                o * s + j * d - b
                for o, s, j, d, b in zip(out, told.stride, at, told.dilation, spans, strict=True)
            )
            if all(0 <= i < n for i, n in zip(seen, x.shape[2:], strict=True)):
                yield out, at, seen


def _of(x: Any, w: Any, told: Geometry) -> tuple[int, ...]:
    """The shape of a correlation."""
    lengths = [told.out_length(a, n, w.shape[a + 2]) for a, n in enumerate(x.shape[2:])]
    return (len(x), len(w), *lengths)


def _correlation(x: Any, w: Any, told: Geometry) -> Any:
    return _loops(x, w, told, np.zeros(_of(x, w, told)), 2)


def _loops(x: Any, w: Any, told: Geometry, y: Any, wanted: int) -> Any:
    """Add up one of input (0), filters (1) and output (2) from the other two, in float64."""
    arrays = [x.astype("float64"), w.astype("float64"), y.astype("float64")]
    arrays[wanted][...] = 0
    x64, w64, y64 = arrays
    each, many = w.shape[1], len(w) // told.groups
    for out, at, seen in _places(x, w, told):
        for g in range(told.groups):
            some, filters = slice(g * each, (g + 1) * each), slice(g * many, (g + 1) * many)
            i, j, k = (
                (slice(None), some, *seen),
                (filters, slice(None), *at),
                (slice(None), filters, *out),
            )
            if wanted == 0:
                x64[i] += y64[k] @ w64[j]
            elif wanted == 1:
                w64[j] += y64[k].T @ x64[i]
            else:
                y64[k] += x64[i] @ w64[j].T
    return arrays[wanted].astype(x.dtype)


def _three(tag: str, x: Any, w: Any, told: Geometry, **facts: Any) -> Iterator[OpSample]:
    """The three ops on one pair of shapes; ``move`` lays their operands out."""
    move = facts.pop("move", lambda v: v)
    smooth = facts.pop("smooth", False)
    y = _correlation(x, w, told)
    facts.update(atol=ATOL[x.dtype.name], rtol=1e-5 if x.dtype.name == "float32" else 1e-12)
    lengths, kernel = ([np.asarray(n) for n in v.shape[2:]] for v in (x, w))
    some = (smooth, smooth, *(False for _ in lengths))
    yield sample(
        f"Conv: {tag}",
        Conv,
        Conv(told),
        move(x),
        move(w),
        reference=lambda x, w: _correlation(x, w, told),
        smooth=some[:2],
        **facts,
    )
    yield sample(
        f"ConvGradInputs: {tag}",
        ConvGradInputs,
        ConvGradInputs(told),
        move(y),
        move(w),
        *lengths,
        reference=lambda y, w, *_: _loops(x, w, told, y, 0),
        smooth=some,
        **facts,
    )
    yield sample(
        f"ConvGradWeights: {tag}",
        ConvGradWeights,
        ConvGradWeights(told),
        move(x),
        move(y),
        *kernel,
        reference=lambda x, y, *_: _loops(x, w, told, y, 1),
        smooth=some,
        **facts,
    )


def convolution_samples() -> Iterator[OpSample]:
    """Each kind of geometry, lengths of zero, and layouts."""
    core = ("plain", "strides", "padding", "all", "all by words", "1d", "3d, all", "no places")
    for dtype in ("float32", "float64"):
        for name, of_input, of_filters, told in (*CASES, *EMPTY):
            x = values("images", dtype, of_input)
            w = values("filters", dtype, of_filters)
            facts = {"core": name in core, "smooth": dtype == "float64" and x.size > 0}
            yield from _three(f"{dtype} {name}", x, w, told, **facts)
        x = values("images", dtype, (2, 2, 5, 6))
        w = values("filters", dtype, (3, 2, 3, 2))
        for layout in LAYOUTS:
            move = lambda v, layout=layout: laid_out(v, layout)
            yield from _three(f"{dtype} {layout}", x, w, geometry(2, 2, 1), move=move)
        turned = lambda v: v[:, :, ::-1, ::-1]
        told = geometry(2, (1, 2), 1)
        yield from _three(f"{dtype} turned around", x, w, told, move=turned, core=True)
