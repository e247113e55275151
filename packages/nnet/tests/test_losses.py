import numpy as np
import pytest
from bitale_autodiff import grad
from bitale_graph import function
from bitale_graph import language as T
from bitale_graph.base.errors import ShapeError
from bitale_nnet import l1, l2, losses

LOGITS = np.array([[2.0, -1.0, 0.5], [0.0, 0.0, 0.0], [1000.0, -1000.0, 0.0]])
TARGETS = np.array([0, 2, 1])


def softmax(z):
    e = np.exp(z - z.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def test_errors_are_taken_element_by_element():
    a, b = T.dvectors("a", "b")
    f = function([a, b], [losses.squared_error(a, b), losses.absolute_error(a, b)])
    squared, absolute = f([1.0, 2.0], [3.0, 1.5])
    assert squared.tolist() == [4.0, 0.25]
    assert absolute.tolist() == [2.0, 0.5]


@pytest.mark.parametrize("loss", [losses.squared_error, losses.absolute_error])
def test_targets_of_another_rank_are_refused(loss):
    with pytest.raises(ShapeError, match="different ranks"):
        loss(T.dmatrix("p"), T.dvector("t"))


def test_softmax_crossentropy_is_finite_where_softmax_underflows():
    z, t = T.dmatrix(), T.lvector()
    loss = losses.softmax_crossentropy(z, t)
    values, gradient = function([z, t], [loss, grad(T.sum(loss), z)], mode="FAST_COMPILE")(
        LOGITS, TARGETS
    )
    assert np.allclose(values, [np.log(np.exp(LOGITS[0] - 2).sum()), np.log(3), 2000.0])
    assert np.allclose(gradient, softmax(LOGITS) - np.eye(3)[TARGETS])


def test_a_target_that_is_no_class_is_an_error():
    z, t = T.dmatrix(), T.lvector()
    f = function([z, t], losses.softmax_crossentropy(z, t))
    with pytest.raises(IndexError, match="outside the 3 classes"):
        f(LOGITS, [0, 1, 3])


def test_categorical_crossentropy_takes_classes_and_probabilities():
    p, t, d = T.dmatrix(), T.lvector(), T.dmatrix()
    f = function(
        [p, t, d], [losses.categorical_crossentropy(p, t), losses.categorical_crossentropy(p, d)]
    )
    values = np.array([[0.5, 0.5], [0.25, 0.75]])
    by_class, by_row = f(values, [0, 1], np.eye(2))
    assert np.allclose(by_class, -np.log([0.5, 0.75]))
    assert np.allclose(by_row, by_class)


def test_sigmoid_binary_crossentropy_is_finite_for_every_logit():
    z, t = T.dvectors("z", "t")
    loss = losses.sigmoid_binary_crossentropy(z, t)
    values, gradient = function([z, t], [loss, grad(T.sum(loss), z)])(
        [0.0, 1000.0, -1000.0, 2.0], [1.0, 0.0, 1.0, 1.0]
    )
    assert np.allclose(values, [np.log(2), 1000, 1000, np.log1p(np.exp(-2))])
    assert np.allclose(gradient, [-0.5, 1, -1, 1 / (1 + np.exp(-2)) - 1])


def test_accuracies_count_what_is_right():
    p, t, b, u = T.dmatrix(), T.lvector(), T.dvector(), T.dvector()
    f = function([p, t, b, u], [losses.categorical_accuracy(p, t), losses.binary_accuracy(b, u)])
    categorical, binary = f(LOGITS, [0, 1, 0], [0.4, 0.6], [1.0, 1.0])
    assert categorical.tolist() == [1.0, 0.0, 1.0]
    assert binary.tolist() == [0.0, 1.0]


def test_accuracy_takes_rows_of_probabilities_as_targets():
    p, t = T.dmatrices("p", "t")
    assert function([p, t], losses.categorical_accuracy(p, t))(LOGITS, np.eye(3)).tolist() == [
        1.0,
        0.0,
        0.0,
    ]


def test_accuracy_of_a_vector_of_predictions_is_refused():
    with pytest.raises(ShapeError, match="categorical_accuracy takes a matrix"):
        losses.categorical_accuracy(T.dvector(), T.lvector())


def test_aggregate_weighs_and_sums_up():
    x, w = T.dvectors("x", "w")
    f = function(
        [x, w],
        [
            losses.aggregate(x, w),
            losses.aggregate(x, w, "sum"),
            losses.aggregate(x, w, "normalized_sum"),
        ],
    )
    assert np.allclose(f([1.0, 2.0], [1.0, 3.0]), [3.5, 7.0, 1.75])


@pytest.mark.parametrize("mode", ["median", "normalized_sum"])
def test_aggregate_refuses_what_it_cannot_do(mode):
    with pytest.raises(ValueError, match="aggregate: mode"):
        losses.aggregate(T.dvector(), mode=mode)


def test_penalties_sum_over_all_parameters():
    a, b = T.dvector(), T.dmatrix()
    f = function([a, b], [l1([a, b]), l2([a, b])])
    assert np.allclose(f([-1.0, 2.0], [[-3.0]]), [6.0, 14.0])


def test_a_penalty_on_nothing_is_refused():
    with pytest.raises(ValueError, match="at least one parameter"):
        l2([])
