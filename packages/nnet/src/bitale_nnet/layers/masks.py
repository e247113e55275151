"""Masks: which steps of a sequence count, and what is read in those that do not."""

from __future__ import annotations

from typing import Any

from bitale_graph import language as T
from bitale_graph.extend import ShapeError, as_tensor, describe


def steps_that_count(layer: Any, x: Any, mask: Any) -> Any:
    """The mask of ``x`` (..., steps, features) as truth values (..., steps)."""
    mask = as_tensor(mask)
    if mask.ndim != x.ndim - 1:
        raise ShapeError(
            f"{layer}: the mask has an entry for each step and no axis of features\n"
            f"  input  {describe(x)}\n  mask   {describe(mask)}"
        )
    return T.neq(mask, 0)


def without_padding(x: Any, counts: Any) -> Any:
    """``x`` with 0 for what is NaN or infinite in steps that do not count.

    Its value would not be used, but 0 times it, in the product that gradients of weights are, is
    NaN. What is finite stays: some layers give something for such steps too.
    """
    if x.dtype not in ("float16", "float32", "float64"):
        return x
    counts = counts.dimshuffle(*range(counts.ndim), "x")
    return T.switch(T.or_(counts, T.isfinite(x)), x, T.zeros_like(x))
