import numpy as np
import pytest
from bitale_autodiff import verify_grad
from bitale_graph import function, shared
from bitale_graph import language as T
from bitale_graph.base.errors import ShapeError
from bitale_nnet.normalization import (
    batch_normalization,
    batch_normalization_test,
    batch_normalization_train,
    group_norm,
    instance_norm,
    layer_norm,
    local_response_norm,
)

RNG = np.random.default_rng(3)
X = RNG.normal(2, 3, size=(5, 4, 3, 2))
EPSILON = 1e-4


def value(build, *arrays):
    variables = [T.as_tensor(a).type() for a in arrays]
    return function(variables, build(*variables))(*arrays)


def statistics(x, axes):
    return x.mean(axes, keepdims=True), x.var(axes, keepdims=True)


def parameters(x, axes, full):
    shape = [1 if a in axes else n for a, n in enumerate(x.shape)]
    gamma, beta, mean, variance = RNG.uniform(0.5, 2, size=(4, *shape))
    return [p if full else p.squeeze(axes) for p in (gamma, beta, mean, variance)]


AXES = {
    "per-activation": (0,),
    "spatial": (0, 2, 3),
    (0, -1): (0, 3),
    2: (2,),
    (0, 1, 2, 3): (0, 1, 2, 3),
}


@pytest.mark.parametrize("full", [True, False])
@pytest.mark.parametrize("axes", AXES)
def test_a_batch_is_normalised_by_its_own_statistics(axes, full):
    over = AXES[axes]
    gamma, beta, running_mean, running_var = given = parameters(X, over, full)
    out, mean, invstd, new_mean, new_var = value(
        lambda x, g, b, m, v: list(
            batch_normalization_train(x, g, b, axes, running_mean=m, running_var=v)
        ),
        X,
        *given,
    )
    m, v = statistics(X, over)
    lie = (lambda p: p) if full else (lambda p: np.expand_dims(p, over))
    expected = lie(gamma) * (X - m) / np.sqrt(v + EPSILON) + lie(beta)
    assert np.allclose(out, expected, rtol=1e-12)
    assert np.allclose(lie(mean), m)
    assert np.allclose(lie(invstd), 1 / np.sqrt(v + EPSILON))
    count = np.prod([X.shape[a] for a in over])
    assert np.allclose(lie(new_mean), 0.9 * lie(running_mean) + 0.1 * m)
    assert np.allclose(lie(new_var), 0.9 * lie(running_var) + 0.1 * v * count / (count - 1))


@pytest.mark.parametrize("full", [True, False])
@pytest.mark.parametrize("axes", AXES)
def test_given_statistics_are_used_for_testing(axes, full):
    over = AXES[axes]
    given = parameters(X, over, full)
    got = value(lambda x, *p: batch_normalization_test(x, *p, axes=axes), X, *given)
    gamma, beta, mean, variance = (p if full else np.expand_dims(p, over) for p in given)
    assert np.allclose(got, gamma * (X - mean) / np.sqrt(variance + EPSILON) + beta, rtol=1e-12)


@pytest.mark.parametrize("mode", ["low_mem", "high_mem"])
def test_the_plain_form_broadcasts(mode):
    x, p = X[:, :, 0, 0], RNG.uniform(1, 2, size=(4, 4))
    got = value(lambda x, g, b, m, s: batch_normalization(x, g, b, m, s, mode), x, *p)
    assert np.allclose(got, p[0] * (x - p[2]) / p[3] + p[1], rtol=1e-12)


def test_running_values_are_updates_of_shared_variables():
    x = T.dmatrix("x")
    mean, variance = shared(np.zeros(3)), shared(np.ones(3))
    out, _, _, new_mean, new_variance = batch_normalization_train(
        x, np.ones(3), np.zeros(3), running_mean=mean, running_var=variance
    )
    train = function([x], out, updates={mean: new_mean, variance: new_variance})
    rows = RNG.normal(5, 2, size=(64, 3))
    for _ in range(200):
        train(rows)
    assert np.allclose(mean.get_value(), rows.mean(0))
    assert np.allclose(variance.get_value(), rows.var(0, ddof=1))


def test_one_row_keeps_everything_finite():
    x, ones = np.array([[3.0, -1.0]]), np.ones(2)
    results = value(
        lambda x, g: list(batch_normalization_train(x, g, g, running_mean=g, running_var=g)),
        x,
        ones,
    )
    assert np.allclose(results[0], 1)
    assert all(np.all(np.isfinite(r)) for r in results)


@pytest.mark.parametrize("shift", [1e4, -1e6])
def test_a_large_mean_does_not_spoil_the_variance(shift):
    x = RNG.normal(size=(256, 3)).astype("float32")
    moved = x + np.float32(shift)
    exact = moved.astype("float64")
    out = value(
        lambda x, g: batch_normalization_train(x, g, T.zeros_like(g))[0],
        moved,
        np.ones(3, "float32"),
    )
    expected = (exact - exact.mean(0)) / np.sqrt(exact.var(0) + EPSILON)
    # The mean itself is rounded to the spacing of float32 there.
    assert np.allclose(out, expected, atol=4 * np.spacing(np.float32(abs(shift))))


