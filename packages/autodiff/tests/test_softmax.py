import numpy as np
import pytest
from bitale_autodiff import DisconnectedInputError, grad, verify_grad
from bitale_graph import function
from bitale_graph import language as T
from bitale_graph.ops.softmax import (
    Crossentropy1HotGrad,
    SoftmaxCrossentropy,
    SoftmaxCrossentropyGrad,
    SoftmaxGrad,
)

TARGETS = T.constant(np.array([2, 0, 3]))


@pytest.mark.filterwarnings("ignore:.*whose length is 1:UserWarning")
@pytest.mark.parametrize("shape", [(4,), (3, 4), (2, 3, 4), (3, 1)])
@pytest.mark.parametrize("fun", [T.softmax, T.log_softmax])
def test_softmax_and_its_logarithm(fun, shape, rng, verify_orders):
    verify_orders(lambda x: T.sqr(fun(x)), [rng.normal(size=shape)])


def test_softmax_along_another_axis(rng, verify_orders):
    verify_orders(lambda x: T.softmax(x, axis=0), [rng.normal(size=(3, 4))])


def test_adjoint_of_softmax(rng, verify_orders):
    verify_orders(SoftmaxGrad(), [rng.normal(size=(3, 4)), rng.random((3, 4))])


def test_crossentropy(rng, verify_orders):
    p = rng.random((3, 4)) + 0.2
    verify_orders(lambda x: T.categorical_crossentropy(x, TARGETS), [p])
    verify_orders(lambda x: T.categorical_crossentropy(T.softmax(x), TARGETS), [p])


def test_crossentropy_with_probabilities(rng, verify_orders):
    points = [rng.random((3, 4)) + 0.2, rng.random((3, 4))]
    verify_orders(T.categorical_crossentropy, points)
    verify_orders(T.binary_crossentropy, [rng.random(3) * 0.8 + 0.1, rng.random(3)])


def test_adjoint_of_crossentropy(rng, verify_orders):
    points = [rng.random((3, 4)) + 0.2, rng.normal(size=3)]
    verify_orders(lambda p, ct: Crossentropy1HotGrad()(p, ct, TARGETS), points)


@pytest.mark.parametrize("outputs", [(0,), (1,), (0, 1)])
def test_softmax_and_crossentropy_together(outputs, rng, verify_orders):
    def expression(x):
        both = SoftmaxCrossentropy()(x, TARGETS)
        return T.add(*(T.sum(T.sqr(both[i])) for i in outputs))

    verify_orders(expression, [rng.normal(size=(3, 4))])


def test_adjoint_of_softmax_and_crossentropy(rng, verify_orders):
    points = [rng.random((3, 4)), rng.normal(size=3)]
    verify_orders(lambda y, ct: SoftmaxCrossentropyGrad()(y, ct, TARGETS), points)


def test_targets_are_not_connected():
    x, t = T.dmatrix(), T.lvector()
    for loss in (T.categorical_crossentropy(x, t), SoftmaxCrossentropy()(x, t)[0]):
        with pytest.raises(DisconnectedInputError):
            grad(T.sum(loss), t)


def test_loss_of_a_batch_by_hand():
    x = T.dmatrix()
    t = np.array([1, 0])
    loss = T.mean(SoftmaxCrossentropy()(x, T.constant(t))[0])
    data = np.array([[1.0, 2.0, 3.0], [1.0, 1.0, 1.0]])
    softmax = np.exp(data) / np.exp(data).sum(1, keepdims=True)
    expected = (softmax - np.eye(3)[t]) / 2
    assert np.allclose(function([x], grad(loss, x))(data), expected, rtol=1e-14, atol=1e-16)


def test_large_logits_give_finite_derivatives():
    x = T.dmatrix()
    loss = T.sum(SoftmaxCrossentropy()(x, T.constant(np.array([0])))[0])
    assert function([x], grad(loss, x))([[-1e4, 1e4]]).tolist() == [[-1, 1]]
    log = T.sum(T.log_softmax(x)[:, 0])
    assert function([x], grad(log, x))([[-1e4, 1e4]]).tolist() == [[1, -1]]


def test_float32_stays_float32(rng):
    x = rng.normal(size=(3, 4)).astype("float32")
    verify_grad(lambda v: SoftmaxCrossentropy()(v, TARGETS)[0], [x], n_tests=1)
    v = T.fmatrix()
    assert grad(T.sum(T.sqr(T.softmax(v))), v).dtype == "float32"
