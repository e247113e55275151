import itertools

import numpy as np
import pytest
from bitale_graph import language as T
from bitale_graph.base.errors import ShapeError
from bitale_nnet import (
    AveragePool1D,
    AveragePool2D,
    AveragePool3D,
    FeaturePool,
    FeatureWTA,
    GlobalPool,
    MaxPool1D,
    MaxPool2D,
    MaxPool3D,
    SpatialPyramidPool,
    Upscale1D,
    Upscale2D,
    Upscale3D,
)


def pooled(layer, X, function):
    """Window by window."""
    lengths = [
        (n + 2 * p - w) // s + 1
        for n, w, s, p in zip(X.shape[2:], layer.size, layer.stride, layer.padding, strict=True)
    ]
    padded = np.pad(X, [(0, 0), (0, 0), *((p, p) for p in layer.padding)], constant_values=np.nan)
    result = np.zeros((*X.shape[:2], *lengths))
    for place in itertools.product(*map(range, lengths)):
        seen = tuple(
            slice(i * s, i * s + w) for i, s, w in zip(place, layer.stride, layer.size, strict=True)
        )
        window = padded[(slice(None), slice(None), *seen)]
        result[(slice(None), slice(None), *place)] = function(window.reshape(*X.shape[:2], -1))
    return result


def largest(window):
    return np.nanmax(window, axis=2)


def average(window):
    return np.nanmean(window, axis=2)


def average_with_zeros(window):
    return np.mean(np.nan_to_num(window), axis=2)


@pytest.mark.parametrize(
    ("layer", "shape", "function"),
    [
        (MaxPool1D(), (2, 3, 5), largest),
        (MaxPool2D(2, 1, 1), (2, 2, 3, 4), largest),
        (MaxPool2D((2, 3), (1, 2)), (2, 2, 3, 5), largest),
        (MaxPool3D((1, 2, 2)), (1, 2, 2, 3, 2), largest),
        (AveragePool1D(3, 2, 1), (2, 3, 6), average),
        (AveragePool2D(3, 2, 1, count_padding=True), (2, 2, 4, 3), average_with_zeros),
        (AveragePool2D(3, 2, 1), (2, 2, 4, 3), average),
        (AveragePool3D(2), (1, 2, 2, 3, 2), average),
    ],
    ids=map(str, range(8)),
)
def test_windows_are_pooled_one_by_one(layer, shape, function, check_layer):
    check_layer(layer, shape, lambda _, X: pooled(layer, X, function))


def test_the_rest_at_the_border_can_be_kept(check_layer):
    layer = MaxPool2D(2, ignore_border=False)
    assert layer.output_shape((None, 1, 5, None)) == (None, 1, 3, None)

    def wanted(_, X):
        padded = np.pad(X, [(0, 0), (0, 0), (0, 1), (0, 1)], constant_values=-np.inf)
        return padded.reshape(2, 1, 3, 2, 3, 2).max(axis=(3, 5))

    check_layer(layer, (2, 1, 5, 5), wanted)


@pytest.mark.parametrize(
    ("layer", "shape", "wanted"),
    [
        (GlobalPool(), (2, 3, 4, 5), lambda X: X.mean(axis=(2, 3))),
        (GlobalPool("max"), (2, 3, 4), lambda X: X.max(axis=2)),
        (GlobalPool(T.sum), (2, 3, 4, 1, 2), lambda X: X.sum(axis=(2, 3, 4))),
        (FeaturePool(2), (3, 4), lambda X: X.reshape(3, 2, 2).max(axis=2)),
        (FeaturePool(3, axis=-1, function=T.sum), (2, 6), lambda X: X.reshape(2, 2, 3).sum(axis=2)),
        (FeaturePool(2), (2, 4, 3), lambda X: X.reshape(2, 2, 2, 3).max(axis=2)),
        (Upscale1D(3), (2, 1, 2), lambda X: X.repeat(3, axis=2)),
        (Upscale2D((1, 2)), (2, 1, 2, 3), lambda X: X.repeat(2, axis=3)),
        (Upscale3D(2), (1, 1, 2, 1, 2), lambda X: X.repeat(2, 2).repeat(2, 3).repeat(2, 4)),
        (Upscale2D(2, "dilate"), (2, 1, 2, 3), lambda X: np.kron(X, [[1, 0], [0, 0]])),
    ],
    ids=map(str, range(10)),
)
def test_values_are_those_of_numpy(layer, shape, wanted, check_layer):
    check_layer(layer, shape, lambda _, X: wanted(X))


