import numpy as np
import pytest
from bitale_graph import function
from bitale_graph import language as T
from bitale_graph.base.errors import ShapeError
from bitale_nnet import Bias, PReLU, RReLU, Scale, Training

SHAPE = (3, 2, 4)


def of_channels(v):
    return v[:, None]


@pytest.mark.parametrize(
    ("shared_axes", "lengths", "along"),
    [
        ("auto", (2,), of_channels),
        ((0, 1, 2), (), lambda v: v),
        (0, (2, 4), lambda v: v),
        ((0, -2), (4,), lambda v: v),
    ],
    ids=map(str, range(4)),
)
@pytest.mark.parametrize("kind", [Bias, Scale, PReLU])
def test_one_number_serves_all_along_the_shared_axes(
    kind, shared_axes, lengths, along, check_layer
):
    layer = kind(shared_axes=shared_axes)

    def wanted(values, X):
        (v,) = values.values()
        assert v.shape == lengths
        v = along(v)
        return {Bias: X + v, Scale: X * v, PReLU: np.where(X > 0, X, v * X)}[kind]

    check_layer(layer, SHAPE, wanted)


def test_the_first_values_change_nothing_but_slopes(rng):
    for layer, first in ((Bias(), 0), (Scale(), 1), (PReLU(), 0.25)):
        layer.build((None, 3), rng)
        (parameter,) = layer.get_values().values()
        assert parameter.tolist() == [first] * 3


def test_predictions_use_the_mean_slope(check_layer):
    layer = RReLU(0.1, 0.5)
    check_layer(layer, SHAPE, lambda _, X: np.where(X > 0, X, 0.3 * X))


@pytest.mark.parametrize("shared_axes", [(), (2,), (0, 2)])
def test_slopes_are_drawn_in_training(shared_axes, rng):
    layer = RReLU(0.1, 0.5, shared_axes)
    layer.build((None, 2, 500))
    x = T.dtensor3()
    f = function([x], layer(x, training=Training(1)), mode="FAST_COMPILE")
    X = -np.ones((3, 2, 500))
    slopes, again = -f(X), -f(X)
    assert slopes.min() >= 0.1
    assert slopes.max() < 0.5
    assert not np.array_equal(slopes, again)
    for axis in range(3):
        assert np.all(np.ptp(slopes, axis=axis) == 0) == (axis in shared_axes)
    if not shared_axes:
        assert np.mean(slopes) == pytest.approx(0.3, abs=0.01)
    assert np.array_equal(f(-X), -X)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: Bias().build((None, None)), ShapeError, "known lengths of the axes"),
        (lambda: Bias().build((3,)), ShapeError, r"takes inputs \(batch, channels"),
        (lambda: Scale(shared_axes=3).build((2, 3)), ShapeError, "not the axes"),
        (lambda: PReLU(shared_axes="all"), ValueError, "'auto'"),
        (lambda: PReLU(shared_axes=[0.5]), TypeError, "an axis or a sequence of axes"),
        (lambda: RReLU(0.5, 0.1), ValueError, "low must not be more"),
        (lambda: RReLU("a"), TypeError, "low must be a number"),
    ],
    ids=map(str, range(7)),
)
def test_what_does_not_fit_is_told_at_once(call, error, says):
    with pytest.raises(error, match=says):
        call()


def test_another_rank_than_built_for_is_told():
    layer = Bias(shared_axes=0)
    layer.build((None, 3))
    with pytest.raises(ShapeError, match="built for inputs of another rank"):
        layer(T.tensor3())
