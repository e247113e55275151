"""Sums with matrix products: where gemm is made, where it is not, and that values stay."""

import numpy as np
import pytest
from bitale_graph import FunctionGraph, Mode, function, shared
from bitale_graph import language as T
from bitale_graph.ops.product import Dot, Gemm
from bitale_optimize.rewriter import FunctionGraphRewriter

RNG = np.random.default_rng(0)
X, Y, Z = RNG.normal(size=(3, 4)), RNG.normal(size=(4, 5)), RNG.normal(size=(3, 5))


def ops(inputs, output):
    graph, _ = FunctionGraph.cloned(inputs, [output])
    FunctionGraphRewriter().rewrite(graph, Mode())
    return [type(node.op) for node in graph.toposort()]


@pytest.mark.parametrize(
    "build",
    [
        lambda z, x, y: z + T.dot(x, y),
        lambda z, x, y: T.dot(x, y) + z,
        lambda z, x, y: z - T.dot(x, y),
        lambda z, x, y: z - 0.1 * T.dot(x, y),
        lambda z, x, y: z + T.dot(x, y) * 3.0,
        lambda z, x, y: z + -T.dot(x, y),
        lambda z, x, y: z + (2.0 * T.dot(y.T, x.T)).T,
        lambda z, x, y: 0.9 * z - 0.1 * T.dot(x, y),
    ],
    ids=["sum", "product first", "difference", "rate", "factor", "negated", "transposed", "decay"],
)
def test_gemm_updates_what_is_stored(build):
    z, x, y = T.dmatrix("z"), T.dmatrix("x"), T.dmatrix("y")
    output = build(z, x, y)
    assert Gemm in ops([z, x, y], output)
    plain = function([z, x, y], output, mode=Mode("numpy", "None"))(Z, X, Y)
    fused = function([z, x, y], output, mode=Mode("numpy", "fast_run"))(Z, X, Y)
    np.testing.assert_allclose(fused, plain, rtol=1e-13)


def test_a_rate_that_is_given_at_run_time_becomes_alpha():
    z, x, y, rate = T.dmatrix("z"), T.dmatrix("x"), T.dmatrix("y"), T.dscalar("rate")
    output = z - rate * T.dot(x, y)
    assert Gemm in ops([z, x, y, rate], output)
    f = function([z, x, y, rate], output, mode=Mode("numpy", "fast_run"))
    np.testing.assert_allclose(f(Z, X, Y, 0.5), Z - 0.5 * X @ Y, rtol=1e-13)


def test_a_matrix_that_is_scaled_by_zero_is_left():
    z, x, y = T.dmatrix("z"), T.dmatrix("x"), T.dmatrix("y")
    f = function([z, x, y], 0.0 * z + T.dot(x, y), mode=Mode("numpy", "fast_run"))
    b = T.dscalar("b")
    assert Gemm not in ops([z, x, y, b], b * z + T.dot(x, y))
    assert f(Z, X, Y).shape == Z.shape


def test_two_products_accumulate():
    x, y, a, b = (T.dmatrix(n) for n in "xyab")
    assert ops([x, y, a, b], T.tanh(T.dot(x, y) + T.dot(a, b))).count(Gemm) == 1


@pytest.mark.parametrize(
    "build",
    [
        # What is computed on goes through memory once anyway, in the loop that follows.
        lambda z, x, y: T.tanh(z + T.dot(x, y)),
        # A computed matrix would have to be stored first.
        lambda z, x, y: T.exp(z) + T.dot(x, y),
        # The rate differs from element to element.
        lambda z, x, y: z + z * T.dot(x, y),
    ],
    ids=["read by a loop", "computed", "factor of elements"],
)
def test_other_sums_are_left_to_fusion(build):
    z, x, y = T.dmatrix("z"), T.dmatrix("x"), T.dmatrix("y")
    assert Gemm not in ops([z, x, y], build(z, x, y))


def test_vectors_and_integers_stay_products():
    x, v, b = T.dmatrix("x"), T.dvector("v"), T.dvector("b")
    assert Gemm not in ops([x, v, b], b + T.dot(x, v))
    i, j, k = T.lmatrix("i"), T.lmatrix("j"), T.lmatrix("k")
    assert Gemm not in ops([i, j, k], k + T.dot(i, j))


def test_a_bias_that_broadcasts_is_not_an_accumulator():
    x, y = T.dmatrix("x"), T.dmatrix("y")
    row = T.drow("row")
    output = row + T.dot(x, y)
    assert Gemm not in ops([row, x, y], output)
    f = function([row, x, y], output, mode=Mode("numpy", "fast_run"))
    np.testing.assert_allclose(f(Z[:1], X, Y), Z[:1] + X @ Y, rtol=1e-13)


def test_a_product_that_broadcasts_is_no_gemm():
    z, x, y, row = T.dmatrix("z"), T.dmatrix("x"), T.dmatrix("y"), T.drow("row")
    into = function([z, row, y], z + T.dot(row, y), mode=Mode("numpy", "fast_run"))
    np.testing.assert_allclose(into(Z, X[:1], Y), Z + X[:1] @ Y, rtol=1e-13)
    both = T.dot(x, y) + T.dot(row, y)
    two = function([x, row, y], both, mode=Mode("numpy", "fast_run"))
    np.testing.assert_allclose(two(X, X[:1], Y), X @ Y + X[:1] @ Y, rtol=1e-13)


def test_weights_are_updated():
    w = shared(Z, "w")
    x, y = T.dmatrix("x"), T.dmatrix("y")
    f = function([x, y], [], updates=[(w, w - 0.1 * T.dot(x, y))], mode=Mode("numpy", "fast_run"))
    assert Dot not in [type(n.op) for n in f.maker.fgraph.toposort()]
    f(X, Y)
    np.testing.assert_allclose(w.get_value(), Z - 0.1 * X @ Y, rtol=1e-13)
