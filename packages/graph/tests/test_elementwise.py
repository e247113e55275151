"""Operators, broadcasting and what elementwise functions refuse."""

import math
import operator
import pickle

import numpy as np
import pytest
from bitale_graph import TensorType, function
from bitale_graph import language as T
from bitale_graph.base.errors import ShapeError
from bitale_graph.tensor import scalar as s
from hypothesis import given, settings
from hypothesis import strategies as st

x, y = T.dmatrix("x"), T.dmatrix("y")
X, Y = np.arange(6.0).reshape(2, 3) + 1, np.arange(6.0).reshape(2, 3)[::-1] - 2
OPERATORS = [
    operator.add,
    operator.sub,
    operator.mul,
    operator.truediv,
    operator.floordiv,
    operator.mod,
    operator.lt,
    operator.le,
    operator.gt,
    operator.ge,
]


@pytest.mark.parametrize("op", OPERATORS, ids=lambda op: op.__name__)
def test_operators_mean_what_numpys_do(op):
    for a, b, wanted in (
        (x, y + 0.5, op(X, Y + 0.5)),
        (x, 2, op(X, 2)),
        (2, x, op(2, X)),
        (np.array([1.0, 2.0, 3.0]), x, op(np.array([1.0, 2.0, 3.0]), X)),
        (x, np.float64(3), op(X, 3.0)),
        (np.float64(3), x, op(3.0, X)),
    ):
        expression = op(a, b)
        assert isinstance(expression, T.TensorVariable)
        found = function([x, y], expression, on_unused_input="ignore")(X, Y)
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize(
    "op", [operator.and_, operator.or_, operator.xor], ids=lambda op: op.__name__
)
def test_bits(op):
    a, b = T.ivectors("ab")
    found = function([a, b], [op(a, b), op(3, b), ~a])([6, -1], [3, 8])
    wanted = [op(np.int32([6, -1]), np.int32([3, 8])), op(3, np.int32([3, 8])), ~np.int32([6, -1])]
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(one, other)


def test_power_matmul_and_divmod():
    square = T.dmatrix("square")
    q, r = divmod(x, 2)
    p, s = divmod(7, x)
    outputs = [x**2, 2**x, x @ square, X @ square.T @ square, -x, +x, abs(-x), q, r, p, s]
    S = np.arange(9.0).reshape(3, 3)
    found = function([x, square], outputs)(X, S)
    wanted = [X**2, 2**X, X @ S, X @ S.T @ S, -X, X, X, *divmod(X, 2), *divmod(7, X)]
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(one, other)


def test_rounding_through_pythons_functions():
    v = T.dvector()
    values = np.array([-1.5, 0.5, 2.7])
    for f in (math.ceil, math.floor, math.trunc):
        found = f(v).eval({v: values})
        np.testing.assert_array_equal(found, getattr(np, f.__name__)(values))


@pytest.mark.parametrize(
    "ufunc",
    [np.exp, np.sin, np.sqrt, np.add, np.multiply, np.maximum, np.less, np.matmul, np.divmod],
)
def test_numpys_functions_make_expressions(ufunc):
    v = T.dvector("v")
    arguments = [v] if ufunc.nin == 1 else [np.array([1.0, 2.0]), v]
    found = ufunc(*arguments)
    outputs = list(found) if isinstance(found, tuple) else [found]
    given = [0.5, 2.0]
    wanted = ufunc(*(given if a is v else a for a in arguments))
    got = function([v], outputs)(given)
    np.testing.assert_allclose(got, wanted if isinstance(wanted, tuple) else [wanted])


def test_numpys_functions_without_meaning_here_are_refused():
    with pytest.raises(TypeError, match=r"np\.nextafter has no symbolic form"):
        np.nextafter(x, 1.0)


def test_equality_is_identity():
    assert x == x
    assert x != y
    assert len({x: 1, y: 2}) == 2
    assert T.eq(x, y).dtype == "bool"


def test_a_comparison_has_no_truth_value():
    with pytest.raises(TypeError, match="no truth value"):
        assert 0 < x < 1


def test_a_variable_cannot_be_assigned_to():
    with pytest.raises(TypeError, match="set_subtensor"):
        x[0] = 1


def test_iteration_needs_a_known_length():
    with pytest.raises(TypeError, match="Did you mean sum"):
        sum(x)
    assert len(list(TensorType("float64", (3, None))())) == 3


