"""Kernels on odd lengths, on layouts of all kinds, and where sums are split."""

import ctypes

import numpy as np
import pytest
from bitale_codegen_cuda.devices import use_device
from bitale_codegen_cuda.driver.driver import TICKETS
from bitale_codegen_cuda.driver.emulated import EmulatedDriver
from bitale_codegen_cuda.executor.device_array import DeviceArray
from bitale_graph import language as T
from bitale_graph.compile.function import function
from bitale_graph.compile.mode import Mode
from bitale_graph.extend import (
    LogSoftmax,
    Loop,
    Result,
    ShapeError,
    Softmax,
    SoftmaxCrossentropy,
    Step,
)
from bitale_graph.tensor.scalar import SCALAR_OPS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

# What kernels do hangs on no version of Python.
pytestmark = pytest.mark.slow

MODE = Mode(device="emulated", optimizer="None")
LENGTHS = (0, 1, 31, 33, 1025)
SHAPES = [(33, 65), (1, 1025), (1025, 1), (31, 33), (0, 5), (5, 0), (2, 3000), (3000, 2)]
# Threads of a block, multiprocessors, and the order of blocks and threads.
SPREADS = {"as ever": (32, 2, False), "backward": (32, 1, True), "large": (256, 4, True)}
searched = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module", params=SPREADS.values(), ids=SPREADS)
def spread(needs_emulation, request):
    threads, multiprocessors, is_backward = request.param
    return EmulatedDriver(
        threads=threads,
        multiprocessors=multiprocessors,
        is_backward=is_backward,
        optimization="-O0",
    )


@pytest.fixture
def device(spread, use_driver):
    """A device that keeps its promises: its tickets are 0 after every test."""
    yield use_driver(spread)
    tickets = np.empty(TICKETS, "int32")
    spread.download(tickets, spread.tickets)
    assert not tickets.any()


def compiled(inputs, outputs):
    return function(inputs, outputs, mode=MODE)


def numbers(shape, dtype="float64"):
    return np.random.default_rng(7).normal(size=shape).astype(dtype)


def check(run, references, *arrays, rtol=1e-12):
    """Compare what a function gives, at two calls, with what NumPy does."""
    for _ in range(2):
        for found, wanted in zip(run(*arrays), references(*arrays), strict=True):
            assert found.dtype == wanted.dtype
            np.testing.assert_allclose(found, wanted, rtol=rtol, atol=rtol, err_msg=str(arrays))


# Elements side by side


@pytest.fixture
def fused(device):
    """Three results of three dtypes from one loop."""
    row = SCALAR_OPS
    steps = (
        Step(row["mul"], (0, 1), "float32"),
        Step(row["cast{float64}"], (2,), "float64"),
        Step(row["lt"], (0, 1), "bool"),
    )
    results = (Result(2, "float32"), Result(3, "float64"), Result(4, "bool"))
    x, y = T.fvector("x"), T.fvector("y")
    return compiled([x, y], Loop(1, steps, results)(x, y))


def of_fused(x, y):
    x, y = np.asarray(x), np.asarray(y)
    return [x * y, (x * y).astype("float64"), x < y]


@pytest.mark.parametrize("n", [*LENGTHS, 2, 3, 4, 5, 127, 128])
def test_results_of_several_dtypes_come_from_one_loop(fused, n):
    check(fused, of_fused, numbers(n, "float32"), numbers(n, "float32")[::-1])


@pytest.mark.parametrize("n", [1, 31, 64, 1025])
@pytest.mark.parametrize("offset", [0, 1, 3])
def test_arrays_that_lie_anywhere_are_read_pack_by_pack_only_where_they_may(
    device, fused, n, offset
):
    x = numbers(n, "float32")
    lying = Lying(device, np.concatenate([np.zeros(offset, "float32"), x]), offset)
    for found, wanted in zip(fused(lying, x[::-1]), of_fused(x, x[::-1]), strict=True):
        np.testing.assert_array_equal(found, wanted)


class Lying(DeviceArray):
    """Part of an array on a device, from an element on."""

    def __init__(self, driver, array, offset):
        super().__init__(driver, array.shape, array.dtype)
        self.memory.upload(array)
        self.shape = (array.size - offset,)
        self.memory.address += offset * array.itemsize

    def __del__(self):
        self.memory.address -= self.memory.address % 256


VIEWS = {
    "plain": lambda x: x,
    "transposed": lambda x: x.T,
    "reversed": lambda x: x[::-1, ::-1],
    "every second": lambda x: x[::2, 1::2],
    "a column": lambda x: x[:, 1:2],
    "a row": lambda x: x[1],
}


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_views_are_read_where_they_lie(device, view):
    x = T.dmatrix("x")
    run = compiled([x], [view(x) * 2, T.exp(view(x)) + view(x)[..., ::-1]])
    for shape in ((3, 2), (31, 33), (33, 65)):
        check(run, lambda x: [view(x) * 2, np.exp(view(x)) + view(x)[..., ::-1]], numbers(shape))


