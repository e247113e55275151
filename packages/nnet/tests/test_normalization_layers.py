import numpy as np
import pytest
from bitale_graph import function
from bitale_graph import language as T
from bitale_graph.base.errors import ShapeError
from bitale_nnet import (
    BatchNorm,
    Dense,
    GroupNorm,
    InstanceNorm,
    LayerNorm,
    LocalResponseNorm,
    Sequential,
    Standardization,
    Training,
    sgd,
)
from bitale_nnet.losses import squared_error

FAST = "FAST_COMPILE"


def normalised(X, axes, epsilon):
    mean, variance = X.mean(axis=axes, keepdims=True), X.var(axis=axes, keepdims=True)
    return (X - mean) / np.sqrt(variance + epsilon)


def lying(v, X, axes):
    """A parameter along the axes that are not among ``axes``."""
    return v.reshape([1 if a in axes else n for a, n in enumerate(X.shape)])


@pytest.mark.parametrize(
    ("layer", "shape", "over"),
    [
        (BatchNorm(), (5, 3), (0,)),
        (BatchNorm(epsilon=0.1), (4, 3, 2), (0, 2)),
        (BatchNorm(axes=0, gamma=None), (4, 3, 2), (0,)),
        (BatchNorm(axes=(0, 1), beta=None), (4, 3, 2), (0, 1)),
    ],
    ids=map(str, range(4)),
)
class TestBatchNorm:
    """By the statistics of a batch, and by running ones."""

    def test_predictions_use_the_running_statistics(self, layer, shape, over, check_layer):
        def wanted(v, X):
            y = X - lying(v["mean"], X, over)
            y = y / np.sqrt(lying(v["variance"], X, over) + layer.epsilon)
            y = y if layer.gamma is None else y * lying(v["gamma"], X, over)
            return y if layer.beta is None else y + lying(v["beta"], X, over)

        check_layer(layer, shape, wanted)

    def test_training_uses_those_of_the_batch(self, layer, shape, over, check_layer):
        def wanted(v, X):
            y = normalised(X, over, layer.epsilon)
            y = y if layer.gamma is None else y * lying(v["gamma"], X, over)
            return y if layer.beta is None else y + lying(v["beta"], X, over)

        check_layer(layer, shape, wanted, training=Training(0))

    def test_running_statistics_follow(self, layer, shape, over, rng):
        layer.build(shape, rng, "float64")
        x, training = T.tensor("float64", (None,) * len(shape)), Training(0)
        outputs = layer(x, training=training)
        step = function([x], outputs, updates=training.updates, mode=FAST)
        mean, variance = 0.0, 1.0
        for _ in range(3):
            X = rng.normal(1.0, 2.0, size=shape)
            step(X)
            mean = 0.9 * mean + 0.1 * X.mean(axis=over)
            variance = 0.9 * variance + 0.1 * X.var(axis=over, ddof=1)
        assert np.allclose(layer.get_values()["mean"], mean)
        assert np.allclose(layer.get_values()["variance"], variance)


def test_a_batch_norm_that_is_called_twice_follows_both(rng):
    layer = BatchNorm(rate=0.5)
    layer.build((None, 1), rng, "float64")
    x, training = T.dmatrix(), Training(0)
    both = [layer(x, training=training), layer(2 * x, training=training)]
    function([x], both, updates=training.updates, mode=FAST)([[3.0], [5.0]])
    assert layer.get_values()["mean"] == 0.5 * (0.5 * 4) + 0.5 * 8


def test_an_empty_batch_leaves_running_statistics(rng):
    layer = BatchNorm()
    layer.build((None, 2), rng, "float64")
    x, training = T.dmatrix(), Training(0)
    step = function([x], layer(x, training=training), updates=training.updates, mode=FAST)
    step(rng.normal(size=(4, 2)))
    before = layer.get_values()
    assert step(np.zeros((0, 2))).shape == (0, 2)
    assert all(np.array_equal(before[name], value) for name, value in layer.get_values().items())


def test_a_network_with_running_statistics_trains_and_is_restored(rng):
    network = Sequential([Dense(4, bias=None), BatchNorm(), T.tanh, Dense(1)])
    network.build((None, 2), rng, "float64")
    assert [p.name for p in network.parameters("state")] == [
        "batchnorm1.mean",
        "batchnorm1.variance",
    ]
    assert len(network.parameters("trainable")) == 5
    x, y, training = T.dmatrix(), T.dmatrix(), Training(0)
    loss = T.mean(squared_error(network(x, training=training), y))
    rule = sgd(loss, network.parameters("trainable"), 0.3)
    learn = function([x, y], loss, updates={**rule, **training.updates}, mode=FAST)
    X = rng.normal(3.0, 1.0, size=(32, 2))
    Y = np.tanh(X[:, :1] - X[:, 1:])
    losses = [float(learn(X, Y)) for _ in range(60)]
    assert losses[-1] < 0.2 * losses[0]
    predict = function([x], network(x), mode=FAST)
    assert np.mean((predict(X) - Y) ** 2) < 2 * losses[-1] + 0.01
    twin = network.unbuilt()
    twin.build((None, 2), dtype="float64")
    twin.set_values(network.get_values())
    assert np.array_equal(function([x], twin(x), mode=FAST)(X), predict(X))


