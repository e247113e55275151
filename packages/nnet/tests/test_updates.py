import numpy as np
import pytest
from bitale_autodiff import grad
from bitale_graph import function, shared
from bitale_graph import language as T
from bitale_nnet import (
    adadelta,
    adagrad,
    adam,
    adamax,
    adamw,
    amsgrad,
    apply_momentum,
    apply_nesterov_momentum,
    momentum,
    nesterov_momentum,
    rmsprop,
    sgd,
)

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


def adagrad_by_hand(p, steps, rate):
    s = 0 * p
    for _ in range(steps):
        g = SCALE * p
        s = s + g**2
        p = p - rate * g / (np.sqrt(s) + 1e-10)
        yield p


def rmsprop_by_hand(p, steps, rate, rho=0.9):
    s = 0 * p
    for _ in range(steps):
        g = SCALE * p
        s = rho * s + (1 - rho) * g**2
        p = p - rate * g / (np.sqrt(s) + 1e-8)
        yield p


def adadelta_by_hand(p, steps, rate, rho=0.95, epsilon=1e-6):
    s = a = 0 * p
    for _ in range(steps):
        g = SCALE * p
        s = rho * s + (1 - rho) * g**2
        d = np.sqrt(a + epsilon) / np.sqrt(s + epsilon) * g
        a = rho * a + (1 - rho) * d**2
        p = p - rate * d
        yield p


def adamw_by_hand(p, steps, rate, decay=0.01, b1=0.9, b2=0.999):
    m = v = 0 * p
    for t in range(1, steps + 1):
        g = SCALE * p
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2
        step = (m / (1 - b1**t)) / (np.sqrt(v / (1 - b2**t)) + 1e-8)
        p = p - rate * decay * p - rate * step
        yield p


def adamax_by_hand(p, steps, rate, b1=0.9, b2=0.999):
    m = u = 0 * p
    for t in range(1, steps + 1):
        g = SCALE * p
        m, u = b1 * m + (1 - b1) * g, np.maximum(b2 * u, np.abs(g))
        p = p - rate / (1 - b1**t) * m / (u + 1e-8)
        yield p


def amsgrad_by_hand(p, steps, rate, b1=0.9, b2=0.999):
    m = v = w = 0 * p
    for t in range(1, steps + 1):
        g = SCALE * p
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2
        w = np.maximum(w, v)
        p = p - rate * (m / (1 - b1**t)) / (np.sqrt(w / (1 - b2**t)) + 1e-8)
        yield p


RULES = {
    "sgd": (sgd, sgd_by_hand, {"learning_rate": 0.05}),
    "momentum": (momentum, momentum_by_hand, {"learning_rate": 0.02, "momentum": 0.8}),
    "nesterov": (nesterov_momentum, nesterov_by_hand, {"learning_rate": 0.02, "momentum": 0.8}),
    "adagrad": (adagrad, adagrad_by_hand, {"learning_rate": 0.5}),
    "rmsprop": (rmsprop, rmsprop_by_hand, {"learning_rate": 0.1}),
    "adadelta": (adadelta, adadelta_by_hand, {"learning_rate": 1.0}),
    "adam": (adam, adam_by_hand, {"learning_rate": 0.1}),
    "adamw": (adamw, adamw_by_hand, {"learning_rate": 0.1}),
    "adamax": (adamax, adamax_by_hand, {"learning_rate": 0.1}),
    "amsgrad": (amsgrad, amsgrad_by_hand, {"learning_rate": 0.1}),
}
# After 12 steps, by torch.optim of PyTorch 2 with the same rates.
BY_TORCH = {
    "momentum": (1.0296271224446318, -0.3943652392960001),
    "nesterov": (0.980443637423468, -0.1126508799141745),
    "adagrad": (0.8356369061913143, -0.21009149497405355),
    "rmsprop": (1.297424076800116, -0.4732615359593529),
    "adadelta": (2.9447463827152256, -1.9449178368306153),
    "adam": (1.8246961039716205, -0.8435153160860817),
    "adamw": (1.7962757570695733, -0.8271981733469255),
    "adamax": (1.9172401458068622, -0.9749753830602796),
    "amsgrad": (1.8246961039716205, -0.8435153160860817),
}


@pytest.mark.parametrize(("rule", "by_hand", "keywords"), RULES.values(), ids=RULES)
def test_the_path_is_that_of_the_formula(rule, by_hand, keywords):
    got = run(rule, 12, **keywords)
    assert np.allclose(got, list(by_hand(START, 12, *keywords.values())), rtol=1e-10)


