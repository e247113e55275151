import numpy as np
import pytest
from bitale_graph import language as T
from bitale_graph.testing import assert_graph_equal, assert_same_values, difference, ulp_distance


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_neighbours_are_one_ulp_apart(dtype):
    one = np.ones(3, dtype)
    assert ulp_distance(one, np.nextafter(one, np.full(3, 2, dtype))) == 1


def test_zeros_of_both_signs_are_equal_and_lie_between_the_smallest_numbers():
    tiny = np.nextafter(np.zeros(1), np.ones(1))
    assert ulp_distance(np.zeros(1), -np.zeros(1)) == 0
    assert ulp_distance(tiny, -tiny) == 2


def test_nan_is_infinitely_far_from_numbers_only():
    nan = np.array([np.nan])
    assert ulp_distance(nan, nan) == 0
    assert ulp_distance(nan, np.zeros(1)) == np.inf


def test_ulp_distance_wants_one_dtype():
    with pytest.raises(TypeError, match="one dtype"):
        ulp_distance(np.float32(1), np.float64(1))


@pytest.mark.parametrize(
    ("got", "text"),
    [
        (1.0, "expected an array"),
        (np.zeros(2, "float32"), "expected the dtype float64"),
        (np.zeros(3), "expected the shape"),
        (np.array([0.0, 1.0]), r"1 of 2 values differ .* first at \[1\]"),
    ],
)
def test_a_difference_is_told(got, text):
    import re

    assert re.search(text, difference(got, np.zeros(2)))


def test_equal_arrays_have_no_difference():
    x = np.array([np.nan, np.inf, 1.0])
    assert difference(x, x.copy()) == ""
    assert difference(np.array([1.0]), np.array([1.0 + 1e-9]), rtol=1e-8) == ""


def test_lists_are_compared_one_by_one():
    with pytest.raises(AssertionError, match="output 1: expected the dtype"):
        assert_same_values([np.zeros(1), np.zeros(1, "int8")], [np.zeros(1), np.zeros(1)])


def test_graphs_that_differ_are_shown():
    x = T.vector("x")
    assert_graph_equal(([x], [T.exp(x) + 1]), ([x], [T.exp(x) + 1]))
    with pytest.raises(AssertionError, match=r"(?s)first: .*exp.*second: .*sin"):
        assert_graph_equal(([x], [T.exp(x)]), ([x], [T.sin(x)]))
