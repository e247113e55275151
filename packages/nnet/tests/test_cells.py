import numpy as np
import pytest
from bitale_autodiff import verify_grad
from bitale_graph import function, scan
from bitale_graph import language as T
from bitale_nnet import gru_step, lstm_step, simple_rnn_step

FEATURES, UNITS = 3, 4


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def simple_rnn(x, h, W_x, W_h, b=0.0):
    return np.tanh(x @ W_x + h @ W_h + b)


def gru(x, h, W_xm, W_hm, W_xh, W_hh, b_m=0.0, b_h=0.0):
    m = sigmoid(x @ W_xm + h @ W_hm + b_m)
    r, z = np.split(m, 2, axis=-1)
    return z * h + (1 - z) * np.tanh(x @ W_xh + (r * h) @ W_hh + b_h)


def lstm(x, h, c, W_x, W_h, b=0.0):
    i, f, o, g = np.split(x @ W_x + h @ W_h + b, 4, axis=-1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


# Step, the same in NumPy, states, and the shapes of weights and of biases.
CELLS = {
    "simple_rnn": (simple_rnn_step, simple_rnn, 1, [(3, 4), (4, 4)], [(4,)]),
    "gru": (gru_step, gru, 1, [(3, 8), (4, 8), (3, 4), (4, 4)], [(8,), (4,)]),
    "lstm": (lstm_step, lstm, 2, [(3, 16), (4, 16)], [(16,)]),
}


def listed(results):
    return list(results) if isinstance(results, tuple) else [results]


def draw(rng, shapes):
    return [rng.normal(size=shape) for shape in shapes]


def variables(values):
    return [T.tensor("float64", (None,) * v.ndim) for v in values]


@pytest.fixture
def rng():
    return np.random.default_rng(9)


@pytest.fixture(params=CELLS)
def cell(request):
    return CELLS[request.param]


@pytest.mark.parametrize("batch", [(), (5,), (1,), (0,)], ids=str)
@pytest.mark.parametrize("is_biased", [False, True])
def test_a_step_computes_its_formulas(cell, batch, is_biased, rng):
    step, wanted, n_states, weights, biases = cell
    shapes = [(*batch, FEATURES), *[(*batch, UNITS)] * n_states, *weights]
    values = draw(rng, shapes + biases * is_biased)
    inputs = variables(values)
    found = function(inputs, listed(step(*inputs)))(*values)
    for a, b in zip(found, listed(wanted(*values)), strict=True):
        assert np.allclose(a, b, rtol=1e-12)


def test_a_step_is_handed_to_scan(cell, rng):
    step, wanted, n_states, weights, biases = cell
    values = draw(rng, [(7, FEATURES), *[(UNITS,)] * n_states, *weights, *biases])
    inputs = variables(values)
    first, parameters = inputs[1 : 1 + n_states], inputs[1 + n_states :]
    outputs, updates = scan(step, inputs[0], first, parameters, strict=True, return_list=True)
    found = function(inputs, outputs, updates=updates)(*values)

    states = values[1 : 1 + n_states]
    for t in range(7):
        states = listed(wanted(values[0][t], *states, *values[1 + n_states :]))
        for output, state in zip(found, states, strict=True):
            assert np.allclose(output[t], state, rtol=1e-12)


def test_the_derivatives_of_a_step_are_right(cell, rng):
    step, _, n_states, weights, biases = cell
    values = draw(rng, [(2, FEATURES), *[(2, UNITS)] * n_states, *weights, *biases])
    verify_grad(
        lambda *inputs: sum(T.sum(T.sqr(s)) for s in listed(step(*inputs))), values, rng=rng
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_step_keeps_the_dtype(cell, dtype):
    step, _, n_states, weights, biases = cell
    shapes = [(3,), *[(4,)] * n_states, *weights, *biases]
    inputs = [T.tensor(dtype, (None,) * len(shape)) for shape in shapes]
    assert {s.dtype for s in listed(step(*inputs))} == {dtype}


def test_the_activation_of_a_simple_recurrence_can_be_another(rng):
    values = draw(rng, [(3,), (4,), (3, 4), (4, 4)])
    inputs = variables(values)
    x, h, W_x, W_h = values
    found = function(inputs, simple_rnn_step(*inputs, activation=T.sigmoid))(*values)
    assert np.allclose(found, sigmoid(x @ W_x + h @ W_h))


def test_an_update_gate_of_one_keeps_the_state(rng):
    values = draw(rng, [(3,), (4,), (3, 8), (4, 8), (3, 4), (4, 4)])
    inputs = variables(values)
    bias = np.repeat([0.0, 100.0], 4)
    found = function(inputs, gru_step(*inputs, b_m=bias))(*values)
    assert np.allclose(found, values[1])


def test_a_forget_gate_of_one_keeps_the_memory(rng):
    values = draw(rng, [(3,), (4,), (4,), (3, 16), (4, 16)])
    inputs = variables(values)
    bias = np.repeat([-100.0, 100.0, 0.0, 0.0], 4)
    _, memory = lstm_step(*inputs, b=bias)
    assert np.allclose(function(inputs, memory)(*values), values[2])
