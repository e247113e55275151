"""Which lengths are known to be equal."""

import warnings

import numpy as np
import pytest
from bitale_graph import FunctionGraph, Mode, config, function
from bitale_graph import language as T
from bitale_graph.core.body import Body
from bitale_graph.extend import Apply, Elementwise, Loop, Op, Reshape, TensorType, as_tensor
from bitale_graph.ops.scan import Scan
from bitale_optimize.facts.shapes import Shapes


def dims(*outputs):
    shapes = Shapes()
    return [shapes.dims(v) for v in outputs]


def test_an_elementwise_result_has_the_shape_of_its_operands(x, y):
    shapes = Shapes()
    total = x + y
    assert shapes.same(x, total)
    assert shapes.same(x, y)


def test_operands_that_nothing_compares_may_differ(x, y):
    assert not Shapes().same(x, y)


def test_a_stretched_operand_does_not_give_the_shape(x):
    column = T.col("c")
    (of_sum, of_column) = dims(x * column, column)
    assert of_sum[0] == of_column[0]
    assert of_sum[1] != 1


def test_a_product_has_rows_of_one_and_columns_of_the_other(x, y):
    shapes = Shapes()
    product = T.dot(x, y)
    assert shapes.dims(product) == (shapes.dims(x)[0], shapes.dims(y)[1])
    assert shapes.dims(x)[1] == shapes.dims(y)[0]


def test_moves_and_reductions_keep_tokens(x):
    shapes = Shapes()
    rows, columns = shapes.dims(x)
    assert shapes.dims(x.T) == (columns, rows)
    assert shapes.dims(x.sum(axis=0)) == (columns,)
    assert shapes.dims(x.sum(axis=0, keepdims=True)) == (1, columns)
    assert shapes.dims(x[1]) == (columns,)
    assert shapes.dims(T.softmax(x)) == (rows, columns)


def test_allocations_have_the_lengths_that_they_are_given(x):
    shapes = Shapes()
    assert shapes.same(T.zeros_like(x), x)
    assert shapes.dims(T.zeros((x.shape[0], 3))) == (shapes.dims(x)[0], 3)
    assert shapes.dims(T.arange(x.shape[1])) == (shapes.dims(x)[1],)


def test_an_arange_to_an_unknown_number_may_be_empty(x):
    n = T.lscalar("n")
    shapes = Shapes()
    assert shapes.dims(T.arange(n)) != (shapes.length(n),)


def test_lengths_of_a_slice_are_unknown(x):
    shapes = Shapes()
    assert not shapes.same(x[1:], x)
    assert shapes.dims(x[1:])[1] == shapes.dims(x)[1]


def test_covering_takes_several_operands(x):
    row, column = T.row("r"), T.col("c")
    shapes = Shapes()
    total = shapes.dims(row + column)
    assert shapes.covers([row, column], total)
    assert not shapes.covers([row], total)


def test_a_chain_of_ten_thousand_is_read_without_recursion():
    x = T.vector("x")
    y = x
    for _ in range(10_000):
        y = T.exp(y)
    assert Shapes(FunctionGraph([x], [y], clone=False).toposort()).same(x, y)


def test_an_axis_that_only_the_analysis_knows_to_be_one_is_not_dropped():
    x = T.tensor("float64", (1, 1))
    one = T.mul(T.constant(1), T.constant(1))  # a number only after folding
    output = T.dot(x, x.reshape((1, one))).reshape((1, 1, 1, 1))
    with config.change_flags(on_opt_error="raise"):
        f = function([x], output, mode=Mode("numpy", "fast_run"))
    assert f([[3.0]]).tolist() == [[[[9.0]]]]


def test_states_of_a_loop_keep_their_shape_and_stacks_have_a_row_a_step(x):
    row, old, w = T.dvector(), T.dvector(), T.dmatrix()
    new = T.tanh(T.dot(old, w) + row)
    op = Scan(Body([row, old, w], [new, row, T.dot(w, old)]), 1, 1)
    v, m, n = T.dvector("v"), T.dmatrix("m"), T.lscalar("n")
    shapes = Shapes()
    final, rows, products = op(T.shape_i(x, 0), x, v, m)
    assert shapes.dims(final) == shapes.dims(v)
    assert shapes.dims(rows) == shapes.dims(x)
    assert shapes.dims(products) == shapes.dims(x)
    counted, *_ = op(n, x, v, m)[1:]
    assert shapes.dims(counted)[0] == shapes.length(n)
    last = op.changed(keeps=(2, None))(3, x, v, m)[1]
    assert shapes.dims(last)[0] == 2


class Turned(Op):
    """A user's transpose, with a shape rule."""

    __props__ = ()

    def make_node(self, x):
        x = as_tensor(x)
        return Apply(self, [x], [TensorType(x.type.dtype, (None, None))()])

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = np.array(inputs[0].T)

    def infer_shape(self, node, input_shapes):
        rows, columns = input_shapes[0]
        return [(columns, rows)]


class TurnedSilently(Turned):
    """One that does not tell its shape."""

    def infer_shape(self, node, input_shapes):
        return None


