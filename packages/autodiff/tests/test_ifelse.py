import numpy as np
import pytest
from bitale_autodiff import DisconnectedInputError, grad, grad_undefined
from bitale_autodiff.errors import NullTypeGradError
from bitale_graph import Apply, Op, function, ifelse
from bitale_graph import language as T
from bitale_graph.core.order import toposort
from bitale_graph.ops.ifelse import IfElse
from bitale_graph.tensor.variable import TensorType

x, y = T.dvector("x"), T.dvector("y")
c = TensorType("bool", ())("c")


class Counted(Op):
    """The exponential; counts how often it and its derivative run."""

    def __init__(self):
        self.count = 0

    def make_node(self, v):
        return Apply(self, [v], [v.type()])

    def perform(self, node, inputs, output_storage):
        self.count += 1
        output_storage[0][0] = np.exp(inputs[0])

    def L_op(self, inputs, outputs, cotangents):
        return [cotangents[0] * self(inputs[0])]


@pytest.mark.parametrize("condition", [True, False])
def test_the_branch_that_ran_is_differentiated(condition, verify_orders, rng):
    def cost(x, y):
        v = T.tanh(x)
        return ifelse(T.constant(condition), T.exp(v * y), T.sqr(y) + v)

    verify_orders(cost, [rng.random(3), rng.random(3)])


@pytest.mark.parametrize("condition", [True, False])
def test_only_one_branch_runs_forward_and_back(condition):
    one, other = Counted(), Counted()
    cost = T.sum(ifelse(c, one(x) * 2, T.sin(other(y))))
    f = function([c, x, y], grad(cost, [x, y]))
    gx, gy = f(condition, [1.0], [2.0])
    assert bool(one.count) == condition
    assert bool(other.count) != condition
    np.testing.assert_allclose(gx, [2 * np.e if condition else 0])
    e = np.exp(2)
    np.testing.assert_allclose(gy, [0 if condition else np.cos(e) * e])


def test_what_did_not_run_does_not_spoil_the_derivative():
    """With switch() it would: 0 times the infinite slope of the root is NaN."""
    cost = T.sum(ifelse(T.all(x > 0), T.sqrt(x), x))
    f = function([x], grad(cost, x))
    assert f([0.0]).tolist() == [1]
    assert f([4.0]).tolist() == [0.25]


def test_by_a_variable_inside_a_branch():
    v = T.exp(x)
    cost = T.sum(ifelse(c, v * v, v * 3 + x))
    f = function([c, x], grad(cost, v))
    np.testing.assert_allclose(f(True, [1.0]), [2 * np.e])
    assert f(False, [1.0]).tolist() == [3]
    w = T.sin(x)
    alone = T.sum(ifelse(c, w * w, x))
    g = function([c, x], grad(alone, [w, x]))
    np.testing.assert_allclose(g(True, [1.0]), [[2 * np.sin(1)], [np.sin(2)]])
    np.testing.assert_allclose(g(False, [1.0]), [[0], [1]])


def test_what_is_constant_stays_so_inside_a_branch():
    v = T.exp(x)
    f = function([c, x], grad(T.sum(ifelse(c, v * x, x)), x, consider_constant=[v]))
    np.testing.assert_allclose(f(True, [1.0]), [np.e])


def test_known_derivatives_of_a_result():
    out = ifelse(c, x * 2, y)
    f = function([c, x, y], grad(None, [x, y], known_grads={out: y}))
    assert [g.tolist() for g in f(True, [1.0], [3.0])] == [[6], [0]]


def test_several_results():
    one, other = ifelse(c, [x * y, x], [x, x])
    cost = T.sum(one) + 2 * T.sum(other)
    f = function([c, x, y], grad(cost, [x, y]))
    assert [g.tolist() for g in f(True, [3.0], [5.0])] == [[7], [3]]
    assert [g.tolist() for g in f(False, [3.0], [5.0])] == [[3], [0]]


def test_a_result_that_is_not_used_has_no_part():
    one, _ = ifelse(c, [x * 2, y], [x, y * 3])
    with pytest.raises(DisconnectedInputError):
        grad(T.sum(one), y)


def test_a_condition_is_not_connected():
    with pytest.raises(DisconnectedInputError):
        grad(T.sum(ifelse(y.sum(), x, x * 2)), y)


def test_lengths_that_only_one_branch_has():
    row = TensorType("float64", (1, None))("row")
    m = T.dmatrix("m")
    cost = T.sum(ifelse(c, T.exp(row) * m.sum(), m * row))
    f = function([c, row, m], grad(cost, [row, m]))
    r, a = np.array([[0.5, 1]]), np.array([[1.0, 2], [3, 4]])
    for flag, expected in (
        (True, [np.exp(r) * 10, np.full((2, 2), np.exp(r).sum())]),
        (False, [a.sum(0, keepdims=True), np.tile(r, (2, 1))]),
    ):
        for found, wanted in zip(f(flag, r, a), expected, strict=True):
            np.testing.assert_allclose(found, wanted)


def test_integers_in_branches_get_zeros():
    n = T.lvector("n")
    cost = T.sum(ifelse(c, x * 2, T.cast(n // 2, "float64")))
    gx, gn = function([c, x, n], grad(cost, [x, n]), on_unused_input="ignore")(False, [1.0], [4])
    assert (gx.tolist(), gn.tolist(), gn.dtype) == ([0], [0], "float64")


def test_undefined_in_one_branch_is_undefined():
    class Strange(Op):
        def make_node(self, v):
            return Apply(self, [v], [v.type()])

        def L_op(self, inputs, outputs, cotangents):
            return [grad_undefined(self, 0, inputs[0])]

    with pytest.raises(NullTypeGradError):
        grad(T.sum(ifelse(c, Strange()(x), x)), x)


def test_choices_in_choices(verify_orders, rng):
    def cost(x):
        inner = ifelse(x[0] > 0.5, T.exp(x), T.sqr(x))
        return ifelse(x.sum() > 0, inner * x, T.zeros_like(x))

    for at in (0.2, 0.8):
        verify_orders(cost, [np.array([at, 0.3])])


def test_the_expression_itself_is_not_computed_twice():
    """Derivatives read the user's own variables, not copies of them."""
    out = ifelse(c, T.exp(x), x)
    after = T.tanh(out)
    g = grad(T.sum(after), x)
    nodes = toposort([g, after])
    assert sum(isinstance(n.op, IfElse) for n in nodes) == 2
    assert after.owner in nodes
    assert sum(str(n.op) == "Elementwise{tanh}" for n in nodes) == 1
