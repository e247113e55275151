"""What loops back consist of: what they carry and keep, where they stop, what they leave out."""

import numpy as np
import pytest
from bitale_autodiff import (
    DisconnectedInputError,
    NullTypeGradError,
    disconnected_grad,
    grad,
    undefined_grad,
    vjps,
    zero_grad,
)
from bitale_autodiff.zero import NullType
from bitale_graph import Apply, Elementwise, Op, carry_scan, function, scan, until
from bitale_graph import language as T
from bitale_graph.core.order import toposort
from bitale_graph.ops.creation import Alloc
from bitale_graph.ops.indexing import AdvancedIncSubtensor1, IncSubtensor
from bitale_graph.ops.product import Dot
from bitale_graph.ops.scan import Scan
from bitale_graph.tensor import scalar as s


def loops(*outputs):
    return [node for node in toposort(outputs) if isinstance(node.op, Scan)]


def back(*gradients):
    """Give the loop that goes the other way."""
    (node,) = [n for n in loops(*gradients) if n.op.reverse]
    return node


def kept(*gradients):
    """Give the rows that a forward loop keeps for the one back, and does not give anyhow."""
    forward = [n for n in loops(*gradients) if not n.op.reverse]
    few = min(len(n.op.inner_outputs.stacks) for n in forward)
    (more,) = [n for n in forward if len(n.op.inner_outputs.stacks) > few] or [forward[0]]
    return more.op.inner_outputs.stacks[few:]


def ops_of(node):
    return [n.op for n in node.op.body.graph.toposort()]


def scalar_ops_of(node):
    return {op.scalar_op for op in ops_of(node) if isinstance(op, Elementwise)}


def rnn(xs, h0, w, u):
    return scan(lambda x, h: T.tanh(T.dot(x, w) + T.dot(h, u)), xs, h0)[0]


@pytest.fixture
def parts():
    return T.dmatrix("xs"), T.dvector("h0"), T.dmatrix("w"), T.dmatrix("u")


# What is kept


def test_a_plain_recurrence_keeps_states_alone(parts):
    gradient = grad(T.sum(rnn(*parts)), list(parts))
    (row,) = kept(*gradient)
    assert row.owner is None
    assert s.tanh not in scalar_ops_of(back(*gradient))


def test_cheap_values_are_computed_again():
    xs, h0 = T.dmatrix("xs"), T.dvector("h0")
    h, _ = scan(lambda x, h: h * T.sqr(x + 2 * h), xs, h0)
    gradient = grad(T.sum(h), [xs, h0])
    assert [row.owner for row in kept(*gradient)] == [None]


def test_a_cheap_value_is_kept_where_it_would_take_dear_ones_to_compute():
    xs, h0, w = T.dmatrix("xs"), T.dvector("h0"), T.dmatrix("w")
    h, _ = scan(lambda x, h: T.softplus(T.dot(x, w) + T.dot(h, w)), xs, h0)
    gradient = grad(T.sum(h), [xs, h0, w])
    ops = [row.owner.op.scalar_op for row in kept(*gradient) if row.owner is not None]
    assert ops == [s.add]
    # One for the row and one for the state, none for the sum.
    assert [op for op in ops_of(back(*gradient)) if isinstance(op, Dot)] == [Dot(), Dot()]


@pytest.mark.parametrize("dear", [T.mod, T.int_div, T.pow, lambda x, y: T.exp(x)])
def test_a_dear_value_is_kept(dear):
    xs, h0 = T.dmatrix("xs"), T.dvector("h0")
    h, _ = scan(lambda x, h: h * dear(x, 0.3), xs, h0)
    (row,) = kept(*grad(T.sum(h), [h0]))
    assert row.owner.op.scalar_op.is_dear


def test_a_checkpointed_loop_keeps_states_alone():
    xs, h0, w = T.dmatrix("xs"), T.dvector("h0"), T.dmatrix("w")

    def step(h, x):
        h = T.softplus(T.dot(h, w)) + T.exp(x)
        return h, h

    h, _ = carry_scan(step, h0, xs, checkpoint=True)
    assert [row.owner for row in kept(*grad(T.sum(h), [xs, h0, w]))] == [None]


def test_nothing_is_kept_for_its_shape_alone(parts):
    xs, h0, w, u = parts

    def step(x, h):
        z = T.dot(x, w) + T.dot(h, u)
        return T.sum(T.dot(z, u)) * h + z[:2]

    gradient = grad(T.sum(scan(step, xs, h0)[0]), [xs, h0])
    assert [row.ndim for row in kept(*gradient) if row.owner is not None] == [0]


