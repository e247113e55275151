"""Masks of bools as indices, and the places of what is not zero."""

import numpy as np
import pytest
from bitale_graph import function
from bitale_graph import language as T
from bitale_graph.base.errors import ShapeError
from bitale_graph.core.order import toposort
from bitale_graph.ops.assertion import Assert
from bitale_graph.ops.nonzero import Nonzero, mask_of, names_no_place_twice
from hypothesis import given, settings
from hypothesis import strategies as st

rng = np.random.default_rng(5)
X = rng.standard_normal((3, 4, 5))
x = T.dtensor3("x")
BOOLS = [T.TensorType("bool", (None,) * n)(f"m{n}") for n in range(4)]


def run(out, **values):
    given = {x: X, **{BOOLS[v.ndim]: v for v in values.values()}}
    return function(list(given), out, on_unused_input="ignore")(*given.values())


@st.composite
def masked_indices(draw):
    """An index with one mask, and the same with the mask's variable in its place."""
    shape = X.shape
    width = draw(st.integers(1, 3))
    first = draw(st.integers(0, 3 - width))
    size = int(np.prod(shape[first : first + width]))
    bits = draw(st.lists(st.booleans(), min_size=size, max_size=size))
    mask = np.array(bits).reshape(shape[first : first + width])
    others = st.sampled_from([slice(None), slice(1, None), slice(None, None, -1), 0, -1])
    before = [draw(others) for _ in range(first)]
    after = [draw(others) for _ in range(draw(st.integers(0, 3 - width - first)))]
    if draw(st.booleans()):
        before.insert(draw(st.integers(0, len(before))), None)
    if draw(st.booleans()):
        after.append(Ellipsis)
    return (*before, mask, *after), (*before, BOOLS[width], *after), mask


@settings(max_examples=30, deadline=None)
@given(masked_indices())
def test_a_mask_reads_and_writes_what_numpy_does(index):
    key, symbolic, mask = index
    expected = X[key]
    y = rng.standard_normal(expected.shape)
    written, added = X.copy(), X.copy()
    written[key] = y
    np.add.at(added, key, y)
    for k in (symbolic, key):
        outs = [x[k], T.set_subtensor(x[k], y), T.inc_subtensor(x[k], y), x[k].shape]
        found = run(outs, mask=mask)
        for a, b in zip(found, (expected, written, added, expected.shape), strict=True):
            np.testing.assert_array_equal(a, b)


def test_a_mask_of_known_lengths_that_do_not_fit_is_an_error_at_once():
    fixed = T.TensorType("float64", (3, 4))("fixed")
    with pytest.raises(IndexError, match=r"axis 1 of .* and axis 1 of fixed"):
        fixed[np.ones((3, 5), bool)]
    with pytest.raises(IndexError, match="too many indices: 3 for fixed"):
        fixed[np.ones((3, 4, 1), bool)]


@pytest.mark.parametrize("shape", [(2, 4), (3, 5), (0, 4)])
@pytest.mark.parametrize("is_symbolic", [True, False])
def test_a_mask_that_does_not_fit_is_an_error_when_it_runs(shape, is_symbolic):
    mask = np.zeros(shape, bool)
    key = BOOLS[2] if is_symbolic else mask
    for out in (x[key], T.set_subtensor(x[key], 0.0)):
        with pytest.raises(IndexError, match="not the lengths of what it is for: axes 0 to 1 of x"):
            run(out, mask=mask)


@pytest.mark.parametrize("key", [[True, False, True], [[True], [False]], [BOOLS[0], BOOLS[0]]])
def test_a_list_of_bools_is_refused_with_advice(key):
    with pytest.raises(TypeError, match=r"list of bools is no index.*\n  for x.*\n.*np\.array"):
        x[key]


def test_one_bool_is_no_index():
    for key in (True, np.bool_(False), BOOLS[0]):
        with pytest.raises(TypeError, match="an index must be an integer"):
            x[key]


def test_the_places_of_a_mask_are_an_index_like_the_mask():
    mask = X[0] > 0
    keys = T.nonzero(BOOLS[2])
    found = run([x[(slice(None), *keys)], T.set_subtensor(x[0][keys], 1.0)], mask=mask)
    np.testing.assert_array_equal(found[0], X[:, mask])
    np.testing.assert_array_equal(found[1], np.where(mask, 1.0, X[0]))


def test_two_masks_that_leave_as_many_go_together():
    rows, columns = np.array([True, False, True]), np.array([False, True, True, False])
    np.testing.assert_array_equal(run(x[rows, columns]), X[rows, columns])


def test_nonzero_gives_a_vector_for_each_axis_or_a_matrix():
    mask = X > 0.3
    assert [v.dtype for v in T.nonzero(BOOLS[3])] == ["int64"] * 3
    found = run(T.nonzero(BOOLS[3], return_matrix=True), mask=mask)
    np.testing.assert_array_equal(found, np.array(np.nonzero(mask)))
    np.testing.assert_array_equal(run(T.argwhere(x > 0.3)), np.argwhere(mask))
    np.testing.assert_array_equal(run(x.nonzero()[1]), np.nonzero(X)[1])
    np.testing.assert_array_equal(run(x.nonzero_values()), X[X != 0])
    np.testing.assert_array_equal(run(T.flatnonzero(BOOLS[0]), mask=np.array(True)), [0])
    with pytest.raises(ShapeError, match="has no axes; flatnonzero"):
        T.nonzero(T.dscalar())


def test_a_number_of_places_that_is_not_true_is_an_error():
    n = T.lscalar("n")
    f = function([BOOLS[1], n], Nonzero()(BOOLS[1], n), mode="FAST_COMPILE")
    with pytest.raises(ShapeError, match="2 elements are true, and not 3"):
        f(np.array([True, True]), 3)


def test_numpys_functions_of_places_give_expressions():
    mask = X > 0
    for found, expected in [
        (np.nonzero(x > 0)[2], np.nonzero(mask)[2]),
        (np.where(x > 0)[0], np.where(mask)[0]),
        (np.flatnonzero(x > 0), np.flatnonzero(mask)),
        (np.argwhere(x > 0), np.argwhere(mask)),
        (np.count_nonzero(x > 0, axis=1), np.count_nonzero(mask, axis=1)),
        (np.extract(x > 0, x), np.extract(mask, X)),
    ]:
        np.testing.assert_array_equal(run(found), expected)


def test_what_names_no_place_twice_is_known():
    i = T.lvector("i")
    for key, expected in [
        (slice(1, None), True),
        (BOOLS[1], True),
        ((slice(None), BOOLS[2]), True),
        (i, False),
        ([0, 2], True),
        ([0, 0], False),
        ([0, -3], False),
        ((BOOLS[1], i), False),
    ]:
        node = x[key].owner
        assert names_no_place_twice(node.op, node.inputs[1:]) is expected, key
    assert mask_of(x[BOOLS[2]].owner.inputs[1:]).mask is BOOLS[2]
    assert mask_of(T.nonzero(BOOLS[2])[::-1]) is None


def test_a_mask_made_of_what_it_is_for_needs_no_check():
    def checks(mask, of=x):
        return sum(isinstance(n.op, Assert) for n in toposort([of[mask]]))

    assert checks(x > 0) == checks((abs(x) > 1) & ~(x > 2)) == 0
    assert checks(x[::-1] > 0) == checks(BOOLS[3]) == checks(x[:, 0] > 0) == 1
    one = T.TensorType("float64", (1, None))("one")
    assert checks((one > 0) & BOOLS[2], one) == 1
