"""Samples of the ops that depend on conditions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..ops import math as tm
from ..ops.assertion import Assert
from ..ops.contraction import dot
from ..ops.ifelse import IfElse, ifelse
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


def ifelse_samples() -> Iterator[OpSample]:
    """Either branch: alone or several together, of equal lengths and others, and one in another."""

    def work(c: Any, x: Any, y: Any) -> Any:
        return ifelse(c, tm.exp(x) * y, tm.sqr(y) - x)

    x, y = values("ifelse1", "float64", (3, 4)), values("ifelse2", "float64", (3, 4))
    for condition in (True, False):
        branch = "then" if condition else "else"
        c = np.bool_(condition)
        for dtype in ("bool", "int8", "uint64", "float32", "float64", "complex128"):
            yield sample(
                f"IfElse: {branch}, {dtype}",
                IfElse,
                ifelse,
                c,
                values("ifelse1", dtype, (3, 4)),
                values("ifelse2", dtype, (3, 4)),
                reference=lambda c, x, y: x if c else y,
                core=dtype == "float64",
            )
        yield sample(
            f"IfElse: {branch}, computed",
            IfElse,
            work,
            c,
            x,
            y,
            reference=lambda c, x, y: np.exp(x) * y if c else y**2 - x,
            smooth=True,
            core=True,
        )
        yield sample(
            f"IfElse: {branch}, 0-d",
            IfElse,
            work,
            c,
            x[0, 0],
            y[0, 0],
            reference=lambda c, x, y: np.exp(x) * y if c else y**2 - x,
            smooth=True,
        )
        yield sample(
            f"IfElse: {branch}, several",
            IfElse,
            lambda c, x, y: ifelse(c, [x * 2, x.sum()], [y, tm.exp(y).sum()]),
            c,
            x,
            y,
            reference=lambda c, x, y: [x * 2, x.sum()] if c else [y, np.exp(y).sum()],
            smooth=True,
        )
        yield sample(
            f"IfElse: {branch}, other lengths",
            IfElse,
            lambda c, x, y: ifelse(c, x[1:] * 2, dot(x, y)),
            c,
            x,
            y.T,
            reference=lambda c, x, y: x[1:] * 2 if c else x @ y,
            smooth=True,
        )
        yield sample(
            f"IfElse: {branch}, in another",
            IfElse,
            lambda c, x, y: ifelse(x[0, 0] > 0, ifelse(c, x * y, x), tm.exp(y)),
            c,
            x,
            y,
            reference=lambda c, x, y: np.exp(y) if x[0, 0] <= 0 else x * y if c else x,
            smooth=True,
        )
    for number in (np.int8(-1), np.float64(0.5), np.float32("nan"), np.uint64(0), np.float64(-0.0)):
        yield sample(
            f"IfElse: if {number!r}",
            IfElse,
            ifelse,
            number,
            x,
            y,
            reference=lambda c, x, y: x if c else y,
        )
