import numpy as np
import pytest
from bitale_autodiff import NullTypeGradError, grad, scalar_vjps, verify_grad
from bitale_graph import Elementwise, function
from bitale_graph import language as T
from bitale_graph.extend import draw_ops, scalar
from bitale_graph.testing.elementwise_samples import operands, smooth_operands


def differentiated():
    """Name the ops that a result of floats depends on smoothly."""
    ops = {name: op for name, op in scalar.SCALAR_OPS.items() if op not in draw_ops}
    return [name for name, op in ops.items() if any(smooth_operands(op))]


# Constant between jumps: no derivative but zero.
FLAT = ["int_div", "sgn", "ceil", "floor", "trunc", "round_half_to_even"]
SMOOTH = [n for n in differentiated() if n not in (*FLAT, "switch") and "cast" not in n]


def points(name, shape=(2, 3), dtype="float64"):
    op = scalar.SCALAR_OPS[name]
    return operands(op, " to differentiate", dtype, [shape] * op.arity, smooth=True)


def by_smooth_operands(name, arrays):
    """Give the function of the operands that it has derivatives by, and their values."""
    op = scalar.SCALAR_OPS[name]
    fixed = {i: T.constant(arrays[i]) for i in op.no_gradient}

    def apply(*variables):
        given = iter(variables)
        return Elementwise(op)(*(fixed[i] if i in fixed else next(given) for i in range(op.arity)))

    return apply, [x for i, x in enumerate(arrays) if i not in fixed]


def test_every_op_that_gives_floats_has_a_rule():
    missing = [n for n in (*SMOOTH, *FLAT, "switch") if scalar.SCALAR_OPS[n] not in scalar_vjps]
    assert missing == []


@pytest.mark.parametrize("name", SMOOTH)
def test_first_and_second_derivatives_agree_with_differences(name, verify_orders):
    verify_orders(*by_smooth_operands(name, points(name)))
    verify_orders(*by_smooth_operands(name, points(name, shape=())))


@pytest.mark.parametrize("name", SMOOTH)
def test_float32_stays_float32(name):
    op, arrays = by_smooth_operands(name, points(name, dtype="float32"))
    verify_grad(op, arrays, n_tests=1)
    inputs = [T.fmatrix() for _ in arrays]
    gradient = grad(T.sum(op(*inputs)), inputs, disconnected_inputs="ignore")
    assert [g.dtype for g in gradient] == ["float32"] * len(arrays)


@pytest.mark.parametrize("name", FLAT)
def test_derivatives_of_step_functions_are_zero_and_connected(name):
    op = scalar.SCALAR_OPS[name]
    inputs = [T.dscalar() for _ in range(op.arity)]
    for x, g in zip(inputs, grad(Elementwise(op)(*inputs), inputs), strict=True):
        assert g.eval({x: 0.5}) == 0


@pytest.mark.parametrize("name", ["eq", "neq", "lt", "gt", "le", "ge"])
def test_derivatives_of_comparisons_are_zero_and_connected(name):
    x, y = T.dscalars("xy")
    cost = T.cast(Elementwise(scalar.SCALAR_OPS[name])(x, y), "float64")
    assert function([x, y], grad(cost, [x, y]))(1.0, 2.0) == [0, 0]


def evaluate(expression, **values):
    """Give first derivatives, and all second ones, by the inputs that `values` names."""
    inputs = {name: T.dscalar(name) for name in values}
    variables = list(inputs.values())
    first = grad(expression(**inputs), variables)
    second = [grad(g, variables, disconnected_inputs="ignore") for g in first]
    compute = function(
        variables, [*first, *(g for row in second for g in row)], on_unused_input="ignore"
    )
    n = len(variables)
    found = [float(v) for v in compute(*values.values())]
    return found[:n], [found[n * (i + 1) : n * (i + 2)] for i in range(n)]


def test_maximum_gives_half_to_each_of_equal_operands():
    assert evaluate(lambda x, y: T.maximum(x, y), x=1.0, y=1.0)[0] == [0.5, 0.5]
    assert evaluate(lambda x, y: T.maximum(x, y), x=1.0, y=2.0)[0] == [0, 1]


def test_minimum_gives_half_to_each_of_equal_operands():
    assert evaluate(lambda x, y: T.minimum(x, y), x=1.0, y=1.0)[0] == [0.5, 0.5]
    assert evaluate(lambda x, y: T.minimum(x, y), x=1.0, y=2.0)[0] == [1, 0]


