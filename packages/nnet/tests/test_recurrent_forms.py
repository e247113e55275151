import numpy as np
import pytest
from bitale_autodiff import grad
from bitale_graph import function
from bitale_graph import language as T
from bitale_nnet import (
    GRU,
    LSTM,
    CustomRecurrent,
    Parameter,
    SimpleRNN,
    gru_step,
)
from bitale_nnet.initializers import Constant, GlorotUniform, Normal, SideBySide

FAST = "FAST_COMPILE"


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_gates_read_the_memory_through_peepholes(check_layer):
    def wanted(v, X):
        h = c = np.zeros((len(X), 4))
        p_i, p_f, p_o = np.split(v["p"], 3)
        for t in range(X.shape[1]):
            i, f, o, g = np.split(X[:, t] @ v["W_x"] + h @ v["W_h"] + v["b"], 4, axis=1)
            c = sigmoid(f + p_f * c) * c + sigmoid(i + p_i * c) * np.tanh(g)
            h = sigmoid(o + p_o * c) * np.tanh(c)
        return h

    check_layer(LSTM(4, peepholes=True), (2, 3, 5), wanted)


def test_peepholes_have_first_values(rng):
    layer = LSTM(2, peepholes=Constant(3.0), bias=None)
    layer.build((None, None, 3), rng)
    assert list(layer.get_values()) == ["W_x", "W_h", "p"]
    assert layer.get_values()["p"].tolist() == [3] * 6


@pytest.mark.parametrize("kind", [SimpleRNN, GRU, LSTM])
def test_what_comes_back_to_states_is_held(kind, rng):
    x = T.dtensor3()
    X = rng.normal(size=(2, 4, 3))
    outputs = []
    for bound in (None, 1e9, 1e-3):
        layer = kind(4, clip_gradient=bound)
        layer.build((None, None, 3), np.random.default_rng(1), "float64")
        slope = grad(1000 * T.sum(layer(x)), layer.parameters())
        outputs.append(function([x], [layer(x), *slope], mode=FAST)(X))
    free, wide, held = outputs
    for a, b in zip(free, wide, strict=True):
        assert np.allclose(a, b)
    assert np.allclose(free[0], held[0])
    # Of four steps of two sequences each brings back a thousandth at most to each state.
    assert max(np.abs(s).max() for s in held[1:]) < 0.1
    assert max(np.abs(s).max() for s in free[1:]) > 10


def test_held_gradients_are_those_of_a_chain_of_steps():
    layer = SimpleRNN(1, "identity", clip_gradient=2.0, bias=None)
    layer.build((None, 1), dtype="float64")
    layer.set_values({"W_x": np.ones((1, 1)), "W_h": 3 * np.ones((1, 1))})
    x = T.dmatrix()
    slopes = function([x], grad(T.sum(layer(x)), x), mode=FAST)(np.ones((4, 1)))
    # 1 at the last step, then 3 times as much, held at 2, step by step.
    assert slopes.ravel().tolist() == [2, 2, 2, 1]


def gru_parameters(features):
    return [
        Parameter("W_xm", (features, 8), GlorotUniform()),
        Parameter("W_hm", (4, 8), GlorotUniform()),
        Parameter("W_xh", (features, 4), GlorotUniform()),
        Parameter("W_hh", (4, 4), GlorotUniform()),
    ]


@pytest.mark.parametrize("learnt", [False, True])
def test_a_step_makes_a_layer(learnt, rng):
    own = CustomRecurrent(
        gru_step, 4, gru_parameters, return_sequences=True, learn_first_states=learnt
    )
    known = GRU(4, return_sequences=True, bias=None, learn_first_states=learnt)
    for layer in (own, known):
        assert layer.build((None, None, 3), rng, "float64") == (None, None, 4)
    known.set_values(own.get_values())
    x, mask = T.dtensor3(), T.dmatrix()
    f = function([x, mask], [own(x, mask), known(x, mask)], mode=FAST)
    a, b = f(rng.normal(size=(2, 5, 3)), np.ones((2, 5)))
    assert np.array_equal(a, b)


def running_sums(x, total, largest):
    return total + x, T.maximum(largest, x)


def test_a_step_may_have_several_states_and_no_parameters(check_layer):
    layer = CustomRecurrent(running_sums, 3, states=("total", "largest"), return_sequences=True)
    check_layer(layer, (2, 4, 3), lambda _, X: X.cumsum(axis=1))
    _, last = layer.run(x := T.dtensor3())
    X = -np.ones((1, 2, 3))
    assert function([x], last[1], mode=FAST)(X).tolist() == [[0, 0, 0]]


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: CustomRecurrent("gru", 3), TypeError, "step must be a function"),
        (lambda: CustomRecurrent(gru_step, 3, []), TypeError, "parameters must be a function"),
        (lambda: CustomRecurrent(gru_step, 3, states="h"), ValueError, "states are names"),
        (lambda: CustomRecurrent(gru_step, 3, states=("h", "h")), ValueError, "states are names"),
        (lambda: GRU(3, clip_gradient=0), ValueError, "clip_gradient must be more than 0"),
        (lambda: GRU(3, truncate_gradient=0), ValueError, "a number of steps, or -1"),
        (lambda: LSTM(3, peepholes="yes"), TypeError, "first values of peepholes"),
    ],
    ids=map(str, range(7)),
)
def test_what_does_not_fit_is_told_at_once(call, error, says):
    with pytest.raises(error, match=says):
        call()


def test_a_step_of_other_states_is_told(rng):
    layer = CustomRecurrent(running_sums, 3, states=("a", "b", "c"))
    layer.function = lambda x, *states: states[:2]
    layer.build((None, None, 3), rng)
    with pytest.raises(ValueError, match=r"gives 2 states, and there are 3: a, b, c"):
        layer(T.tensor3())


def test_initialisers_of_peepholes_are_drawn(rng):
    layer = LSTM(200, peepholes=Normal(0.5))
    layer.build((None, None, 3), rng)
    assert np.std(layer.get_values()["p"]) == pytest.approx(0.5, rel=0.1)


def test_gates_have_first_values_of_their_own(rng):
    each = SideBySide(Constant(1.0), Constant(2.0), Constant(3.0))
    layer = GRU(2, weights=each, recurrent_weights=each, bias=each)
    layer.build((None, None, 3), rng)
    v = layer.get_values()
    assert v["W_xm"].tolist() == [[1, 1, 2, 2]] * 3
    assert v["W_hh"].tolist() == [[3, 3]] * 2
    assert v["b_m"].tolist() == [1, 1, 2, 2]
    assert v["b_h"].tolist() == [3, 3]
    layer = LSTM(1, bias=SideBySide(*map(Constant, (1.0, 2.0, 3.0, 4.0))))
    layer.build((None, None, 3), rng)
    assert layer.get_values()["b"].tolist() == [1, 2, 3, 4]
    with pytest.raises(ValueError, match=r"has the gates input, forget, output, candidate, and 3"):
        LSTM(2, weights=each).build((None, None, 3))


def test_all_gates_can_be_one_array(rng):
    W, b = rng.normal(size=(3, 8)), rng.normal(size=8)
    layer = LSTM(2, weights=W, bias=b)
    layer.build((None, None, 3), rng, "float64")
    assert np.array_equal(layer.get_values()["W_x"], W)
    assert np.array_equal(layer.get_values()["b"], b)
