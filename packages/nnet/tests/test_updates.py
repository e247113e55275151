import numpy as np
import pytest
from bitale_autodiff import grad
from bitale_graph import function, shared
from bitale_graph import language as T
from bitale_nnet import adam, momentum, nesterov_momentum, sgd

START = np.array([3.0, -2.0])
SCALE = np.array([1.0, 10.0])


def run(rule, steps, dtype="float64", **keywords):
    """The path of a parameter down the bowl 0.5 sum(scale p²), whose gradient is scale p."""
    p = shared(START.astype(dtype), "p")
    loss = T.sum(T.sqr(p) * SCALE.astype(dtype)) / 2
    step = function([], [], updates=rule(loss, [p], **keywords))
    path = []
    for _ in range(steps):
        step()
        path.append(p.get_value())
    return path


def sgd_by_hand(p, steps, rate):
    for _ in range(steps):
        p = p - rate * SCALE * p
        yield p


def momentum_by_hand(p, steps, rate, kept):
    v = 0 * p
    for _ in range(steps):
        v = kept * v - rate * SCALE * p
        p = p + v
        yield p


def nesterov_by_hand(p, steps, rate, kept):
    """As first written: the gradient is taken at the point looked ahead to, ``p + kept v``."""
    behind, v = p, 0 * p
    for _ in range(steps):
        v = kept * v - rate * SCALE * (behind + kept * v)
        behind = behind + v
        yield behind + kept * v


def adam_by_hand(p, steps, rate, b1=0.9, b2=0.999, epsilon=1e-8):
    m = v = 0 * p
    for t in range(1, steps + 1):
        g = SCALE * p
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2
        p = p - rate * (m / (1 - b1**t)) / (np.sqrt(v / (1 - b2**t)) + epsilon)
        yield p


RULES = {
    "sgd": (sgd, sgd_by_hand, {"learning_rate": 0.05}),
    "momentum": (momentum, momentum_by_hand, {"learning_rate": 0.02, "momentum": 0.8}),
    "nesterov": (nesterov_momentum, nesterov_by_hand, {"learning_rate": 0.02, "momentum": 0.8}),
    "adam": (adam, adam_by_hand, {"learning_rate": 0.1}),
}


@pytest.mark.parametrize(("rule", "by_hand", "keywords"), RULES.values(), ids=RULES)
def test_the_path_is_that_of_the_formula(rule, by_hand, keywords):
    got = run(rule, 12, **keywords)
    assert np.allclose(got, list(by_hand(START, 12, *keywords.values())), rtol=1e-10)


@pytest.mark.parametrize(("rule", "by_hand", "keywords"), RULES.values(), ids=RULES)
def test_float32_parameters_keep_float32(rule, by_hand, keywords):
    p = shared(START.astype("float32"), "p")
    updates = rule(T.sum(T.sqr(p)), [p], **keywords)
    assert updates[p].dtype == "float32"
    assert {state.dtype for state in updates if state.ndim} == {"float32"}
    # The dtypes agree, so a step can be made; 12 of them differ by rounding only.
    got = run(rule, 12, "float32", **keywords)
    assert np.allclose(got, list(by_hand(START, 12, *keywords.values())), rtol=2e-5, atol=1e-5)


@pytest.mark.parametrize("rule", [rule for rule, _, _ in RULES.values()], ids=RULES)
def test_rates_may_be_symbolic_and_wider_than_the_parameter(rule):
    p, rate = shared(np.float32(1), "p"), T.dscalar("rate")
    step = function([rate], [], updates=rule(T.sqr(p), [p], rate))
    step(0.0)
    assert p.get_value() == 1
    step(0.1)
    assert p.get_value() < 1


@pytest.mark.parametrize("rule", [rule for rule, _, _ in RULES.values()], ids=RULES)
def test_gradients_may_be_given_instead_of_a_loss(rule):
    p, q = shared(START, "p"), shared(START, "q")
    by_loss, by_gradient = rule(T.sum(T.sqr(p)), [p], 0.1), rule([2 * q], [q], 0.1)
    function([], [], updates=by_loss)()
    function([], [], updates=by_gradient)()
    assert np.allclose(p.get_value(), q.get_value())


def test_several_parameters_are_updated_from_one_point():
    p, q = shared(1.0, "p"), shared(2.0, "q")
    function([], [], updates=sgd(p * q, [p, q], 0.1))()
    assert (p.get_value(), q.get_value()) == (pytest.approx(0.8), pytest.approx(1.9))


def test_a_parameter_must_be_shared():
    x = T.dscalar("x")
    with pytest.raises(TypeError, match="x is none"):
        sgd(T.sqr(x), [x])


def test_gradients_and_parameters_are_as_many():
    p = shared(1.0)
    with pytest.raises(ValueError, match="2 gradients were given for 1 parameters"):
        sgd([p, p], [p])


def test_a_rate_is_a_scalar():
    p = shared(START)
    with pytest.raises(ValueError, match="learning rate must be a scalar"):
        sgd(T.sum(p), [p], T.dvector("rates"))


def test_adam_stays_right_over_many_steps():
    # After 20,000 steps the correction of the bias is 1 to within rounding.
    p = shared(np.float32(5), "p")
    step = function([], [], updates=adam([T.cast(T.sgn(p), "float32")], [p], 1e-3))
    for _ in range(100):
        step()
    assert p.get_value() == pytest.approx(4.9, abs=1e-4)


def test_grad_is_the_one_of_autodiff():
    p = shared(START)
    loss = T.sum(T.exp(p))
    f = function([], [grad(loss, p), sgd(loss, [p], 1.0)[p]])
    gradient, updated = f()
    assert np.allclose(updated, START - gradient)