@pytest.mark.parametrize("axis", [1, -2])
def test_the_largest_of_each_group_is_kept(axis, check_layer):
    def wanted(_, X):
        parts = X.reshape(2, 2, 3, 2)
        return np.where(parts == parts.max(axis=2, keepdims=True), parts, 0).reshape(X.shape)

    check_layer(FeatureWTA(3, axis), (2, 6, 2), wanted)


def test_of_equal_features_the_first_is_kept():
    layer = FeatureWTA(2)
    layer.build((None, 4))
    x = T.dmatrix()
    assert layer(x).eval({x: np.array([[1.0, 1, 3, 3]])}).tolist() == [[1, 0, 3, 0]]


def test_a_pyramid_has_as_many_numbers_from_every_size(check_layer):
    def wanted(_, X):
        parts = []
        for n in (3, 1):
            cuts = [[(k * i // n, -(-(k + 1) * i // n)) for k in range(n)] for i in X.shape[2:]]
            parts += [X[:, :, a:b, c:d].max(axis=(2, 3)) for a, b in cuts[0] for c, d in cuts[1]]
        return np.stack(parts, axis=2)

    layer = SpatialPyramidPool((3, 1))
    assert layer.output_shape((None, 2, None, None)) == (None, 2, 10)
    check_layer(layer, (2, 2, 4, 5), wanted)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: MaxPool2D(0), ValueError, "size must be at least 1"),
        (lambda: MaxPool2D((2, 2, 2)), ValueError, "an integer or 2 of them"),
        (lambda: MaxPool2D(2, padding=2), ValueError, "padding must be less"),
        (lambda: MaxPool2D(2, padding=1, ignore_border=False), ValueError, "needs ignore_border"),
        (lambda: MaxPool2D(3).build((None, 1, 2, 5)), ShapeError, "do not fit into"),
        (lambda: MaxPool2D().build((None, 64)), ShapeError, r"\(batch, channels, rows, columns"),
        (lambda: GlobalPool("sum"), ValueError, "'mean', 'max' or one"),
        (lambda: GlobalPool(3), TypeError, "or callable"),
        (lambda: GlobalPool().build((2, 3)), ShapeError, "axes to pool over"),
        (lambda: SpatialPyramidPool(3), TypeError, "a sequence such as"),
        (lambda: SpatialPyramidPool((2, 0)), ValueError, "a level must be at least 1"),
        (lambda: SpatialPyramidPool(mode="sum"), ValueError, "'max' or 'average'"),
        (lambda: SpatialPyramidPool().build((1, 1, 0, 3)), ShapeError, "needs rows and columns"),
        (lambda: Upscale2D(0), ValueError, "factor must be at least 1"),
        (lambda: Upscale2D(2, "bilinear"), ValueError, "'repeat' or 'dilate'"),
        (lambda: FeaturePool(3).build((2, 4)), ShapeError, "not made of groups of 3"),
        (lambda: FeaturePool(2, axis=2).build((2, 4)), ShapeError, "pools along axis 2"),
        (lambda: FeaturePool(2, function="max"), TypeError, "the function takes a tensor"),
        (lambda: FeatureWTA(0), ValueError, "size must be at least 1"),
    ],
    ids=map(str, range(19)),
)
def test_what_does_not_fit_is_told_at_once(call, error, says):
    with pytest.raises(error, match=says):
        call()
