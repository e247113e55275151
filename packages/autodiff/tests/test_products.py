"""`Rop` and `Lop`, and what goes with them."""

import warnings

import numpy as np
import pytest
from bitale_autodiff import (
    DisconnectedInputError,
    DisconnectedType,
    Lop,
    NullTypeGradError,
    Rop,
    disconnected_grad,
    grad,
    grad_clip,
    grad_not_implemented,
    grad_scale,
    jvps,
    pullback,
    pushforward,
    undefined_grad,
    value_and_grad,
    verify_grad,
    zero_grad,
)
from bitale_graph import function, ifelse, scan
from bitale_graph import language as T
from bitale_graph.extend import Apply, MissingRuleError, Op, TensorType


def test_the_numbers_of_a_linear_map():
    x, W, v, V = T.dvector(), T.dmatrix(), T.dvector(), T.dmatrix()
    y = T.dot(x, W)
    forward = function([W, V, x], Rop(y, W, V))
    assert forward(np.ones((2, 2)), np.full((2, 2), 2.0), [0.0, 1.0]).tolist() == [2, 2]
    backward = function([v, x], Lop(y, W, v))
    assert backward([2.0, 2.0], [0.0, 1.0]).tolist() == [[0, 0], [2, 2]]


def test_the_numbers_of_a_hessian_times_a_vector():
    x, v = T.dvector(), T.dvector()
    slope = grad(T.sum(x**2), x)
    for product in (grad(T.sum(slope * v), x), Rop(slope, x, v), Lop(slope, x, v)):
        found = function([x, v], product, on_unused_input="ignore")([4.0, 4.0], [2.0, 2.0])
        assert found.tolist() == [4, 4]


@pytest.mark.parametrize("form", [list, tuple, lambda items: dict(enumerate(items)).values()])
def test_results_have_the_form_that_was_asked_for(form):
    x, y = T.dvectors("x", "y")
    f = form([x * y, T.sum(x)])
    made = Rop(f, [x, y], [y, x])
    assert type(made) is (tuple if form is tuple else list)
    assert [t.ndim for t in made] == [1, 0]
    wrt = form([x, y])
    made = Lop([x * y, T.sum(x)], wrt, [x, T.constant(1.0)])
    assert type(made) is (tuple if form is tuple else list)
    assert [t.ndim for t in made] == [1, 1]
    assert Rop(x * y, x, y).ndim == 1
    assert Lop(x * y, x, y).ndim == 1


def test_products_add_up_over_what_moves_and_over_what_is_asked():
    x, y = T.dvectors("x", "y")
    f = [x * y, T.exp(x)]
    at = [np.array([1.0, 2.0]), np.array([3.0, -1.0])]
    run = function([x, y], [*Rop(f, [x, y], [x, y]), *Lop(f, [x, y], [x, y])])
    a, b = at
    expected = [2 * a * b, a * np.exp(a), a * b + b * np.exp(a), a * a]
    for got, right in zip(run(*at), expected, strict=True):
        np.testing.assert_allclose(got, right)


def test_what_is_asked_for_twice_counts_twice_and_what_is_made_from_another_counts_whole():
    x = T.dscalar("x")
    y = x**2
    z = T.exp(y)
    assert float(Lop([y, y], x, [1.0, 2.0]).eval({x: 3.0})) == 18
    assert float(Lop([y, z], x, [1.0, 0.0]).eval({x: 3.0})) == 6
    assert float(Lop([y, y * 5], x, [1.0, 1.0]).eval({x: 3.0})) == 36
    assert float(Rop(y, [x, x], [1.0, 2.0]).eval({x: 3.0})) == 18


def test_an_intermediate_variable_moves_by_its_own_tangent_alone():
    x = T.dscalar("x")
    y = T.sqr(x)
    z = x * y
    assert float(Rop(z, y, 1.0).eval({x: 3.0})) == 3
    assert float(Rop(z, [x, y], [1.0, 0.0]).eval({x: 3.0})) == 9
    assert float(Lop(z, y, 1.0).eval({x: 3.0})) == 3


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_products_have_the_dtypes_of_what_they_stand_for(dtype):
    x, v = T.tensor(dtype, (False,)), T.vector()
    y = T.exp(x) * 2
    assert Rop(y, x, v).dtype == dtype
    assert Lop(y, x, v).dtype == dtype
    n = T.bvector()
    assert Rop(n * x, n, v).dtype == dtype
    assert Lop(n * x, n, v).dtype == "float64"
    assert Rop(T.sum(n), n, v).dtype == "float64"


