"""Products of stacks on the emulated device: how many commands they are, and their numbers."""

import bitale_graph.language as T
import numpy as np
import pytest
from bitale_codegen_cuda.driver.emulated import EmulatedDriver
from bitale_codegen_cuda.executor import products
from bitale_graph import TensorType, function, scan
from bitale_graph.extend import Assert, BatchedDot, Mode


@pytest.fixture
def run(needs_emulation, use_driver):
    """``run(build, *arrays)``: what comes out, and how many products the device was asked for."""
    driver = EmulatedDriver(optimization="-O0")
    use_driver(driver)

    def run(build, *arrays):
        inputs = [TensorType(a.dtype.name, (None,) * a.ndim)() for a in arrays]
        f = function(inputs, build(*inputs), mode=Mode(device="emulated", optimizer="None"))
        f(*arrays)
        before = driver.counts.products
        return f(*arrays), driver.counts.products - before

    return run


def numbers(*shape, dtype="float64"):
    return np.random.default_rng(sum(shape)).uniform(-1, 1, shape).astype(dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
def test_stacks_that_lie_as_one_are_one_command(run, dtype):
    x, y = numbers(2, 5, 16, 17, dtype=dtype), numbers(2, 5, 17, 18, dtype=dtype)
    found, count = run(T.matmul, x, y)
    tolerance = {"float16": 4e-3, "float32": 1e-5, "float64": 1e-13}[dtype]
    np.testing.assert_allclose(found, x @ y, atol=tolerance, rtol=tolerance)
    assert count == 1


def test_a_small_product_is_a_kernel(run):
    x, y = numbers(3, 4, 5), numbers(3, 5, 6)
    found, count = run(T.matmul, x, y)
    np.testing.assert_allclose(found, x @ y, rtol=1e-13)
    assert count == 0


def test_heads_between_the_axes_of_matrices_are_a_command_for_each_batch(run):
    q, k = numbers(2, 20, 5, 16), numbers(2, 21, 5, 16)
    found, count = run(lambda q, k: T.einsum("bihd,bjhd->bhij", q, k), q, k)
    np.testing.assert_allclose(found, np.einsum("bihd,bjhd->bhij", q, k), atol=1e-13)
    assert count == 2


def test_stacks_of_too_many_commands_are_copied_to_lie_as_one(run, monkeypatch):
    monkeypatch.setattr(products, "CALLS", 1)
    q, k = numbers(2, 20, 5, 16), numbers(2, 21, 5, 16)
    found, count = run(lambda q, k: T.einsum("bihd,bjhd->bhij", q, k), q, k)
    np.testing.assert_allclose(found, np.einsum("bihd,bjhd->bhij", q, k), atol=1e-13)
    assert count == 1


def test_what_is_stretched_is_not_copied_for_each(run, monkeypatch):
    monkeypatch.setattr(products, "CALLS", 1)
    x, y = numbers(3, 1, 20, 16), numbers(1, 4, 16, 21)
    build = lambda x, y: T.addbroadcast(x, 1) @ T.addbroadcast(y, 0)
    found, count = run(build, x, y)
    np.testing.assert_allclose(found, x @ y, atol=1e-13)
    assert count == 3


@pytest.mark.parametrize("rows", [1, 7])
def test_one_matrix_for_all_rows_is_one_product(run, rows):
    x, y = numbers(70, rows, 20), numbers(1, 20, 30)
    found, count = run(lambda x, y: BatchedDot()(x, T.addbroadcast(y, 0)), x, y)
    np.testing.assert_allclose(found, x @ y, atol=1e-13)
    assert count == 1


def test_a_product_after_a_check_that_fails_writes_nothing_that_is_seen(run):
    x, y = numbers(3, 30, 20), numbers(3, 20, 30)

    def build(x, y):
        return T.matmul(Assert("positive")(x, T.sum(x) > -1e9), y)

    np.testing.assert_allclose(run(build, x, y)[0], x @ y, atol=1e-13)
    x[0, 0, 0] = -1e10
    with pytest.raises(AssertionError, match="positive"):
        run(build, x, y)


def test_rows_of_a_loop_are_multiplied_where_they_lie(run):
    x, y = numbers(4, 3, 30, 20), numbers(3, 20, 30)

    def build(x, y):
        return scan(lambda row, y: T.matmul(row, y), x, non_sequences=y)[0]

    np.testing.assert_allclose(run(build, x, y)[0], x @ y, atol=1e-13)
