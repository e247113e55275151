import numpy as np
import pytest
from bitale_autodiff import (
    DisconnectedInputError,
    NullTypeGradError,
    grad,
    hessian,
    hessian_vector_product,
    jacobian,
    undefined_grad,
    verify_grad,
)
from bitale_graph import function, ifelse, scan
from bitale_graph import language as T


def differences(f, x, h=1e-6):
    """The Jacobian of a function of arrays."""
    x = np.asarray(x, "float64")
    y = np.asarray(f(x))
    made = np.zeros((*y.shape, *x.shape))
    for at in np.ndindex(x.shape):
        above, below = x.copy(), x.copy()
        above[at] += h
        below[at] -= h
        made[(..., *at)] = (f(above) - f(below)) / (2 * h)
    return made


def test_the_numbers_of_a_square():
    x = T.dvector("x")
    assert jacobian(x**2, x).eval({x: [4.0, 4.0]}).tolist() == [[8, 0], [0, 8]]
    assert hessian(T.sum(x**2), x).eval({x: [4.0, 4.0]}).tolist() == [[2, 0], [0, 2]]
    v = T.dvector("v")
    product = hessian_vector_product(T.sum(x**2), x, v)
    found = function([x, v], product)([4.0, 4.0], [2.0, 2.0])
    assert found.tolist() == [4, 4]


EXPRESSIONS = {
    "vector": lambda x: T.exp(x[0]) * x[1],
    "matrix": lambda x: T.dot(x, x.T),
    "rank 3": lambda x: x.dimshuffle(0, 1, "x") * x.dimshuffle("x", 1, 0),
    "scalar": lambda x: T.sum(T.sin(x)),
    "softmax": T.softmax,
    "loop": lambda x: scan(lambda row, s: T.tanh(s + row), x, T.zeros((3,)))[0],
    "choice": lambda x: ifelse(x[0, 0] > 0, x[0] * x[1], x[0]),
}


@pytest.mark.parametrize("name", EXPRESSIONS)
@pytest.mark.parametrize("static", [(None, None), (2, 3)])
def test_jacobians_of_tensors_of_any_rank(name, static, rng):
    x = T.tensor("float64", static)
    y = EXPRESSIONS[name](x)
    at = rng.normal(size=(2, 3))
    found = function([x], jacobian(y, x))(at)
    expected = differences(function([x], y), at)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-8)
    assert jacobian(y, x).ndim == y.ndim + 2


def test_several_variables_and_their_forms():
    x, W = T.dvector("x"), T.dmatrix("W")
    y = T.dot(x, W)
    at = {x: [1.0, 2.0], W: np.arange(6.0).reshape(2, 3)}
    by_x, by_w = jacobian(y, (x, W))
    assert isinstance(jacobian(y, (x, W)), tuple)
    assert isinstance(jacobian(y, [x]), list)
    assert isinstance(hessian(T.sum(y), {"x": x}.values()), list)
    np.testing.assert_array_equal(by_x.eval(at), at[W].T)
    expected = np.einsum("i,jk->jik", at[x], np.eye(3))
    run = function([x, W], by_w, on_unused_input="ignore")
    np.testing.assert_array_equal(run(at[x], at[W]), expected)


@pytest.mark.parametrize("shape", [(), (0,), (1,), (3,), (2, 2), (0, 2)])
def test_hessians_by_tensors_of_any_rank(shape, rng):
    x = T.tensor("float64", (None,) * len(shape))
    cost = T.sum(T.exp(x) * T.sin(x)) + T.sum(x) ** 3
    at = rng.normal(size=shape)
    found = function([x], hessian(cost, x))(at)
    assert found.shape == (*shape, *shape)
    expected = differences(function([x], grad(cost, x)), at)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-8)


def test_rows_of_a_hessian_are_derivatives_of_elements_of_the_gradient():
    """Of a derivative that is none in truth the matrix is not symmetric."""
    from bitale_autodiff import grad_scale

    x = T.dvector("x")
    cost = T.sum(grad_scale(x, 3.0)[0] * x[1])
    slope = grad(cost, x)
    found = function([x], [hessian(cost, x), jacobian(slope, x)])([1.0, 2.0])
    assert found[0].tolist() == found[1].tolist()


def test_a_hessian_times_vectors_is_that_by_all_variables_together(rng):
    x, y = T.dvector("x"), T.dscalar("y")
    p, q = T.dvector("p"), T.dscalar("q")
    cost = T.sum(T.exp(x * y)) + y**3
    run = function([x, y, p, q], hessian_vector_product(cost, [x, y], [p, q]))
    a, b, u, v = rng.normal(size=3), 0.7, rng.normal(size=3), -0.3
    slope = function([x, y], grad(cost, [x, y]))
    h = 1e-6
    above, below = slope(a + h * u, b + h * v), slope(a - h * u, b - h * v)
    for got, one, other in zip(run(a, b, u, v), above, below, strict=True):
        np.testing.assert_allclose(got, (one - other) / (2 * h), rtol=1e-6)
    single = hessian_vector_product(cost, x, p)
    assert single.ndim == 1
    (alone,) = hessian_vector_product(cost, [x], [p])
    assert alone.ndim == 1