# Broadcasting.
def test_axes_known_to_be_1_stretch():
    row, col, scalar, vector = T.drow("r"), T.dcol("c"), T.dscalar("s"), T.dvector("v")
    f = function(
        [x, row, col, scalar, vector], [x + row, x + col, x + scalar, x + vector, row + col]
    )
    r, c, v = np.ones((1, 3)), np.full((2, 1), 2.0), np.arange(3.0)
    found = f(X, r, c, 5.0, v)
    for one, other in zip(found, [X + r, X + c, X + 5, X + v, r + c], strict=True):
        np.testing.assert_array_equal(one, other)


def test_static_shapes_of_results():
    fixed = TensorType("float64", (2, None))()
    assert (fixed + T.drow()).type.shape == (2, None)
    assert (T.dcol() + T.drow()).type.shape == (None, None)
    assert (T.drow() + T.drow()).type.shape == (1, None)
    assert (T.dscalar() + T.drow()).type.shape == (1, None)
    assert (fixed + TensorType("float64", (None, 3))()).type.shape == (2, 3)


def test_lengths_known_to_differ_are_refused_at_once():
    a, b = TensorType("float64", (2, 3))("a"), TensorType("float64", (2, 4))("b")
    with pytest.raises(ShapeError, match=r"(?s)axis -1: lengths \[3, 4\] differ.*a .*b .*hint"):
        a + b


@pytest.mark.parametrize(
    "shapes", [((2, 3), (1, 3)), ((2, 3), (2, 1)), ((1, 3), (2, 3)), ((2, 3), (2, 4))]
)
def test_lengths_that_are_1_only_when_it_runs_do_not_stretch(shapes):
    f = function([x, y], x + y)
    with pytest.raises(ShapeError, match="Input dimension mis-match"):
        f(*(np.ones(s) for s in shapes))


@pytest.mark.parametrize("op", [T.switch, T.second])
def test_other_ops_stretch_by_the_same_rule(op):
    operands = [x] * (op.scalar_op.arity - 1) + [y]
    f = function([x, y], op(*operands))
    with pytest.raises(ShapeError, match="mis-match"):
        f(X, X[:1])


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_broadcasting_is_numpys_where_ones_are_declared(data):
    shape = tuple(data.draw(st.lists(st.integers(0, 3), max_size=3)))
    operands = []
    for _ in range(data.draw(st.integers(1, 3))):
        drop = data.draw(st.integers(0, len(shape)))
        ones = [data.draw(st.booleans()) for _ in shape[drop:]]
        operands.append(tuple(1 if one else n for one, n in zip(ones, shape[drop:], strict=True)))
    variables = [TensorType("float64", [n == 1 for n in s])() for s in operands]
    arrays = [np.random.default_rng(0).standard_normal(s) for s in operands]
    found = function(variables, T.add(*variables))(*arrays)
    wanted = sum(arrays[1:], arrays[0])
    np.testing.assert_allclose(found, wanted)


def test_n_ary_sums_and_products():
    assert function([x], [T.add(x, x, 1), T.mul(x, x, x), T.add(x)])(X)[1][0, 1] == 8
    with pytest.raises(TypeError, match="at least one"):
        T.add()


def test_the_number_of_operands_is_checked():
    with pytest.raises(TypeError, match="exp takes 1 operands, and got 2"):
        T.exp(x, y)


def test_clip_keeps_the_bounds():
    found = T.clip(x, 2, 4).eval({x: X})
    np.testing.assert_array_equal(found, np.clip(X, 2, 4))
    with pytest.raises(TypeError, match="no order"):
        T.clip(T.zvector(), 0, 1)


def test_isclose_follows_numpy():
    a = np.array([1.0, np.inf, -np.inf, np.nan, 1.0, np.inf])
    b = np.array([1.0 + 1e-9, np.inf, np.inf, np.nan, 2.0, 1.0])
    v, w = T.dvectors("vw")
    for equal_nan in (False, True):
        found = function([v, w], T.isclose(v, w, equal_nan=equal_nan))(a, b)
        np.testing.assert_array_equal(found, np.isclose(a, b, equal_nan=equal_nan))


