import numpy as np
import pytest
from bitale_autodiff import grad, verify_grad
from bitale_graph import TensorType, config, function
from bitale_graph import language as T
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp


@st.composite
def broadcast_shapes(draw):
    """Two shapes that stretch together, from none to three axes, lengths 0 to 3."""
    shapes = draw(
        hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, min_side=0, max_side=3)
    )
    return shapes.input_shapes


@given(broadcast_shapes())
@settings(max_examples=60, deadline=None)
def test_derivatives_have_the_shapes_of_their_variables(shapes):
    generator = np.random.default_rng(7)
    points = [generator.random(shape) for shape in shapes]
    inputs = [TensorType("float64", [n == 1 for n in shape])() for shape in shapes]
    x, y = inputs
    found = function(inputs, grad(T.sum(T.exp(x) * y + x), inputs))(*points)
    full = np.broadcast_shapes(*shapes)
    expected = [np.exp(points[0]) * points[1] + 1, np.exp(points[0]) + np.zeros(full)]
    for g, p, e in zip(found, points, expected, strict=True):
        e = np.broadcast_to(e, full)
        extra = e.ndim - p.ndim
        axes = tuple(a for a in range(e.ndim) if a < extra or p.shape[a - extra] == 1)
        assert g.shape == p.shape
        assert np.allclose(g, e.sum(axis=axes).reshape(p.shape), rtol=1e-12, atol=0)


@given(broadcast_shapes())
@settings(max_examples=25, deadline=None)
def test_second_derivatives_have_the_shapes_of_their_variables(shapes):
    generator = np.random.default_rng(7)
    points = [generator.random(shape) + 0.5 for shape in shapes]

    def gradient(x, y):
        return T.add(*(T.sum(T.sqr(g)) for g in grad(T.sum(T.sqr(x) / y), [x, y])))

    verify_grad(gradient, points, n_tests=1)


@pytest.mark.parametrize("shapes", [((3, 1), (4,)), ((), (2, 3)), ((1, 1), (2, 3)), ((1,), (1,))])
def test_mixed_ranks(shapes, rng, verify_orders):
    verify_orders(lambda x, y: T.sin(x) * T.exp(y), [rng.random(s) for s in shapes])


def test_a_static_length_one_is_summed_to(rng):
    x = T.drow()
    g = grad(T.sum(x * T.constant(rng.random((4, 3)))), x)
    assert g.type.shape[0] == 1


def test_a_conversion_between_floats_keeps_the_dtype_of_the_variable():
    x = T.fvector()
    g = grad(T.sum(T.cast(x, "float64") ** 2), x)
    assert g.dtype == "float32"
    assert g.eval({x: np.array([3], "float32")}) == [6]


def test_mixed_floats_keep_their_own_dtypes():
    x, y = T.fvector(), T.dvector()
    assert [g.dtype for g in grad(T.sum(x * y), [x, y])] == ["float32", "float64"]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_python_numbers_leave_the_dtype_alone(dtype):
    x = T.vector(dtype=dtype)
    g = grad(T.sum((2 * x + 1) ** 2 / 3 - 0.5 * T.tanh(x)), x)
    assert g.dtype == dtype


def test_a_conversion_to_integers_has_the_derivative_zero():
    x = T.dscalar()
    assert grad(T.cast(T.cast(x, "int32"), "float64"), x).eval({x: 1.5}) == 0


def test_integers_are_differentiated_as_if_they_were_real():
    n, x = T.lvector(), T.dvector()
    g = grad(T.sum(n * x), n)
    assert g.dtype == config.floatX
    assert g.eval(
        {n: [1, 2], x: [3.0, 4.0]},
    ).tolist() == [3, 4]


def test_results_that_are_integers_pass_nothing_back():
    n = T.lscalar()
    g = grad(T.cast(n * n, "float64") * 3.0, n)
    assert g.dtype == config.floatX
    assert g.eval({n: 3}) == 0


def test_second_reads_the_shape_alone():
    a, b = T.dvector(), T.dscalar()
    assert grad(T.sum(T.second(a, b)), b).eval({a: [1.0, 2.0, 3.0], b: 5.0}) == 3


def test_strided_and_reversed_views(rng):
    x = T.dmatrix()
    f = function([x], grad(T.sum(T.sqr(x) * x), x))
    data = rng.random((6, 8))
    for view in (data[::2, ::-1], data.T, data[:, :0], data[::-3]):
        assert np.allclose(f(view), 3 * view**2, rtol=1e-14, atol=0)


def test_nan_and_infinity_pass():
    x = T.dvector()
    g = function([x], grad(T.sum(T.sqr(x)), x))(np.array([np.nan, np.inf, -np.inf, 0.0]))
    assert np.array_equal(g, [np.nan, np.inf, -np.inf, 0], equal_nan=True)
