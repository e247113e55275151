"""The modes that look at every node, as far as they need no other layer."""

import numpy as np
import pytest
from bitale_graph import config, function, scan, shared
from bitale_graph import language as T
from bitale_graph.extend import Assert, DebugMode, InvalidValueError, MonitorMode, NanGuardMode
from bitale_graph.modes.agreement import FINITE, Failed, disagreement
from bitale_graph.modes.bad_numbers import contains_big, contains_inf, contains_nan, flatten_lists

X = np.array([1.0, -2.0])
ON_NUMPY = DebugMode("None", check_c_code=False)


def test_a_guard_stops_before_state_changes():
    x, total = T.dvector("x"), shared(0.0)
    f = function([x], T.sqrt(x), updates=[(total, total + 1)], mode=NanGuardMode())
    f(X**2)
    with pytest.raises(AssertionError, match=r"NaN detected in .*sqrt") as caught:
        f(X)
    assert "test_modes.py" in str(caught.value)
    assert total.get_value() == 1


def failing_of_nan(x):
    """An expression in which a node raises `ValueError` for a NaN that another has made."""
    roots = T.sqrt(x)
    roots.name = "roots"
    return Assert("a root is missing", "ValueError")(roots, roots >= 0) * 2


def test_a_guard_stops_at_nan_before_what_fails_of_it():
    x = T.dvector("x")
    f = function([x], failing_of_nan(x), mode=NanGuardMode())
    with pytest.raises(AssertionError, match="NaN detected in 'roots'"):
        f(X)
    with pytest.raises(AssertionError, match="NaN detected in the input x"):
        f(np.array([np.nan]))


def test_a_guard_looks_for_what_it_is_asked_for():
    x = T.dvector("x")
    with np.errstate(divide="ignore"):
        f = function([x], T.log(x), mode=NanGuardMode(inf_is_error=False, big_is_error=False))
        assert np.isneginf(f([0.0])).all()
        with pytest.raises(AssertionError, match="Inf detected"):
            function([x], T.log(x), mode=NanGuardMode(big_is_error=False))([0.0])
    with pytest.raises(AssertionError, match="Big value detected in the input x"):
        function([x], x + 1, mode=NanGuardMode())([1e11])
    with pytest.raises(ValueError, match="all three are False"):
        NanGuardMode(False, False, False)
    with pytest.raises(ValueError, match="by a linker of its own"):
        NanGuardMode(linker="c")


def test_hooks_see_the_steps_of_loops():
    x = T.dvector("x")
    seen = []
    mode = MonitorMode(pre_func=lambda i, node, run: seen.append(str(node.op)))
    steps, _ = scan(lambda u, h: T.tanh(u + h), x, T.constant(0.0))
    function([x], steps, mode=mode)(X)
    assert sum("tanh" in name for name in seen) == 2
    with pytest.raises(TypeError, match="cannot be called"):
        MonitorMode(pre_func=3)


def test_the_first_bad_node_is_found():
    x = T.dvector("x")
    y = T.sqrt(x)
    y.name = "roots"
    found = function([x], T.exp(y)).debug(X)
    assert (found.what, found.variable.name, found.index) == ("NaN", "roots", 0)
    assert "roots" in repr(found)
    assert function([x], T.exp(y)).debug(X**2) is None


@pytest.mark.parametrize(("value", "what"), [(-1.0, "NaN"), (1.0, "infinity")])
def test_a_node_that_fails_tells_where_its_bad_numbers_came_from(value, what):
    x = T.dvector("x")
    y = T.log(x) if what == "NaN" else T.exp(x * 1000)
    y.name = "source"
    checked = Assert("bad", "ValueError")(y, T.abs(y) < 1e9)
    found = function([x], checked).debug([1.0, value])
    assert found.what == "ValueError"
    assert (found.cause.what, found.cause.variable.name) == (what, "source")
    assert f"Its inputs have {what} from here:" in str(found)


def test_a_node_that_fails_of_good_numbers_has_no_cause():
    x = T.dvector("x")
    found = function([x], Assert("bad", "ValueError")(x, x > 0)).debug([1.0, -1.0])
    assert (found.what, found.cause) == ("ValueError", None)


def test_debug_mode_checks_what_runs_on_numpy():
    x = T.dvector("x")
    f = function([x], T.sqrt(x), mode=ON_NUMPY)
    assert f(X**2).tolist() == [1, 2]
    with pytest.raises(InvalidValueError, match="it has NaN or infinity"):
        f(X)
    with pytest.raises(InvalidValueError, match="an input of the function"):
        f([np.nan])
    with config.change_flags(**{"DebugMode.check_finite": False}):
        assert np.isnan(function([x], T.sqrt(x), mode=ON_NUMPY)(X)[1])


def test_values_agree_up_to_rounding():
    kind = T.dvector().type
    one = np.array([1.0, np.nan])
    assert not disagreement(kind, one, one + 1e-9)
    assert "more than rounding" in disagreement(kind, one, one * 1.01)
    assert "NaN or infinite" in disagreement(kind, one, np.array([1.0, 2.0]))
    assert not disagreement(kind, one, np.array([1.0, 2.0]), asked=FINITE)
    assert "shape" in disagreement(kind, one, one[:1])
    assert "dtype" in disagreement(kind, one, one.astype("float32"))
    assert "fails" in disagreement(kind, one, Failed(ValueError("no")))
    # What cancels may be off by as much as what went in is rounded.
    assert not disagreement(kind, np.zeros(1), np.full(1, 0.001), [np.full(1, 1e13)])


def test_what_has_no_floats_has_nothing_bad():
    for test in (contains_nan, contains_inf, contains_big):
        assert not any(test(x) for x in (None, slice(1), "x", np.arange(3), np.zeros(0)))
    assert flatten_lists([1, (2, [3]), []]) == [1, 2, 3]