def test_integers_move_as_if_they_were_real_and_what_is_whole_stays_where_it_is():
    n, v = T.lvector(), T.dvector()
    along = function([n, v], Rop([T.exp(n), n * 2, n / 2], n, v), on_unused_input="ignore")
    smooth, whole, half = along([0, 1], [1.0, 2.0])
    np.testing.assert_allclose(smooth, [1, 2 * np.e])
    assert whole.tolist() == [0, 0]
    assert half.tolist() == [0.5, 1]


def test_eval_points_may_be_arrays_numbers_lists_or_nothing():
    x = T.dvector("x")
    y = T.dscalar("y")
    f = x * y
    for points in ([1.0, 2.0], np.array([1.0, 2.0]), T.constant([1.0, 2.0])):
        assert Rop(f, x, points).eval({x: [0.0, 0.0], y: 3.0}).tolist() == [3, 6]
    assert Rop(f, [x, y], [None, 1]).eval({x: [5.0, 6.0], y: 3.0}).tolist() == [5, 6]
    assert Rop(f, y, 1).eval({x: [5.0, 6.0], y: 3.0}).tolist() == [5, 6]
    assert Rop(f, [x, y], [DisconnectedType()(), 1]).eval({x: [5.0], y: 0.0}).tolist() == [5]
    assert Rop(f, x, [x]).eval({x: [5.0], y: 2.0}).tolist() == [10]
    assert Rop(f, x, [2.0]).eval({x: [5.0], y: 2.0}).tolist() == [4]
    assert Rop(f, x, [[2.0, 3.0]]).eval({x: [5.0, 1.0], y: 2.0}).tolist() == [4, 6]


@pytest.mark.parametrize("product", [Rop, Lop])
def test_eval_points_that_do_not_fit_are_refused(product):
    x, y = T.dvector("x"), T.dmatrix("y")
    with pytest.raises(ValueError, match="eval_points holds 2 tensors, and there are 1 in"):
        product(x * 2, [x], [x, x])
    with pytest.raises(ValueError, match="eval_points is None"):
        product(x * 2, x, None)
    with pytest.raises(ValueError, match="ranks differ"):
        product(x * 2, x, y)
    with pytest.raises(ValueError, match="lengths differ"):
        product(T.constant([1.0, 2.0]) * x[:2], T.constant([1.0, 2.0]), T.constant([1.0] * 3))
    with pytest.raises(TypeError, match="must be a float"):
        product(x * 2, x, T.lvector("whole"))
    with pytest.raises(TypeError, match="ordered"):
        product(x * 2, {x}, [x])
    with pytest.raises(TypeError, match="variable or a list of them"):
        product(3.0, x, x)
    with pytest.raises(ValueError, match="is one of"):
        product(x * 2, x, x, return_disconnected="nothing")
    with pytest.raises(TypeError, match="consider_constant"):
        product(x * 2, x, x, consider_constant=x)


def test_a_product_of_no_path_is_an_error_or_what_was_asked_for():
    x, y, v = T.dvector("x"), T.dvector("other"), T.dvector("v")
    n = x.shape[0] * T.constant(1.5)
    for f in (y, n, disconnected_grad(x)):
        with pytest.raises(DisconnectedInputError, match="does not depend on wrt"):
            Rop(f, x, v)
        assert Rop(f, x, v, "ignore", "none") is None
        assert isinstance(Rop(f, x, v, "ignore", "disconnected").type, DisconnectedType)
        zeros = function([x, y, v], Rop(f, x, v, "ignore"), on_unused_input="ignore")
        assert not zeros([1.0, 2.0], [1.0, 2.0], [1.0, 2.0]).any()
        assert Rop([f, x * 2], x, v, "ignore", "none")[0] is None
    with pytest.raises(DisconnectedInputError, match="other"):
        Lop(x * 2, y, v)
    assert Lop(x * 2, y, v, disconnected_inputs="ignore", return_disconnected="none") is None
    assert Lop(x * 2, y, v, disconnected_inputs="ignore").eval({y: [1.0, 2.0]}).tolist() == [0, 0]


@pytest.mark.parametrize("product", [Rop, pushforward])
def test_a_warning_is_of_the_line_that_asked(product):
    x, y = T.dscalars("x", "y")
    with pytest.warns(UserWarning, match="does not depend") as caught:
        product(x, y, 1.0, "warn")
    assert caught[0].filename == __file__
    with pytest.warns(UserWarning, match="does not depend") as caught:
        Lop(x, y, 1.0, disconnected_inputs="warn")
    assert caught[0].filename == __file__