def scaled(y, v, axes, X):
    along = [n if a in axes else 1 for a, n in enumerate(X.shape)]
    y = y * v["gamma"].reshape(along) if "gamma" in v else y
    return y + v["beta"].reshape(along) if "beta" in v else y


@pytest.mark.parametrize(
    ("layer", "shape", "axes"),
    [
        (LayerNorm(), (3, 4), (1,)),
        (LayerNorm(epsilon=0.5, beta=None), (2, 3, 4), (2,)),
        (LayerNorm(axes=(1, -1), gamma=None), (2, 3, 2, 4), (1, 3)),
    ],
    ids=map(str, range(3)),
)
def test_rows_are_normalised_by_themselves(layer, shape, axes, check_layer):
    check_layer(layer, shape, lambda v, X: scaled(normalised(X, axes, layer.epsilon), v, axes, X))


@pytest.mark.parametrize(
    ("layer", "shape", "groups"),
    [
        (GroupNorm(2), (2, 4, 3), 2),
        (GroupNorm(1, gamma=None, beta=None), (3, 4), 1),
        (InstanceNorm(), (2, 3, 2, 4), 3),
    ],
    ids=map(str, range(3)),
)
def test_groups_of_channels_are_normalised_by_themselves(layer, shape, groups, check_layer):
    def wanted(v, X):
        parts = X.reshape(len(X), groups, -1)
        y = normalised(parts, (2,), layer.epsilon).reshape(X.shape)
        return scaled(y, v, (1,), X)

    check_layer(layer, shape, wanted)


@pytest.mark.parametrize(
    ("axes", "over"),
    [("all", (1, 2)), ("spatial", (2,)), ("features", (1,)), ((0, 2), (0, 2))],
    ids=map(str, range(4)),
)
def test_standardization_is_over_the_axes_told(axes, over, check_layer):
    check_layer(Standardization(axes), (2, 3, 4), lambda _, X: normalised(X, over, 1e-4))


def test_the_response_is_divided_by_that_of_neighbours(check_layer):
    def wanted(_, X):
        y = np.zeros_like(X)
        for c in range(X.shape[1]):
            near = X[:, max(c - 1, 0) : c + 2]
            y[:, c] = X[:, c] / (1 + 0.5 * np.sum(near**2, axis=1)) ** 0.75
        return y

    check_layer(LocalResponseNorm(alpha=0.5, k=1, n=3), (2, 5, 3), wanted)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: BatchNorm(axes="spatial"), ValueError, "'auto'"),
        (lambda: BatchNorm(axes=()), ValueError, "an axis at least"),
        (lambda: BatchNorm(rate=2), ValueError, "rate must be"),
        (lambda: BatchNorm(epsilon=-1), ValueError, "epsilon must be"),
        (lambda: BatchNorm().build((None, None, 3)), ShapeError, "known lengths"),
        (lambda: BatchNorm().build((None,)), ShapeError, "not of 1 axes"),
        (lambda: BatchNorm(axes=3).build((None, 2)), ShapeError, "not the axes"),
        (lambda: LayerNorm().build((3, None)), ShapeError, "lengths must be known"),
        (lambda: LayerNorm(axes=2).build((3, 4)), ShapeError, "not the axes"),
        (lambda: LayerNorm(axes=()), ValueError, "an axis at least"),
        (lambda: GroupNorm(0), ValueError, "groups must be at least 1"),
        (lambda: GroupNorm(2).build((2, 3, 4)), ShapeError, "3 channels are not 2 equal groups"),
        (lambda: InstanceNorm().build((2, 3)), ShapeError, "with spatial axes"),
        (lambda: Standardization("rows"), ValueError, "'all', 'spatial', 'features'"),
        (lambda: Standardization("spatial").build((2, 3)), ShapeError, "no axes for 'spatial'"),
        (lambda: LocalResponseNorm(n=4), ValueError, "n must be odd"),
        (lambda: LocalResponseNorm(alpha="a"), TypeError, "alpha must be a number"),
    ],
    ids=map(str, range(17)),
)
def test_what_does_not_fit_is_told_at_once(call, error, says):
    with pytest.raises(error, match=says):
        call()


def test_another_rank_than_built_for_is_told():
    layer = BatchNorm(axes=0)
    layer.build((None, 3))
    with pytest.raises(ShapeError, match="built for inputs of another rank"):
        layer(T.tensor3())
