"""Comparisons of arrays and of graphs that say what differs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.flat import equal_graphs
from ..core.function_graph import FunctionGraph
from ..core.graph import Variable
from ..core.tree import debugprint

_INTEGER_OF = {"float16": np.int16, "float32": np.int32, "float64": np.int64}


def _ordered(x: np.ndarray[Any, Any]) -> Any:
    """Floats as integers in the same order, neighbours one apart; both zeros are 0."""
    bits = np.ascontiguousarray(x).view(_INTEGER_OF[x.dtype.name]).astype(object)
    smallest = -(2 ** (8 * x.dtype.itemsize - 1))
    return np.where(bits < 0, smallest - bits, bits)


def ulp_distance(x: Any, y: Any) -> float:
    """The largest number of steps between neighbouring floats from ``x`` to ``y``.

    Parameters
    ----------
    x, y : arrays of one shape and one of the dtypes float16, float32, float64

    Returns
    -------
    float
        0 for equal values; both NaN count as equal, NaN and a number as infinitely far.

    Raises
    ------
    TypeError, ValueError
        If dtypes or shapes differ.
    """
    x, y = np.asarray(x), np.asarray(y)
    if x.dtype != y.dtype or x.dtype.name not in _INTEGER_OF:
        raise TypeError(f"ulp_distance takes floats of one dtype, not {x.dtype} and {y.dtype}")
    if x.shape != y.shape:
        raise ValueError(f"ulp_distance takes arrays of one shape, not {x.shape} and {y.shape}")
    x, y = x.ravel(), y.ravel()
    nan = np.isnan(x) | np.isnan(y)
    if (np.isnan(x) != np.isnan(y)).any():
        return float("inf")
    if nan.all():
        return 0.0
    return float(np.abs(_ordered(x[~nan]) - _ordered(y[~nan])).max())


def _is_nan(x: Any) -> Any:
    return np.isnan(x) if x.dtype.kind in "fc" else False


def difference(got: Any, expected: Any, rtol: float = 0.0, atol: float = 0.0) -> str:
    """Tell how ``got`` differs from ``expected``, or give an empty string.

    Type, dtype and shape must be the same, and values within ``atol + rtol * |expected|``;
    NaN equals NaN, and infinities equal those of their sign.
    """
    if not isinstance(got, np.ndarray):
        return f"expected an array, and got {type(got).__name__} ({got!r:.80})"
    expected = np.asarray(expected)
    if got.dtype != expected.dtype:
        return f"expected the dtype {expected.dtype}, and got {got.dtype}"
    if got.shape != expected.shape:
        return f"expected the shape {expected.shape}, and got {got.shape}"
    with np.errstate(all="ignore"):
        same = (got == expected) | (_is_nan(got) & _is_nan(expected))
        if expected.dtype.kind in "fc":
            same |= np.abs(got - expected) <= atol + rtol * np.abs(expected)
    if np.all(same):
        return ""
    wrong = np.argwhere(~np.atleast_1d(same)) if expected.ndim else np.zeros((1, 0), int)
    at = tuple(int(i) for i in wrong[0])
    text = (
        f"{len(wrong)} of {expected.size} values differ (rtol {rtol:g}, atol {atol:g}), "
        f"first at {list(at)}: expected {expected[at]!r}, and got {got[at]!r}"
    )
    if expected.dtype.name in _INTEGER_OF:
        text += f"; the largest distance is {ulp_distance(got, expected):g} ulp"
    return text


def assert_same_values(got: Any, expected: Any, rtol: float = 0.0, atol: float = 0.0) -> None:
    """Raise `AssertionError` that tells how two arrays, or two lists of arrays, differ."""
    if isinstance(expected, (list, tuple)):
        if len(got) != len(expected):
            raise AssertionError(f"expected {len(expected)} arrays, and got {len(got)}")
        texts = [
            f"output {i}: {text}"
            for i, (one, other) in enumerate(zip(got, expected, strict=True))
            if (text := difference(one, other, rtol, atol))
        ]
        text = "\n".join(texts)
    else:
        text = difference(got, expected, rtol, atol)
    if text:
        raise AssertionError(text)


def assert_graph_equal(
    first: FunctionGraph | tuple[Sequence[Variable], Sequence[Variable]],
    second: FunctionGraph | tuple[Sequence[Variable], Sequence[Variable]],
) -> None:
    """Raise `AssertionError`, with both graphs printed, unless they have the same structure.

    Parameters
    ----------
    first, second : FunctionGraph, or pair of inputs and outputs
        Inputs stand for one another in order; their names, and those of results, do not matter.
    """
    inputs1, outputs1 = _ends(first)
    inputs2, outputs2 = _ends(second)
    if equal_graphs(inputs1, outputs1, inputs2, outputs2):
        return
    text1, text2 = (
        f"inputs {[str(v.type) for v in inputs]}\n"
        f"{debugprint(outputs, file='str', print_type=True)}"
        for inputs, outputs in ((list(inputs1), list(outputs1)), (list(inputs2), list(outputs2)))
    )
    raise AssertionError(f"the graphs differ\nfirst: {text1}\nsecond: {text2}")


def _ends(graph: Any) -> tuple[Sequence[Variable], Sequence[Variable]]:
    return (graph.inputs, graph.outputs) if isinstance(graph, FunctionGraph) else graph
