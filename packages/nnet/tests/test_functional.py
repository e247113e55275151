import numpy as np
import pytest
from bitale_autodiff import grad, verify_grad
from bitale_graph import TensorType, function
from bitale_graph import language as T
from bitale_graph.base.errors import ShapeError
from bitale_nnet import functional as F
from scipy.special import erfc, expit

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
    "gelu": (F.gelu, lambda x: 0.5 * x * erfc(-x / np.sqrt(2))),
    "silu": (F.silu, lambda x: x * expit(x)),
    "scaled_tanh": (
        lambda x: F.scaled_tanh(x, 2 / 3, 1.7159),
        lambda x: 1.7159 * np.tanh(2 * x / 3),
    ),
    "ScaledTanH": (F.ScaledTanH(0.5, 2), lambda x: 2 * np.tanh(x / 2)),
    "LeakyRectify": (F.LeakyRectify(0.2), lambda x: np.where(x > 0, x, 0.2 * x)),
    "SELU": (F.SELU(2, 3), lambda x: 2 * np.where(x > 0, x, 3 * np.expm1(np.minimum(x, 0)))),
    "very_leaky_rectify": (F.very_leaky_rectify, lambda x: np.where(x > 0, x, x / 3)),
    "ultra_fast_sigmoid": (F.ultra_fast_sigmoid, np.vectorize(lambda x: by_pieces(float(x)))),
}


def by_pieces(x):
    v = abs(x / 2)
    if v < 1.7:
        z = 1.5 * v / (1 + v)
    elif v < 3:
        z = 0.935409070603099 + 0.0458812946797165 * (v - 1.7)
    else:
        z = 0.99505475368673
    return 0.5 * (np.sign(x) * z + 1)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("f", "reference"), CASES.values(), ids=CASES)
def test_values_are_those_of_numpy(f, reference, dtype):
    x = X.astype(dtype)
    got = value(f, x)
    assert got.dtype == dtype
    # The piecewise sigmoid is 0.5 less nearly as much, so it has the spacing of float32 there.
    assert np.allclose(got, reference(x), rtol=1e-6, atol=3e-8)


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


def test_the_fast_sigmoid_is_near_the_exact_one():
    x = np.concatenate([np.linspace(-12, 12, 4001), [-np.inf, np.inf]])
    assert np.max(np.abs(value(F.ultra_fast_sigmoid, x) - expit(x))) < 0.0277


@pytest.mark.parametrize("f", [F.gelu, F.silu, F.scaled_tanh, F.ultra_fast_sigmoid, F.elu])
def test_derivatives_of_activations(f):
    x = np.array([-4.0, -1.5, -0.3, 0.4, 2.0, 7.0])
    verify_grad(f, [x], rng=np.random.default_rng(0))


def test_softmax_written_out_is_softmax():
    x = np.random.default_rng(0).normal(size=(3, 4))
    assert np.allclose(value(F.softmax_graph, x), value(F.softmax, x), rtol=1e-12)


def test_softmax_takes_a_list_of_variables():
    a, b = T.dvectors("a", "b")
    got = function([a, b], F.softmax([a, b]))([0.0, 0.0], [0.0, np.log(3)])
    assert np.allclose(got, [[0.5, 0.5], [0.25, 0.75]])


@pytest.mark.parametrize("f", [F.softmax, F.log_softmax])
def test_softmax_over_one_element_is_warned_of(f):
    with pytest.warns(UserWarning, match="axis 1, whose length is 1"):
        f(T.dcol("x"))


def test_rows_get_a_column_before_them():
    x = np.arange(6.0).reshape(2, 3)
    assert value(F.prepend_1_to_each_row, x).tolist() == [[1, 0, 1, 2], [1, 3, 4, 5]]
    assert value(F.prepend_0_to_each_row, x)[:, 0].tolist() == [0, 0]
    v, m = T.dscalar(), T.matrix(dtype="float32")
    got = function([v, m], F.prepend_scalar_to_each_row(v, m))(2.5, x.astype("float32"))
    assert got.dtype == "float32"
    assert got[:, 0].tolist() == [2.5, 2.5]
    with pytest.raises(ShapeError, match="takes a scalar and a matrix"):
        F.prepend_scalar_to_each_row(v, v)


def test_softmax_over_everything_sums_to_one():
    x = np.random.default_rng(0).normal(size=(3, 4))
    got = value(lambda v: F.softmax(v, axis=None), x)
    assert np.allclose(got, np.exp(x) / np.exp(x).sum(), rtol=1e-12)
    assert np.allclose(value(lambda v: F.log_softmax(v, axis=None), x), np.log(got), rtol=1e-12)
    with pytest.raises(TypeError, match="axis is an integer or None"):
        F.softmax(T.dmatrix(), axis=(0, 1))
