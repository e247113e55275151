"""Order, the largest elements, and tensors as sets; values are in the samples."""

import numpy as np
import pytest
from bitale_graph import function
from bitale_graph import language as T
from bitale_graph.extend import DtypeError, ShapeError
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

x = T.dmatrix("x")


def values(expression, *given):
    return function([x], expression, on_unused_input="ignore")(np.asarray(given[0], "float64"))


@given(arrays("float64", array_shapes(max_dims=3, max_side=5), elements=st.floats(width=16)))
def test_sorting_all_elements_sorts_the_flattened_tensor(a):
    v = T.tensor("float64", (None,) * a.ndim)
    found = function([v], [T.sort(v, None), v.sort(axis=None), v.argsort(None, "stable")])(a)
    np.testing.assert_array_equal(found[0], np.sort(a, None))
    np.testing.assert_array_equal(found[1], found[0])
    np.testing.assert_array_equal(found[2], np.argsort(a, None, "stable"))


def test_the_largest_elements_descend_and_a_negative_number_asks_for_the_smallest():
    a = [[3.0, 1.0, 2.0], [0.0, 5.0, 4.0]]
    assert values(T.topk(x, 2), a).tolist() == [[3, 2], [5, 4]]
    assert values(T.topk(x, -2, axis=0), a).tolist() == [[3, 5, 4], [0, 1, 2]]
    assert values(T.argtopk(x, 2, axis=None), a).tolist() == [4, 5]
    found, places = T.topk_and_argtopk(x, 1, idx_dtype="int32")
    assert (found.type.shape, places.dtype) == ((None, 1), "int32")


def test_how_many_elements_may_be_a_variable():
    k = T.lscalar("k")
    f = function([x, k], [T.topk(x, k), T.topk(x, k).shape])
    for n in (2, -1):
        found, shape = f([[3.0, 1.0, 2.0]], n)
        assert found.shape == tuple(shape) == (1, abs(n))
    with pytest.raises(ValueError, match="at most 3 along axis 1, and is 4"):
        f([[3.0, 1.0, 2.0]], 4)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: T.sort(x, 2), ShapeError, "sort: a tensor of rank 2 has no axis 2"),
        (lambda: T.sort(x, (0, 1)), ShapeError, "give one axis or None"),
        (lambda: T.sort(x, kind="fast"), ValueError, "kind is one of"),
        (lambda: T.argsort(x, order="a"), ValueError, "fields"),
        (lambda: T.topk(x, 0), ValueError, "other than zero"),
        (lambda: T.topk(T.as_tensor([1.0, 2.0]), 3), ValueError, "at most 2"),
        (lambda: T.topk(x, 1.5), TypeError, "must be an integer"),
        (lambda: T.argtopk(x, 1, idx_dtype="float32"), DtypeError, "places are integers"),
        (lambda: T.partition(x, [[1]]), ShapeError, "an integer or a vector"),
        (lambda: T.lexsort([]), ValueError, "at least one key"),
        (lambda: T.unique(x, axis=3), ShapeError, "no axis 3"),
    ],
)
def test_what_cannot_be_ordered_is_told_as_it_is_written(call, error, text):
    with pytest.raises(error, match=text):
        call()


def test_a_place_behind_the_end_raises_when_it_runs():
    with pytest.raises(IndexError, match="out of bounds along axis 1 of length 2"):
        values(T.partition(x, 2), [[1.0, 2.0]])


def test_the_last_key_counts_first():
    a = np.array([[3.0, 1, 2, 1], [1, 0, 1, 0]])
    np.testing.assert_array_equal(values(T.lexsort([x[0], x[1]]), a), np.lexsort(a))
    np.testing.assert_array_equal(values(T.lexsort(T.stack([x, -x])), a), np.lexsort([a, -a]))


def test_members_of_a_set_are_found_and_nan_is_none():
    a = np.array([[np.nan, 1.0], [2.0, 7.0]])
    for tests in ([2.0, np.nan, 9.0, 1.0], []):
        for invert in (False, True):
            found = values(T.isin(x, tests, invert), a)
            np.testing.assert_array_equal(found, np.isin(a, tests, invert=invert))
    np.testing.assert_array_equal(values(T.in1d(x, [7]), a), [False, False, False, True])
    np.testing.assert_array_equal(values(T.union1d(x, [0, 7]), a), np.union1d(a, [0, 7]))


def test_functions_of_numpy_order_variables():
    a = np.array([[3.0, 1.0, 3.0]])
    found = values([np.sort(x, stable=True), np.argsort(x), np.partition(x, 1)], a)
    assert [f.tolist() for f in found] == [[[1, 3, 3]], np.argsort(a).tolist(), [[1, 3, 3]]]
    different, counts = np.unique(x, return_counts=True)
    assert [f.tolist() for f in values([different, counts], a)] == [[1, 3], [1, 2]]
