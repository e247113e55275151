import numpy as np
import pytest
from bitale_graph import function
from bitale_graph import language as T
from bitale_graph.base.errors import DtypeError, ShapeError
from bitale_graph.ops.softmax import SoftmaxCrossentropy

x, t = T.dmatrix("x"), T.ivector("t")
X = np.random.default_rng(0).uniform(-3, 3, (4, 5))


def test_rows_add_up_to_1():
    found = T.softmax(x).eval({x: X})
    np.testing.assert_allclose(found.sum(1), 1)
    np.testing.assert_allclose(found, np.exp(X) / np.exp(X).sum(1, keepdims=True))
    np.testing.assert_allclose(T.log_softmax(x).eval({x: X}), np.log(found))


@pytest.mark.parametrize("axis", [0, 1, 2, -2])
@pytest.mark.parametrize("function_", [T.softmax, T.log_softmax])
def test_any_axis_will_do(axis, function_):
    v = T.dtensor3()
    cube = np.random.default_rng(0).uniform(-3, 3, (2, 3, 4))
    found = function_(v, axis=axis).eval({v: cube})
    e = np.exp(cube) / np.exp(cube).sum(axis, keepdims=True)
    np.testing.assert_allclose(found, e if function_ is T.softmax else np.log(e))


def test_large_logits_do_not_overflow():
    found = T.softmax(x).eval({x: [[1e4, 0.0], [-1e4, -1e4]]})
    np.testing.assert_array_equal(found, [[1, 0], [0.5, 0.5]])
    assert T.log_softmax(x).eval({x: [[1e4, 0.0]]})[0, 1] == -1e4


def test_integers_become_floats():
    assert T.softmax(T.ivector()).dtype == "float64"
    with pytest.raises(DtypeError, match="real"):
        T.softmax(T.zvector())
    with pytest.raises(ShapeError, match=r"no axis|vector or more"):
        T.softmax(T.dscalar())


def test_cross_entropy_with_classes_and_with_probabilities():
    p = np.exp(X) / np.exp(X).sum(1, keepdims=True)
    classes = np.array([0, 4, 2, 2], "int32")
    hot = T.dmatrix("hot")
    outputs = [
        T.categorical_crossentropy(T.softmax(x), t),
        T.categorical_crossentropy(T.softmax(x), hot),
    ]
    one, other = function([x, t, hot], outputs)(X, classes, np.eye(5)[classes])
    np.testing.assert_allclose(one, -np.log(p[np.arange(4), classes]))
    np.testing.assert_allclose(one, other)


def test_binary_cross_entropy():
    p, y = T.dvectors("py")
    P, Y = np.array([0.2, 0.9]), np.array([1.0, 0.0])
    found = function([p, y], T.binary_crossentropy(p, y))(P, Y)
    np.testing.assert_allclose(found, -(Y * np.log(P) + (1 - Y) * np.log(1 - P)))


def test_loss_and_softmax_together_do_not_underflow():
    loss, p = SoftmaxCrossentropy()(x, t)
    found, rows = function([x, t], [loss, p])([[1e4, 0.0], [0.0, 0.0]], [1, 0])
    np.testing.assert_allclose(found, [1e4, np.log(2)])
    np.testing.assert_array_equal(rows, [[1, 0], [0.5, 0.5]])


def test_targets_are_checked():
    loss = T.categorical_crossentropy(x, t)
    with pytest.raises(IndexError, match="outside the 5 classes"):
        loss.eval({x: X, t: [0, 1, 2, 5]})
    with pytest.raises(ShapeError, match="4 rows and 3 targets"):
        loss.eval({x: X, t: [0, 1, 2]})
    with pytest.raises(ShapeError, match="integer vector of targets"):
        SoftmaxCrossentropy()(x, T.dvector())