def test_what_depends_on_no_step_is_not_stacked(parts):
    xs, h0, _, u = parts
    h, _ = scan(lambda x, h: T.dot(h, T.exp(u)) * x, xs, h0)
    gradient = grad(T.sum(h), [h0, u])
    assert all(row.owner is None for row in kept(*gradient))
    assert s.exp not in scalar_ops_of(back(*gradient))


def test_a_stack_that_is_there_is_used():
    xs, h0 = T.dmatrix("xs"), T.dvector("h0")
    (_, y), _ = scan(lambda x, h: (h * x, T.exp(h + x)), xs, [h0, None])
    gradient = grad(T.sum(y), xs)
    assert y in back(gradient).inputs


def test_an_inner_loop_is_not_run_again_in_the_loop_back(rng):
    xs, h0 = T.dmatrix("xs"), T.dvector("h0")

    def outer(x, h):
        inner, _ = scan(lambda g: T.exp(T.tanh(g * x)), outputs_info=h, n_steps=3)
        return inner[-1]

    node = back(*grad(T.sum(scan(outer, xs, h0)[0]), [xs, h0]))
    assert [n.op.reverse for n in node.op.body.graph.toposort() if isinstance(n.op, Scan)] == [True]


# What is carried


def test_the_last_row_alone_makes_no_stack_of_zeros(parts):
    gradient = grad(T.sum(rnn(*parts)[-1]), list(parts))
    ops = [n.op for n in toposort(gradient)]
    assert not [op for op in ops if isinstance(op, IncSubtensor)]
    lengths = [n.inputs[1] for n in toposort(gradient) if isinstance(n.op, Alloc)]
    assert all(n.owner.inputs[0] is not parts[0] for n in lengths if n.owner is not None)


def test_what_the_last_step_alone_gives_is_differentiated_for_that_step(parts, rng):
    xs, h0, w, u = parts

    def step(x, h, w, u):
        h = T.tanh(T.dot(x, w) + T.dot(h, u))
        return h, T.exp(T.dot(h, u)) * h[0]

    states, layers = scan(step, xs, [h0, None], non_sequences=[w, u])[0]
    values = [rng.normal(size=shape) for shape in ((4, 3), (2,), (3, 2), (2, 2))]
    of_last = T.sum(layers[-1] ** 2) + T.sum(states)
    gradient = grad(of_last, list(parts))
    assert s.exp not in scalar_ops_of(back(*gradient))
    assert [op for op in ops_of(back(*gradient)) if isinstance(op, Dot)]
    # The same mathematics, of which the loop knows nothing.
    after = T.exp(T.dot(states[-1], u)) * states[-1][0]
    expected = grad(T.sum(after**2) + T.sum(states), list(parts))
    for one, other in zip(
        function(list(parts), gradient)(*values),
        function(list(parts), expected)(*values),
        strict=True,
    ):
        np.testing.assert_allclose(one, other, rtol=1e-9)
    of_all = grad(T.sum(layers), list(parts))
    assert len(ops_of(back(*of_all))) > len(ops_of(back(*gradient)))


def test_what_is_undefined_in_the_loop_stays_so_beside_a_last_row(parts):
    xs, h0, w, u = parts

    def step(x, h, w, u):
        h = T.tanh(T.dot(x, undefined_grad(w)) + T.dot(h, u))
        return h, T.exp(h) * w[0]

    layers = scan(step, xs, [h0, None], non_sequences=[w, u])[0][1]
    assert grad(T.sum(layers[-1]), u).ndim == 2
    with pytest.raises(NullTypeGradError):
        grad(T.sum(layers[-1]), w)


def test_a_last_row_that_reads_its_own_step_is_differentiated_in_the_loop(parts, rng):
    xs, h0, w, u = parts

    def step(x, h):
        new = T.tanh(T.dot(x, w) + T.dot(h, u))
        return new, T.exp(new) * x[0] + h

    states, layers = scan(step, xs, [h0, None])[0]
    after = T.exp(states[-1]) * xs[-1][0] + states[-2]
    values = [rng.normal(size=shape) for shape in ((4, 3), (2,), (3, 2), (2, 2))]
    found, expected = (
        function(list(parts), grad(T.sum(v), list(parts)))(*values) for v in (layers[-1], after)
    )
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9)


def test_states_without_a_cotangent_are_not_carried(parts):
    xs, h0, _, u = parts
    (h, c), _ = scan(lambda x, h, c: (T.tanh(T.dot(h, u)), c + T.sum(h * x)), xs, [h0, T.dscalar()])
    assert back(grad(T.sum(h), h0)).op.n_states == 1
    assert back(grad(T.sum(c), h0)).op.n_states == 2


def test_only_what_is_wanted_is_computed(parts):
    node = back(grad(T.sum(rnn(*parts)), parts[3]))
    assert node.op.n_states == 2
    assert node.op.inner_outputs.stacks == []