def test_zero_and_undefined_are_kept_apart():
    x, v = T.dvector("x"), T.dvector("v")
    for f in (zero_grad(x) ** 2, T.floor(x), x > 0):
        made = function([x, v], Rop(f, x, v), on_unused_input="ignore")
        assert made([1.0, 2.0], [1.0, 1.0]).tolist() == [0, 0]
        assert made([], []).shape == (0,)
    for f in (undefined_grad(x), T.exp(undefined_grad(x)) + x, undefined_grad(x) * x):
        with pytest.raises(NullTypeGradError, match="marked by undefined_grad"):
            Rop(f, x, v)
        with pytest.raises(NullTypeGradError, match="marked by undefined_grad"):
            Lop(f, x, v)
    for f in (undefined_grad(x) > 0, zero_grad(undefined_grad(x)), T.floor(undefined_grad(x))):
        made = function([x, v], Rop(f, x, v), on_unused_input="ignore")
        assert made([1.5], [1.0]).tolist() == [0]


def test_markers_forwards():
    x = T.dscalar("x")
    assert float(Rop(grad_scale(x, -2) ** 2, x, 1).eval({x: 3.0})) == -12
    assert float(Rop(grad_clip(x, -1, 1) ** 2, x, 1).eval({x: 3.0})) == 6


def test_constants_stop_the_flow():
    x = T.dscalar("x")
    y = T.sqr(x)
    f = y * x
    assert float(Rop(f, x, 1.0, consider_constant=[y]).eval({x: 3.0})) == 9
    assert float(Lop(f, x, 1.0, consider_constant=[y]).eval({x: 3.0})) == 9
    assert float(Rop(f, [x, y], [0.0, 1.0], consider_constant=[y]).eval({x: 3.0})) == 3


def test_a_product_has_derivatives_by_what_it_was_taken_at():
    x, v = T.dvector("x"), T.dvector("v")
    linear = Rop(3 * x, x, v)
    second = function([x, v], grad(T.sum(linear), x), on_unused_input="ignore")
    assert second([1.0, 2.0], [1.0, 1.0]).tolist() == [0, 0]
    verify_grad(lambda x, v: Rop(T.exp(x) * T.sum(x), x, v), [np.ones(2), np.ones(2)])
    verify_grad(lambda x, v: Lop(T.exp(x) * T.sum(x), x, v), [np.ones(2), np.ones(2)])


def test_third_derivatives_forwards():
    x = T.dscalar("x")
    f = T.exp(2 * x) * x
    for _ in range(3):
        f = Rop(f, x, 1.0)
    at = 0.7
    expected = np.exp(2 * at) * (8 * at + 12)
    assert float(f.eval({x: at})) == pytest.approx(expected, rel=1e-12)
    mixed = grad(Rop(grad(T.exp(2 * x) * x, x), x, 1.0), x)
    assert float(mixed.eval({x: at})) == pytest.approx(expected, rel=1e-12)


def test_other_names():
    x, v = T.dvectors("x", "v")
    at = {x: [1.0, 2.0], v: [3.0, 4.0]}
    assert pushforward(x**2, x, v).eval(at).tolist() == [6, 16]
    assert pullback(x**2, x, v).eval(at).tolist() == [6, 16]
    value, slope = value_and_grad(T.sum(x**2), x)
    assert [float(value.eval({x: [1.0, 2.0]})), slope.eval({x: [1.0, 2.0]}).tolist()] == [5, [2, 4]]


class Squares(Op):
    """The square, and the sum, with a gradient."""

    __props__ = ()

    def make_node(self, x, k):
        x, k = T.as_tensor(x), T.as_tensor(k)
        return Apply(self, [x, k], [x.type(), TensorType(x.dtype, ())()])

    def perform(self, node, inputs, output_storage):
        x, k = inputs
        output_storage[0][0] = np.asarray(x * x * k)
        output_storage[1][0] = np.asarray(x.sum())

    def infer_shape(self, node, input_shapes):
        return [input_shapes[0], ()]

    def L_op(self, inputs, outputs, output_gradients):
        (x, k), (by_square, by_sum) = inputs, output_gradients
        terms = []
        if not isinstance(by_square.type, DisconnectedType):
            terms.append(by_square * 2 * x * k)
        if not isinstance(by_sum.type, DisconnectedType):
            terms.append(T.second(x, by_sum))
        by_k = grad_not_implemented(self, 1, k, "nobody asked")
        return [T.add(*terms), by_k]

    def connection_pattern(self, node):
        return [[True, True], [True, False]]


class SquaresForwards(Squares):
    """Also with a method of its own."""

    calls = 0

    def R_op(self, inputs, eval_points):
        type(self).calls += 1
        (x, k), (t, _) = inputs, eval_points
        return [None, None] if t is None else [2 * x * t * k, T.sum(t)]


class SquaresByError(Squares):
    """As Theano's ops that have none."""

    def R_op(self, inputs, eval_points):
        raise NotImplementedError


