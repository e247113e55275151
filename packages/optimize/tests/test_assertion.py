import numpy as np
import pytest
from bitale_graph import Assert, function
from bitale_graph import language as T
from bitale_graph.ops.assertion import assert_op

x, c, d = T.matrix("x"), T.TensorType("bool", ())("c"), T.TensorType("bool", ())("d")
ARGS = [np.ones((3, 4)), np.True_, np.True_]


def checks(rewritten):
    return [n for n in rewritten.graph.toposort() if isinstance(n.op, Assert)]


def test_what_is_known_to_hold_is_not_checked(rewriting):
    true = T.constant(True)
    done = rewriting.by("assertion_that_holds", [x, c], assert_op(x, true, c, true))
    (node,) = checks(done)
    assert node.inputs == done.graph.inputs
    assert rewriting.by("assertion_that_holds", [x], assert_op(x, true)).output.owner is None


def test_a_condition_is_checked_once(rewriting):
    done = rewriting.by("assertion_that_holds", [x, c], assert_op(x, c, c))
    assert checks(done)[0].inputs == done.graph.inputs


def test_what_is_not_known_stays(rewriting):
    inputs = [x, c, d]
    done = rewriting.by("assertion_that_holds", inputs, assert_op(x, c, d))
    assert done.log == []
    rewriting.assert_same(done, inputs, assert_op(x, c, d), ARGS)


def test_checks_with_one_message_join(rewriting):
    inputs = [x, c, d]
    done = rewriting.by("assertion_of_assertion", inputs, assert_op(assert_op(x, c), d))
    assert checks(done)[0].inputs == done.graph.inputs
    two = Assert("another")(assert_op(x, c), d)
    assert rewriting.by("assertion_of_assertion", inputs, two).log == []


def test_a_check_of_shapes_that_are_known_goes(rewriting):
    """By what the types and the other ops tell."""
    y = T.exp(x)
    checked = assert_op(y, T.eq(x.shape[0], y.shape[0]), y.shape[1] >= 0)
    assert checks(rewriting.whole([x], checked)) == []


def test_a_check_that_fails_for_certain_is_left_to_the_run():
    zeros = T.constant(np.zeros(2))
    f = function([x], Assert("never")(x, T.sum(zeros) > 0))
    with pytest.raises(AssertionError, match="never"):
        f(ARGS[0])


def test_the_shape_passes_through(rewriting):
    done = rewriting.whole([x, c], T.zeros_like(T.exp(assert_op(x, c))).shape[0])
    assert done.ops() == ["ShapeI{axis=0}"]