def test_linear_costs_have_a_hessian_of_zeros():
    x = T.dvector("x")
    assert hessian(T.sum(3 * x), x).eval({x: [1.0, 2.0]}).tolist() == [[0, 0], [0, 0]]
    assert hessian(T.sum(T.floor(x)), x).eval({x: [1.0, 2.0]}).tolist() == [[0, 0], [0, 0]]
    y = T.dscalar("y")
    assert float(hessian(3 * y, y).eval({y: 1.0})) == 0


def test_what_is_not_reached():
    x, y = T.dvector("x"), T.dmatrix("other")
    with pytest.raises(DisconnectedInputError, match="other"):
        jacobian(x * 2, y)
    with pytest.raises(DisconnectedInputError, match="other"):
        hessian(T.sum(x), y)
    zeros = jacobian(x * 2, y, disconnected_inputs="ignore")
    assert zeros.eval({x: [1.0, 2.0, 3.0], y: np.ones((2, 2))}).shape == (3, 2, 2)
    assert hessian(T.sum(x), y, disconnected_inputs="ignore").eval({y: np.ones((1, 2))}).size == 4
    with pytest.raises(NullTypeGradError):
        jacobian(undefined_grad(x) * 2, x)
    with pytest.raises(NullTypeGradError):
        hessian(T.sum(undefined_grad(x)), x)


def test_constants_stop_both_derivatives():
    x = T.dscalar("x")
    y = x**2
    at = {x: 3.0}
    assert float(hessian(y * x, x, consider_constant=[y]).eval(at)) == 0
    assert float(hessian(y * x**2, x, consider_constant=[y]).eval(at)) == 18
    assert float(hessian_vector_product(y * x**2, x, 1.0, consider_constant=[y]).eval(at)) == 18
    v = T.dvector("v")
    w = v**2
    assert jacobian(w * v, v, consider_constant=[w]).eval({v: [3.0]}).tolist() == [[9]]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_the_dtype_is_that_of_the_variable(dtype):
    x = T.tensor(dtype, (False,))
    assert jacobian(x**2, x).dtype == dtype
    assert hessian(T.sum(x**2), x).dtype == dtype
    n = T.ivector()
    made = jacobian(T.exp(n), n)
    assert made.dtype == "float64"
    assert made.eval({n: [0, 0]}).tolist() == [[1, 0], [0, 1]]
    whole = jacobian(n * 2, n)
    assert whole.eval({n: [1, 2]}).tolist() == [[0, 0], [0, 0]]


def test_known_lengths_stay_known():
    x = T.tensor("float64", (3,))
    assert jacobian(x.reshape((3, 1)) * x, x).type.shape == (3, 3, 3)
    assert hessian(T.sum(x**2), x).type.shape == (3, 3)


def test_jacobians_are_differentiated_again():
    def third(x):
        return hessian(T.sum(T.exp(x) * x[::-1]), x)

    verify_grad(third, [np.array([0.3, -0.5, 1.0])])
    verify_grad(lambda x: jacobian(T.tanh(x) * T.sum(x), x), [np.array([0.3, -0.5])])


def test_within_a_loop():
    x = T.dvector("x")

    def step(t):
        return T.sum(hessian(T.sum(T.exp(t * x)), x))

    traces, _ = scan(step, T.constant([1.0, 2.0]))
    expected = [np.exp(0.5), 4 * np.exp(1.0)]
    np.testing.assert_allclose(traces.eval({x: [0.5]}), expected)


def test_what_is_no_tensor_is_refused():
    x = T.dvector("x")
    with pytest.raises(TypeError, match="must be a variable"):
        jacobian(3.0, x)
    with pytest.raises(TypeError, match="ordered"):
        jacobian(x, {x})
    with pytest.raises(TypeError, match="hessian: the cost must be a scalar"):
        hessian(x, x)
    with pytest.raises(TypeError, match="hessian_vector_product: the cost must be a scalar"):
        hessian_vector_product(x, x, x)
    with pytest.raises(ValueError, match=r"hessian_vector_product: p gives .* ranks differ"):
        hessian_vector_product(T.sum(x), x, T.dmatrix())
    with pytest.raises(DisconnectedInputError, match="jacobian: y does not depend on x"):
        jacobian(T.dvector("y"), x)
    z = T.zvector("z")
    with pytest.raises(TypeError, match="must be real"):
        jacobian(z, z)
