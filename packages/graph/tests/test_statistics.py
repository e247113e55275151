"""Counts and quantiles, against NumPy."""

import functools

import numpy as np
import pytest
from bitale_graph import function
from bitale_graph import language as T
from bitale_graph.extend import DtypeError, ShapeError
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

METHODS = ["linear", "interpolated_inverted_cdf", "hazen", "weibull", "median_unbiased",
           "normal_unbiased", "lower", "higher", "nearest", "midpoint"]  # fmt: skip
QS = (0.0, 0.1, 0.5, 0.77, 1.0)
OPTIONS = {
    "plain": {},
    "range": {"bins": 3, "range": (-1, 2)},
    "ends": {"bins": [-2.0, 0.0, 1.0]},
    "density": {"density": True},
}
x = T.dmatrix("x")
numbers = arrays("float64", (3, 4), elements=st.floats(-1e6, 1e6))


@functools.cache
def quantiles(method):
    return function([x], T.quantile(x, QS, 1, method))


@functools.cache
def counts():
    v, n = T.lvector(), T.lscalar()
    return function([v, n], [T.bincount(v, minlength=n), T.bincount(v, 0.5 * v)])


@functools.cache
def histograms(options):
    return function([x], T.histogram(x, **OPTIONS[options]))


def values(expression, a):
    return function([x], expression)(a)


@pytest.mark.parametrize("method", METHODS)
@settings(deadline=None)
@given(numbers)
def test_quantiles_are_those_of_numpy(method, a):
    found = quantiles(method)(a)
    np.testing.assert_allclose(found, np.quantile(a, QS, 1, method=method), rtol=1e-12, atol=1e-9)


@pytest.mark.parametrize("axis", [None, 0, -1, (0, 1)])
@pytest.mark.parametrize("keepdims", [False, True])
def test_quantiles_and_medians_go_along_any_axes(axis, keepdims, rng):
    a = rng.normal(size=(3, 4))
    for q in (0.3, [[0.2], [0.9]]):
        found = values(T.quantile(x, q, axis, keepdims=keepdims), a)
        np.testing.assert_allclose(found, np.quantile(a, q, axis, keepdims=keepdims))
    found = values([T.median(x, axis, keepdims), np.percentile(x, 25, axis)], a)
    np.testing.assert_allclose(found[0], np.median(a, axis, keepdims=keepdims))
    np.testing.assert_allclose(found[1], np.percentile(a, 25, axis))


def test_one_nan_makes_a_quantile_nan():
    a = np.array([[1.0, np.nan, 3.0], [1.0, 2.0, 4.0]])
    found = values([T.median(x, 1), T.quantile(x, 0.0, 1)], a)
    np.testing.assert_array_equal(found, [[np.nan, 2], [np.nan, 1]])


def test_quantiles_keep_the_dtype_of_floats():
    for dtype in ("float32", "float16"):
        v = T.tensor(dtype, (None,))
        assert T.quantile(v, 0.25).dtype == T.median(v).dtype == dtype
    assert T.median(T.ivector()).dtype == "float64"


@given(arrays("int64", st.integers(0, 9), elements=st.integers(0, 6)), st.integers(0, 9))
def test_numbers_are_counted_as_numpy_does(a, least):
    found = counts()(a, least)
    np.testing.assert_array_equal(found[0], np.bincount(a, minlength=least))
    np.testing.assert_array_equal(found[1], np.bincount(a, 0.5 * a))
    assert [f.dtype.name for f in found] == ["int64", "float64"]


def test_a_negative_number_is_not_counted():
    v = T.lvector()
    with pytest.raises(ValueError, match="bincount: a number is negative"):
        function([v], T.bincount(v))([1, -1])


@pytest.mark.parametrize("right", [False, True])
def test_intervals_ascend_or_descend(right, rng):
    a, bins = rng.normal(size=(3, 4)), np.array([-1.0, 0.0, 0.5, 1.0])
    for ends in (bins, bins[::-1]):
        found = values(T.digitize(x, ends, right), a)
        np.testing.assert_array_equal(found, np.digitize(a, ends, right))
    with pytest.raises(ValueError, match="must ascend or descend"):
        values(T.digitize(x, [0.0, 2.0, 1.0]), a)


@pytest.mark.parametrize("options", OPTIONS)
@given(arrays("float64", (3, 4), elements=st.integers(-20, 20).map(lambda n: n / 7)))
def test_histograms_are_those_of_numpy(options, a):
    found = histograms(options)(a)
    with np.errstate(all="ignore"):
        for one, expected in zip(found, np.histogram(a, **OPTIONS[options]), strict=True):
            np.testing.assert_allclose(one, expected, rtol=1e-12)


def test_a_histogram_of_nothing_has_the_ends_of_numpy():
    found = values(T.histogram(x, 4), np.zeros((0, 3)))
    for one, expected in zip(found, np.histogram([], 4), strict=True):
        np.testing.assert_array_equal(one, expected)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: T.bincount(x), ShapeError, "bincount takes a vector"),
        (lambda: T.bincount(T.dvector()), DtypeError, "integers that int64 holds"),
        (lambda: T.quantile(x, 1.5), ValueError, "between 0 and 1"),
        (lambda: T.quantile(x, 0.5, method="best"), ValueError, "method is one of"),
        (lambda: T.median(x, 2), ShapeError, "no axis 2"),
        (lambda: T.median(T.zmatrix()), DtypeError, "no order"),
    ],
)
def test_what_cannot_be_counted_is_told_as_it_is_written(call, error, text):
    with pytest.raises(error, match=text):
        call()
