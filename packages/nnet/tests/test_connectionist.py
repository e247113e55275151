import itertools

import numpy as np
import pytest
from bitale_autodiff import grad, verify_grad
from bitale_graph import function
from bitale_graph import language as T
from bitale_graph.base.errors import ShapeError
from bitale_nnet.connectionist import ctc

RNG = np.random.default_rng(5)
STEPS, SYMBOLS = 4, 3


@pytest.fixture(scope="module")
def cost_and_gradient():
    a, labels, lengths = T.dtensor3("a"), T.imatrix("labels"), T.ivector("lengths")
    cost = ctc(a, labels, lengths)
    return function([a, labels, lengths], [cost, grad(T.sum(cost), a)])


def by_enumeration(activations, labels, length):
    """The sum over all alignments, one by one."""
    scores = activations[:length]
    scores = scores - np.log(np.exp(scores).sum(1, keepdims=True))
    wanted, total = [k for k in labels if k >= 0], 0.0
    for alignment in itertools.product(range(activations.shape[1]), repeat=int(length)):
        if [k for k, _ in itertools.groupby(alignment) if k] == wanted:
            total += np.exp(sum(scores[t, k] for t, k in enumerate(alignment)))
    return -np.log(total) if total else np.inf


def test_the_cost_is_the_sum_over_all_alignments(cost_and_gradient):
    rows = [list(r) for n in range(4) for r in itertools.product((1, 2), repeat=n)]
    labels = np.array([[*r, *[-1] * (3 - len(r))] for r in rows], "int32")
    for length in range(STEPS + 1):
        a = RNG.normal(size=(STEPS, len(rows), SYMBOLS))
        lengths = np.full(len(rows), length, "int32")
        cost, gradient = cost_and_gradient(a, labels, lengths)
        expected = [by_enumeration(a[:, b], labels[b], length) for b in range(len(rows))]
        assert np.allclose(cost, expected, rtol=1e-12)
        assert np.all(np.isfinite(gradient))
        assert not np.any(gradient[:, np.isinf(cost)])
        assert not np.any(gradient[length:])


def test_lengths_differ_within_a_batch(cost_and_gradient):
    a = RNG.normal(size=(STEPS, 3, SYMBOLS))
    labels, lengths = np.array([[1, 2], [2, -1], [1, 1]], "int32"), np.array([4, 2, 3], "int32")
    cost, _ = cost_and_gradient(a, labels, lengths)
    expected = [by_enumeration(a[:, b], labels[b], lengths[b]) for b in range(3)]
    assert np.allclose(cost, expected, rtol=1e-12)


def test_derivatives_of_the_cost():
    labels, lengths = np.array([[1, 2], [1, 1]], "int32"), np.array([4, 5], "int32")
    verify_grad(
        lambda a: T.sum(ctc(a, labels, lengths)),
        [RNG.normal(size=(5, 2, SYMBOLS))],
        rng=np.random.default_rng(0),
    )


def test_the_numbers_are_those_of_torch(cost_and_gradient):
    # torch.nn.functional.ctc_loss(log_softmax(a), ..., reduction="none") of PyTorch 2.
    a = np.sin(np.arange(5 * 2 * 4)).reshape(5, 2, 4)
    labels = np.array([[1, 3, 3], [2, 1, -1]], "int32")
    cost, _ = cost_and_gradient(a, labels, np.array([5, 4], "int32"))
    assert np.allclose(cost, BY_TORCH, rtol=1e-12)


BY_TORCH = [6.248234874462638, 2.614250505847966]


def test_extreme_activations_stay_finite(cost_and_gradient):
    a = np.full((4, 1, 3), -1e4)
    a[:, :, 2] = 1e4
    cost, gradient = cost_and_gradient(a, np.array([[1]], "int32"), np.array([4], "int32"))
    # The best alignment names the 1 once and else 0, each at a logit 2e4 below the largest.
    assert cost[0] == pytest.approx(8e4, rel=1e-4)
    assert np.all(np.isfinite(gradient))


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_long_sequences_in_short_floats(dtype):
    a, labels, lengths = T.tensor3(dtype=dtype), T.imatrix(), T.ivector()
    f = function([a, labels, lengths], ctc(a, labels, lengths))
    cost = f(np.zeros((500, 1, 2), dtype), np.array([[1]], "int32"), np.array([500], "int32"))
    # Blocks of ones: 500 * 501 / 2 alignments of 500 fair choices.
    assert cost.dtype == "float32"
    assert cost[0] == pytest.approx(500 * np.log(2) - np.log(500 * 501 / 2), rel=5e-6)


def test_a_label_that_is_no_symbol_is_an_error(cost_and_gradient):
    with pytest.raises(IndexError):
        cost_and_gradient(np.zeros((4, 1, 3)), np.array([[3]], "int32"), np.array([4], "int32"))


def test_ranks_and_dtypes_are_checked():
    with pytest.raises(ShapeError, match="ctc takes activations"):
        ctc(T.dmatrix(), T.imatrix(), T.ivector())
    with pytest.raises(ShapeError, match="ctc takes activations"):
        ctc(T.dtensor3(), T.dmatrix(), T.ivector())
    with pytest.raises(ShapeError, match="different numbers of sequences"):
        ctc(np.zeros((3, 2, 3)), [[1, 2]], [3])


@pytest.mark.parametrize(
    ("labels", "length", "says"),
    [
        ([0, 1], 4, "labels are symbols from 1 on"),
        ([-1, 1], 4, "labels are symbols from 1 on"),
        ([1, 2], 5, "input_lengths are from 0"),
        ([1, 2], -1, "input_lengths are from 0"),
    ],
)
def test_labels_and_lengths_are_checked_when_it_runs(cost_and_gradient, labels, length, says):
    with pytest.raises(AssertionError, match=says):
        cost_and_gradient(
            np.zeros((4, 1, 3)), np.array([labels], "int32"), np.array([length], "int32")
        )


def test_nothing_to_align_costs_nothing(cost_and_gradient):
    for steps, batch, labels in ((0, 1, [[-1]]), (3, 0, np.zeros((0, 2)))):
        cost, _ = cost_and_gradient(
            np.zeros((steps, batch, 3)), np.array(labels, "int32"), np.zeros(batch, "int32")
        )
        assert cost.tolist() == [0] * batch
