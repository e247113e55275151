"""Which lengths are known to be equal."""

from bitale_graph import FunctionGraph, Mode, config, function
from bitale_graph import language as T
from bitale_graph.core.body import Body
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
    assert Shapes(FunctionGraph([x], [y]).toposort()).same(x, y)


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
