"""What is large enough for several threads and for BLAS, in every shape and layout."""

import numpy as np
import pytest
from bitale_codegen_c.runtime.runtime import get_threads
from bitale_codegen_c.toolchain.threads import set_threads
from bitale_graph import config, function, shared
from bitale_graph import language as T
from bitale_graph.compile.mode import Mode
from bitale_graph.tensor.variable import TensorType
from bitale_graph.testing import difference

# Generated code does not depend on the Python that generates it.
pytestmark = pytest.mark.slow

NUMPY = Mode(linker="numpy", optimizer="None")
SHAPES = [(300, 400), (2, 60_000), (60_000, 2), (1, 120_000), (120_000, 1), (3, 40_001)]


@pytest.fixture(params=[1, 3])
def threads(request):
    before = get_threads()
    with config.change_flags(threads=request.param):
        yield request.param
    set_threads(before)


def compare(inputs, outputs, arguments, rtol=1e-11, updates=()):
    f = function(inputs, outputs, mode=Mode(linker="c"), updates=list(updates))
    g = function(inputs, outputs, mode=Mode(linker="c", optimizer="None"))
    with np.errstate(all="ignore"):
        expected = function(inputs, outputs, mode=NUMPY)(*arguments)
    for found in (f(*arguments), g(*arguments), g(*arguments)):
        for i, (x, y) in enumerate(zip(found, expected, strict=True)):
            largest = float(np.abs(y)[np.isfinite(y)].max(initial=1))
            text = difference(x, y, rtol, rtol * largest)
            assert not text, f"output {i}: {text}"


def layouts(x):
    yield x
    yield np.asfortranarray(x)
    yield x[::-1, ::-1]
    yield np.repeat(x, 2, axis=1)[:, ::2]
    yield np.broadcast_to(x[:1], x.shape)


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64"])
def test_loops_and_reductions(threads, dtype):
    x = TensorType(dtype, (None, None))("x")
    row, column = x[:1], x[:, :1]
    wide = T.addbroadcast(row, 0) * x + T.addbroadcast(column, 1)
    outputs = [wide, wide.T, wide.sum(), wide.sum(axis=0), wide.sum(axis=1), T.max(x, axis=0)]
    outputs += [T.max(x, axis=1), T.min(x), T.argmax(x, axis=0), T.argmax(x, axis=1), T.any(x > 2)]
    outputs += [T.all(T.isnan(x), axis=0), T.prod(T.sgn(x) * 2 - 1, axis=1), (x * x).mean(axis=0)]
    outputs += [T.join(0, x, x), x[::2, ::-1] * 2, T.exp(-abs(wide)).sum(axis=0)]
    rng = np.random.default_rng(5)
    rtol = 1e-4 if dtype == "float32" else 1e-11
    for shape in SHAPES:
        argument = rng.integers(-3, 4, shape).astype(dtype)
        if dtype != "int64" and shape[0] > 1:
            argument[-1, -1] = np.nan
        compare([x], outputs, [argument], rtol)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_layouts(threads, dtype):
    x = TensorType(dtype, (None, None))("x")
    outputs = [T.tanh(x) + x, x.sum(axis=0), x.sum(axis=1), T.softmax(x), x.T * 2, T.dot(x, x.T)]
    outputs += [T.dot(x.T, x), T.dot(x, x[0]), T.dot(x[:, 0], x), T.dot(x[0], x[1]), x[5:, ::3] + 1]
    rng = np.random.default_rng(6)
    for argument in layouts(rng.normal(size=(150, 170)).astype(dtype)):
        compare([x], outputs, [argument], 1e-4 if dtype == "float32" else 1e-11)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_product_of_vectors_is_as_exact_as_its_dtype(threads, dtype):
    x, y = (TensorType(dtype, (None,))(name) for name in "xy")
    f = function([x, y], T.dot(x, y), mode=Mode(linker="c"))
    rng = np.random.default_rng(11)
    # Around the lengths of a vector, of eight and of a block, and shared by threads.
    for n in [0, 1, 2, 63, 64, 65, 127, 128, 129, 511, 513, 1000, 100_003]:
        a, b = rng.normal(size=(2, 2 * n)).astype(dtype)
        for v, w in [(a[:n], b[n:]), (a[::2], b[:n]), (a[:n][::-1], b[::-2])]:
            wide, other = v.astype(np.longdouble), w.astype(np.longdouble)
            bound = np.finfo(dtype).eps * np.dot(abs(wide), abs(other))
            assert abs(f(v, w) - np.dot(wide, other)) <= bound


@pytest.mark.parametrize("shape", [(500, 60), (40, 3000), (60_000, 3), (1, 100_000)])
def test_rows(threads, shape):
    x, t = T.dmatrix("x"), T.lvector("t")
    p = T.softmax(x)
    loss = T.categorical_crossentropy(p, t)
    rng = np.random.default_rng(7)
    arguments = [rng.normal(size=shape) * 3, rng.integers(0, shape[1], shape[0])]
    compare([x, t], [p, T.log_softmax(x), loss, loss.mean(), p * 2], arguments)


def test_rank_three_and_accumulators_in_between(threads):
    x = T.tensor3("x", dtype="float64")
    outputs = [x.sum(axis=1), x.sum(axis=(0, 2)), T.max(x, axis=2), x.dimshuffle(2, 0, 1) * 2]
    outputs += [(x - T.max(x, axis=1, keepdims=True)).sum(axis=0)]
    rng = np.random.default_rng(8)
    for shape in [(40, 50, 60), (3, 20_000, 2), (50_000, 2, 1)]:
        compare([x], outputs, [rng.normal(size=shape)])


def test_equal_calls_give_equal_bits(threads):
    x = T.fmatrix("x")
    f = function([x], [x.sum(), x.sum(axis=0), T.softmax(x), T.dot(x, x.T)], mode=Mode(linker="c"))
    argument = np.random.default_rng(9).normal(size=(333, 222)).astype("float32")
    first = [y.tobytes() for y in f(argument)]
    assert all([y.tobytes() for y in f(argument)] == first for _ in range(20))


def test_large_updates_in_place(threads):
    rng = np.random.default_rng(10)
    start, step = rng.normal(size=(200, 210)), rng.normal(size=(200, 30))
    w, v = shared(start, "w"), shared(np.zeros((200, 210)), "v")
    x, y = T.dmatrix("x"), T.dmatrix("y")
    gradient = T.dot(x, y)
    updates = [(v, 0.9 * v - 0.1 * gradient), (w, w + 0.9 * v - 0.1 * gradient)]
    f = function([x, y], w.sum(), updates=updates, mode=Mode(linker="c"))
    expected_w, expected_v = start.copy(), np.zeros_like(start)
    other = rng.normal(size=(30, 210))
    for _ in range(3):
        np.testing.assert_allclose(f(step, other), expected_w.sum(), rtol=1e-9)
        expected_v = 0.9 * expected_v - 0.1 * (step @ other)
        expected_w = expected_w + expected_v
    np.testing.assert_allclose(w.get_value(), expected_w, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(v.get_value(), expected_v, rtol=1e-9, atol=1e-9)
