"""NaN and infinities planted in forward, gradient, loops and updates: each is found by name."""

import bitale
import bitale.tensor as T
import numpy as np
import pytest
from bitale.compile import NanGuardMode
from bitale_codegen_cuda.driver.emulated import find_compiler

X = np.array([0.5, -1.0, 2.0])
ZERO = np.array([1.0, 0.0])
HUGE = np.array([1.0, 800.0])


# Each writes one bad expression, in a function of a name that traces show.
def culprit(write, *inputs):
    return write(*inputs)


def loop(write, x, first=1.0):
    return bitale.scan(lambda u, h: culprit(write, u, h), x, T.constant(first))[0]


FORWARD = {
    "log of negative": (lambda x: T.log(x), X, "NaN"),
    "sqrt of negative": (lambda x: T.sqrt(x), X, "NaN"),
    "power of negative": (lambda x: x**0.5, X, "NaN"),
    "arcsin above one": (lambda x: T.arcsin(x), X, "NaN"),
    "arccosh below one": (lambda x: T.arccosh(x), X, "NaN"),
    "zero by zero": (lambda x: T.sinh(x) / T.sin(x), ZERO, "NaN"),
    "infinity minus infinity": (lambda x: T.exp(x) - T.exp(x + 1), HUGE, "NaN"),
    "overflow": (lambda x: T.exp(x), HUGE, "infinity"),
    "log of zero": (lambda x: T.log(x), ZERO, "infinity"),
    "reciprocal of zero": (lambda x: 3 / x, ZERO, "infinity"),
    "mean of nothing": (lambda x: x[:0].mean() + 0 * x, X, "NaN"),
    "tangent of infinity": (lambda x: T.cos(T.exp(x)), HUGE, "NaN"),
}
GRADIENT = {
    "norm at zero": (lambda x: T.sqrt((x * x).sum()), np.zeros(2), "NaN"),
    "sqrt at zero": (lambda x: T.sqrt(x).sum(), ZERO, "infinity"),
    "log at zero": (lambda x: (T.log(x + 1e-320) * 0.5).sum(), ZERO, "infinity"),
    "power at zero": (lambda x: (x**0.3).sum(), ZERO, "infinity"),
    "arcsin at one": (lambda x: T.arcsin(x).sum(), ZERO, "infinity"),
    "arccosh at one": (lambda x: T.arccosh(x + 1).sum(), ZERO, "infinity"),
}
LOOPS = {
    "sqrt that becomes negative": (lambda u, h: T.sqrt(h - u), np.array([0.5, 0.2, 0.9]), "NaN"),
    "log of a carried zero": (lambda u, h: T.log(h * u), ZERO, "infinity"),
    "power of a row": (lambda u, h: h + u**1.5, X, "NaN"),
    "growth": (lambda u, h: T.exp(h * u * 30), np.ones(4), "infinity"),
}


@pytest.mark.parametrize("name", FORWARD)
def test_forward(name):
    write, value, what = FORWARD[name]
    x = T.dvector("x")
    y = culprit(write, T.exp(T.log(T.abs(x) + 1)) * 0 + x)
    is_found(x, (y * 2).sum(), value, what)


@pytest.mark.parametrize("name", GRADIENT)
def test_gradient(name):
    write, value, what = GRADIENT[name]
    x = T.dvector("x")
    cost = culprit(write, x) * 3
    is_found(x, T.grad(cost, x), value, what)


@pytest.mark.parametrize("name", LOOPS)
def test_loop(name):
    write, value, what = LOOPS[name]
    x = T.dvector("x")
    found = is_found(x, loop(write, x)[-1] * 2, value, what)
    assert "in step" in str(found)


def test_gradient_of_a_loop():
    x = T.dvector("x")
    steps = loop(lambda u, h: h + T.sqrt(u), x)
    is_found(x, T.grad(steps[-1], x), ZERO, "infinity")


@pytest.mark.parametrize("what", ["NaN", "infinity"])
def test_update(what):
    x = T.dvector("x")
    state = bitale.shared(np.zeros(3), "state")
    value = X if what == "NaN" else np.abs(X) * [1, 0, 1]
    new = culprit(lambda x: T.log(x), x)
    is_found(x, x.sum(), value, what, [(state, state + new)])
    assert np.array_equal(state.get_value(), np.zeros(3))