def test_float16_is_computed_in_float32():
    # The squares are up to 1e6, which float16 does not reach.
    x = (RNG.normal(size=(64, 3)) * 300).astype("float16")
    ones = np.ones(3, "float16")
    out, _, _, mean, variance = value(
        lambda x, g: list(batch_normalization_train(x, g, g, running_mean=g, running_var=g)),
        x,
        ones,
    )
    assert out.dtype == mean.dtype == variance.dtype == "float16"
    exact = x.astype("float64")
    expected = (exact - exact.mean(0)) / np.sqrt(exact.var(0) + EPSILON) + 1
    assert np.allclose(out, expected, rtol=2e-3, atol=1e-3)
    assert np.allclose(variance, 0.9 + 0.1 * exact.var(0, ddof=1), rtol=1e-3)


@pytest.mark.parametrize("axes", ["per-activation", "spatial"])
def test_derivatives_of_the_normalised_batch(axes):
    gamma, beta, *_ = parameters(X, AXES[axes], full=False)
    weights = RNG.normal(size=X.shape)
    verify_grad(
        lambda x, g, b: T.sum(weights * batch_normalization_train(x, g, b, axes)[0]),
        [X, gamma, beta],
        rng=np.random.default_rng(0),
    )


def test_what_does_not_fit_is_refused():
    x, g = T.dtensor4(), T.dvector()
    with pytest.raises(ValueError, match="running_mean and running_var, or neither"):
        batch_normalization_train(x, g, g, "spatial", running_mean=g)
    with pytest.raises(ValueError, match="'per-activation', 'spatial' or numbers, not 'rows'"):
        batch_normalization_train(x, g, g, "rows")
    with pytest.raises(ShapeError, match="of an input of rank 4"):
        batch_normalization_train(x, g, g, (0, 4))
    with pytest.raises(ShapeError, match="the rank 3"):
        batch_normalization_train(x, g, g)
    with pytest.raises(ValueError, match="mode is"):
        batch_normalization(x, g, g, g, g, "fast")


def test_rows_groups_and_instances_have_their_own_statistics():
    gamma, beta = RNG.normal(size=(2, 4))
    per_channel = [p[:, None, None] for p in (gamma, beta)]

    def normalised(x, axes):
        mean, variance = statistics(x, axes)
        return (x - mean) / np.sqrt(variance + 1e-5)

    rows = value(lambda x: layer_norm(x, axes=(1, 2, 3)), X)
    assert np.allclose(rows, normalised(X, (1, 2, 3)), rtol=1e-12)
    last = value(layer_norm, X, RNG.normal(size=2), np.zeros(2))
    assert np.allclose(last / normalised(X, 3), last[0, 0, 0] / normalised(X, 3)[0, 0, 0])
    groups = value(lambda x, g, b: group_norm(x, 2, g, b), X, gamma, beta)
    apart = normalised(X.reshape(5, 2, 2, 3, 2), (2, 3, 4)).reshape(X.shape)
    assert np.allclose(groups, per_channel[0] * apart + per_channel[1], rtol=1e-12)
    instances = value(instance_norm, X, gamma, beta)
    assert np.allclose(
        instances, per_channel[0] * normalised(X, (2, 3)) + per_channel[1], rtol=1e-12
    )


@pytest.mark.parametrize("n", [1, 3, 5, 9])
def test_neighbouring_channels_damp_each_other(n):
    got = value(lambda x: local_response_norm(x, alpha=0.1, k=1.5, beta=0.6, n=n), X)
    expected = np.empty_like(X)
    for c in range(4):
        near = X[:, max(c - n // 2, 0) : c + n // 2 + 1]
        expected[:, c] = X[:, c] / (1.5 + 0.1 * (near**2).sum(1)) ** 0.6
    assert np.allclose(got, expected, rtol=1e-12)


@pytest.mark.parametrize(
    "build",
    [
        layer_norm,
        instance_norm,
        lambda x: group_norm(x, 2),
        lambda x: local_response_norm(x, alpha=0.5),
    ],
    ids=["layer", "instance", "group", "local response"],
)
def test_derivatives_of_what_has_no_batch(build):
    x = RNG.normal(size=(2, 4, 3, 3))
    weights = RNG.normal(size=x.shape)
    verify_grad(lambda x: T.sum(weights * build(x)), [x], rng=np.random.default_rng(0))


def test_groups_divide_the_channels():
    with pytest.raises(ShapeError, match="3 groups of 4 channels"):
        group_norm(T.as_tensor(X), 3)
    with pytest.raises(ValueError, match="odd"):
        local_response_norm(T.dtensor4(), n=4)