def test_a_cotangent_that_stays_the_same_is_read_not_carried():
    xs, h0 = T.dmatrix("xs"), T.dvector("h0")
    total, _ = carry_scan(lambda t, x: (t + x, None), h0, xs)
    node = back(grad(T.sum(T.sqr(total)), xs))
    assert node.op.n_states == 0


def test_gathered_rows_add_into_the_sum_itself():
    ids, table, h0 = T.lvector("ids"), T.dmatrix("table"), T.dvector("h0")
    h, _ = scan(lambda i, h: T.tanh(h + table[i : i + 1][0] + table[T.stack([i])][0]), ids, h0)
    node = back(grad(T.sum(h), table))
    (total,) = [v for v in node.op.inner.states if v.ndim == 2]
    writes = [n for n in node.op.body.graph.toposort() if isinstance(n.op, AdvancedIncSubtensor1)]
    chain = writes[0].outputs[0]
    while chain.owner is not None:
        chain = chain.owner.inputs[0]
    assert chain is total


def test_the_term_of_a_sequence_is_the_stack_itself(parts):
    g = grad(T.sum(rnn(*parts)), parts[0])
    assert isinstance(g.owner.op, Scan)
    xs, h0 = parts[:2]
    h, _ = scan(lambda x, h: T.tanh(x * h), xs, h0, go_backwards=True)
    assert len([n for n in toposort([grad(T.sum(h), xs)]) if isinstance(n.op, IncSubtensor)]) == 1


# Types, zero steps, discrete values


def test_terms_have_the_static_shapes_of_the_inputs():
    xs, h0, w = T.tensor("float32", (5, 1, None)), T.tensor("float32", (1, 3)), T.fmatrix("w")
    h, _ = scan(lambda x, h: T.tanh(T.dot(x, w) + h), xs, h0)
    assert [g.type for g in grad(T.sum(h), [xs, h0, w])] == [xs.type, h0.type, w.type]


def test_no_step(parts):
    cost = T.sum(rnn(*parts))
    f = function(list(parts), grad(cost, list(parts)))
    shapes = [(0, 2), (3,), (2, 3), (3, 3)]
    for g, shape in zip(f(*map(np.ones, shapes)), shapes, strict=True):
        assert g.shape == shape
        assert not g.any()


def test_without_a_step_the_last_state_is_the_first(parts):
    xs, h0, w, _ = parts
    last, _ = carry_scan(lambda h, x: (T.tanh(h * T.dot(x, w)), None), h0, xs)
    g = grad(T.sum(last), h0)
    assert g.eval({xs: np.ones((0, 2)), h0: np.ones(3), w: np.ones((2, 3))}).tolist() == [1, 1, 1]


def test_a_state_that_counts():
    xs, h0 = T.dmatrix("xs"), T.dvector("h0")
    (_, h), _ = scan(lambda x, k, h: (k + 1, T.tanh(h * x) * k), xs, [T.constant(np.int64(1)), h0])
    g = grad(T.sum(h), [xs, h0])
    assert back(*g).op.n_states == 1
    x, y = np.full((3, 1), 0.5), np.full(1, 0.5)
    step, slope = y, np.ones(1)
    slopes = []
    for k in (1, 2, 3):
        slope = slope * (1 - np.tanh(step * 0.5) ** 2) * 0.5 * k
        step = np.tanh(step * 0.5) * k
        slopes.append(slope)
    assert np.allclose(g[1].eval({xs: x, h0: y}), sum(slopes))


def test_integers_receive_what_steps_written_out_would_give():
    n, k0 = T.lvector("n"), T.lscalar("k0")
    (_, y), _ = scan(lambda i, k: (k + 1, 0.5 * (k * i)), n, [k0, None])
    assert derivatives(y, n, k0) == ([0, 0], 0)
    (_, y), _ = scan(lambda i, k: (k + 1, T.cast(k, "float64") * i), n, [k0, None])
    assert derivatives(y, n, k0) == ([2, 3], 3)


def derivatives(y, n, k0):
    found = grad(T.sum(y), [n, k0])
    values = function([n, k0], found, on_unused_input="ignore")(np.array([3, 5]), 2)
    return tuple(g.tolist() for g in values)


# Truncation


def test_truncated_loops_go_back_over_the_last_steps(parts):
    xs, h0 = parts[:2]
    h, _ = scan(lambda x, h: x * h, xs, h0, truncate_gradient=2)
    f = function([xs, h0], grad(T.sum(h[-1]), [xs, h0]))
    x = np.arange(1.0, 5.0)[:, None]
    dx, dh = f(x, np.ones(1))
    assert dx.ravel().tolist() == [0, 0, 8, 6]
    assert dh.tolist() == [0]
    dx, dh = f(x[:2], np.ones(1))
    assert dx.ravel().tolist() == [2, 1]
    assert dh.tolist() == [2]
    dx, dh = f(x[:1], np.ones(1))
    assert dh.tolist() == [1]


