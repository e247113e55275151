"""Ctrl-C while a classifier learns: what was learnt is kept."""

import os
import signal
import threading

import numpy as np
import pytest
from bitale_nnet import Classifier, NotFittedError

rng = np.random.default_rng(0)
X = rng.normal(size=(400, 2))
y = np.where(X.sum(axis=1) > 0, "over", "under")


@pytest.fixture(autouse=True)
def handler_of_python():
    """Raise KeyboardInterrupt also where the tests run in the background, which ignores Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


class Sending:
    """A progress bar that sends a real SIGINT after some epochs."""

    def __init__(self, epochs):
        self.epochs, self.done, self.is_closed = epochs, 0, False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.is_closed = True

    def set_postfix(self, *_, **__):
        pass

    def update(self):
        self.done += 1
        if self.done == self.epochs:
            os.kill(os.getpid(), signal.SIGINT)


def classifier(**settings):
    return Classifier([8], epochs=100_000, learning_rate=0.02, progress=False, **settings)


@pytest.fixture
def after_three(monkeypatch):
    """The bar of a training that is interrupted when three epochs are done."""
    bar = Sending(3)
    monkeypatch.setattr("bitale_nnet.training.classifier._progress_bar", lambda *_: bar)
    return bar


def test_what_was_learnt_is_kept_with_its_history(after_three):
    learner = classifier()
    with pytest.warns(UserWarning, match=r"interrupted after 3 of 100000 epochs") as caught:
        assert learner.fit(X, y, validation=(X[:50], y[:50])) is learner
    assert caught[0].filename == __file__
    assert after_three.is_closed
    assert {name: len(values) for name, values in learner.history.items()} == {
        "loss": 3,
        "accuracy": 3,
        "validation_loss": 3,
        "validation_accuracy": 3,
    }
    assert learner.score(X, y) == pytest.approx(learner.score(X, learner.predict(X)), abs=0.3)
    assert learner.score(X, y) > 0.7


def test_at_any_moment_the_classifier_is_whole():
    learner = classifier()
    timer = threading.Timer(1.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    try:
        with pytest.warns(UserWarning, match="interrupted after"):
            learner.fit(X, y, validation=(X, y))
    finally:
        timer.cancel()
    assert len(set(map(len, learner.history.values()))) == 1
    assert np.isfinite(learner.predict_proba(X)).all()


def test_before_the_first_step_the_interruption_is_raised(monkeypatch):
    def none_yet(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("bitale_nnet.training.classifier.iterate_minibatches", none_yet)
    learner = classifier()
    with pytest.raises(KeyboardInterrupt):
        learner.fit(X, y)
    with pytest.raises(NotFittedError):
        learner.predict(X)


def test_an_interrupted_second_training_replaces_the_first(after_three):
    learner = Classifier([8], epochs=2, progress=False)
    learner.fit(X, y)
    assert len(learner.history["loss"]) == 2
    learner.epochs, after_three.done = 50, 0
    with pytest.warns(UserWarning, match="after 3 of 50"):
        learner.fit(X, y)
    assert len(learner.history["loss"]) == 3
