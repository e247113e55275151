import numpy as np
import pytest
from bitale_autodiff import grad
from bitale_graph import function
from bitale_graph import language as T
from bitale_graph.base.errors import ShapeError
from bitale_nnet import crossentropies as ce

X = np.array([[2.0, -1.0, 0.5], [0.0, 0.0, 0.0], [1000.0, -1000.0, 0.0]])
B = np.array([0.5, -0.5, 0.25])
Y = np.array([0, 2, 1])


def softmax(z):
    e = np.exp(z - z.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def log_softmax(z):
    z = z - z.max(1, keepdims=True)
    return z - np.log(np.exp(z).sum(1, keepdims=True))


@pytest.fixture
def inputs():
    return T.dmatrix("x"), T.dvector("b"), T.lvector("y")


def test_the_forms_agree_with_the_formula(inputs):
    x, b, y = inputs
    forms = [
        *ce.crossentropy_softmax_1hot(x, y),
        *ce.crossentropy_softmax_1hot_with_bias(x, b, y),
        *ce.crossentropy_softmax_argmax_1hot_with_bias(x, b, y),
        *ce.crossentropy_softmax_max_and_argmax_1hot(x, y),
        *ce.crossentropy_softmax_max_and_argmax_1hot_with_bias(x, b, y),
    ]
    got = function([x, b, y], forms)(X, B, Y)
    rows = np.arange(3)
    plain = [-log_softmax(X)[rows, Y], softmax(X)]
    biased = [-log_softmax(X + B)[rows, Y], softmax(X + B)]
    best = (X + B).argmax(1)
    expected = [
        *plain,
        *biased,
        *[*biased, best],
        *[*plain, softmax(X).max(1), X.argmax(1)],
        *[*biased, softmax(X + B).max(1), best],
    ]
    for value, wanted in zip(got, expected, strict=True):
        assert np.allclose(value, wanted, rtol=1e-12)


def test_the_adjoints_are_the_gradients(inputs):
    x, b, y = inputs
    g = T.dvector("g")
    loss, probabilities = ce.crossentropy_softmax_1hot_with_bias(x, b, y)
    by_name = ce.crossentropy_softmax_1hot_with_bias_dx(g, probabilities, y)
    p = T.softmax(x)
    of_classes = ce.crossentropy_categorical_1hot(p, y)
    results = [
        by_name,
        grad(T.sum(g * loss), x),
        ce.crossentropy_categorical_1hot_grad(g, p, y),
        grad(T.sum(g * of_classes), p),
    ]
    a, b_, c, d = function([x, b, y, g], results)(X / 100, B, Y, np.array([1.0, -2.0, 0.5]))
    assert np.allclose(a, b_, rtol=1e-12)
    assert np.allclose(c, d, rtol=1e-12)


def test_the_gradient_reaches_the_bias(inputs):
    x, b, y = inputs
    loss = T.sum(ce.crossentropy_softmax_1hot_with_bias(x, b, y)[0])
    got = function([x, b, y], grad(loss, b))(X, B, Y)
    assert np.allclose(got, (softmax(X + B) - np.eye(3)[Y]).sum(0))


@pytest.mark.parametrize("y", [[0, 1, 3], [0, -1, 1]])
def test_a_class_that_does_not_exist_is_an_error(inputs, y):
    x, b, t = inputs
    loss = ce.crossentropy_softmax_1hot_with_bias(x, b, t)[0]
    with pytest.raises(IndexError, match="outside the 3 classes"):
        function([x, b, t], loss)(X, B, y)


def test_the_instances_are_callable(inputs):
    x, b, _ = inputs
    f = function([x, b], [ce.softmax_op(x), ce.logsoftmax_op(x), ce.softmax_with_bias(x, b)])
    one, two, three = f(X, B)
    assert np.allclose(one, softmax(X))
    assert np.allclose(two, log_softmax(X))
    assert np.allclose(three, softmax(X + B))


def test_a_bias_is_a_vector(inputs):
    x, _, y = inputs
    with pytest.raises(ShapeError, match="a bias is a vector"):
        ce.crossentropy_softmax_1hot_with_bias(x, x, y)