@pytest.mark.parametrize("op", [Squares(), SquaresForwards(), SquaresByError()])
def test_ops_from_outside_go_forwards_with_and_without_a_method(op):
    x, k, v = T.dvector("x"), T.dscalar("k"), T.dvector("v")
    square, total = op(T.sin(x), k)
    made = function([x, k, v], Rop([square, total, square * total], x, v))
    at, factor, along = np.array([0.5, 1.0]), 3.0, np.array([1.0, -2.0])
    s, d = np.sin(at), np.cos(at) * along
    expected = [2 * s * d * factor, d.sum(), 2 * s * d * 3 * s.sum() + 3 * s * s * d.sum()]
    for got, right in zip(made(at, factor, along), expected, strict=True):
        np.testing.assert_allclose(got, right)
    if op.__class__ is SquaresForwards:
        assert op.calls
    else:
        with pytest.raises(NullTypeGradError, match="nobody asked"):
            Rop(square, k, 1.0)
    with pytest.raises(DisconnectedInputError):
        Rop(total, k, 1.0)


class Nothing(Op):
    """Without derivatives."""

    __props__ = ()

    def make_node(self, x):
        x = T.as_tensor(x)
        return Apply(self, [x], [x.type()])


def test_an_op_without_any_rule_is_named_with_its_place():
    x = T.dvector("x")
    with pytest.raises(MissingRuleError, match=r"(?s)Nothing has neither.*R_op.*test_products"):
        Rop(Nothing()(x), x, x)


@pytest.mark.parametrize(
    ("made", "error", "message"),
    [
        (lambda t: t, TypeError, "not a tensor|list of 1"),
        (lambda t: [t, t], ValueError, "list of 1 tangents"),
        (lambda t: [3.0], TypeError, "not a tensor"),
        (lambda t: [t.dimshuffle(0, "x")], ValueError, "gave a tangent of shape"),
    ],
)
def test_a_forward_rule_that_gives_something_else_is_refused(made, error, message):
    class Wrong(Nothing):
        def R_op(self, inputs, eval_points):
            return made(eval_points[0])

    x = T.dvector("x")
    with pytest.raises((error, ValueError), match=message):
        Rop(Wrong()(x), x, x)


def test_a_rule_may_leave_out_axes_that_its_output_was_stretched_along():
    class Stretched(Nothing):
        def R_op(self, inputs, eval_points):
            return [T.sum(eval_points[0])]

    x = T.dvector("x")
    assert Rop(Stretched()(x), x, x).ndim == 1


def test_each_class_of_ops_has_one_forward_rule():
    with pytest.raises(ValueError, match="already"):
        jvps.define(next(iter(jvps)))(lambda *args: [])


def test_what_was_not_chosen_moves_nothing():
    x = T.dscalar("x")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        f = T.switch(x > 0, x * T.log(x), 0)
        assert float(Rop(f, x, 1.0).eval({x: 0.0})) == 0
        f = T.maximum(x, T.sqrt(x - 1))
        assert float(Rop(f, x, 1.0).eval({x: 1.0})) == 1
        assert float(Rop(ifelse(x > 0, T.log(x), x), x, 1.0).eval({x: 0.0})) == 1


def test_ties_share_their_derivative_forwards_too():
    x, y = T.dscalars("x", "y")
    at = {x: 1.0, y: 1.0}
    assert float(Rop(T.maximum(x, y), [x, y], [3.0, 1.0]).eval(at)) == 2
    v = T.dvector("v")
    assert float(Rop(T.max(v), v, [4.0, 2.0, 7.0]).eval({v: [1.0, 1.0, 0.0]})) == 3


@pytest.mark.slow
def test_a_deep_graph_is_pushed_forward_in_a_loop():
    x = T.dscalar("x")
    y = x
    for _ in range(10000):
        y = y + x * 1e-4
    assert float(Rop(y, x, 1.0).eval({x: 1.0})) == pytest.approx(2)


def test_scan_inside_ifelse_inside_scan():
    x, v = T.dvector("x"), T.dvector("v")

    def outer(e, total):
        inner, _ = scan(lambda f, p: p * f, [x], e, non_sequences=[])
        return total + ifelse(e > 0, inner[-1], T.sqr(e))

    sums, _ = scan(outer, x, T.constant(0.0))
    verify_grad(lambda x: Rop(sums_of(x), x, T.sin(x)), [np.array([0.5, -1.0, 2.0])])
    made = function([x, v], Rop(sums, x, v))
    at, along, h = np.array([0.5, -1.0, 2.0]), np.array([1.0, 0.5, -1.0]), 1e-6
    value = function([x], sums)
    expected = (value(at + h * along) - value(at - h * along)) / (2 * h)
    np.testing.assert_allclose(made(at, along), expected, rtol=1e-6)


def sums_of(x):
    def outer(e, total):
        inner, _ = scan(lambda f, p: p * f, [x], e)
        return total + ifelse(e > 0, inner[-1], T.sqr(e))

    return scan(outer, x, T.constant(0.0))[0]
