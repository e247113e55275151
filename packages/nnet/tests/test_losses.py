import numpy as np
import pytest
from bitale_autodiff import grad, verify_grad
from bitale_graph import function
from bitale_graph import language as T
from bitale_graph.base.errors import ShapeError
from bitale_nnet import (
    Dense,
    Sequential,
    apply_penalty,
    l1,
    l2,
    losses,
    regularize_layer_params,
    regularize_layer_params_weighted,
    regularize_network_params,
)

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


def log_softmax(z):
    z = z - z.max(-1, keepdims=True)
    return z - np.log(np.exp(z).sum(-1, keepdims=True))


@pytest.mark.parametrize("smoothing", [0, 0.1])
def test_softmax_crossentropy_of_probabilities_weights_and_smoothed_targets(smoothing):
    z, t, d, w = T.dmatrix(), T.lvector(), T.dmatrix(), T.dvector()
    forms = [
        losses.softmax_crossentropy(z, t, w, smoothing),
        losses.softmax_crossentropy(z, d, w, smoothing),
    ]
    weights = np.array([1.0, 0.5, 2.0])
    by_class, by_row = function([z, t, d, w], forms)(LOGITS, TARGETS, np.eye(3)[TARGETS], weights)
    targets = (1 - smoothing) * np.eye(3)[TARGETS] + smoothing / 3
    expected = -weights * (targets * log_softmax(LOGITS)).sum(1)
    assert np.allclose(by_class, expected, rtol=1e-12)
    assert np.allclose(by_row, expected, rtol=1e-12)


def test_softmax_crossentropy_takes_rows_of_rows():
    rng = np.random.default_rng(0)
    logits, targets = rng.normal(size=(2, 4, 3)), rng.integers(0, 3, size=(2, 4))
    z, t = T.dtensor3(), T.lmatrix()
    got = function([z, t], losses.softmax_crossentropy(z, t, label_smoothing=0.2))(logits, targets)
    smoothed = 0.8 * np.eye(3)[targets] + 0.2 / 3
    assert np.allclose(got, -(smoothed * log_softmax(logits)).sum(-1), rtol=1e-12)


def test_smoothed_binary_targets_lie_within():
    z, t = T.dvectors("z", "t")
    got = function([z, t], losses.sigmoid_binary_crossentropy(z, t, label_smoothing=0.2))(
        [2.0, -1.0], [1.0, 0.0]
    )
    s = 1 / (1 + np.exp(-np.array([2.0, -1.0])))
    y = np.array([0.9, 0.1])
    assert np.allclose(got, -(y * np.log(s) + (1 - y) * np.log(1 - s)), rtol=1e-12)


def test_an_infinite_logit_that_is_right_costs_nothing():
    z, t = T.dvectors("z", "t")
    loss = losses.sigmoid_binary_crossentropy(z, t)
    assert function([z, t], loss)([-np.inf, -np.inf], [0.0, 1.0]).tolist() == [0, np.inf]
    by_target = function([z, t], grad(T.sum(loss), t))([2.0, -1.0], [0.0, 1.0])
    assert by_target.tolist() == [-2, 1]


@pytest.mark.parametrize("part", [-0.1, 1, 2])
def test_the_part_that_is_smoothed_is_below_1(part):
    with pytest.raises(ValueError, match="label_smoothing"):
        losses.softmax_crossentropy(T.dmatrix(), T.lvector(), label_smoothing=part)


def test_logits_and_targets_fit():
    with pytest.raises(ShapeError, match="softmax_crossentropy takes logits"):
        losses.softmax_crossentropy(T.dtensor3(), T.lvector())


def test_probabilities_are_no_logits():
    with pytest.raises(ValueError, match="takes the softmax itself"):
        losses.softmax_crossentropy(T.softmax(T.dmatrix()), T.lvector())


def test_hinges_open_within_the_margin():
    x, t = T.dvectors("x", "t")
    forms = [
        losses.binary_hinge_loss(x, t),
        losses.binary_hinge_loss(x, 2 * t - 1, delta=2, binary=False),
        losses.binary_hinge_loss(T.sigmoid(x), t, log_odds=False),
    ]
    one, two, three = function([x, t], forms)([3.0, 0.25, -0.5], [1.0, 1.0, 1.0])
    assert one.tolist() == [0, 0.75, 1.5]
    assert two.tolist() == [0, 1.75, 2.5]
    assert np.allclose(three, one)


def test_the_best_wrong_class_counts():
    p, t, d = T.dmatrix(), T.lvector(), T.dmatrix()
    forms = [losses.multiclass_hinge_loss(p, t), losses.multiclass_hinge_loss(p, d, 0.5)]
    values = np.array([[3.0, 1.0, 2.5], [0.0, 4.0, 1.0]])
    one, two = function([p, t, d], forms)(values, [0, 2], np.eye(3)[[0, 2]])
    assert one.tolist() == [0.5, 4.0]
    assert two.tolist() == [0.0, 3.5]
    for targets in ([0, 3], [-1, 0]):
        with pytest.raises(AssertionError, match="a target is no class"):
            forms[0].eval({p: values, t: targets})


