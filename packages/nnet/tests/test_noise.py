import numpy as np
import pytest
from bitale_autodiff import grad
from bitale_graph import function, shared
from bitale_graph import language as T
from bitale_graph.base.errors import ShapeError
from bitale_graph.random import RandomStreams
from bitale_nnet.noise import dropout, dropout_channels, dropout_locations

X = np.ones((50, 40, 4, 3))


def drawn(build, *arrays, dtype="float64"):
    x = T.TensorType(dtype, (None,) * arrays[0].ndim)("x")
    return function([x], build(x, RandomStreams(7)))(*arrays)


def test_elements_are_dropped_at_the_rate_and_the_others_scaled():
    y = drawn(lambda x, r: dropout(x, r, 0.3), X)
    assert set(np.unique(y)) == {0.0, 1 / 0.7}
    # 24,000 draws: four standard deviations are 0.012.
    assert np.mean(y == 0) == pytest.approx(0.3, abs=0.012)


def test_nothing_is_scaled_unless_asked_for():
    assert set(np.unique(drawn(lambda x, r: dropout(x, r, rescale=False), X))) == {0.0, 1.0}


def test_whole_channels_or_locations_are_dropped():
    channels = drawn(dropout_channels, X)
    assert np.array_equal(channels, np.broadcast_to(channels[:, :, :1, :1], X.shape))
    assert 0.4 < np.mean(channels == 0) < 0.6
    locations = drawn(dropout_locations, X)
    assert np.array_equal(locations, np.broadcast_to(locations[:, :1], X.shape))
    assert 0.4 < np.mean(locations == 0) < 0.6


def test_each_call_draws_anew_and_the_gradient_has_the_same_holes():
    x = T.dmatrix("x")
    y = dropout(x, RandomStreams(1), 0.5)
    f = function([x], [y, grad(T.sum(y), x)])
    ones = np.ones((20, 20))
    first, second = f(ones), f(ones)
    assert np.array_equal(first[0], first[1])
    assert not np.array_equal(first[0], second[0])


def test_what_is_dropped_may_be_infinite():
    y = drawn(dropout, np.full((20, 20), np.inf))
    assert set(np.unique(y)) == {0.0, np.inf}


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_the_dtype_stays(dtype):
    y = drawn(dropout, X.astype(dtype), dtype=dtype)
    assert y.dtype == dtype
    assert set(np.unique(y)) == {0, 2}


def test_the_probability_may_be_symbolic():
    x, p = T.dmatrix("x"), shared(0.9)
    f = function([x], dropout(x, RandomStreams(2), p))
    assert np.mean(f(np.ones((50, 50))) == 0) > 0.8
    p.set_value(0.0)
    assert np.all(f(np.ones((50, 50))) == 1)


def test_without_dropout_nothing_is_drawn():
    x = T.dmatrix("x")
    assert dropout(x, RandomStreams(2), 0) is x


def test_what_is_no_probability_or_axis_is_refused():
    with pytest.raises(ValueError, match="probability below 1"):
        dropout(T.dmatrix(), RandomStreams(1), 1)
    with pytest.raises(ShapeError, match="shared_axes"):
        dropout(T.dmatrix(), RandomStreams(1), shared_axes=(2,))
