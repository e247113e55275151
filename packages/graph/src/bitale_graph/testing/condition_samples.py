"""Samples of the ops that depend on conditions."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..ops.assertion import Assert
from .elementwise_samples import values
from .sample import LAYOUTS, OpSample, laid_out, sample


def assertion_samples() -> Iterator[OpSample]:
    """Conditions that hold: one, several, arrays, numbers, and none."""
    check = Assert("a sample")
    x = values("assert", "float64", (3, 4))
    yes = np.bool_(True)
    for dtype in ("bool", "int8", "uint64", "float32", "float64", "complex128"):
        yield sample(
            f"Assert: {dtype}",
            Assert,
            check,
            values("assert", dtype, (3, 4)),
            yes,
            reference=lambda x, c: x,
            core=dtype in ("bool", "float64"),
        )
    yield sample("Assert: 0-d", Assert, check, x[0, 0], yes, reference=lambda x, c: x, smooth=True)
    yield sample("Assert: no condition", Assert, check, x, reference=lambda x: x)
    yield sample(
        "Assert: conditions that are arrays and numbers",
        Assert,
        check,
        x,
        np.array([[True, True]]),
        np.int8(3),
        np.array([0.5, -1], "float32"),
        np.zeros((0, 2), "int64"),
        reference=lambda x, *conditions: x,
        core=True,
    )
    yield sample(
        "Assert: a condition on itself",
        Assert,
        lambda x: check(x, x < 1e9),
        x,
        reference=lambda x: x,
        smooth=True,
    )
    for layout in LAYOUTS:
        yield sample(
            f"Assert: {layout}", Assert, check, laid_out(x, layout), yes, reference=lambda x, c: x
        )
