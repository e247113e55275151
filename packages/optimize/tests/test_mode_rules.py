import numpy as np
import pytest
from bitale_graph import Assert, Mode, function
from bitale_graph import language as T
from bitale_graph.extend import ConfigError, Elementwise
from bitale_optimize import Changes, PatternRule


def ops(f):
    return " ".join(str(node.op) for node in f.maker.fgraph.toposort())


@pytest.mark.parametrize("place", [1, 1.5, 2.0, 49, "canonical", "specialize"])
def test_a_mode_may_have_rules_of_its_own(place):
    x = T.dvector("x")
    rule = PatternRule("tanh_is_sin", "tanh(x)", "sin(x)", Changes.DOMAIN)
    mode = Mode("numpy").excluding("fusion")
    f = function([x], T.tanh(x), mode=mode.register((rule, place)))
    g = function([x], T.tanh(x), mode=mode)
    assert "sin" in ops(f)
    assert "tanh" in ops(g)


def test_rules_of_a_mode_may_be_functions():
    def halve(node, context):
        is_sum = isinstance(node.op, Elementwise) and node.op.scalar_op.name == "add"
        return node.inputs[0] if is_sum else None

    x, y = T.dvectors("x", "y")
    mode = Mode("numpy").register((halve, "canonical"))
    f = function([x, y], x + y, mode=mode)
    assert f([1.0], [2.0]).tolist() == [1]
    assert function([x, y], x + y, mode="FAST_COMPILE")([1.0], [2.0]).tolist() == [3]
    with pytest.raises(ConfigError, match="no phase 'nowhere'"):
        function([x, y], x + y, mode=mode.register((halve, "nowhere")))


def test_assertions_are_removed_on_request():
    x = T.dvector("x")
    y = Assert("positive")(x, T.all(x > 0)) * 2
    f = function([x], y, mode=Mode("numpy", "unsafe"))
    assert f([-1.0]).tolist() == [-2]
    with pytest.raises(AssertionError, match="positive"):
        function([x], y)([-1.0])


def test_stable_forms_alone_may_be_asked_for():
    x = T.dvector("x")
    f = function([x], T.log(1 + T.exp(x)), mode=Mode("numpy", "stabilize"))
    assert np.allclose(f([1000.0]), [1000])