def test_arrays_that_broadcast_are_repeated(device):
    x, row, column = T.dmatrix("x"), T.dvector("row"), T.dcol("column")
    run = compiled([x, row, column], [x + row * column, row - column, x * row[::-1]])
    for n, m in SHAPES:
        check(
            run,
            lambda x, row, column: [x + row * column, row - column, x * row[::-1]],
            numbers((n, m)),
            numbers(m),
            numbers((n, 1)),
        )


def test_what_takes_the_place_of_an_operand_is_stored_when_all_sums_have_read_it(device):
    # Two launches: each sums up along another axis.
    x, v = T.dmatrix("x"), T.dvector("v")
    row = SCALAR_OPS
    steps = (Step(row["mul"], (0, 1), "float64"), Step(row["exp"], (2,), "float64"))
    results = (
        Result(2, "float64", row["add"], (0,), "float64"),
        Result(2, "float64", row["add"], (1,), "float64"),
        Result(3, "float64"),
    )
    columns, rows, stored = Loop(2, steps, results)(T.dot(x, x), v)
    run = compiled([x, v], T.dot(stored, columns) + rows)
    product = lambda x, v: (x @ x) * v
    expected = lambda x, v: [np.exp(product(x, v)) @ product(x, v).sum(0) + product(x, v).sum(1)]
    check(lambda *a: [run(*a)], expected, numbers((33, 33)) / 9, numbers(33), rtol=1e-9)


def test_lengths_that_the_device_computes_are_those_of_the_results(device):
    x, counts = T.dvector("x"), T.lvector("counts")
    repeated = T.repeat(x, T.sum(counts))
    run = compiled([x, counts], [repeated, T.tile(x * 2, (T.max(counts), 2))])
    expected = lambda x, c: [np.repeat(x, c.sum()), np.tile(x * 2, (c.max(), 2))]
    check(run, expected, numbers(5), np.array([1, 0, 3]))


def test_lengths_that_do_not_fit_are_told_as_by_numpy(device):
    x, y = T.dvector("x"), T.dvector("y")
    run = compiled([x, y], x + y)
    with pytest.raises(ShapeError, match="mis-match"):
        run(np.ones(2), np.ones(3))
    np.testing.assert_array_equal(run(np.ones(3), np.ones(3)), np.full(3, 2))


# Sums