@pytest.mark.parametrize("name", BY_TORCH)
def test_the_path_ends_where_that_of_torch_does(name):
    rule, _, keywords = RULES[name]
    assert np.allclose(run(rule, 12, **keywords)[-1], BY_TORCH[name], rtol=1e-10)


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


def test_amsgrad_does_not_forget_a_large_gradient():
    gradients, by_rule = [10.0, *[0.1] * 30], {}
    for rule in (adam, amsgrad):
        p, g = shared(0.0, "p"), T.dscalar("g")
        step = function([g], [], updates=rule([g], [p], 0.1, beta2=0.5))
        for gradient in gradients:
            step(gradient)
        by_rule[rule] = p.get_value()
    m = v = w = p = 0.0
    for t, g in enumerate(gradients, 1):
        m, v = 0.9 * m + 0.1 * g, 0.5 * v + 0.5 * g * g
        w = max(w, v)
        p -= 0.1 * (m / (1 - 0.9**t)) / (np.sqrt(w / (1 - 0.5**t)) + 1e-8)
    assert by_rule[amsgrad] == pytest.approx(p, rel=1e-10)
    assert abs(by_rule[adam]) > 2 * abs(by_rule[amsgrad])


def test_adamw_shrinks_what_it_is_told_to():
    w, b = shared(2.0, "w"), shared(2.0, "b")
    zero = T.constant(0.0)
    function([], [], updates=adamw([zero, zero], [w, b], 0.1, weight_decay=0.5, decayed=[w]))()
    assert (w.get_value(), b.get_value()) == (pytest.approx(1.9), 2.0)


@pytest.mark.parametrize("rule", [rule for rule, _, _ in RULES.values()], ids=RULES)
def test_a_parameter_without_gradient_stays(rule):
    p = shared(np.array([1.5, -2.0], "float32"), "p")
    keywords = {"weight_decay": 0.0} if rule is adamw else {}
    function([], [], updates=rule([T.zeros_like(p)], [p], 0.1, **keywords))()
    assert p.get_value().tolist() == [1.5, -2.0]


@pytest.mark.parametrize("rule", [rule for rule, _, _ in RULES.values()], ids=RULES)
def test_a_parameter_may_be_a_row_that_broadcasts(rule):
    p = shared(np.ones((1, 3)), "p", broadcastable=(True, False))
    x = T.dmatrix("x")
    function([x], [], updates=rule(T.sum(T.sqr(x * p)), [p], 0.1))(np.ones((4, 3)))
    assert np.all(p.get_value() < 1)


@pytest.mark.parametrize(
    ("apply", "rule", "by_hand"),
    [
        (apply_momentum, momentum, momentum_by_hand),
        (apply_nesterov_momentum, nesterov_momentum, nesterov_by_hand),
    ],
)
def test_momentum_is_applied_to_another_rule(apply, rule, by_hand):
    def velocity_of_sgd(loss, params, learning_rate, momentum):
        return apply(sgd(loss, params, learning_rate), momentum=momentum)

    got = run(velocity_of_sgd, 12, learning_rate=0.02, momentum=0.8)
    assert np.allclose(got, list(by_hand(START, 12, 0.02, 0.8)), rtol=1e-10)


def test_momentum_is_for_parameters_that_are_updated():
    p, q = shared(1.0, "p"), shared(1.0, "q")
    updates = rmsprop(T.sqr(p), [p])
    assert len(apply_momentum(updates, [p])) == len(updates) + 1
    with pytest.raises(ValueError, match=r"q.* is not among the updates"):
        apply_momentum(updates, [q])


@pytest.mark.parametrize("rule", [rule for rule, _, _ in RULES.values()], ids=RULES)
def test_float16_parameters_take_steps_that_float16_could_not_compute(rule):
    # Squares overflow from 256 on, and 1e-8 is zero.
    gradients = np.array([400.0, -1e-4, 0.0], "float16")
    found = {}
    for dtype in ("float16", "float64"):
        p, g = shared(np.ones(3, dtype), "p"), T.vector(dtype=dtype)
        step = function([g], [], updates=rule([g], [p], 1e-3))
        for _ in range(3):
            step(gradients.astype(dtype))
        found[dtype] = p.get_value()
    assert found["float16"].dtype == "float16"
    assert np.allclose(found["float16"], found["float64"], rtol=2e-3, atol=2e-3)
