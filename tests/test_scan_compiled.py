"""Recurrences as users write them, and their derivatives: compiled and as NumPy computes them."""

import bitale
import bitale.tensor as T
import numpy as np
import pytest
from bitale.ifelse import ifelse
from hypothesis import given, settings
from hypothesis import strategies as st

PLAIN = bitale.Mode(linker="numpy", optimizer="None")
SIZE = 3

STEPS = {
    "tanh": lambda x, h, w: T.tanh(T.dot(h, w) + x),
    "leaky": lambda x, h, w: 0.5 * h + x,
    "gated": lambda x, h, w: (z := T.nnet.sigmoid(T.dot(x, w))) * h + (1 - z) * T.tanh(x + h),
    "sum": lambda x, h, w: h + x * w.sum(),
    "outer": lambda x, h, w: h + T.dot(T.outer(x, x), w[0]),
    "softmax": lambda x, h, w: T.nnet.softmax((T.dot(x, w) + h).dimshuffle("x", 0))[0],
    "rows": lambda x, h, w: T.set_subtensor(h[1:], T.tanh(h[:-1] + x[:-1])),
    "choice": lambda x, h, w: ifelse(x[0] > 0, T.tanh(h + x), h * 0.5),
}
READS = {
    "last": lambda out: out[-1],
    "all": lambda out: out,
    "mean": lambda out: out.mean(axis=0),
    "some": lambda out: out[-2:],
    "first": lambda out: out[0],
}


def compare(inputs, outputs, *argument_lists):
    f = bitale.function(inputs, outputs, on_unused_input="ignore")
    g = bitale.function(inputs, outputs, mode=PLAIN, on_unused_input="ignore")
    for arguments in argument_lists:
        for got, want in zip(f(*arguments), g(*arguments), strict=True):
            assert got.shape == want.shape
            np.testing.assert_allclose(got, want, rtol=1e-8, atol=1e-9)


@pytest.mark.slow
@given(
    kind=st.sampled_from(sorted(STEPS)),
    reads=st.sets(st.sampled_from(sorted(READS)), min_size=1, max_size=3),
    taps=st.sampled_from([[-1], [-2], [-1, -2], [-3, -1]]),
    sequence_taps=st.sampled_from([[0], [0, -1], [1, 0], [-2]]),
    backwards=st.booleans(),
    truncate=st.sampled_from([-1, -1, 2]),
)
@settings(max_examples=30, deadline=None)
def test_values_and_derivatives(kind, reads, taps, sequence_taps, backwards, truncate):
    x, first, w = T.dmatrix("x"), T.dmatrix("first"), T.dmatrix("w")

    def step(*given):
        rows, states, weights = (
            given[: len(sequence_taps)],
            given[len(sequence_taps) : -1],
            given[-1],
        )
        row, state = rows[0], states[0]
        for other in rows[1:]:
            row = row * 0.5 + other
        for other in states[1:]:
            state = state - 0.25 * other
        return STEPS[kind](row, state, weights)

    out, _ = bitale.scan(
        step,
        sequences={"input": x, "taps": sequence_taps},
        outputs_info={"initial": first[0] if taps == [-1] else first[: -min(taps)], "taps": taps},
        non_sequences=w,
        go_backwards=backwards,
        truncate_gradient=truncate,
    )
    results = [READS[name](out) for name in sorted(reads)]
    cost = sum((r**2).sum() for r in results)
    rng = np.random.default_rng(0)
    compare(
        [x, first, w],
        [*results, *T.grad(cost, [x, first, w], disconnected_inputs="ignore")],
        *([rng.normal(size=s) for s in ((n, SIZE), (3, SIZE), (SIZE, SIZE))] for n in (4, 7)),
    )


@pytest.mark.parametrize("n", [0, 1, 5])
def test_a_batch_of_sequences(n):
    x, h, w, u = T.dtensor3("x"), T.dmatrix("h"), T.dmatrix("w"), T.dmatrix("u")

    def step(row, state, w, u):
        return T.tanh(T.dot(row, w) + T.dot(state, u))

    out, _ = bitale.scan(step, x, h, [w, u])
    cost = (out**2).sum()
    rng = np.random.default_rng(0)
    shapes = [(n, 4, 2), (4, 5), (2, 5), (5, 5)]
    compare([x, h, w, u], [out, *T.grad(cost, [x, h, w, u])], [rng.normal(size=s) for s in shapes])


def test_a_while_loop():
    x, limit = T.dscalar("x"), T.dscalar("limit")

    def step(value, x):
        new = value * x
        return new, bitale.scan_module.until(new > limit)

    out, _ = bitale.scan(step, outputs_info=T.constant(1.0), non_sequences=x, n_steps=50)
    compare(
        [x, limit],
        [out, out[-1], out.shape[0], T.grad(out[-1], x), T.grad(out.sum(), x)],
        *([2.0, limit] for limit in (1.5, 8.0, 1e30)),
    )


def test_second_derivatives():
    x, w = T.dvector("x"), T.dscalar("w")
    out, _ = bitale.scan(lambda a, h, w: T.tanh(w * h + a), x, T.constant(0.1), w)
    first = T.grad(out[-1], x)
    compare(
        [x, w],
        [first, T.grad((first**2).sum(), x), T.grad((first**2).sum(), w)],
        [np.linspace(-1, 1, 6), 0.7],
    )


def test_a_loop_in_a_loop():
    x, w = T.dtensor3("x"), T.dmatrix("w")

    def row_step(value, state, w):
        return T.tanh(T.dot(state, w) + value)

    def matrix_step(matrix, state, w):
        rows, _ = bitale.scan(row_step, matrix, state, w)
        return rows[-1], rows.sum(axis=0)

    (last, sums), _ = bitale.scan(matrix_step, x, [T.zeros((SIZE,)), None], w)
    cost = (last[-1] ** 2).sum() + sums.sum()
    rng = np.random.default_rng(0)
    compare(
        [x, w],
        [last, sums, *T.grad(cost, [x, w])],
        [rng.normal(size=(3, 4, SIZE)), rng.normal(size=(SIZE, SIZE))],
    )


@pytest.mark.parametrize("mode", [None, PLAIN], ids=["compiled", "plain"])
def test_shared_variables_are_updated_by_the_loop(mode):
    total = bitale.shared(np.zeros(2), "total")
    x = T.dmatrix("x")
    out, updates = bitale.scan(lambda row: (row * 2, {total: total + row}), x)
    f = bitale.function([x], out, updates=updates, mode=mode)
    for _ in range(2):
        np.testing.assert_allclose(f(np.ones((3, 2))), 2 * np.ones((3, 2)))
    np.testing.assert_allclose(total.get_value(), [6, 6])


@pytest.mark.parametrize("optimizer", ["fast_run", "fast_compile", "None"])
def test_rows_of_a_state_have_its_shape_where_no_step_is_made(optimizer):
    x, w, n = T.dmatrix("x"), T.dmatrix("w"), T.lscalar("n")
    states = bitale.scan(
        lambda h, w: T.switch(w > 0, w, h) * T.tanh(w), outputs_info=x, non_sequences=w, n_steps=n
    )[0]
    f = bitale.function([x, w, n], [states, states.sum(0)], mode=bitale.Mode("c", optimizer))
    rows, total = f(np.ones((1, 2)), np.ones((3, 1)), 0)
    assert (rows.shape, total.tolist()) == ((0, 1, 2), [[0.0, 0.0]])
    with pytest.raises(ValueError, match="shape"):
        f(np.ones((1, 2)), np.ones((3, 1)), 1)
