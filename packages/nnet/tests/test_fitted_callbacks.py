"""What callbacks that were given to an estimator have seen."""

import threading

import numpy as np
import pytest
from bitale_nnet import Callback, Classifier, Regressor
from sklearn.base import clone

X = np.random.default_rng(0).normal(size=(40, 2))
Y = (X[:, 0] > 0).astype(int)


class Seen(Callback):
    def __init__(self):
        self.epochs = []

    def on_epoch_end(self, run):
        self.epochs.append(run.epoch)


@pytest.mark.parametrize("kind", [Classifier, Regressor])
def test_the_fitted_ones_have_seen_the_last_training_and_those_given_none(kind):
    given = Seen()
    estimator = kind(4, epochs=3, callbacks=[given], early_stopping=True)
    for _ in range(2):
        estimator.fit(X, Y)
    seen, stopping = estimator.callbacks_
    assert seen.epochs == [1, 2, 3]
    assert given.epochs == []
    assert 1 <= stopping.best_epoch <= 3
    assert estimator.callbacks == [given]
    assert not hasattr(clone(estimator), "callbacks_")


def test_there_are_none_where_nothing_was_fitted(tmp_path):
    path = tmp_path / "parameters.npz"
    estimator = Classifier(4, callbacks=[Seen()]).partial_fit(X, Y, classes=[0, 1])
    assert estimator.callbacks_ == []
    estimator.save(path)
    assert Classifier(4).load(path).callbacks_ == []


def test_what_cannot_be_copied_is_told():
    seen = Seen()
    seen.lock = threading.Lock()
    with pytest.raises(TypeError, match=r"copies of callbacks, and they .*lock.*on_train_begin"):
        Classifier(4, callbacks=[seen]).fit(X, Y)
