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
from bitale import function
from bitale_nnet import Dense, Sequential, adam
from bitale_nnet.distributed import World, distributed
from bitale_nnet.losses import softmax_crossentropy


def images(seed):
    """Images to learn from and images held out, the same in every process."""
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        sys.exit("the digits come with scikit-learn: pip install scikit-learn")
    X, y = load_digits(return_X_y=True)
    order = np.random.default_rng(seed).permutation(len(X))
    X, y = (X[order] / 16).astype("float32"), y[order].astype("int64")
    return (X[400:], y[400:]), (X[:400], y[:400])


def main():
    """Train, and tell losses and time."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--batch-size", type=int, default=512, help="rows of all processes")
    parser.add_argument("--units", type=int, default=512, help="of each of two hidden layers")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()

    world = World()
    (X, y), (X_test, y_test) = images(arguments.seed)
    units = arguments.units
    network = Sequential([Dense(units, "relu"), Dense(units, "relu"), Dense(10)])
    network.build((None, 64), np.random.default_rng(arguments.seed), "float32")
    world.broadcast_parameters(network)

    x, target = T.fmatrix("x"), T.lvector("target")
    loss = T.mean(softmax_crossentropy(network(x), target))
    rule = distributed(adam, world, weight=x.shape[0])
    updates = rule(loss, network.parameters("trainable"), learning_rate=0.001)
    learn = function([x, target], loss, updates=updates)
    predict = function([x], T.argmax(network(x), axis=1))

    rng, seconds, steps = np.random.default_rng(arguments.seed), [], 0
    for epoch in range(arguments.epochs):
        order, total, start = rng.permutation(len(X)), 0.0, time.perf_counter()
        for first in range(0, len(X), arguments.batch_size):
            rows = world.shard(order[first : first + arguments.batch_size])
            result = float(learn(X[rows], y[rows]))
            total += len(rows) * result if len(rows) else 0
            steps += 1
        loss_of_all = float(world.sum(total)) / len(X)
        seconds.append(time.perf_counter() - start)
        if world.is_first:
            print(f"epoch {epoch + 1:2}  loss {loss_of_all:.6f}")

    part = world.shard(np.arange(len(X_test)))
    right = float(world.sum(np.sum(predict(X_test[part]) == y_test[part])))
    if world.is_first:
        a_step = np.median(seconds) * arguments.epochs / steps
        print(f"test accuracy {right / len(X_test):.4f}; {1000 * a_step:.2f} ms a step, ", end="")
        print(f"{world.size} processes")


if __name__ == "__main__":
    main()
