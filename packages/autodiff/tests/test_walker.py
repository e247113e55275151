import time

import numpy as np
import pytest
from bitale_autodiff import (
    ZERO,
    NullTypeGradError,
    disconnected_type,
    grad,
    grad_not_implemented,
    grad_undefined,
    vjps,
)
from bitale_autodiff.zero import DisconnectedType
from bitale_graph import Apply, Op, TensorType, function
from bitale_graph import language as T
from bitale_graph.base.errors import MissingRuleError, ShapeError
from bitale_graph.core.order import toposort
from bitale_graph.extend import Softmax, Subtensor

DEPTH = 10_000


@pytest.mark.slow
def test_a_chain_of_ten_thousand_nodes():
    x = T.dscalar("x")
    y = x
    for _ in range(DEPTH):
        y = T.sin(y)
    g = grad(y, x)
    v, expected = 0.5, 1.0
    for _ in range(DEPTH):
        expected *= np.cos(v)
        v = np.sin(v)
    assert np.allclose(function([x], g)(0.5), expected, rtol=1e-9, atol=0)


@pytest.mark.slow
def test_a_tree_of_depth_ten_thousand():
    """Each level uses the one below twice, so there are 2**10000 paths."""
    x = T.dscalar("x")
    y = x
    for _ in range(DEPTH):
        y = (y + y) - y
    assert grad(y, x).eval({x: 0.5}) == 1


def test_a_variable_that_is_used_a_thousand_times():
    x = T.dscalar("x")
    g = grad(T.sum(T.stack([x * float(i % 2) for i in range(1000)])), x)
    assert g.eval({x: 1.0}) == 500


def test_the_number_of_nodes_and_the_time_are_proportional_to_the_size():
    def cost_of(n):
        x = T.dscalar("x")
        y = x
        for _ in range(n):
            y = T.tanh(y * 0.5) + y
        start = time.process_time()
        g = grad(y, x)
        return len(toposort([g])), time.process_time() - start

    small_nodes, small_time = min(cost_of(200) for _ in range(3))
    large_nodes, large_time = cost_of(2000)
    assert large_nodes < 10.5 * small_nodes
    # Ten times the size; a quadratic walk would take a hundred times as long.
    assert large_time < 40 * small_time + 0.1


def test_contributions_of_several_uses_are_added(verify_orders, rng):
    verify_orders(lambda x: x * T.sin(x) + T.exp(x) / x, [rng.random((2, 3)) + 0.5])


def test_branches_without_a_path_are_not_visited():
    x, y = T.dscalars("xy")
    cost = x * Unknown()(y)
    assert grad(cost, x).owner is not None
    with pytest.raises(MissingRuleError):
        grad(cost, y)


class Unknown(Op):
    """An op without a gradient rule."""

    __props__ = ()

    def make_node(self, x):
        x = T.as_tensor(x)
        return Apply(self, [x], [x.type()])

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = np.array(inputs[0])


def test_a_missing_rule_names_the_op_the_line_and_where_to_write_it():
    x = T.dscalar("x")
    y = Unknown()(x)
    with pytest.raises(MissingRuleError) as caught:
        grad(y, x)
    message = str(caught.value)
    assert "Unknown" in message
    assert "bitale_autodiff/rules" in message
    assert "grad or L_op" in message
    assert "test_walker.py" in message


class Twice(Unknown):
    """An op from outside, which carries its derivative."""

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = np.asarray(2 * inputs[0])

    def grad(self, inputs, output_gradients):
        return [2.0 * output_gradients[0]]


class Halves(Op):
    """An op with two outputs, whose derivative is written with them."""

    __props__ = ()

    def make_node(self, x):
        x = T.as_tensor(x)
        return Apply(self, [x], [x.type(), x.type()])

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = np.exp(inputs[0])
        output_storage[1][0] = np.sin(inputs[0])

    def L_op(self, inputs, outputs, output_gradients):
        terms = []
        if not isinstance(output_gradients[0].type, DisconnectedType):
            terms.append(output_gradients[0] * outputs[0])
        if not isinstance(output_gradients[1].type, DisconnectedType):
            terms.append(output_gradients[1] * T.cos(inputs[0]))
        return [T.add(*terms)]


