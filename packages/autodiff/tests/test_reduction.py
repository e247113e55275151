import numpy as np
import pytest
from bitale_autodiff import grad, hessian, jacobian, verify_grad
from bitale_graph import Apply, Elementwise, function
from bitale_graph import language as T
from bitale_graph.core.order import toposort
from bitale_graph.extend import MissingRuleError, Reduce, Reduction, reductions
from bitale_graph.tensor import scalar as s
from hypothesis import given, settings
from hypothesis import strategies as st

AXES = [None, 0, 1, -1, (0, 2), (0, 1, 2), ()]


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("name", ["sum", "mean", "prod", "max", "min", "var"])
def test_derivatives_along_all_axes(name, axis, keepdims, rng, verify_orders):
    x = rng.permutation(24).reshape(2, 3, 4) / 10 + 0.5
    reduce = getattr(T, name)
    verify_orders(lambda v: reduce(v, axis=axis, keepdims=keepdims), [x], orders=1)


@pytest.mark.parametrize("name", ["sum", "mean", "prod", "max", "min", "var", "std"])
def test_second_derivatives(name, rng, verify_orders):
    x = rng.permutation(6).reshape(2, 3) / 10 + 0.5
    reduce = getattr(T, name)
    verify_orders(lambda v: T.sqr(reduce(T.sin(v), axis=1)), [x])


@pytest.mark.parametrize("zeros", range(5))
def test_product_with_zeros_is_right_to_third_order(zeros, rng):
    x = T.dvector("x")
    at = np.concatenate([np.zeros(zeros), rng.normal(size=4 - zeros)])
    third = jacobian(hessian(T.prod(x, no_zeros_in_input=True), x), x)
    found = function([x], third)(at)
    for places in np.ndindex(found.shape):
        rest = [v for i, v in enumerate(at) if i not in places]
        right = np.prod(rest) if len(set(places)) == 3 else 0
        assert found[places] == pytest.approx(right)


@pytest.mark.parametrize("zeros", [0, 1, 2, 3])
def test_product_with_zeros_is_right_to_second_order(zeros, rng, verify_orders):
    x = rng.random((2, 4)) + 0.5
    x[0, :zeros] = 0
    verify_orders(lambda v: T.prod(v, axis=1), [x])
    verify_orders(T.prod, [x])
    verify_orders(lambda v: T.sin(T.prod(v, axis=1)), [x])


def test_product_with_zeros_by_hand():
    x = T.dvector()
    f = function([x], grad(T.prod(x), x))
    assert f([2.0, 3.0, 4.0]).tolist() == [12, 8, 6]
    assert f([2.0, 0.0, 4.0]).tolist() == [0, 8, 0]
    assert f([0.0, 0.0, 4.0]).tolist() == [0, 0, 0]


def test_ties_share_the_derivative_of_a_maximum():
    x = T.dmatrix()
    data = np.array([[1.0, 3.0, 3.0], [5.0, 2.0, 1.0]])
    assert function([x], grad(T.sum(T.max(x, axis=1)), x))(data).tolist() == [
        [0, 0.5, 0.5],
        [1, 0, 0],
    ]
    assert function([x], grad(T.sum(T.min(x, axis=0)), x))(data).tolist() == [
        [1, 0, 0],
        [0, 1, 1],
    ]


def test_the_maximum_of_nan_passes_nothing():
    x = T.dvector()
    assert function([x], grad(T.max(x), x))([1.0, np.nan]).tolist() == [0, 0]


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0,)])
@pytest.mark.parametrize("name", ["sum", "prod"])
def test_empty_axes(shape, name):
    x = T.tensor(dtype="float64", shape=(None,) * len(shape))
    g = function([x], grad(getattr(T, name)(x), x))(np.ones(shape))
    assert g.shape == shape


@pytest.mark.parametrize("name", ["sum", "prod", "max", "min", "mean"])
def test_reductions_of_a_scalar(name, verify_orders):
    verify_orders(lambda x: T.sqr(getattr(T, name)(x)), [np.array(1.5)])


@pytest.mark.parametrize("dtype", ["float16", "float32"])
@pytest.mark.parametrize("name", ["sum", "mean", "prod", "max", "min"])
def test_narrow_floats_stay_narrow(dtype, name, rng):
    x = (rng.permutation(6).reshape(2, 3) / 4 + 0.5).astype(dtype)
    verify_grad(lambda v: getattr(T, name)(v, axis=1), [x], n_tests=1)
    v = T.matrix(dtype=dtype)
    assert grad(T.sum(getattr(T, name)(v, axis=0)), v).dtype == dtype


def test_an_explicit_dtype_is_undone():
    x = T.fvector()
    assert grad(T.sum(x, dtype="float64"), x).dtype == "float32"
    n = T.ivector()
    g = grad(T.sum(n, dtype="float64") * 2.0, n)
    assert g.dtype == "float64"
    assert g.eval({n: np.array([1, 2], "int32")}).tolist() == [2, 2]


def test_sum_over_an_axis_of_length_one_is_not_filled():
    x = T.dcol()
    fills = [node for node in toposort([grad(T.sum(T.sqr(T.sum(x, axis=1))), x)]) if is_fill(node)]
    # One fill puts back the open axis 0; the axis of length 1 needs none.
    assert len(fills) == 1


def is_fill(node: Apply):
    return isinstance(node.op, Elementwise) and node.op.scalar_op is s.second


def test_positions_pass_nothing_back():
    x = T.dvector()
    cost = T.cast(T.argmax(x), "float64") + 0.0 * T.cast(T.argmin(x), "float64")
    assert grad(cost, x).eval({x: [1.0, 2.0]}).tolist() == [0, 0]


def test_logical_reductions_pass_nothing_back():
    x = T.dvector()
    cost = T.cast(T.all(x), "float64") + T.cast(T.any(x), "float64")
    assert grad(cost, x).eval({x: [1.0, 2.0]}).tolist() == [0, 0]


@given(st.lists(st.sampled_from([-1.0, 0.0, 0.0, 0.5, 2.0]), min_size=1, max_size=6))
@settings(max_examples=40, deadline=None)
def test_the_gradient_of_a_product_is_the_product_of_the_others(values):
    x = T.dvector()
    found = grad(T.prod(x), x).eval({x: values})
    expected = [np.prod(values[:i] + values[i + 1 :]) for i in range(len(values))]
    assert np.allclose(found, expected, rtol=1e-14, atol=0)


@given(st.lists(st.sampled_from([-1.0, 0.0, 0.0, 0.5, 2.0]), min_size=2, max_size=6))
@settings(max_examples=40, deadline=None)
def test_the_hessian_of_a_product_is_the_product_of_the_others(values):
    x = T.dvector()
    row = grad(grad(T.prod(x), x)[0], x).eval({x: values})
    expected = [0.0] + [np.prod(values[1:j] + values[j + 1 :]) for j in range(1, len(values))]
    assert np.allclose(row, expected, rtol=1e-14, atol=0)


def test_a_reduction_without_a_rule_has_no_silent_derivative(monkeypatch):
    row = Reduction("least power", np.power, identity=np.ones)
    monkeypatch.setitem(reductions._rules, s.pow, row)
    x = T.dvector()
    y = Reduce(s.pow, (0,), "float64", "float64")(x)
    with pytest.raises(MissingRuleError, match="pow> has not a gradient rule for reductions"):
        grad(y, x)