SUMS = {
    "add": (T.sum, np.sum),
    "mul": (T.prod, np.prod),
    "largest": (T.max, np.max),
    "mean": (T.mean, np.mean),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_matrices_are_summed_up_along_any_axes(device, dtype):
    x = T.matrix("x", dtype=dtype)
    axes = (0, 1, (0, 1))
    run = compiled([x], [x.sum(axis=a) for a in axes] + [x.T.sum(axis=0), x[::2].sum(axis=1)])
    for shape in [*SHAPES, *((n, 7) for n in LENGTHS), *((7, n) for n in LENGTHS)]:
        check(
            run,
            lambda x: (
                [x.sum(axis=a, dtype=dtype) for a in axes] + [x.T.sum(axis=0), x[::2].sum(axis=1)]
            ),
            numbers(shape, dtype),
            rtol=1e-4 if dtype == "float32" else 1e-11,
        )


@pytest.mark.parametrize("name", SUMS)
def test_axes_in_the_middle_are_reduced(device, name):
    ours, numpys = SUMS[name]
    x = T.dtensor3("x")
    axes = (1, (0, 2), (1, 2), 2)
    run = compiled([x], [ours(x, axis=a) for a in axes])
    for shape in ((3, 33, 5), (2, 1025, 3), (33, 1, 31), (1, 31, 1)):
        check(run, lambda x: [numpys(x, axis=a) for a in axes], numbers(shape), rtol=1e-11)


def test_sums_along_different_axes_come_from_one_loop(device):
    multiply, add, largest = (SCALAR_OPS[name] for name in ("mul", "add", "maximum"))
    results = (
        Result(1, "float64", add, (0,), "float64"),
        Result(1, "float64", add, (1,), "float64"),
        Result(1, "float64"),
        Result(0, "float64", largest, (0, 1), "float64"),
        Result(0, "int64", largest, (1,), "float64", place=True),
    )
    x = T.dmatrix("x")
    run = compiled([x], Loop(2, (Step(multiply, (0, 0), "float64"),), results)(x))
    for shape in ((33, 65), (1, 1025), (1025, 1), (31, 33), (2, 3000)):
        check(
            run,
            lambda x: [(x * x).sum(0), (x * x).sum(1), x * x, x.max(), x.argmax(1)],
            numbers(shape),
            rtol=1e-11,
        )


@pytest.mark.parametrize("axis", [0, 1, None])
def test_of_equal_numbers_the_first_and_of_nans_the_first_is_told(device, axis):
    x = T.fmatrix("x")
    run = compiled([x], [T.argmax(x, axis=axis), T.max(x, axis=axis), T.argmin(x, axis=axis)])
    for shape in ((33, 65), (1025, 2), (2, 1025), (1, 1), (31, 1)):
        ties = np.round(numbers(shape, "float32"))
        nans = np.where(np.arange(ties.size).reshape(shape) % 7 == 5, np.float32(np.nan), ties)
        for array in (ties, nans, np.full(shape, -np.inf, "float32")):
            check(run, lambda x: [x.argmax(axis), x.max(axis), x.argmin(axis)], array)


@pytest.mark.parametrize("shape", [(20000,), (20000, 3), (5, 4001)], ids=str)
def test_long_sums_are_split_among_blocks(device, shape):
    x = T.TensorType("float64", (None,) * len(shape))("x")
    run = compiled([x], [x.sum(axis=0), T.argmax(x, axis=0), x.sum()])
    check(run, lambda x: [x.sum(0), x.argmax(0), x.sum()], numbers(shape), rtol=1e-10)
    (_, plan) = run.executable.plans[-1]
    splits = [one.grid[1] for one in plan.commands if hasattr(one, "grid")]
    assert max(splits) > 1
    again = [ctypes.c_int32.from_address(device.tickets + 4 * k).value for k in range(64)]
    assert not any(again)


@pytest.mark.slow
@searched
@given(data=st.data())
def test_any_axes_of_any_shape_are_reduced(device, reducing, data):
    shape = data.draw(st.lists(st.integers(1, 12), min_size=4, max_size=4))
    shape[data.draw(st.integers(0, 3))] *= data.draw(st.sampled_from([1, 1, 9, 40]))
    array = np.round(numbers(shape) * 4)
    run, axes = data.draw(st.sampled_from(reducing))
    check(run, lambda x: [x.sum(axes), x.max(axes)], array)


@pytest.fixture(scope="module")
def reducing(spread):
    """Functions that reduce four axes along some of them; what is not compiled yet will be."""
    x = T.dtensor4("x")
    chosen = [(0,), (1,), (3,), (0, 2), (1, 3), (0, 1), (2, 3), (0, 1, 3), (0, 1, 2, 3)]
    return [(_on(spread, [x], [x.sum(axis=a), x.max(axis=a)]), a) for a in chosen]


def _on(driver, inputs, outputs):
    restore = use_device("emulated0", driver)
    try:
        return compiled(inputs, outputs)
    finally:
        restore()


# Tables


def test_rows_are_gathered_and_added_where_places_repeat(device):
    table, places, x = T.dmatrix("table"), T.lvector("places"), T.dmatrix("x")
    run = compiled(
        [table, places, x],
        [
            table[places],
            table[places] * x,
            T.inc_subtensor(table[places], x),
            T.set_subtensor(table[places], x),
        ],
    )

    def by_numpy(table, places, x):
        added, put = table.copy(), table.copy()
        np.add.at(added, places, x)
        for place, row in zip(places, x, strict=True):
            put[place] = row
        return [table[places], table[places] * x, added, put]

    rng = np.random.default_rng(3)
    for rows, n, m in ((5, 33, 7), (1, 1025, 1), (33, 1, 65), (31, 0, 3), (3, 31, 0)):
        places = rng.integers(-rows, rows, n)
        check(run, by_numpy, numbers((rows, m)), places, numbers((n, m)))


@searched
@given(st.lists(st.integers(-7, 6), max_size=80))
def test_numbers_are_added_at_any_places(device, scattering, places):
    x = np.arange(1.0, 1 + len(places))
    wanted = np.zeros(7)
    np.add.at(wanted, np.array(places, "int64"), x)
    np.testing.assert_array_equal(scattering(np.zeros(7), np.array(places, "int64"), x), wanted)


@pytest.fixture(scope="module")
def scattering(spread):
    table, places, x = T.dvector("table"), T.lvector("places"), T.dvector("x")
    return _on(spread, [table, places, x], T.inc_subtensor(table[places], x))


# Rows


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_rows_of_any_length_have_a_softmax(device, dtype):
    x, t = T.matrix("x", dtype=dtype), T.lvector("t")
    run = compiled([x, t], [Softmax()(x), LogSoftmax()(x), *SoftmaxCrossentropy()(x, t)])

    def by_numpy(x, t):
        wide = x.astype("float64")
        wide = wide - wide.max(axis=1, keepdims=True, initial=-np.inf)
        log = wide - np.log(np.exp(wide).sum(axis=1, keepdims=True))
        found = [np.exp(log), log, -log[np.arange(len(t)), t], np.exp(log)]
        return [one.astype(dtype) for one in found]

    rng = np.random.default_rng(5)
    for n, m in [(n, m) for m in (1, 2, 8, 31, 33, 127, 256, 257, 1025, 3000) for n in (1, 5)]:
        array = 30 * numbers((n, m), dtype)
        rtol = 2e-5 if dtype == "float32" else 1e-12
        check(run, by_numpy, array, rng.integers(0, m, n), rtol=rtol)
    for n in (33, 300):
        check(run, by_numpy, numbers((n, 65), dtype), rng.integers(0, 65, n), rtol=rtol)
