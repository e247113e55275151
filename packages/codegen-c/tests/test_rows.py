"""Rows that are read by number or repeated by counts, from tables of every layout."""

import numpy as np
import pytest
from bitale_graph import function
from bitale_graph import language as T
from bitale_graph.tensor.variable import TensorType

LAYOUTS = {
    "as it is": lambda x: x,
    "parts": lambda x: x[::2, 1:, ::3],
    "backwards": lambda x: x[::-1, :, ::-1],
    "transposed": lambda x: x.T,
    "by columns": np.asfortranarray,
    "a row for all": lambda x: np.broadcast_to(x[:1], x.shape),
    "a column for all": lambda x: np.broadcast_to(x[:, :, :1], x.shape),
    "empty": lambda x: x[:, :, :0],
    "of length 1": lambda x: x[:, :, :1],
}


@pytest.fixture(scope="module")
def run():
    x, places = TensorType("float32", (None,) * 3)(), T.lvector()
    return function([x, places], [*(T.take(x, places, a) for a in range(3)), T.exp(x[places]) + 1])


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=list(LAYOUTS))
def test_rows_by_number(run, layout):
    x = layout(np.random.default_rng(0).normal(size=(6, 8, 10)).astype("float32"))
    places = np.array([0, -1, 0]) if x.size else np.zeros(0, "int64")
    *taken, computed = run(x, places)
    for axis, found in enumerate(taken):
        np.testing.assert_array_equal(found, np.take(x, places, axis))
    np.testing.assert_allclose(computed, np.exp(x[places]) + 1, rtol=1e-6)


@pytest.mark.parametrize("axis", range(3))
def test_rows_by_counts(axis):
    x, counts = TensorType("float32", (None,) * 3)(), T.lvector()
    run = function([x, counts], T.repeat(x, counts, axis))
    for layout in LAYOUTS.values():
        given = layout(np.random.default_rng(0).normal(size=(6, 8, 10)).astype("float32"))
        often = np.arange(given.shape[axis]) % 4
        np.testing.assert_array_equal(run(given, often), np.repeat(given, often, axis))
