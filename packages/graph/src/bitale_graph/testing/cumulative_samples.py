"""Samples of sums and products so far."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..ops.cumulative import Cumulative, cumprod, cumsum
from .elementwise_samples import INTEGERS, values
from .sample import LAYOUTS, OpSample, laid_out, sample

FUNCTIONS: dict[str, tuple[Any, Any]] = {
    "cumsum": (cumsum, np.cumsum),
    "cumprod": (cumprod, np.cumprod),
}
RTOL = {"float16": 1e-2, "float32": 2e-5, "float64": 1e-13, "complex64": 2e-5}


def cumulative_samples() -> Iterator[OpSample]:
    """Both functions over every axis, dtype and layout."""
    for name in FUNCTIONS:
        yield from _cumulated(name)


def _cumulated(name: str) -> Iterator[OpSample]:
    build, reference = FUNCTIONS[name]

    def one(tag: str, x: Any, axis: int | None, **facts: Any) -> OpSample:
        wide = "float32" if x.dtype == np.float16 else None

        def expected(x: Any) -> Any:
            out = reference(x, axis=axis, dtype=wide)
            return out.astype(x.dtype) if wide else out

        return sample(
            f"Cumulative: {name} {tag}",
            Cumulative,
            lambda v: build(v, axis),
            x,
            reference=expected,
            rtol=RTOL.get(x.dtype.name),
            atol=1e-13,
            **facts,
        )

    for dtype in ("bool", *INTEGERS, "float16", "float32", "float64", "complex64", "complex128"):
        x = values(name, dtype, (5, 7), 0.5, 2)
        yield one(f"{dtype} matrix", x, 1, core=dtype in ("int8", "float32", "float64"))
    x = values(name, "float64", (2, 3, 4), -2, 2)
    for axis in (0, 1, 2, -1, None):
        yield one(f"rank 3 axis {axis}", x, axis, smooth=True, core=True)
    yield one("vector of 67", values(name, "float64", (67,), 0.8, 1.2), 0, core=True)
    yield one("0-d", x[0, 0, 0], None)
    yield one("empty", x[:0], 1, core=True)
    yield one("no elements along the axis", x[:, :0], 1)
    yield one("zeros", np.array([2.0, 0.0, 3.0, 0.0, 4.0]), 0, smooth=True)
    yield one("NaN and infinity", np.array([1.0, np.inf, 2.0, -np.inf, np.nan, 1.0]), 0, core=True)
    yield one("known shape", x[0], 0, static=((3, 4),))
    for layout in LAYOUTS:
        yield one(layout, laid_out(x[0], layout), 0, core=layout == "reversed")
        yield one(f"{layout} last axis", laid_out(x[0], layout), 1)
