"""Train a classifier of handwritten digits by several processes at once.

    pip install "bitale[mpi]" mpich scikit-learn
    mpiexec -n 4 python examples/distributed.py

Each process has all parameters and its rows of every minibatch; gradients are averaged, so that
the losses are those of one process, but for rounding: ``python examples/distributed.py`` shows the
same. Set OMP_NUM_THREADS to the cores that each process may use.
"""

import argparse
import sys
import time

import bitale.tensor as T
import numpy as np
from bitale_nnet import BatchNorm, Conv2D, Dense, Flatten, MaxPool2D, Sequential, Trainer
from bitale_nnet.distributed import World
from bitale_nnet.functional import relu
from bitale_nnet.losses import softmax_crossentropy


def images(seed):
    """Images to learn from and images held out, the same in every process."""
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        sys.exit("the digits come with scikit-learn: pip install scikit-learn")
    X, y = load_digits(return_X_y=True)
    order = np.random.default_rng(seed).permutation(len(X))
    X, y = (X[order] / 16).reshape(-1, 1, 8, 8).astype("float32"), y[order].astype("int64")
    return (X[400:], y[400:]), (X[:400], y[:400])


def main():
    """Train, and tell losses and time."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--batch-size", type=int, default=512, help="rows of all processes")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()

    world = World(timeout=60)
    (X, y), held_out = images(arguments.seed)
    network = Sequential(
        [
            *(Conv2D(32, 3, padding="same"), BatchNorm(), relu),
            *(Conv2D(32, 3, padding="same"), BatchNorm(), relu, MaxPool2D(2)),
            *(Conv2D(64, 3, padding="same"), BatchNorm(), relu, MaxPool2D(2)),
            *(Flatten(), Dense(10)),
        ]
    )
    network.build((None, 1, 8, 8), np.random.default_rng(arguments.seed), "float32")
    trainer = Trainer(
        network,
        softmax_crossentropy,
        metrics={"accuracy": lambda output, target: T.eq(T.argmax(output, axis=1), target)},
        seed=arguments.seed,
        world=world,
    )
    start = time.perf_counter()
    history = trainer.fit((X, y), epochs=arguments.epochs, batch_size=arguments.batch_size)
    seconds = time.perf_counter() - start
    accuracy = trainer.evaluate(held_out)["accuracy"]
    if world.is_first:
        print("losses", *(f"{loss:.6f}" for loss in history["loss"]))
        print(f"test accuracy {accuracy:.4f}, by {world.size} processes in {seconds:.1f} s")


if __name__ == "__main__":
    main()
