import numpy as np
import pytest
from bitale_graph import function
from bitale_graph import language as T
from bitale_graph.base.errors import ShapeError
from bitale_nnet import Dropout, GaussianNoise, Training

FAST = "FAST_COMPILE"


def trained(layer, X, seed=1):
    """What a layer gives in training, as a function that draws anew at each call."""
    layer.build(X.shape)
    x = T.tensor(str(X.dtype), (None,) * X.ndim)
    f = function([x], layer(x, training=Training(seed)), mode=FAST)
    return lambda: f(X)


@pytest.mark.parametrize("layer", [Dropout(0.9), Dropout(0.3, rescale=False), GaussianNoise(2)])
def test_predictions_are_the_input(layer, check_layer):
    check_layer(layer, (3, 4), lambda _, X: X)


@pytest.mark.parametrize("rescale", [True, False])
def test_elements_are_left_out_with_the_rate(rescale, rng):
    X = rng.normal(size=(100, 100))
    draw = trained(Dropout(0.3, rescale=rescale), X)
    first, second = draw(), draw()
    assert np.mean(first == 0) == pytest.approx(0.3, abs=0.02)
    kept = first != 0
    assert np.allclose(first[kept], X[kept] / (0.7 if rescale else 1))
    assert not np.array_equal(kept, second != 0)


@pytest.mark.parametrize(
    ("shared_axes", "axes"),
    [("channels", (2, 3)), ("locations", (1,)), ((0,), (0,)), (-1, (3,))],
    ids=map(str, range(4)),
)
def test_one_draw_decides_along_shared_axes(shared_axes, axes):
    kept = trained(Dropout(0.5, shared_axes), np.ones((20, 8, 5, 6)))()
    assert set(np.unique(kept)) == {0.0, 2.0}
    for axis in range(4):
        assert np.all(np.ptp(kept, axis=axis) == 0) == (axis in axes)


def test_a_rate_of_zero_leaves_all():
    X = np.ones((3, 4))
    assert np.array_equal(trained(Dropout(0.0), X)(), X)


def test_noise_has_the_mean_and_standard_deviation_told(rng):
    X = rng.normal(size=(100, 100))
    draw = trained(GaussianNoise(0.5), X)
    noise = draw() - X
    assert np.mean(noise) == pytest.approx(0, abs=0.02)
    assert np.std(noise) == pytest.approx(0.5, rel=0.03)
    assert not np.array_equal(noise, draw() - X)


@pytest.mark.parametrize("layer", [Dropout(0.5), GaussianNoise(0.5)])
def test_the_same_seed_gives_the_same_numbers(layer):
    X = np.ones((5, 6), "float32")
    a, b, c = (trained(layer, X, seed)() for seed in (4, 4, 5))
    assert a.dtype == "float32"
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: Dropout(1.5), ValueError, r"rate \(a probability\) must be from 0 on and below 1"),
        (lambda: Dropout(1), ValueError, "below 1, not 1"),
        (lambda: Dropout(-0.1), ValueError, "from 0 on"),
        (lambda: Dropout("half"), TypeError, "must be a number"),
        (lambda: Dropout(0.5, "rows"), ValueError, "'channels' or 'locations'"),
        (lambda: Dropout(0.5, 2).build((None, 3)), ShapeError, "not the axes"),
        (lambda: Dropout(0.5, "channels").build((None, 3)), ShapeError, "leaves out channels"),
        (lambda: GaussianNoise(-1), ValueError, "std must be from 0 on"),
        (lambda: GaussianNoise(None), TypeError, "std must be a number"),
    ],
    ids=map(str, range(9)),
)
def test_what_does_not_fit_is_told_at_once(call, error, says):
    with pytest.raises(error, match=says):
        call()