def test_an_op_from_outside_brings_its_gradient(rng, verify_orders):
    verify_orders(lambda x: T.sqr(Twice()(x)), [rng.random(3)])


@pytest.mark.parametrize("outputs", [(0,), (1,), (0, 1)])
def test_an_op_from_outside_brings_L_op(outputs, rng, verify_orders):
    def expression(x):
        both = Halves()(x)
        return T.add(*(T.sqr(both[i]) for i in outputs))

    verify_orders(expression, [rng.random(3)])


def outside(terms, outputs=("float64",), pattern=None):
    """Make an op of two inputs whose gradient method gives `terms(inputs, output_gradients)`."""

    class Outside(Op):
        __props__ = ()

        def make_node(self, x, y):
            x, y = T.as_tensor(x), T.as_tensor(y)
            return Apply(self, [x, y], [TensorType(d, x.type.shape)() for d in outputs])

        def grad(self, inputs, output_gradients):
            return terms(self, inputs, output_gradients)

    if pattern is not None:
        Outside.connection_pattern = lambda self, node: pattern
    return Outside()


def test_disconnected_terms_are_zero_where_another_path_leads():
    x, y = T.dscalars("xy")
    op = outside(lambda op, inputs, gs: [gs[0], disconnected_type()])
    assert grad(op(x, y) + 3.0 * y, y).eval({y: 2.0}) == 3


def test_undefined_terms_tell_their_reason():
    x, y = T.dscalars("xy")
    undefined = outside(lambda op, i, gs: [gs[0], grad_undefined(op, 1, i[1], "it jumps")])
    with pytest.raises(NullTypeGradError, match="mathematically undefined: it jumps"):
        grad(undefined(x, y) + y, y)
    missing = outside(lambda op, i, gs: [gs[0], grad_not_implemented(op, 1, i[1])])
    with pytest.raises(NullTypeGradError, match="is not implemented"):
        grad(T.sin(missing(x, T.exp(y))), y)
    assert grad(T.sin(missing(x, T.exp(y))), x) is not None


def test_what_is_undefined_can_be_returned():
    x, y = T.dscalars("xy")
    op = outside(lambda op, i, gs: [gs[0], grad_undefined(op, 1, i[1], "it jumps")])
    g = grad(op(x, y), y, null_gradients="return")
    assert g.type.why_null.endswith("it jumps")


def test_a_connection_pattern_of_an_op_from_outside_is_asked():
    x, y = T.dscalars("xy")
    op = outside(lambda op, i, gs: [gs[0], disconnected_type()], pattern=[[True], [False]])
    assert isinstance(
        grad(op(x, y), y, disconnected_inputs="ignore", return_disconnected="disconnected").type,
        DisconnectedType,
    )


def test_a_term_against_the_connection_pattern_is_an_error():
    x, y = T.dscalars("xy")
    op = outside(lambda op, i, gs: [gs[0], gs[0]], pattern=[[True], [False]])
    with pytest.raises(ValueError, match="connection pattern"):
        grad(op(x, y), x)


@pytest.mark.parametrize(
    ("terms", "error", "match"),
    [
        (lambda op, i, gs: [gs[0]], ValueError, "2 terms"),
        (lambda op, i, gs: gs[0], ValueError, "2 terms"),
        (lambda op, i, gs: [gs[0], 1.0], TypeError, "not a variable"),
        (lambda op, i, gs: [gs[0], T.constant(1)], TypeError, "discrete dtype int64"),
        (lambda op, i, gs: [gs[0], T.sum(gs[0])], ShapeError, r"term of shape \(\) for input 1"),
        (
            lambda op, i, gs: [gs[0], T.constant(np.ones(5))],
            ShapeError,
            r"term of shape \(5,\) for input 1",
        ),
    ],
    ids=["too few", "no list", "no variable", "integer", "rank", "length"],
)
def test_wrong_terms_are_refused_by_name(terms, error, match):
    x, y = T.dvector(), T.tensor(dtype="float64", shape=(3,))
    with pytest.raises(error, match=match) as caught:
        grad(T.sum(outside(terms)(x, y)), y)
    assert "Outside" in str(caught.value)


