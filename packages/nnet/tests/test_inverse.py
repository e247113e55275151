import copy

import numpy as np
import pytest
from bitale_autodiff import grad, verify_grad
from bitale_graph import function
from bitale_graph import language as T
from bitale_graph.base.errors import ShapeError
from bitale_nnet import (
    Conv2D,
    Dense,
    Input,
    Inverse,
    MaxPool2D,
    Network,
    SpatialTransformer,
    ThinPlateTransformer,
)

FAST = "FAST_COMPILE"


def tied():
    x = Input("x")
    encoder = Dense(2, "tanh", name="encoder")
    return Network(x, Inverse(encoder)((encoder(x), x)))


@pytest.mark.parametrize(
    "again", [lambda n: n, lambda n: n.unbuilt(), copy.deepcopy], ids=["itself", "unbuilt", "copy"]
)
def test_the_way_back_has_the_same_weights(again, rng):
    network = again(tied())
    assert network.build((None, 3), rng, "float64") == (None, 3)
    assert list(network.get_values()) == ["encoder.W", "encoder.b"]
    x = T.dmatrix()
    output = network(x)
    slope = grad(T.sum(T.sqr(output)), network.variable("encoder.W"))
    X = rng.normal(size=(4, 3))
    found, slope = function([x], [output, slope], mode=FAST)(X)
    W, b = network.get_values().values()
    hidden = np.tanh(X @ W + b)
    assert np.allclose(found, hidden * (1 - hidden**2) @ W.T)
    assert np.any(slope != 0)


def test_a_copy_has_weights_of_its_own(rng):
    network = tied()
    network.build((None, 3), rng, "float64")
    twin = network.unbuilt()
    twin.build((None, 3), rng, "float64")
    x = T.dmatrix()
    X = rng.normal(size=(4, 3))
    before = function([x], network(x), mode=FAST)(X)
    twin.set_values({name: v + 1 for name, v in twin.get_values().items()})
    assert np.array_equal(function([x], network(x), mode=FAST)(X), before)


def test_numbers_go_back_to_where_the_maximum_was():
    pool = MaxPool2D()
    pool.build((None, 1, 2, 4))
    back = Inverse(pool)
    assert back.build(((None, 1, 1, 2), (None, 1, 2, 4))) == (None, 1, 2, 4)
    x, y = T.dtensor4(), T.dtensor4()
    X = np.array([[1.0, 5, 2, 3], [4, 0, 7, 1]]).reshape(1, 1, 2, 4)
    Y = np.array([10.0, 20]).reshape(1, 1, 1, 2)
    found = function([y, x], back((y, x)), mode=FAST)(Y, X)
    assert found[0, 0].tolist() == [[0, 10, 0, 0], [0, 0, 20, 0]]


def test_a_convolution_goes_back_by_its_filters(rng):
    x = Input()
    conv = Conv2D(3, 2, stride=2)
    network = Network(x, Inverse(conv)((conv(x), x)))
    assert network.build((None, 1, 5, 6), rng) == (None, 1, 5, 6)
    X = T.ftensor4()
    assert function([X], network(X), mode=FAST)(np.ones((2, 1, 5, 6), "float32")).shape[1:] == (
        1,
        5,
        6,
    )


IDENTITY = [1.0, 0, 0, 0, 1, 0]


def moved(layer, X, numbers):
    layer.build((X.shape, (len(X), 6)))
    x, n = T.dtensor4(), T.dmatrix()
    return function([x, n], layer((x, n)), mode=FAST)(X, np.array(numbers, float))


def test_the_identity_reads_the_image_itself(rng):
    X = rng.normal(size=(2, 3, 4, 5))
    assert np.allclose(moved(SpatialTransformer(), X, [IDENTITY] * 2), X)


@pytest.mark.parametrize(
    ("numbers", "wanted"),
    [
        ([-1.0, 0, 0, 0, 1, 0], lambda X: X[..., ::-1]),
        ([0, 1.0, 0, 1, 0, 0], lambda X: X.swapaxes(2, 3)),
        ([1, 0, 0.5, 0, 1, 0], lambda X: np.concatenate([X[..., 1:], X[..., -1:]], axis=3)),
    ],
    ids=["mirrored", "turned", "moved"],
)
def test_affine_maps_say_where_to_read(numbers, wanted, rng):
    X = rng.normal(size=(1, 2, 5, 5))
    assert np.allclose(moved(SpatialTransformer(), X, [numbers]), wanted(X))


