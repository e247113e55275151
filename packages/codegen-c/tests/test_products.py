"""Products of every small length and layout: tiles end at the last row and column."""

import itertools

import bitale_graph.language as T
import numpy as np
import pytest
from bitale_graph import TensorType, function, scan
from bitale_graph.extend import Gemm, Mode

TOLERANCE = {"float32": 3e-5, "float64": 1e-12}


@pytest.fixture(scope="module")
def products():
    """For each dtype a function of stacks x and y: their products, and that of the first pair."""
    made = {}
    for dtype in TOLERANCE:
        x, y = (TensorType(dtype, (None,) * 3)() for _ in range(2))
        outputs = [T.matmul(x, y), T.dot(x[0], y[0])]
        made[dtype] = function([x, y], outputs, mode=Mode("c", "None"))
    return made


def numbers(dtype, *shape):
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype(dtype)


def layouts(x):
    """The same numbers by rows, by columns, and backwards."""
    yield x
    yield np.ascontiguousarray(x.swapaxes(1, 2)).swapaxes(1, 2)
    yield np.ascontiguousarray(x[:, ::-1, ::-1])[:, ::-1, ::-1]


def check(run, x, y):
    wanted = x @ y
    tolerance = TOLERANCE[x.dtype.name]
    found, first = run(x, y)
    np.testing.assert_allclose(found, wanted, rtol=tolerance, atol=tolerance * 30)
    np.testing.assert_allclose(first, wanted[0], rtol=tolerance, atol=tolerance * 30)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("rows", [1, 2, 3, 8, 9, 12, 14, 65, 130])
def test_all_lengths_and_layouts(products, dtype, rows):
    for inner, columns in itertools.product((1, 3, 16, 33), (1, 2, 3, 5, 8, 17, 33, 40, 70)):
        x, y = numbers(dtype, 2, rows, inner), numbers(dtype, 2, inner, columns)
        for a, b in itertools.product(layouts(x), layouts(y)):
            check(products[dtype], a, b)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("length", [65, 129])
def test_what_is_too_large_for_tiles_is_a_call_of_blas(products, dtype, length):
    x, y = numbers(dtype, 3, length, length), numbers(dtype, 3, length, length)
    for a, b in itertools.product(layouts(x), layouts(y)):
        check(products[dtype], a, b)


def test_one_matrix_may_lie_at_all_places(products):
    x, y = numbers("float64", 5, 6, 7), numbers("float64", 5, 7, 6)
    for a, b in ((np.broadcast_to(x[:1], x.shape), y), (x, np.broadcast_to(y[:1], y.shape))):
        check(products["float64"], a, b)


@pytest.mark.parametrize("shape", [(2, 3, 40, 9), (3, 2, 5, 70)])
def test_axes_of_stacks_in_another_order(shape):
    x = numbers("float64", *shape)
    moved = x.transpose(1, 0, 2, 3)
    v = T.dtensor4()
    f = function([v], v @ v.mT, mode=Mode("c", "None"))
    np.testing.assert_allclose(f(moved), moved @ moved.swapaxes(2, 3), rtol=1e-11, atol=1e-11)
    windows = np.lib.stride_tricks.sliding_window_view(x[0, 0, 0], 3)
    w = np.ascontiguousarray(windows)[None]
    u = T.dtensor3()
    g = function([u], u @ u.mT, mode=Mode("c", "None"))
    np.testing.assert_allclose(g(windows[None]), w @ w.swapaxes(1, 2), rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("optimizer", ["None", "fast_run"])
def test_products_of_stacks_in_a_loop(optimizer):
    x, s = T.dtensor4(), T.dtensor3()
    out = scan(lambda row, state: T.tanh(state @ row), x, outputs_info=s)[0]
    f = function([x, s], out, mode=Mode("c", optimizer))
    a, state = numbers("float64", 4, 2, 3, 3), numbers("float64", 2, 3, 3)
    for found, row in zip(f(a, state), a, strict=True):
        state = np.tanh(state @ row)
        np.testing.assert_allclose(found, state, rtol=1e-12)


@pytest.mark.parametrize("alpha", [np.inf, -np.inf, np.nan, 0.0])
@pytest.mark.parametrize("shape", [(2, 3, 2), (2, 0, 2), (40, 50, 60)])
def test_an_infinite_factor_multiplies_sums_and_not_terms(alpha, shape):
    m, k, n = shape
    z, x, y = numbers("float64", m, n), numbers("float64", m, k), numbers("float64", k, n)
    a, *matrices = T.dscalar(), *(T.dmatrix() for _ in range(3))
    given = [a, *matrices]
    run = function(given, Gemm()(matrices[0], a, *matrices[1:], 0.5), mode=Mode("c", "None"))
    with np.errstate(invalid="ignore"):
        expected = 0.5 * z + alpha * (x @ y)
    np.testing.assert_allclose(run(alpha, z, x, y), expected, rtol=1e-12)


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_a_product_with_its_own_transpose_is_symmetric(dtype):
    x = TensorType(dtype, (None, None))()
    run = function([x], [T.dot(x, x.T), T.dot(x.T, x), T.dot(x, x.T) * 0.5, T.dot(x, x[::-1].T)])
    tolerance = TOLERANCE[dtype]
    for rows, columns in ((95, 40), (96, 100), (97, 129), (300, 7), (513, 200), (40, 200)):
        whole = numbers(dtype, 2 * rows, columns + 3)
        for a in (whole[:rows, :columns], whole[::2, 1 : columns + 1], whole[:columns, :3].T):
            f = [np.asarray(v) for v in run(a)]
            wanted = [a @ a.T, a.T @ a, a @ a.T * 0.5, a @ a[::-1].T]
            for found, value in zip(f, wanted, strict=True):
                np.testing.assert_allclose(found, value, rtol=tolerance, atol=tolerance * 60)
            if len(a) >= 96:
                np.testing.assert_array_equal(f[0], f[0].T)
