"""A training that was killed goes on from its checkpoint, to the same parameters bit for bit."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from bitale_nnet import (
    Callback,
    Checkpoint,
    Classifier,
    CosineDecay,
    Dense,
    EarlyStopping,
    ReduceOnPlateau,
    Sequential,
    Trainer,
    load_arrays,
    save_arrays,
)
from bitale_nnet.losses import categorical_accuracy, softmax_crossentropy
from bitale_nnet.training.checkpoint import read_state, write_state

rng = np.random.default_rng(0)
X = rng.normal(size=(100, 4)).astype("float32")
Y = (X[:, 0] * X[:, 1] > 0).astype("int64")


class Dropped(Dense):
    """Drops half of its inputs in training."""

    def expression(self, x, training=None):
        if training is not None:
            x = x * training.streams.binomial(x.shape, p=0.5, dtype=x.dtype)
        return super().expression(x)


def trainer(*callbacks, **settings):
    network = Sequential([Dense(8, "tanh"), Dropped(2)])
    network.build((None, 4), np.random.default_rng(1), "float32")
    settings = {"learning_rate": CosineDecay(0.05), "weight_decay": 0.01, **settings}
    metrics = {"accuracy": categorical_accuracy}
    return Trainer(
        network, softmax_crossentropy, metrics=metrics, callbacks=callbacks, seed=3, **settings
    )


def parameters(one):
    return np.concatenate([v.ravel() for v in one.network.get_values().values()])


class Killed(Exception):
    """Stands for the end of the process."""


class Killing(Callback):
    order = 3

    def __init__(self, step):
        self.step = step

    def on_step_end(self, run):
        if run.total_steps == self.step:
            raise Killed


def data(epoch):
    own = np.random.default_rng(epoch)
    for _ in range(7):
        rows = own.integers(0, 100, 16)
        yield X[rows], Y[rows]


PLATEAU = {"update": "momentum", "learning_rate": ReduceOnPlateau(0.05, patience=0)}


@pytest.mark.parametrize(
    ("given", "settings", "suffix"),
    [((X, Y), {}, "npz"), (data, {}, "npz"), ((X, Y), PLATEAU, "safetensors")],
    ids=["arrays", "iterators", "plateau"],
)
def test_it_goes_on_from_any_step(given, settings, suffix, tmp_path):
    if suffix == "safetensors":
        pytest.importorskip("safetensors")
    path = tmp_path / f"state.{suffix}"
    keywords = {"epochs": 6, "batch_size": 16, "validation": (X, Y)}
    whole = trainer(EarlyStopping(patience=2), **settings)
    whole.fit(given, **keywords)
    for step in (3, 4, 7, 8, 20):
        first = trainer(EarlyStopping(2), Checkpoint(path, steps=3), Killing(step), **settings)
        with pytest.raises(Killed):
            first.fit(given, **keywords)
        again = trainer(EarlyStopping(2), Checkpoint(path, steps=3), **settings)
        again.fit(given, resume=path, **keywords)
        np.testing.assert_array_equal(parameters(again), parameters(whole))
        assert again.history == whole.history
    over = trainer(EarlyStopping(2), **settings)
    over.fit(given, resume=path, **keywords)  # there was nothing left to do
    np.testing.assert_array_equal(parameters(over), parameters(whole))


def test_an_estimator_goes_on_too(tmp_path):
    path = tmp_path / "state.npz"

    def classifier(*callbacks):
        return Classifier(8, epochs=5, random_state=0, callbacks=callbacks, early_stopping=True)

    whole = classifier().fit(X, Y)
    with pytest.raises(Killed):
        classifier(Checkpoint(path), Killing(11)).fit(X, Y)
    again = classifier().fit(X, Y, resume=path)
    assert again.history_ == whole.history_
    assert np.array_equal(again.predict_proba(X), whole.predict_proba(X))


def test_a_checkpoint_of_something_else_is_refused(tmp_path):
    path = tmp_path / "state.npz"
    trainer(Checkpoint(path)).fit((X, Y))
    other = trainer(update="sgd")
    before = parameters(other)
    with pytest.raises(ValueError, match="of another network or update rule: it holds"):
        other.fit((X, Y), resume=path)
    np.testing.assert_array_equal(parameters(other), before)
    wide = Sequential([Dense(9, "tanh"), Dropped(2)])
    wide.build((None, 4), dtype="float32")
    with pytest.raises(ValueError, match=r"dense0\.W is float32 \(4, 8\) there, and .* \(4, 9\)"):
        Trainer(wide, softmax_crossentropy, weight_decay=0.01).fit((X, Y), resume=path)
    with pytest.raises(FileNotFoundError):
        other.fit((X, Y), resume=tmp_path / "none.npz")


def test_what_is_no_checkpoint_is_refused(tmp_path):
    path = tmp_path / "state.npz"
    texts = [
        b"",
        b"{}",
        b"[1]",
        b"\xff",
        b'{"bitale-nnet checkpoint 1": {"array": "x"}}',
        b"[" * 9999,
    ]
    for text in texts:
        save_arrays(path, {"checkpoint": np.frombuffer(text, "uint8")})
        with pytest.raises(ValueError, match="is no checkpoint"):
            read_state(path)
    save_arrays(path, {"a": np.zeros(2)})
    with pytest.raises(ValueError, match="is no checkpoint"):
        read_state(path)
    path.write_bytes(b"PK")
    with pytest.raises(ValueError, match="is no file of parameters"):
        read_state(path)


def test_a_checkpoint_that_lacks_something_names_the_file_and_what_it_lacks(tmp_path):
    path = tmp_path / "state.npz"
    trainer(EarlyStopping(2, monitor="loss"), Checkpoint(path)).fit((X, Y))
    whole = read_state(path)
    other = trainer(EarlyStopping(2, monitor="loss"))
    before = parameters(other)

    def said(**changed):
        kept = {name: value for name, value in (whole | changed).items() if value != "left out"}
        write_state(path, kept)
        with pytest.raises(ValueError, match=r"state\.npz") as caught:
            other.fit((X, Y), resume=path)
        np.testing.assert_array_equal(parameters(other), before)
        return str(caught.value)

    assert "it lacks callbacks, counts" in said(counts="left out", callbacks="left out")
    assert "its counts are [1, 2]" in said(counts=[1, 2])
    assert "its history are 3" in said(history=3)
    assert "of 14 arrays it has 2" in said(shared=whole["shared"][:2])
    assert "is damaged: its" in said(shared=[1.0, *whole["shared"][1:]])
    callbacks = {**whole["callbacks"], "EarlyStopping0": {"best": 0.5}}
    assert "KeyError('best_epoch')" in said(callbacks=callbacks)
    assert "cannot be gone on from" in said(order={"bit_generator": "MT19937"})


def test_it_is_written_as_often_as_asked_for(tmp_path):
    path = tmp_path / "state.npz"
    written = []

    class Noting(Callback):
        order = 3

        def on_step_end(self, run):
            if path.exists():
                written.append(run.total_steps)
                path.unlink()

        on_epoch_end = on_step_end

    trainer(Checkpoint(path, epochs=2, steps=3), Noting()).fit((X, Y), epochs=3, batch_size=20)
    assert written == [3, 8, 10, 13, 15]
    with pytest.raises(ValueError, match="at least 1"):
        Checkpoint(path, steps=0)
    with pytest.raises(ValueError, match=r"ends in \.npz or \.safetensors"):
        Checkpoint(tmp_path / "state.ckpt")


def test_where_it_cannot_be_written_is_told_before_the_first_step(tmp_path):
    with pytest.raises(ValueError, match=r"ends in \.npz or \.safetensors"):
        Checkpoint(tmp_path / "state.ckpt")
    training = trainer(Checkpoint(tmp_path / "none" / "state.npz"))
    before = training.network.get_values()
    with pytest.raises(OSError, match="none, where a checkpoint is to be, does not exist"):
        training.fit((X, Y))
    assert all(np.array_equal(before[n], v) for n, v in training.network.get_values().items())


PROGRAM = Path(__file__).with_name("killed_training.py")


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills processes that were forked")
def test_a_process_killed_at_random_moments_ends_with_the_same_parameters(tmp_path):
    done = subprocess.run(
        [sys.executable, PROGRAM, tmp_path, "50"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    whole, resumed = load_arrays(tmp_path / "whole.npz"), load_arrays(tmp_path / "resumed.npz")
    assert list(whole) == list(resumed)
    for name, values in whole.items():
        np.testing.assert_array_equal(values, resumed[name])
    left = {path.name for path in tmp_path.iterdir() if not path.name.startswith(".")}
    assert left == {"state.npz", "whole.npz", "resumed.npz"}


@pytest.mark.slow
def test_a_new_process_goes_on_where_a_killed_one_was(tmp_path):
    command = [sys.executable, PROGRAM, tmp_path]
    subprocess.run([*command, "whole"], check=True)
    with subprocess.Popen([*command, "resumed"]) as process:
        while not (tmp_path / "state.npz").exists():
            assert process.poll() is None
        process.send_signal(getattr(signal, "SIGKILL", signal.SIGTERM))
    assert not (tmp_path / "resumed.npz").exists()
    subprocess.run([*command, "resumed"], check=True)
    whole, resumed = load_arrays(tmp_path / "whole.npz"), load_arrays(tmp_path / "resumed.npz")
    for name, values in whole.items():
        np.testing.assert_array_equal(values, resumed[name])