@pytest.mark.parametrize(
    ("border", "last"), [("nearest", [3, 3]), ("mirror", [2, 1]), ("wrap", [0, 1])]
)
def test_beyond_the_image_there_is_what_the_border_says(border, last):
    X = np.arange(4.0).reshape(1, 1, 1, 4)
    found = moved(SpatialTransformer(border=border), X, [[1, 0, 4 / 3, 0, 1, 0]])
    assert np.allclose(found[0, 0, 0], [2, 3, *last])


def test_between_pixels_their_mean_is_read(check_layer):
    X = np.arange(6.0).reshape(1, 1, 2, 3)
    found = moved(SpatialTransformer(), X, [[1, 0, 0.5, 0, 1, 0]])
    assert np.allclose(found[0, 0], [[0.5, 1.5, 2], [3.5, 4.5, 5]])

    def bilinear(_, X, N):
        result = np.zeros((2, 1, 2, 2))
        for n, i, j in np.ndindex(2, 2, 2):
            x, y = 2.0 * j - 1, 2.0 * i - 1
            a, b, c, d, e, f = N[n]
            row, column = ((d * x + e * y + f + 1) * 2, (a * x + b * y + c + 1) * 2)
            for k, m in np.ndindex(2, 2):
                r, s = int(np.floor(row)) + k, int(np.floor(column)) + m
                weight = (1 - abs(row - r)) * (1 - abs(column - s))
                result[n, 0, i, j] += weight * X[n, 0, np.clip(r, 0, 4), np.clip(s, 0, 4)]
        return result

    check_layer(SpatialTransformer(2), ((2, 1, 5, 5), (2, 6)), bilinear)


def bent(layer, X, offsets):
    layer.build((X.shape, (len(X), layer.numbers)))
    x, n = T.dtensor4(), T.dmatrix()
    return function([x, n], layer((x, n)), mode=FAST)(X, np.array(offsets, float))


def test_a_plate_that_is_not_bent_is_the_image(rng):
    X = rng.normal(size=(2, 3, 5, 7))
    assert np.allclose(bent(ThinPlateTransformer(9), X, np.zeros((2, 18))), X)


def test_a_plate_that_is_moved_as_a_whole_is_moved(rng):
    X = rng.normal(size=(1, 1, 5, 5))
    offsets = np.concatenate([np.full(4, 0.5), np.zeros(4)])[None]
    found = bent(ThinPlateTransformer(4), X, offsets)
    assert np.allclose(found, np.concatenate([X[..., 1:], X[..., -1:]], axis=3))


def test_a_plate_goes_through_the_places_of_its_points(rng):
    # The nine points are the pixels at 0, 2 and 4; offsets are whole pixels of 0.5.
    X = rng.normal(size=(1, 1, 5, 5))
    along_x, along_y = rng.integers(-1, 2, size=(2, 3, 3))
    offsets = np.concatenate([along_x.ravel(), along_y.ravel()])[None] / 2
    found = bent(ThinPlateTransformer(9), X, offsets)
    for i, j in np.ndindex(3, 3):
        place = np.clip([2 * i + along_y[i, j], 2 * j + along_x[i, j]], 0, 4)
        assert found[0, 0, 2 * i, 2 * j] == pytest.approx(X[0, 0, place[0], place[1]])


def test_a_bent_plate_has_derivatives(rng):
    layer = ThinPlateTransformer(4, downsample=2)
    assert layer.build(((None, 1, 6, 8), (None, 8))) == (None, 1, 3, 4)
    X = rng.normal(size=(2, 1, 6, 8))

    def output(x, n):
        return layer((x, n))

    verify_grad(output, [X, rng.uniform(0.02, 0.06, size=(2, 8))], rng=rng, mode=FAST)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: Inverse(T.tanh), TypeError, "takes a layer"),
        (lambda: Inverse(Dense(2)).build((None, 2)), ShapeError, "a tuple of two shapes"),
        (lambda: Inverse(Dense(2)).build(((1, 3), (1, 5))), ShapeError, "and got the shape"),
        (lambda: SpatialTransformer(0.5), ValueError, "from 1 on"),
        (lambda: SpatialTransformer(border="zeros"), ValueError, "the border is one of"),
        (lambda: SpatialTransformer().build((1, 1, 4, 4)), ShapeError, "a tuple of two shapes"),
        (lambda: SpatialTransformer().build(((1, 1, 4, 4), (1, 5))), ShapeError, "6 numbers"),
        (lambda: ThinPlateTransformer(5), ValueError, "a square such as 16"),
        (lambda: ThinPlateTransformer(1), ValueError, "at least 4"),
        (lambda: ThinPlateTransformer(4).build(((1, 1, 4, 4), (1, 6))), ShapeError, "8 numbers"),
    ],
    ids=map(str, range(10)),
)
def test_what_does_not_fit_is_told_at_once(call, error, says):
    with pytest.raises(error, match=says):
        call()