class Solved(Op):
    """A user's op of two inputs, which must have as many rows, and tells so."""

    __props__ = ()

    def make_node(self, a, b):
        a, b = as_tensor(a), as_tensor(b)
        return Apply(self, [a, b], [TensorType("float64", (None, None))()])

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = np.linalg.solve(*inputs)

    def infer_shape(self, node, input_shapes):
        (_, n), (_, m) = input_shapes
        return [(n, m)]

    def compared_lengths(self, node, input_shapes):
        return [(input_shapes[0][0], input_shapes[1][0])]


class Padded(Op):
    """A user's op of which some lengths are computed, and one is an input."""

    __props__ = ()

    def make_node(self, x, n):
        return Apply(self, [as_tensor(x), as_tensor(n)], [TensorType("float64", (None,) * 3)()])

    def perform(self, node, inputs, output_storage):
        x, n = inputs
        output_storage[0][0] = np.ones((x.shape[0] + 1, int(n), 2)) * x.sum()

    def infer_shape(self, node, input_shapes):
        return [(input_shapes[0][0] + 1, node.inputs[1], 2)]


def ops_of(f):
    return [node.op for node in f.maker.fgraph.toposort()]


def compiled(inputs, output):
    return function(inputs, output, mode=Mode("numpy", "fast_run"))


def test_the_lengths_of_a_users_op_are_those_that_its_shape_rule_tells(x):
    shapes = Shapes()
    rows, columns = shapes.dims(x)
    assert shapes.dims(Turned()(x)) == (columns, rows)
    assert shapes.same(Turned()(T.exp(Turned()(x))), x)


def test_the_lengths_that_a_users_op_compares_are_equal(x, y):
    shapes = Shapes()
    solved = Solved()(x, y)
    assert shapes.dims(solved) == (shapes.dims(x)[1], shapes.dims(y)[1])
    assert shapes.dims(x)[0] == shapes.dims(y)[0]


def test_lengths_that_a_users_op_computes_are_its_own(x):
    n = T.lscalar("n")
    shapes = Shapes()
    padded = Padded()(x, n)
    first, second, third = shapes.dims(padded)
    assert first == (padded, 0)
    assert second == shapes.length(n)
    assert third == 2


def test_a_users_op_without_a_shape_rule_has_lengths_of_its_own(x):
    turned = TurnedSilently()(x)
    assert Shapes().dims(turned) == ((turned, 0), (turned, 1))


def test_a_reshape_to_the_shape_that_a_users_op_tells_goes(x):
    value = np.arange(6.0).reshape(2, 3)
    for op, kept in ((Turned(), 0), (TurnedSilently(), 1)):
        f = compiled([x], T.reshape(op(x), (x.shape[1], x.shape[0])))
        assert sum(isinstance(o, Reshape) for o in ops_of(f)) == kept
        assert np.array_equal(f(value), value.T)


def test_the_length_of_a_users_result_is_had_without_computing_it(x):
    value = np.arange(6.0).reshape(2, 3)
    for op, computed in ((Turned(), False), (TurnedSilently(), True)):
        f = compiled([x], op(x).shape[0])
        assert (op in ops_of(f)) == computed
        assert f(value) == 3


def test_work_on_a_users_result_is_one_loop_with_work_on_what_has_its_shape(x):
    value = np.arange(6.0).reshape(2, 3)
    for op, loops in ((Turned(), 1), (TurnedSilently(), 2)):
        f = compiled([x], [T.exp(op(op(x))), T.tanh(T.softmax(x))])
        assert sum(isinstance(o, (Loop, Elementwise)) for o in ops_of(f)) == loops
        first, second = f(value)
        assert np.allclose(first, np.exp(value))
        assert np.allclose(
            second, np.tanh(np.exp(value) / np.exp(value).sum(axis=1, keepdims=True))
        )


def _raise(error):
    raise error


@pytest.mark.parametrize(
    ("rule", "warns"),
    [
        (lambda self, node, shapes: _raise(NotImplementedError()), False),
        (lambda self, node, shapes: _raise(ZeroDivisionError("oh")), True),
        (lambda self, fgraph, node, shapes: shapes, True),
        (lambda self, node, shapes: [("many", "words")], True),
        (lambda self, node, shapes: 5, True),
        (lambda self, node, shapes: [], False),
        (lambda self, node, shapes: [None], False),
        (lambda self, node, shapes: [(shapes[0][0],)], False),
    ],
    ids=["not done", "raises", "of Theano's", "words", "a number", "nothing", "None", "rank"],
)
def test_an_op_whose_shape_rule_gives_no_lengths_runs(x, rule, warns):
    op = type("Turned", (Turned,), {"infer_shape": rule})()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        f = function([x], T.exp(op(x)) + 1, mode=Mode(linker="numpy"))
    assert bool(told) == warns
    assert all("Turned, made at" in str(w.message) for w in told)
    np.testing.assert_allclose(f(np.eye(2, 3)), np.exp(np.eye(3, 2)) + 1)