def test_huber_is_a_square_near_and_a_line_far():
    x, t = T.dvectors("x", "t")
    loss = losses.huber_loss(x, t, 2.0)
    got, slope = function([x, t], [loss, grad(T.sum(loss), x)])(
        [0.0, 1.0, -3.0, 1e200], [0.0, 0.0, 0.0, 0.0]
    )
    assert np.allclose(got, [0, 0.5, 4.0, 2e200])
    assert slope.tolist() == [0, 1, -2, 2]


@pytest.mark.parametrize(
    "loss",
    [
        losses.huber_loss,
        losses.squared_error,
        losses.binary_hinge_loss,
        lambda x, t: losses.sigmoid_binary_crossentropy(x, t, label_smoothing=0.1),
        lambda x, t: losses.softmax_crossentropy(x, t, label_smoothing=0.1),
        losses.multiclass_hinge_loss,
    ],
    ids=["huber", "squares", "hinge", "sigmoid", "softmax", "hinge of classes"],
)
def test_derivatives_of_losses(loss):
    x = np.random.default_rng(1).normal(size=(4, 3)) * 2
    weights = np.arange(1.0, 13).reshape(4, 3)[:, 0]
    targets = np.eye(3)[[0, 2, 1, 1]]
    verify_grad(lambda x: T.sum(loss(x, targets).T * weights), [x], rng=np.random.default_rng(0))


@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_the_class_is_among_the_largest(k):
    rng = np.random.default_rng(k)
    values, targets = rng.normal(size=(40, 6)), rng.integers(0, 6, size=40)
    p, t = T.dmatrix(), T.lvector()
    got = function([p, t], losses.categorical_accuracy(p, t, top_k=k))(values, targets)
    best = np.argsort(-values, axis=1)[:, :k]
    assert got.tolist() == [float(t in row) for t, row in zip(targets, best, strict=True)]


def test_nan_is_never_right():
    p, t = T.dmatrix(), T.lvector()
    f = function([p, t], losses.categorical_accuracy(p, t, top_k=2))
    assert f(np.full((1, 3), np.nan), [1]).tolist() == [0]
    with pytest.raises(ValueError, match="top_k must be at least 1"):
        losses.categorical_accuracy(p, t, top_k=0)


def test_confusions_are_counted_by_the_labels_that_occur():
    a, p = T.lvectors("a", "p")
    f = function([a, p], losses.confusion_matrix(a, p))
    counts, labels = f([2, 0, 2, 2, 7], [0, 0, 2, 9, 7])
    assert labels.tolist() == [0, 2, 7, 9]
    assert counts.tolist() == [[1, 0, 0, 0], [1, 1, 0, 1], [0, 0, 1, 0], [0, 0, 0, 0]]
    assert counts.dtype == "int64"
    assert f([], [])[0].shape == (0, 0)
    with pytest.raises(ShapeError, match="two vectors"):
        losses.confusion_matrix(p, T.lmatrix())


def test_penalties_are_put_on_what_is_tagged():
    network = Sequential([Dense(4), Dense(2)])
    network.build((None, 3))
    first, second = network.parameters("regularizable")
    forms = [
        regularize_network_params(network),
        regularize_network_params(network, l1, tags=("trainable",)),
        regularize_layer_params(iter([network]), l1),
        regularize_layer_params_weighted({network: 0.5}, l1),
        apply_penalty([first, second], l2),
        l2(first),
    ]
    got = function([], forms)()
    w, v = first.get_value(), second.get_value()
    squares = (w**2).sum() + (v**2).sum()
    size = np.abs(w).sum() + np.abs(v).sum()
    # Biases are zero at first.
    assert np.allclose(got, [squares, size, size, size / 2, squares, (w**2).sum()], rtol=1e-5)


@pytest.mark.parametrize(
    "loss",
    [
        losses.squared_error,
        losses.sigmoid_binary_crossentropy,
        losses.binary_hinge_loss,
        losses.huber_loss,
        losses.softmax_crossentropy,
    ],
)
def test_integer_targets_leave_the_dtype_of_predictions(loss):
    assert loss(T.fmatrix(), T.lmatrix()).dtype == "float32"


def test_one_row_of_logits_has_one_loss():
    z, t = T.dvector(), T.lscalar()
    got = function([z, t], losses.softmax_crossentropy(z, t, label_smoothing=0.1))(LOGITS[0], 2)
    expected = -((0.9 * np.eye(3)[2] + 0.1 / 3) * log_softmax(LOGITS[0])).sum()
    assert got.shape == ()
    assert got == pytest.approx(expected)
