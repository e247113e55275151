"""Graphs of ten thousand nodes, and as deep: nothing recurses, and work grows with the size."""

import sys

import bitale
import bitale.tensor as T
import numpy as np
import pytest

MODES = {"default": None, "FAST_COMPILE": "FAST_COMPILE"}
X = np.linspace(0.1, 0.9, 5)


def chain(x, n):
    """One operation after another; gives the expression, and its value and slope by NumPy."""
    y, value, slope = x, X, np.ones_like(X)
    for i in range(n):
        if i % 2:
            y, value = T.tanh(y), np.tanh(value)
            slope = slope * (1 - value**2)
        else:
            y, value, slope = y * 0.5 + x, value * 0.5 + X, slope * 0.5 + 1
    return y, value, slope


def tree(x, n):
    """Each level joins what is under it with a leaf of its own."""
    y, value, slope = T.sin(x), np.sin(X), np.cos(X)
    for i in range(n):
        k = 1 + 1e-4 * i
        y = x * k - y
        value, slope = X * k - value, k - slope
    return y, value, slope


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES.values(), ids=MODES)
@pytest.mark.parametrize(("shape", "n"), [(chain, 10_000), (tree, 10_000)])
def test_ten_thousand_levels_are_built_differentiated_rewritten_and_run(shape, n, mode):
    assert sys.getrecursionlimit() <= 1500
    x = T.dvector("x")
    y, value, slope = shape(x, n)
    f = bitale.function([x], [y, T.grad(T.sum(y), x)], mode=mode)
    got, gradient = f(X)
    # Rewriting may reorder sums, of up to ten thousand terms of size 1.
    assert np.allclose(got, value, rtol=1e-9, atol=1e-9)
    assert np.allclose(gradient, slope, rtol=1e-9, atol=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("shape", [chain, tree])
def test_work_grows_in_proportion(shape):
    def calls(n):
        count = 0

        def note(*_):
            nonlocal count
            count += 1

        sys.setprofile(note)
        try:
            x = T.dvector("x")
            y, _, _ = shape(x, n)
            bitale.function([x], T.grad(T.sum(y), x), mode=bitale.Mode(linker="numpy"))(X)
        finally:
            sys.setprofile(None)
        return count

    calls(100)
    # Ten in proportion, a hundred if it were quadratic.
    assert calls(2000) < 13 * calls(200)


def test_a_wide_sum_of_many_terms():
    xs = [T.dscalar(f"x{i}") for i in range(2000)]
    f = bitale.function(xs, sum(xs[1:], xs[0]))
    assert f(*range(2000)) == sum(range(2000))


def test_a_deep_graph_is_printed_and_pickled():
    import pickle

    x = T.dvector("x")
    y, value, _ = chain(x, 3000)
    assert len(bitale.pp(y)) > 0
    assert len(bitale.printing.debugprint(y, file="str").splitlines()) > 3000
    f = bitale.function([x], y, mode=bitale.Mode(linker="numpy", optimizer="None"))
    assert np.allclose(pickle.loads(pickle.dumps(f))(X), value)
