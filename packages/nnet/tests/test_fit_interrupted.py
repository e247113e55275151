"""Ctrl-C while an estimator learns: what was learnt is kept."""

import os
import signal
import threading

import numpy as np
import pytest
from bitale_nnet import Callback, Classifier, NotFittedError
from bitale_nnet.training.prefetch import Prefetched

rng = np.random.default_rng(0)
X = rng.normal(size=(400, 2))
y = np.where(X.sum(axis=1) > 0, "over", "under")


@pytest.fixture(autouse=True)
def handler_of_python():
    """Raise KeyboardInterrupt also where the tests run in the background, which ignores Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


class Sending(Callback):
    """Sends a real SIGINT after some epochs."""

    def __init__(self, epochs):
        self.epochs = epochs

    def on_epoch_end(self, run):
        if run.epoch == self.epochs:
            os.kill(os.getpid(), signal.SIGINT)


def classifier(**settings):
    settings = {"epochs": 100_000, "learning_rate": 0.02, "random_state": 0, **settings}
    return Classifier([8], **settings)


def test_what_was_learnt_is_kept_with_its_history():
    learner = classifier(callbacks=[Sending(3)])
    with pytest.warns(UserWarning, match=r"interrupted after 3 of 100000 epochs") as caught:
        assert learner.fit(X, y, validation=(X[:50], y[:50])) is learner
    assert caught[0].filename == __file__
    assert {name: len(values) for name, values in learner.history_.items()} == {
        "loss": 3,
        "accuracy": 3,
        "validation_loss": 3,
        "validation_accuracy": 3,
    }
    assert learner.n_iter_ == 3
    assert learner.score(X, y) > 0.7


def test_the_bar_is_closed(capfd):
    learner = classifier(callbacks=[Sending(2)], progress=True)
    with pytest.warns(UserWarning, match="interrupted after 2"):
        learner.fit(X, y)
    assert capfd.readouterr().err.endswith("\n")


@pytest.mark.parametrize("early_stopping", [False, True])
def test_at_any_moment_the_classifier_is_whole(early_stopping):
    learner = classifier(early_stopping=early_stopping, patience=10**6)
    timer = threading.Timer(1.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    try:
        with pytest.warns(UserWarning, match="interrupted after"):
            learner.fit(X, y, validation=(X, y))
    finally:
        timer.cancel()
    assert len(set(map(len, learner.history_.values()))) == 1
    assert np.isfinite(learner.predict_proba(X)).all()


def test_before_the_first_step_the_interruption_is_raised():
    class None_yet(Callback):
        def on_epoch_begin(self, run):
            raise KeyboardInterrupt

    learner = classifier(callbacks=[None_yet()])
    before = set(vars(learner))
    with pytest.raises(KeyboardInterrupt):
        learner.fit(X, y)
    assert set(vars(learner)) == before
    with pytest.raises(NotFittedError):
        learner.predict(X)


def test_an_interrupted_second_training_replaces_the_first():
    learner = classifier(epochs=2).fit(X, y)
    learner.set_params(epochs=50, callbacks=[Sending(3)])
    with pytest.warns(UserWarning, match="after 3 of 50"):
        learner.fit(X, y)
    assert len(learner.history_["loss"]) == 3


def test_no_thread_is_left_of_data_made_ready_ahead(tmp_path):
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    learner = classifier(callbacks=[Sending(3)])
    with pytest.warns(UserWarning, match="interrupted after 3"):
        learner.fit(mapped, y)
    assert not [t for t in threading.enumerate() if t.name == "bitale-prefetch"]


def test_no_thread_is_left_where_it_is_interrupted_as_it_starts(monkeypatch):
    start = threading.Thread.start

    def interrupted(thread):
        start(thread)
        if thread.name == "bitale-prefetch":
            raise KeyboardInterrupt

    monkeypatch.setattr(threading.Thread, "start", interrupted)
    pieces = Prefetched(iter(range(100)), 2)
    with pytest.raises(KeyboardInterrupt), pieces:
        pass
    pieces._thread.join(5)
    assert not pieces._thread.is_alive()
