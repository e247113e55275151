"""Places, reads and writes at indices in loops with other work, compiled as NumPy computes them."""

import bitale
import bitale.tensor as T
import numpy as np
import pytest

X = np.random.default_rng(0).normal(size=(30, 4))
W = np.random.default_rng(1).normal(size=(4, 5))
ROWS = np.array([3, 0, -1, 3, 29, 3])
x, w, rows = T.dmatrix("x"), T.dmatrix("w"), T.lvector("rows")
product = T.dot(x, w)  # a buffer that later work may take over
taken = product[rows]
CASES = {
    "place beside what is stored": [T.argmax(product + 1, axis=1), product + 1],
    "place along columns": [T.argmax(product * 2, axis=0), product * 2, T.argmin(product, axis=0)],
    "place in all": [T.argmax(T.tanh(product)), T.tanh(product), T.max(T.tanh(product))],
    "rows and what they are made of": [T.exp(taken).sum(axis=1), taken, product + 1],
    "rows of rows": [(taken[T.argmax(taken, axis=0)] + 1).sum()],
    "one table twice": [(taken * product[rows[::-1]]).sum(axis=1), taken - product[rows]],
    "a table beside itself": [product[T.argmax(product, axis=1)] + product, product * 2],
    "a table in the place of another": [T.tanh(product)[T.argmin(product, axis=1)] * product],
    "points": [product[rows, T.argmax(taken, axis=1)] * 2],
    "rows written where they were read": [
        T.inc_subtensor(product[rows], T.sqr(taken)),
        T.set_subtensor(product[rows[:2]], taken[:2] + 1).sum(axis=0),
    ],
    "columns written": [T.inc_subtensor((product + 1)[:, ::2], 3.0), T.max(product, axis=1)],
    "counting": [
        (product * T.eye(*product.shape)).sum(axis=1),
        product[0] + T.arange(product.shape[1]),
    ],
}


@pytest.mark.parametrize("name", CASES)
def test_compiled_as_numpy_computes(name):
    plain = bitale.function([x, w, rows], CASES[name], mode=bitale.Mode("numpy", "None"),
                            on_unused_input="ignore")  # fmt: skip
    fused = bitale.function([x, w, rows], CASES[name], on_unused_input="ignore")
    for data in (X, X[::-1], np.asfortranarray(X), np.tile(X, (400, 1))):
        for got, want in zip(fused(data, W, ROWS), plain(data, W, ROWS), strict=True):
            np.testing.assert_allclose(got, want, rtol=1e-12)


@pytest.mark.parametrize("optimizer", ["None", "fast_run"])
def test_rows_that_are_constants(optimizer):
    outputs = [x[[0]], x[[2, -1]], x[[2, -1], [0, 1]], T.inc_subtensor(x[[1, 1]], 2.0), w[0][[1]]]
    outputs += [
        T.as_tensor(X)[rows],
        T.as_tensor(X)[[1]],
        T.set_subtensor(T.as_tensor(X)[[1]], 0.0),
    ]
    plain = bitale.function([x, w, rows], outputs, mode=bitale.Mode("numpy", "None"))
    f = bitale.function([x, w, rows], outputs, mode=bitale.Mode("c", optimizer))
    for got, want in zip(f(X, W, ROWS), plain(X, W, ROWS), strict=True):
        np.testing.assert_array_equal(got, want)


def test_in_a_loop_over_time():
    def step(row, state):
        scores = T.dot(state, w) + row
        best = T.argmax(scores)
        return T.set_subtensor(state[best], scores[best]), best

    (states, places), _ = bitale.scan(
        step, sequences=x[:, :4], outputs_info=[T.zeros_like(w[0, :4]), None], non_sequences=[]
    )
    square = W[:, :4]
    outputs = [states, places, states[rows].sum(axis=0)]
    plain = bitale.function([x, w, rows], outputs, mode=bitale.Mode("numpy", "None"))
    for got, want in zip(
        bitale.function([x, w, rows], outputs)(X, square, ROWS), plain(X, square, ROWS), strict=True
    ):
        np.testing.assert_allclose(got, want, rtol=1e-12)


@pytest.mark.parametrize("wrong", [[30], [-31], [0, 2**62], [-(2**63)]])
def test_a_row_that_is_not_there_is_an_index_error_and_nothing_is_written(wrong):
    table = bitale.shared(X.copy())
    read = bitale.function([rows], (table[rows] * 2).sum())
    write = bitale.function([rows], updates=[(table, T.inc_subtensor(table[rows], 1.0))])
    for f in (read, write):
        with pytest.raises(IndexError, match="out of bounds"):
            f(wrong)
    np.testing.assert_array_equal(table.get_value(), X)


def test_repeated_rows_add_up_to_the_same_bits_at_every_call():
    many = np.random.default_rng(2).integers(0, 30, 20_000)
    values = np.random.default_rng(3).normal(size=(20_000, 4))
    y = T.dmatrix()
    f = bitale.function([x, y, rows], T.inc_subtensor(x[rows], y))
    first = f(X, values, many)
    expected = X.copy()
    np.add.at(expected, many, values)
    np.testing.assert_allclose(first, expected, rtol=1e-9)
    assert all((f(X, values, many) == first).all() for _ in range(5))


@pytest.mark.parametrize("dtype", ["int8", "int32", "int64"])
def test_powers_of_integers_and_what_they_refuse(dtype):
    base, power, one = T.matrix(dtype=dtype), T.vector(dtype=dtype), T.scalar(dtype=dtype)
    numbers = (np.arange(12).reshape(3, 4) - 5).astype(dtype)
    exponents = np.array([0, 1, 2, 5], dtype)
    f = bitale.function([base, power, one], [base**power, (base**one).sum(), base**3, one**one])
    for got, want in zip(
        f(numbers, exponents, 2),
        [numbers**exponents, (numbers**2).sum(), numbers**3, 4],
        strict=True,
    ):
        np.testing.assert_array_equal(got, want)
    for wrong in ((numbers, -exponents, 2), (numbers, exponents, -1), (numbers[:0], -exponents, 2)):
        with pytest.raises(ValueError, match="negative integer powers"):
            f(*wrong)
