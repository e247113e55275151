"""Indices of what indices take are one index, and fail where they failed."""

import numpy as np
import pytest
from bitale_graph import language as T
from bitale_graph.extend import ShapeError
from bitale_graph.ops.indexing import IncSubtensor, Subtensor
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

x, i = T.dmatrix("x"), T.lscalar("i")
X = np.random.default_rng(4).standard_normal((7, 5))
_bounds = st.one_of(st.none(), st.integers(-8, 8))
_slices = st.builds(slice, _bounds, _bounds, st.sampled_from([None, 1, 2, 3, -1]))
_parts = st.one_of(_slices, st.integers(-3, 3))


def views(graph):
    return [n for n in graph.toposort() if isinstance(n.op, Subtensor)]


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(_parts, max_size=2), st.lists(_parts, max_size=2), st.integers(0, 7))
def test_two_indices_take_what_they_took(rewriting, first, then, rows):
    values = X[:rows]
    try:
        expected = values[tuple(first)][tuple(then)]
    except IndexError:
        expected = None
    try:
        out = x[tuple(first)][tuple(then)]
    except IndexError:
        return
    done = rewriting.whole([x], out)
    if expected is None:
        with pytest.raises(IndexError):
            rewriting.values(done.graph, args=[values])
        return
    (found,) = rewriting.values(done.graph, args=[values])
    np.testing.assert_array_equal(found, expected)


VIEWS = {
    "two starts": (x[1:][2:], 1),
    "axes apart": (x[1:6][::2, 1:][1:2], 1),
    "an element that calls name": (x[2:][i], 2),
    "behind an element": (x[i][1:][2:], 1),
    "before an element": (x[:, 1:][2][:3], 1),
    "backwards": (x[::-1][1:], 2),
    "from the end": (x[:-1][1:], 2),
    "turned around twice": (x[::-1, 1:][::-1], 1),
    "turned around twice along both axes": (x[::-1, ::-1][::-1, ::-1], 0),
}


@pytest.mark.parametrize("name", VIEWS)
def test_known_slices_are_one(rewriting, name):
    out, count = VIEWS[name]
    done = rewriting.whole([x, i], out)
    assert len(views(done.graph)) == count
    rewriting.assert_same(done, [x, i], out, [X, np.int64(1)])


def test_what_is_written_everywhere_backwards_is_turned_around(rewriting):
    y, row = T.dmatrix("y"), T.drow("row")
    into = T.zeros_like(x)
    out = [
        T.inc_subtensor(into[::-1], y),
        T.set_subtensor(x[:, ::-1], y),
        T.inc_subtensor(x[::-1, ::-1], y),
        T.set_subtensor(x[::-1], row),
        T.inc_subtensor(into[::-1, 1:], y[:, 1:]),
    ]
    done = rewriting.whole([x, y, row], out)
    writes = [n for n in done.graph.toposort() if isinstance(n.op, IncSubtensor)]
    assert len(writes) == 2
    rewriting.assert_same(done, [x, y, row], out, [X, X[::-1] ** 2, X[:1]])
    with pytest.raises(ShapeError):
        rewriting.values(done.graph, args=[X, X[1:], X[:1]])
