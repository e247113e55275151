import numpy as np
import pytest
from bitale_autodiff import grad
from bitale_graph import TensorType, function
from bitale_graph import language as T
from bitale_nnet import functional as F

X = np.array([-1000.0, -2.0, -0.5, 0.0, 0.5, 2.0, 1000.0])


def value(f, x):
    v = TensorType(x.dtype.name, (None,) * x.ndim)()
    return function([v], f(v))(x)


CASES = {
    "relu": (F.relu, lambda x: np.maximum(x, 0)),
    "relu with a slope": (lambda x: F.relu(x, 0.1), lambda x: np.where(x > 0, x, 0.1 * x)),
    "leaky_relu": (F.leaky_relu, lambda x: np.where(x > 0, x, 0.01 * x)),
    "elu": (F.elu, lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0)))),
    "selu": (
        F.selu,
        lambda x: (
            1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(np.minimum(x, 0)))
        ),
    ),
    "softsign": (F.softsign, lambda x: x / (1 + np.abs(x))),
    "hard_sigmoid": (F.hard_sigmoid, lambda x: np.clip(0.2 * x + 0.5, 0, 1)),
    "identity": (F.identity, lambda x: x),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("f", "reference"), CASES.values(), ids=CASES)
def test_values_are_those_of_numpy(f, reference, dtype):
    x = X.astype(dtype)
    got = value(f, x)
    assert got.dtype == dtype
    assert np.allclose(got, reference(x), rtol=1e-6)


@pytest.mark.parametrize("shape", [(), (0,), (1, 3), (2, 0, 3)])
@pytest.mark.parametrize("f", [f for f, _ in CASES.values()], ids=CASES)
def test_every_shape_is_kept(f, shape):
    assert value(f, np.zeros(shape)).shape == shape


@pytest.mark.parametrize("f", [f for f, _ in CASES.values()], ids=CASES)
def test_nan_stays_nan(f):
    assert np.isnan(value(f, np.array([np.nan]))).all()


@pytest.mark.parametrize("f", [f for f, _ in CASES.values()], ids=CASES)
def test_gradients_are_finite_far_out(f):
    x = T.dvector()
    assert np.isfinite(function([x], grad(T.sum(f(x)), x))(X)).all()


def test_a_slope_may_be_symbolic():
    x, a = T.dvector(), T.dscalar()
    assert function([x, a], F.relu(x, a))([-2.0, 3.0], 0.5).tolist() == [-1.0, 3.0]


@pytest.mark.parametrize(
    ("name", "activation", "expected"),
    [
        ("relu", F.relu, [0.0, 0.5, 0.5, 1.0]),
        ("a slope", lambda x: F.relu(x, 0.1), [0.1, 0.55, 0.55, 1.0]),
        ("a slope above 1", lambda x: F.relu(x, 3), [3.0, 2.0, 2.0, 1.0]),
        ("leaky_relu", F.leaky_relu, [0.01, 0.505, 0.505, 1.0]),
        ("maximum", lambda x: T.maximum(x, 0), [0.0, 0.5, 0.5, 1.0]),
        ("maximum from the left", lambda x: T.maximum(0, x), [0.0, 0.5, 0.5, 1.0]),
        ("minimum", lambda x: -T.minimum(-x, 0), [0.0, 0.5, 0.5, 1.0]),
        ("abs", lambda x: (x + abs(x)) / 2, [0.0, 0.5, 0.5, 1.0]),
        ("switch", lambda x: T.switch(x > 0, x, 0), [0.0, 0.0, 0.0, 1.0]),
    ],
)
def test_the_derivative_of_relu_at_zero_is_the_mean_of_both_sides(name, activation, expected):
    x = T.dvector("x")
    slope = function([x], grad(T.sum(activation(x)), x))
    np.testing.assert_allclose(slope([-1.0, 0.0, -0.0, 2.0]), expected, rtol=1e-15)


def test_a_leaky_relu_keeps_infinities():
    x = T.dvector("x")
    found = function([x], F.leaky_relu(x, 0.5))([-np.inf, np.inf, np.nan, -4.0])
    np.testing.assert_array_equal(found, [-np.inf, np.inf, np.nan, -2.0])
