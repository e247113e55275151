"""Sines, cosines and tangents of blocks with and without large numbers."""

import bitale_graph.language as T
import numpy as np
import pytest
from bitale_graph import TensorType, function, shared
from bitale_graph.extend import Mode

FUNCTIONS = ("sin", "cos", "tan")
AS_WRITTEN = Mode("c", "None")
# In units in the last place; see `library.vector_math.table`.
ERROR = {"float32": 2.0, "float64": 3.0}


def exact(name, x):
    with np.errstate(invalid="ignore"):
        return getattr(np, name)(x.astype(np.longdouble))


def check(found, wanted, dtype):
    rounded = wanted.astype(dtype)
    is_number = np.isfinite(rounded)
    np.testing.assert_array_equal(np.isfinite(found), is_number)
    distance = np.abs(found[is_number] - wanted[is_number])
    assert (distance <= ERROR[dtype] * np.spacing(np.abs(rounded[is_number]))).all()


def numbers(dtype):
    """Beside multiples of pi / 2, small ones, and all sizes below the bound."""
    rng = np.random.default_rng(0)
    turns = np.concatenate([np.arange(-3000, 3000), rng.integers(-600_000, 600_000, 30_000)])
    sizes = 2 ** rng.uniform(-60, 20, 30_000) * rng.choice([-1, 1], 30_000)
    return np.concatenate([turns * (np.pi / 2), sizes, [0.0, -0.0, 1048575.9]]).astype(dtype)


@pytest.mark.parametrize("dtype", ERROR)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_where_no_number_of_a_block_is_large_the_error_is_that_of_the_long_reduction(name, dtype):
    x = TensorType(dtype, (None,))()
    run = function([x], getattr(T, name)(x), mode=AS_WRITTEN)
    check(run(numbers(dtype)), exact(name, numbers(dtype)), dtype)


@pytest.mark.parametrize("dtype", ERROR)
@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("length", [0, 1, 3, 511, 512, 513, 5000])
def test_large_numbers_and_infinities_may_stand_anywhere(name, dtype, length):
    x = TensorType(dtype, (None,))()
    run = function([x], getattr(T, name)(x), mode=AS_WRITTEN)
    given = np.random.default_rng(length).normal(size=length).astype(dtype)
    for place, large in ((0, 1e30), (length // 2, np.inf), (length - 1, np.nan), (-1, 2.0**20)):
        if length:
            given[place] = large
        check(run(given), exact(name, given), dtype)
        check(run(given[::-1]), exact(name, given[::-1]), dtype)
        check(run(given[::2]), exact(name, given[::2]), dtype)


@pytest.mark.parametrize("dtype", ERROR)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_stands_beside_a_number_does_not_change_its_digits(name, dtype):
    x, one = TensorType(dtype, (None,))(), TensorType(dtype, ())()
    run = function([x], getattr(T, name)(x), mode=AS_WRITTEN)
    alone = function([one], getattr(T, name)(one), mode=AS_WRITTEN)
    given = numbers(dtype)
    beside = np.stack([given, np.full_like(given, 1e30)], axis=1)
    found = run(given)
    np.testing.assert_array_equal(run(beside.ravel())[::2], found)
    np.testing.assert_array_equal([alone(v) for v in given[:500]], found[:500])


def test_operands_may_be_computed_in_the_loop_and_results_summed():
    x, y = T.dmatrices("xy")
    angle = 2 * x + y
    outputs = [
        T.sin(angle) * T.cos(x),
        T.sum(T.cos(angle)),
        T.cos(T.exp(-x * x)),
        T.max(T.sin(x), 0),
    ]
    run = function([x, y], outputs, mode=Mode("c"))
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 70, 30))
    for large in (1.0, 1e9):
        a[3, 4] = large
        c = 2 * a + b
        found = run(a, b)
        np.testing.assert_allclose(found[0], np.sin(c) * np.cos(a), rtol=1e-14, atol=1e-16)
        np.testing.assert_allclose(found[1], np.cos(c).sum(), rtol=1e-12)
        np.testing.assert_allclose(found[2], np.cos(np.exp(-a * a)), rtol=1e-14)
        np.testing.assert_allclose(found[3], np.sin(a).max(0), rtol=1e-14)


def test_a_shared_variable_is_updated_in_place():
    rng = np.random.default_rng(2)
    start = rng.normal(size=2000)
    start[700] = 1e17
    s = shared(start)
    function([], updates=[(s, T.sin(s))], mode=Mode("c"))()
    check(s.get_value(), exact("sin", start), "float64")


def test_the_square_of_a_sine_takes_the_operand_of_a_loop_of_matrices():
    x, row = T.dmatrix("x"), T.dvector("row")
    run = function([x, row], T.sin(x + row) ** 2 + T.cos(x + row) ** 2, mode=AS_WRITTEN)
    given = np.random.default_rng(3).normal(size=(40, 700))
    given[7, 13] = -1e200
    np.testing.assert_allclose(run(given, np.arange(700.0)), np.ones((40, 700)), rtol=1e-14)
