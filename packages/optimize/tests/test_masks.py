"""Masks whose places are found once, or not at all."""

import numpy as np
import pytest
from bitale_graph import Assert
from bitale_graph import language as T
from bitale_graph.ops.indexing import AdvancedIncSubtensor1, IncSubtensor
from bitale_graph.ops.nonzero import Nonzero

x, y = T.dmatrices("x", "y")
v = T.dvector("v")
mask, rows = T.TensorType("bool", (None, None))("mask"), T.TensorType("bool", (None,))("rows")
_rng = np.random.default_rng(8)
X, Y = _rng.standard_normal((2, 3, 4))
V = _rng.standard_normal(4)
MASK, ROWS = X > 0, np.array([True, False, True])
LEAVES, VALUES = [x, y, v, mask, rows], [X, Y, V, MASK, ROWS]
LOSS = T.sqr(x[mask] - y[mask]).mean()

WITHOUT_PLACES = {
    "a number set": T.set_subtensor(x[mask], 0),
    "a number added": T.inc_subtensor(x[x > 0], 1.5),
    "a row set": T.set_subtensor(x[rows], v),
    "columns set": T.set_subtensor(x[:, v > 0], 2.0),
    "a column set for each": T.set_subtensor(x[:, v > 0], y[:, 0].dimshuffle(0, "x")),
    "what the mask reads": T.set_subtensor(x[mask], T.exp(y[mask]) * v[0]),
    "a sum": x[mask].sum(),
    "a mean": x[x > 0].mean(),
    "a loss": LOSS,
    "a sum of rows": x[rows].sum(axis=0),
    "a product": x[mask].prod(),
    "whether any is": (x[mask] > 1).any(),
    "whether all are": T.all(x[mask] > 0),
}
WITH_PLACES = {
    "a read": x[mask],
    "a vector set": T.set_subtensor(x[mask], y.flatten()[: mask.sum()]),
    "the largest": x[mask].max(),
    "a sum of each row": x[rows].sum(axis=1),
    "dear work": T.exp(T.exp(T.sin(x[mask]))).sum(),
    "two masks": (x[mask] * y[y > 0][: mask.sum()]).sum(),
    "powers of integers": (T.cast(x[mask], "int64") ** 2).sum() * 0 + x[mask][0],
}


def has_places(graph):
    return sum(isinstance(node.op, Nonzero) for node in graph.toposort())


@pytest.mark.parametrize("name", WITHOUT_PLACES)
def test_no_place_is_looked_for(rewriting, name):
    out = WITHOUT_PLACES[name]
    done = rewriting.whole(LEAVES, out)
    assert not has_places(done.graph)
    rewriting.assert_same(done, LEAVES, out, VALUES)


@pytest.mark.parametrize("name", WITH_PLACES)
def test_places_are_looked_for(rewriting, name):
    out = WITH_PLACES[name]
    values = [X, np.abs(Y) + 0.1, V, MASK, ROWS]
    done = rewriting.whole(LEAVES, out)
    assert has_places(done.graph)
    rewriting.assert_same(done, LEAVES, out, values)


def test_equal_masks_are_searched_once(rewriting):
    out = T.join(0, x[mask], y[mask], x[mask][::-1])
    done = rewriting.whole(LEAVES, out)
    assert has_places(done.graph) == 1
    rewriting.assert_same(done, LEAVES, out, VALUES)


def test_a_mask_that_does_not_fit_stays_an_error(rewriting):
    for out in (T.set_subtensor(x[mask], 0.0), x[mask].sum(), LOSS):
        done = rewriting.whole(LEAVES, out)
        with pytest.raises(IndexError, match="a mask has not the lengths"):
            rewriting.assert_same(done, LEAVES, out, [X, Y, V, MASK[:2], ROWS])


@pytest.mark.parametrize(
    ("condition", "values"),
    [([True, False], [4.0]), ([True], [4.0, 5.0]), ([False, True], [4.0, 5.0])],
)
def test_places_of_a_mask_of_another_length_are_looked_for(rewriting, condition, values):
    for chosen in (v[T.flatnonzero(T.as_tensor(condition))], T.compress(condition, v)):
        done = rewriting.whole([v], chosen.sum())
        rewriting.assert_same(done, [v], chosen.sum(), [np.array(values)])
    held = Assert("of another")(T.flatnonzero(rows), v.sum() > 0)
    done = rewriting.whole([v, rows], v[held].sum())
    rewriting.assert_same(done, [v, rows], v[held].sum(), [np.array(values), np.array(condition)])


def test_what_is_set_to_a_sum_is_added(rewriting):
    for out, op in [
        (T.set_subtensor(x[1:], x[1:] + v), IncSubtensor),
        (T.set_subtensor(x[np.array([2, 0])], v + x[np.array([2, 0])]), AdvancedIncSubtensor1),
    ]:
        done = rewriting.whole(LEAVES, out)
        assert isinstance(done.output.owner.op, op)
        assert not done.output.owner.op.set
        rewriting.assert_same(done, LEAVES, out, VALUES)