def test_truncation_with_a_known_number_of_steps():
    h0 = T.dvector("h0")
    h, _ = scan(lambda h: 2 * h, outputs_info=h0, n_steps=4, truncate_gradient=3)
    assert grad(T.sum(h[-1]), h0).eval({h0: np.ones(1)}).tolist() == [0]
    h, _ = scan(lambda h: 2 * h, outputs_info=h0, n_steps=3, truncate_gradient=3)
    assert grad(T.sum(h[-1]), h0).eval({h0: np.ones(1)}).tolist() == [8]


def test_a_truncated_loop_that_stops_early():
    x, h0 = T.dscalar("x"), T.dscalar("h0")

    def step(h):
        return h * x, until(h * x > 100)

    h, _ = scan(step, outputs_info=h0, n_steps=50, truncate_gradient=2)
    dx, dh = grad(h[-1], [x, h0])
    values = {x: 2.0, h0: 1.0}
    assert h.eval(values).shape == (7,)
    assert dx.eval(values) == 2 * 128 / 2
    assert dh.eval(values) == 0


# Paths


def test_what_a_loop_does_not_depend_on_is_disconnected(parts):
    xs, h0, w, _ = parts
    (h, c), _ = scan(lambda x, h, c: (T.tanh(h * x), c * T.sum(w)), xs, [h0, T.dscalar("c0")])
    with pytest.raises(DisconnectedInputError):
        grad(T.sum(h), w)
    with pytest.raises(DisconnectedInputError):
        grad(T.sum(c), h0)
    y, _ = scan(lambda x, h: disconnected_grad(h) * x, xs, h0)
    with pytest.raises(DisconnectedInputError):
        grad(T.sum(y), h0)
    k = T.lscalar("k")
    y, _ = scan(lambda h: h * 2, outputs_info=h0, n_steps=k)
    with pytest.raises(DisconnectedInputError):
        grad(T.sum(y), k)


def test_a_path_through_states_only_connects():
    a0, b0, c0 = (T.dscalar(name) for name in "abc")
    (_, _, c), _ = scan(lambda a, b, c: (a * 2, a, b), outputs_info=[a0, b0, c0], n_steps=4)
    found = function([a0, b0, c0], grad(T.sum(c), [a0, b0]))(1.0, 1.0, 1.0)
    assert [float(g) for g in found] == [1 + 2 + 4, 1]
    with pytest.raises(DisconnectedInputError):
        grad(T.sum(c), c0)


def test_a_path_that_passes_nothing_gives_zeros(parts):
    xs, h0 = parts[:2]
    h, _ = scan(lambda x, h: zero_grad(h) * x, xs, h0)
    g = grad(T.sum(h), h0)
    assert loops(g) == []
    assert g.eval({h0: np.ones(2)}).tolist() == [0, 0]
    k, _ = scan(lambda x, k: k + T.cast(T.gt(x[0], 0), "int64"), xs, T.constant(np.int64(0)))
    g = grad(T.sum(k * 0.5), xs)
    assert not g.eval({xs: np.ones((2, 2))}).any()


def test_an_undefined_derivative_reaches_what_it_comes_from_alone(parts):
    xs, h0, _, u = parts

    def step(x, h, c):
        return T.tanh(T.dot(h, u)), c * x + undefined_grad(h)

    (_, c), _ = scan(step, xs, [h0, T.dvector("c0")])
    with pytest.raises(NullTypeGradError):
        grad(T.sum(c), h0)
    gx, gh, gu = grad(T.sum(c), [xs, h0, u], null_gradients="return")
    assert not isinstance(gx.type, NullType)
    assert isinstance(gh.type, NullType)
    assert isinstance(gu.type, NullType)


class Opaque(Op):
    """An op without a rule."""

    __props__ = ()

    def make_node(self, x):
        return Apply(self, [x], [x.type()])

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = inputs[0].copy()


def test_paths_that_are_not_wanted_need_no_rule(parts):
    xs, h0 = parts[:2]
    h, _ = scan(lambda x, h: T.tanh(h) + Opaque()(x), xs, h0)
    assert grad(T.sum(h), h0).owner is not None


def test_a_rule_is_told_what_is_wanted():
    seen = []

    class Twice(Opaque):
        def make_node(self, x, y):
            return Apply(self, [x, y], [x.type()])

    @vjps.define(Twice)
    def twice_vjp(op, inputs, outputs, cotangents):
        seen.append(cotangents.wanted)
        return [cotangents[0], None]

    x, y = T.dscalars("xy")
    grad(Twice()(x, y), x)
    assert seen == [(True, False)]
