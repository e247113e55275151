import numpy as np
import pytest
from bitale_graph import function
from bitale_graph import language as T
from bitale_graph.base.errors import ShapeError
from bitale_nnet import (
    Dense,
    Embedding,
    Expression,
    Flatten,
    Pad,
    Reshape,
    Sequential,
    Slice,
    Transpose,
)


def mean_of_steps(x):
    return x.mean(axis=1)


def without_steps(shape):
    return (shape[0], *shape[2:])


CASES = [
    (Flatten(), (3, 2, 4), lambda X: X.reshape(3, 8)),
    (Flatten(1), (3, 2), np.ravel),
    (Flatten(3), (3, 2, 4, 5), lambda X: X.reshape(3, 2, 20)),
    (Flatten(2), (3, 4), lambda X: X),
    (Reshape(([0], -1)), (3, 2, 4), lambda X: X.reshape(3, 8)),
    (Reshape(([0], [2], 2, 1)), (3, 2, 4), lambda X: X.reshape(3, 4, 2, 1)),
    (Reshape((-1, 2)), (3, 4), lambda X: X.reshape(6, 2)),
    (Reshape(([0], 2, -1)), (0, 4), lambda X: X.reshape(0, 2, 2)),
    (Transpose((0, 2, 1)), (3, 2, 4), lambda X: X.transpose(0, 2, 1)),
    (Transpose((2, "x", 0)), (3, 1, 4), lambda X: X[:, 0].T[:, None]),
    (Pad(2), (2, 1, 3, 2), lambda X: np.pad(X, [(0, 0), (0, 0), (2, 2), (2, 2)])),
    (
        Pad([(1, 2), 0], value=0.5, keep=1),
        (2, 3, 2),
        lambda X: np.pad(X, [(0, 0), (1, 2), (0, 0)], constant_values=0.5),
    ),
    (Pad(1, mode="edge"), (2, 3, 2), lambda X: np.pad(X, [(0, 0), (0, 0), (1, 1)], "edge")),
    (Slice(-1, axis=1), (3, 4, 2), lambda X: X[:, -1]),
    (Slice(slice(1, None, 2)), (3, 4), lambda X: X[:, 1::2]),
    (Slice(slice(9, 2)), (3, 4), lambda X: X[:, 9:2]),
    (Expression(mean_of_steps, without_steps), (3, 4, 2), lambda X: X.mean(axis=1)),
    (Expression(T.exp), (3, 4), np.exp),
    (Expression(mean_of_steps, (None, 2)), (3, 4, 2), lambda X: X.mean(axis=1)),
]


@pytest.mark.parametrize(("layer", "shape", "wanted"), CASES, ids=map(str, range(len(CASES))))
def test_values_are_those_of_numpy(layer, shape, wanted, check_layer):
    if isinstance(layer.__dict__.get("shape_rule"), tuple):
        assert layer.output_shape(shape) == (None, 2)
        layer.shape_rule = without_steps
    check_layer(layer, shape, lambda _, X: wanted(X))


@pytest.mark.parametrize(
    ("layer", "shape", "wanted"),
    [
        (Flatten(), (None, None, 4), (None, None)),
        (Flatten(), (None, None, 0), (None, 0)),
        (Reshape(([0], 2, -1)), (None, 8), (None, 2, 4)),
        (Reshape(([0], 2, -1)), (None, None), (None, 2, None)),
        (Reshape((-1, [1])), (None, 8, 3), (None, 8)),
        (Reshape((2, 4)), (None, 8), (2, 4)),
        (Pad(1), (None, 3, None, 4), (None, 3, None, 6)),
        (Slice(slice(0, 2), axis=0), (None, 3), (None, 3)),
    ],
    ids=map(str, range(8)),
)
def test_lengths_that_are_not_known_stay_so(layer, shape, wanted):
    assert layer.output_shape(shape) == wanted


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: Flatten(0), ValueError, "ndim must be at least 1"),
        (lambda: Flatten(3).build((2, 3)), ShapeError, "of 3 axes or more"),
        (lambda: Reshape(4), TypeError, "a sequence such as"),
        (lambda: Reshape((-1, -1)), ValueError, "more than once"),
        (lambda: Reshape((2.0,)), TypeError, "must be an integer"),
        (lambda: Reshape((-2,)), ValueError, "at least -1"),
        (lambda: Reshape(([2],)).build((2, 3)), ShapeError, "axis 2 of its input, which has 2"),
        (lambda: Reshape(([0], 5)).build((None, 6)), ShapeError, "cannot make"),
        (lambda: Reshape(([0], 4, -1)).build((None, 6)), ShapeError, "cannot make"),
        (lambda: Transpose((0, 0)), ValueError, "there twice"),
        (lambda: Transpose("x"), TypeError, "a sequence such as"),
        (lambda: Transpose((0, 2)).build((2, 3)), ShapeError, "names the axes"),
        (lambda: Transpose((0,)).build((2, 3)), ShapeError, "whose length is not 1"),
        (lambda: Pad(-1), ValueError, "at least 0"),
        (lambda: Pad([(1, 2, 3)]), ValueError, r"a number or \(before, after\)"),
        (lambda: Pad([1, 1]).build((2, 3, 4)), ShapeError, "its input has 3 axes"),
        (lambda: Pad(1).build((2, 3)), ShapeError, "its input has 2 axes"),
        (lambda: Slice("a"), TypeError, "must be an integer"),
        (lambda: Slice(0, 2).build((2, 3)), ShapeError, "slices axis 2"),
        (lambda: Slice(3).build((2, 3)), IndexError, "no place 3 along 3"),
        (lambda: Expression("relu"), TypeError, "takes a function"),
    ],
    ids=map(str, range(21)),
)
def test_what_does_not_fit_is_told_at_once(call, error, says):
    with pytest.raises(error, match=says):
        call()


def test_dropped_axes_have_the_length_1_when_computing():
    layer = Transpose((0,))
    layer.build((None, 1))
    x = T.matrix()
    f = function([x], layer(x), mode="FAST_COMPILE")
    assert f(np.ones((2, 1), x.dtype)).tolist() == [1, 1]
    with pytest.raises((ShapeError, ValueError, AssertionError)):
        f(np.ones((2, 3), x.dtype))


def test_integers_pass_on_to_an_embedding():
    network = Sequential([Reshape(([0], -1)), Embedding(4, 2), Flatten(), Dense(1)])
    assert network.input_dtype == "int"
    assert Sequential([Flatten(), Dense(2)]).input_dtype == "float"
    assert Flatten().input_dtype == "any"
    assert network.build((None, 3, 2)) == (None, 1)