def test_degrees_round_and_norm():
    assert T.deg2rad(x).eval({x: X})[0, 0] == pytest.approx(math.pi / 180)
    assert T.rad2deg(x).eval({x: X})[0, 0] == pytest.approx(180 / math.pi)
    np.testing.assert_array_equal(T.round(x).eval({x: [[0.5, 1.5]]}), [[0, 2]])
    with pytest.raises(ValueError, match="half_to_even"):
        T.round(x, mode="half_up")
    for order in (1, 2, 3, np.inf, 0):
        found = x[0].norm(order).eval({x: X})
        assert found == pytest.approx(np.linalg.norm(X[0], order))


def test_integers_to_negative_powers_are_refused_when_it_runs():
    a = T.ivector("a")
    with pytest.raises(ValueError, match="negative integer powers"):
        (a**-1).eval({a: [2]})


@pytest.mark.parametrize(
    "name", ["exp2", "log1p", "sin", "arctanh", "ceil", "deg2rad", "exp", "sqrt", "tanh"]
)
def test_functions_are_methods_too(name):
    v = T.dvector()
    given = [0.1, 0.5]
    np.testing.assert_allclose(getattr(v, name)().eval({v: given}), getattr(np, name)(given))


def test_conversion_of_lists_that_hold_variables():
    s = T.dscalar("s")
    found = T.as_tensor([[s, 1], [2, s * 2]])
    np.testing.assert_array_equal(found.eval({s: 3.0}), [[3, 1], [2, 6]])
    assert found.type.shape == (2, 2)


def test_an_object_may_convert_itself():
    class Holder:
        def _as_TensorVariable(self):
            return x

    assert T.as_tensor(Holder()) is x
    assert (Holder._as_TensorVariable(None) + 1).ndim == 2


@pytest.mark.parametrize(
    "value", ["text", None, object(), [[1], [1, 2]], {1}, np.array("2020", "M8")]
)
def test_what_is_no_tensor_is_refused(value):
    with pytest.raises(TypeError, match="cannot make a tensor"):
        T.as_tensor(value)


def test_a_constant_is_a_copy_and_read_only():
    array = np.ones(3)
    constant = T.as_tensor(array)
    array[0] = 5
    assert constant.data[0] == 1
    assert not constant.data.flags.writeable


def test_a_constant_of_foreign_byte_order_becomes_native():
    constant = T.as_tensor(np.array([1.0, 2.0], ">f8"))
    assert constant.data.dtype.isnative
    np.testing.assert_array_equal(constant.eval(), [1, 2])


def test_rank_may_be_asked_for():
    assert T.as_tensor(T.dvector(), ndim=2).type.shape == (1, None)
    with pytest.raises(ValueError, match="rank 1 was asked for"):
        T.as_tensor(x, ndim=1)


def test_the_text_of_constants():
    assert str(T.as_tensor(2.0)) == "TensorConstant{2.0}"
    assert str(T.as_tensor(np.ones(3))) == "TensorConstant{(3,) of 1.0}"
    assert str(T.as_tensor(np.arange(30))) == "TensorConstant{[ 0  1  2 .. 27 28 29]}"
    assert str(T.constant(2.0, name="two")) == "two"


def test_constants_are_interchangeable_by_value():
    assert T.as_tensor(np.ones(2)).signature() == T.as_tensor(np.ones(2)).signature()
    assert T.as_tensor(0.0).signature() != T.as_tensor(-0.0).signature()
    assert T.as_tensor(1).signature() != T.as_tensor(1.0).signature()
    assert T.as_tensor(np.nan).signature() == T.as_tensor(np.nan).signature()


# Cost, in multiplications.
def test_an_arithmetic_op_costs_a_multiplication_and_a_quotient_a_few():
    assert {op.cost for op in (s.add, s.mul, s.sqr, s.maximum, s.switch, s.cast_to("int8"))} == {1}
    assert 1 < s.true_div.cost == s.inv.cost < s.exp.cost < s.pow.cost


def test_what_no_few_instructions_compute_is_dear():
    assert all(op.is_dear for op in (s.exp, s.sigmoid, s.arctan2, s.pow, s.int_div, s.mod))
    assert not any(op.is_dear for op in (s.add, s.true_div, s.sqrt, s.floor, s.isnan, s.second))


@pytest.mark.parametrize("f", [T.add, T.mul, T.eq, T.neq, T.lt, T.exp])
def test_functions_are_pickled_by_their_names(f):
    assert pickle.loads(pickle.dumps(f)) == f