# Some of each kind, on the device: what is found is what the CPU tells.
ON_A_DEVICE = {
    "log of negative": FORWARD,
    "infinity minus infinity": FORWARD,
    "overflow": FORWARD,
    "mean of nothing": FORWARD,
    "norm at zero": GRADIENT,
    "sqrt at zero": GRADIENT,
    "power at zero": GRADIENT,
    "sqrt that becomes negative": LOOPS,
    "growth": LOOPS,
}


@pytest.mark.skipif(not find_compiler(), reason="no C++ compiler, which the emulated device needs")
@pytest.mark.parametrize("name", ON_A_DEVICE)
def test_on_the_emulated_device(name):
    kinds = ((FORWARD, test_forward), (GRADIENT, test_gradient), (LOOPS, test_loop))
    with bitale.config.change_flags(device="emulated"):
        next(test for kind, test in kinds if kind is ON_A_DEVICE[name])(name)


@pytest.mark.skipif(not find_compiler(), reason="no C++ compiler, which the emulated device needs")
def test_updates_on_the_emulated_device():
    with bitale.config.change_flags(device="emulated"):
        test_update("NaN")


def is_found(x, y, value, what, updates=()):
    f = bitale.function([x], y, updates=updates)
    on_device = bitale.config.device != "cpu"
    assert (type(f.executable).__name__ == "CudaProgram") == on_device
    found = f.debug(value)
    assert found.what == what
    assert "in culprit" in str(found), str(found)
    kinds = {"big_is_error": False, "inf_is_error": what == "infinity"}
    guarded = bitale.function([x], y, updates=updates, mode=NanGuardMode(**kinds))
    with pytest.raises(AssertionError, match="in culprit"):
        guarded(value)
    return found


def test_an_argument_may_have_it_already():
    x = T.dvector("x")
    found = bitale.function([x], x * 2).debug([1.0, np.nan])
    assert (found.what, found.node, found.variable.name) == ("NaN", None, "x")
    with pytest.raises(AssertionError, match="NaN detected in the input x"):
        bitale.function([x], x * 2, mode=NanGuardMode())([1.0, np.nan])


def test_nothing_is_found_where_all_is_well():
    x = T.dvector("x")
    y = T.switch(x > 0, T.log(x), 0.0)
    assert bitale.function([x], y).debug(X) is None
    assert bitale.function([x], T.exp(x)).debug(HUGE, inf=False) is None
    # As it is written it overflows, and as it runs it does not.
    assert bitale.function([x], T.log(T.exp(x) + 1)).debug(HUGE) is None


def test_what_fails_is_found_with_its_values():
    x, y = T.dvectors("x", "y")
    z = culprit(lambda x, y: x + y, x, y)
    found = bitale.function([x, y], T.exp(z)).debug(y=np.ones(2), x=np.ones(3))
    assert found.what == "ShapeError"
    assert [v.shape for v in found.inputs] == [(3,), (2,)]
    assert "in culprit" in str(found)


def test_what_a_nan_is_made_of_is_told():
    x = T.dvector("x")
    found = bitale.function([x], T.exp(x) - T.exp(x * 2)).debug(HUGE)
    assert (found.what, found.cause.what) == ("NaN", "infinity")
    assert "exp" in str(found.cause.node)


def test_state_is_left_alone():
    x = T.dscalar("x")
    total = bitale.shared(0.0)
    f = bitale.function([x], total, updates=[(total, total + x)])
    assert f.debug(1.0) is None
    assert total.get_value() == 0.0


def test_guards_may_warn_or_leave_variables_alone():
    x = T.dvector("x")
    y = T.log(x)
    f = bitale.function([x], y, mode=NanGuardMode(optimizer="None"))
    warns = bitale.config.change_flags(**{"NanGuardMode.action": "warn"})
    with warns, pytest.warns(RuntimeWarning, match="NaN detected"):
        f(X)
    y.tag.nan_guard_mode_check = False
    assert np.isnan(bitale.function([x], y, mode=NanGuardMode(optimizer="None"))(X)[1])
    with pytest.raises(AssertionError, match="Big value detected"):
        bitale.function([x], x * 1e9, mode=NanGuardMode())([100.0])