def test_discrete_outputs_must_have_zero_derivatives():
    x, y = T.dscalars("xy")
    wrong = outside(lambda op, i, gs: [T.constant(1.0), T.constant(0.0)], outputs=("int64",))
    with pytest.raises(ValueError, match="discrete outputs only"):
        grad(T.cast(wrong(x, y), "float64"), x)
    unknown = outside(lambda op, i, gs: [gs[0] * i[0], T.constant(0.0)], outputs=("int64",))
    assert grad(T.cast(unknown(x, y), "float64"), x).eval({x: 1.0}) == 0


def test_a_discrete_output_beside_a_float_passes_zero():
    x, y = T.dscalars("xy")

    def terms(op, inputs, gs):
        return [gs[0], T.zeros_like(inputs[1])]

    op = outside(terms, outputs=("float64", "int64"))
    real, whole = op(x, y)
    assert grad(real + T.cast(whole, "float64"), x).eval({x: 1.0}) == 1
    assert grad(T.cast(whole, "float64"), x).eval({x: 1.0}) == 0


def test_a_rule_can_be_added_for_an_op_from_outside():
    class Mine(Unknown):
        """An op of a package that stands on this one."""

    x = T.dscalar()
    vjps.define(Mine)(lambda op, inputs, outputs, cotangents: [7.0 * cotangents[0]])
    assert grad(Mine()(x), x).eval({x: 1.0}) == 7


class Cubed(Softmax):
    """Rows that sum to 1, of another function than softmax."""

    def perform(self, node, inputs, output_storage):
        (x,) = inputs
        output_storage[0][0] = x**3 / (x**3).sum(axis=-1, keepdims=True)


@pytest.mark.parametrize("subclass", [Cubed, type("Last", (Subtensor,), {})], ids=str)
def test_a_subclass_inherits_no_rule(subclass):
    x = T.dvector()
    y = subclass()(x) if subclass is Cubed else subclass(("i",))(x, 0)
    name = subclass.__mro__[1].__name__
    with pytest.raises(MissingRuleError) as caught:
        grad(y.sum(), x)
    assert f"that of {name} is not for its subclasses" in str(caught.value)


def test_a_rule_that_says_so_serves_subclasses():
    class Mine(Unknown):
        """An op with a rule."""

    class Under(Mine):
        """One of its kind."""

    x = T.dscalar()
    rule = vjps.define(Mine, subclasses=True)
    rule(lambda op, inputs, outputs, cotangents: [7.0 * cotangents[0]])
    assert grad(Under()(x), x).eval({x: 1.0}) == 7


def test_a_subclass_may_carry_its_own_derivative():
    class WithItsOwn(Cubed):
        def L_op(self, inputs, outputs, output_gradients):
            return [5 * output_gradients[0]]

    x = T.dvector()
    np.testing.assert_array_equal(grad(WithItsOwn()(x).sum(), x).eval({x: [1.0, 2]}), [5, 5])


def test_a_rule_that_gives_zero_leaves_the_variable_connected():
    class Flat(Unknown):
        """An op whose derivative is zero."""

    x = T.dscalar()
    vjps.define(Flat)(lambda op, inputs, outputs, cotangents: [ZERO])
    assert grad(T.exp(Flat()(x)), x).eval({x: 1.0}) == 0


def test_derivatives_carry_the_line_of_the_expression():
    x = T.dscalar()
    y = T.exp(x)
    g = grad(y, x)
    assert g.owner.trace == y.owner.trace
