"""Train with checkpoints and be killed: a program that `test_checkpoint.py` runs.

killed_training.py FOLDER whole|resumed    one training, the second with checkpoints
killed_training.py FOLDER 50               both, the second killed at 50 random moments
"""

import os
import random
import signal
import sys
import time
from pathlib import Path

import numpy as np
from bitale_nnet import Checkpoint, Dense, EarlyStopping, Sequential, Trainer, save_arrays
from bitale_nnet.losses import softmax_crossentropy
from bitale_nnet.training.checkpoint import read_state

rng = np.random.default_rng(0)
X = rng.normal(size=(300, 6)).astype("float32")
Y = (X[:, 0] * X[:, 1] > 0).astype("int64")


class Dropped(Dense):
    """Drops half of its inputs in training."""

    def expression(self, x, training=None):
        if training is not None:
            x = x * training.streams.binomial(x.shape, p=0.5, dtype=x.dtype)
        return super().expression(x)


def make(*callbacks):
    network = Sequential([Dense(32, "tanh"), Dropped(2)])
    network.build((None, 6), np.random.default_rng(1), "float32")
    callbacks = [EarlyStopping(10_000), *callbacks]
    return Trainer(network, softmax_crossentropy, callbacks=callbacks, seed=3, learning_rate=0.01)


def train(trainer, folder, name, epochs):
    """Train to the end, from the checkpoint where there is one, and write the parameters."""
    state = folder / "state.npz"
    resume = state if name == "resumed" and state.exists() else None
    trainer.fit((X, Y), epochs=epochs, validation=(X, Y), resume=resume, prefetch=1)
    save_arrays(folder / f"{name}.npz", trainer.network.get_values())


def kill_at_random(trainer, folder, moments, epochs):
    """Let children train, and kill each after a while; what it leaves must be whole."""
    epoch = steps = 0
    for _ in range(moments):
        child = os.fork()
        if not child:
            train(trainer, folder, "resumed", epochs)
            os._exit(0)
        time.sleep(random.uniform(0.005, 0.2))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status):
            if os.WEXITSTATUS(status):
                sys.exit("a child failed")
            # It was faster than all the kills together: once more from the beginning.
            (folder / "state.npz").unlink()
            epoch = steps = 0
        elif (folder / "state.npz").exists():
            now = read_state(folder / "state.npz")["counts"][:2]
            assert now >= [epoch, steps], "a checkpoint went back"
            epoch, steps = now
    assert len(list(folder.glob(".*"))) <= 1, "unfinished files heap up"
    trainer.callbacks.pop()  # the rest needs no checkpoints
    train(trainer, folder, "resumed", epochs)


if __name__ == "__main__":
    folder, what = Path(sys.argv[1]), sys.argv[2]
    checkpoint = Checkpoint(folder / "state.npz", steps=2)
    if what in ("whole", "resumed"):
        train(make(*([checkpoint] if what == "resumed" else [])), folder, what, 60)
    else:
        epochs = 20 * int(what)
        train(make(), folder, "whole", epochs)
        # Compiled once, before there are children.
        trainer = make(checkpoint)
        trainer.evaluate((X, Y))
        kill_at_random(trainer, folder, int(what), epochs)
