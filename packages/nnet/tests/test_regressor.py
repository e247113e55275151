import pickle

import numpy as np
import pytest
from bitale_graph import language as T
from bitale_graph.base.errors import ShapeError
from bitale_nnet import Dense, Regressor, Sequential

rng = np.random.default_rng(0)
X = rng.uniform(-2, 2, size=(120, 2))
Y = 1000 + 50 * np.c_[np.sin(X[:, 0]), X.sum(axis=1)]


def quick(network=(16,), **keywords):
    settings = {"learning_rate": 0.02, "epochs": 40, "batch_size": 16, "random_state": 0}
    return Regressor(network, **{**settings, **keywords})


def test_one_number_and_several_are_learnt():
    one = quick().fit(X, Y[:, 0], validation=(X, Y[:, 0]))
    assert one.score(X, Y[:, 0]) > 0.95
    assert one.predict(X).shape == (120,)
    assert one.history_["validation_loss"][-1] == pytest.approx(1 - one.score(X, Y[:, 0]), rel=1e-4)
    both = quick().fit(X, Y)
    assert both.score(X, Y) > 0.95
    assert both.predict(X).shape == (120, 2)


def test_a_column_gives_a_column():
    assert quick(epochs=1).fit(X, Y[:, :1]).predict(X[:3]).shape == (3, 1)


@pytest.mark.parametrize(
    "loss", ["squared_error", "huber_loss", "absolute_error", lambda p, t: T.abs_(p - t)]
)
def test_losses_by_name_and_of_ones_own(loss):
    assert quick(loss=loss).fit(X, Y[:, 0]).score(X, Y[:, 0]) > 0.9


def test_without_scaling_the_mean_must_be_learnt():
    assert quick(scale_targets=False).fit(X, Y[:, 0]).score(X, Y[:, 0]) < 0


def test_targets_that_are_all_alike_are_given_back():
    assert quick().fit(X, np.full(120, 7.5)).predict(X[:2]) == pytest.approx([7.5, 7.5], abs=0.1)


@pytest.mark.parametrize("size", [1e-300, 1e300])
def test_tiny_and_huge_targets(size):
    y = Y[:, 0] * size / 1000
    assert quick().fit(X, y).predict(X) / size == pytest.approx(Y[:, 0] / 1000, abs=0.02)


def test_weights_warm_starts_and_parts():
    weights = np.where(X[:, 0] > 0, 1.0, 1e-6)
    one = quick(warm_start=True).fit(X, Y[:, 0], sample_weight=weights)
    error = np.abs(one.predict(X) - Y[:, 0])
    assert error[X[:, 0] > 0].mean() < error[X[:, 0] < 0].mean() / 2
    assert one.fit(X, Y[:, 0]).history_["loss"][0] < 0.5
    with pytest.raises(ShapeError, match="this regressor was fitted with"):
        one.fit(X, Y)
    part = quick()
    for _ in range(40):
        part.partial_fit(X, Y)
    assert part.score(X, Y) > 0.95
    assert pickle.loads(pickle.dumps(part)).partial_fit(X, Y).score(X, Y) > 0.95


def test_a_saved_one_answers_alike(tmp_path):
    one = quick(epochs=2).fit(X, Y, validation=0.1)
    one.save(tmp_path / "r.npz")
    assert np.array_equal(quick().load(tmp_path / "r.npz").predict(X), one.predict(X))
    np.savez(tmp_path / "other.npz", input_shape=np.array([2]))
    with pytest.raises(ValueError, match="was it saved by a regressor"):
        quick().load(tmp_path / "other.npz")


@pytest.mark.parametrize(
    ("y", "settings", "message"),
    [
        (Y[:5, 0], {}, "inconsistent numbers of samples"),
        (np.full(120, np.nan), {}, "NaN"),
        (None, {}, "requires y"),
        (Y, {"network": Sequential([Dense(1)])}, r"must give \(samples, 2\) numbers"),
        (Y, {"loss": "squared"}, "did you mean 'squared_error'"),
    ],
)
def test_what_cannot_be_learnt(y, settings, message):
    with pytest.raises(ValueError, match=message):
        quick(**settings).fit(X, y)


@pytest.mark.parametrize(
    ("y", "error", "message"),
    [
        (["a", "b"], ValueError, "y must hold numbers, and .*a.* is none; a Classifier"),
        (np.array(["2020-01-01", "2020-01-02"], "datetime64[D]"), TypeError, "dates or times"),
    ],
)
def test_targets_that_are_no_numbers(y, error, message):
    with pytest.raises(error, match=message):
        Regressor().fit([[0.0], [1.0]], y)


def test_whether_targets_are_scaled_is_true_or_false():
    with pytest.raises(TypeError, match="scale_targets is True or False, not 'no'"):
        Regressor(scale_targets="no").fit([[0.0], [1.0]], [0.0, 1.0])