@pytest.mark.parametrize(("value", "slope"), [(-2.0, 0), (-1.0, 1), (0.5, 1), (1.0, 1), (2.0, 0)])
def test_clip_passes_inside_its_bounds(value, slope):
    assert evaluate(lambda x: T.clip(x, -1, 1), x=value)[0] == [slope]


def test_clip_gives_what_is_outside_to_the_bounds():
    assert evaluate(lambda x, a, b: T.clip(x, a, b), x=3.0, a=0.0, b=1.0)[0] == [0, 0, 1]
    assert evaluate(lambda x, a, b: T.clip(x, a, b), x=-3.0, a=0.0, b=1.0)[0] == [0, 1, 0]


def test_switch_passes_to_the_chosen_side(rng, verify_orders):
    condition = T.constant(np.array([True, False, True]))
    points = [rng.normal(size=3), rng.normal(size=(2, 3))]
    verify_orders(lambda a, b: T.switch(condition, a, b), points)


def test_switch_gives_nothing_to_its_condition_but_leaves_it_connected():
    c, a = T.dscalars("ca")
    assert float(grad(T.switch(c, a, 2.0 * a), c).eval({c: 1.0})) == 0


def test_abs_at_zero_has_the_derivative_zero():
    assert evaluate(lambda x: T.abs_(x), x=0.0)[0] == [0]


@pytest.mark.parametrize("p", [0.0, 1.0, 2.0, 3.0, 4.0])
def test_pow_at_zero_is_never_nan_to_second_order(p):
    slope = {1.0: 1.0}.get(p, 0.0)
    curvature = {2.0: 2.0}.get(p, 0.0)
    first, second = evaluate(lambda x, p: x**p, x=0.0, p=p)
    assert first == [slope, 0]
    assert second[0][0] == curvature
    assert np.isfinite(second).all()


@pytest.mark.parametrize("p", [0, 1, 2, 3, 4, -1, 0.5, 2.5])
def test_pow_with_a_constant_exponent_is_right_to_second_order(p, verify_orders):
    verify_orders(lambda x: x**p, [np.array([0.5, 1.0, 2.0])])


@pytest.mark.parametrize("p", [0, 1, 2, 3, 4])
def test_pow_with_a_constant_exponent_is_right_at_zero(p):
    first, second = evaluate(lambda x: x**p, x=0.0)
    assert first == [{1: 1.0}.get(p, 0.0)]
    assert second == [[{2: 2.0}.get(p, 0.0)]]


def test_pow_with_different_constant_exponents(verify_orders):
    exponents = np.array([0.0, 1.0, 2.0, 3.5])
    verify_orders(lambda x: x**exponents, [np.array([0.5, 1.0, 2.0, 3.0])])


def test_pow_of_a_negative_base_and_whole_constant_exponent(verify_orders):
    verify_orders(lambda x: x**3, [np.array([-0.5, -1.0, 2.0])])


def test_sigmoid_and_softplus_do_not_overflow():
    for value in (-1000.0, 1000.0):
        for expression in (T.sigmoid, T.softplus, T.tanh):
            first, second = evaluate(lambda x, f=expression: f(x), x=value)
            assert np.isfinite(first).all()
            assert np.isfinite(second).all()


def test_the_derivative_of_x_cubed():
    assert evaluate(lambda x: x**3, x=2.0) == ([12.0], [[12.0]])


def test_third_derivative():
    x = T.dscalar()
    g = x**4
    for _ in range(3):
        g = grad(g, x)
    assert g.eval({x: 2.0}) == 48


@pytest.mark.parametrize(
    "name", [n for n, op in scalar.SCALAR_OPS.items() if op.no_gradient and "random" not in n]
)
def test_a_derivative_that_nobody_has_written_is_an_error_that_names_the_operand(name):
    op = scalar.SCALAR_OPS[name]
    inputs = [T.dscalar() for _ in range(op.arity)]
    y = Elementwise(op)(*inputs)
    for i, x in enumerate(inputs):
        if i in op.no_gradient:
            with pytest.raises(NullTypeGradError, match=f"{name}.* by its input {i} .*implemented"):
                grad(y, x)
        else:
            assert grad(y, x).ndim == 0
