"""Tell from eleven figures of a country whether its GDP a head is above the average.

    python examples/gdp.py
    python examples/gdp.py --train countries.train.txt --test countries.test.txt

A file has a country a line: the label (1 or 0), then eleven features of mean 0 and deviation 1.
Without files, countries are invented by a rule that a network of this size can learn. The network
has five hidden units, and its weights are updated after every country. Written with generic
variables, it computes in what ``BITALE_FLAGS=floatX=float32`` says.
"""

import argparse
import sys
from pathlib import Path

import bitale
import bitale.tensor as T
import numpy as np

HIDDEN = 5
LEARNING_RATE = 0.1
L2 = 0.001


def read(path):
    """Read labels and features of a file, in ``floatX``."""
    table = np.loadtxt(path, dtype=bitale.config.floatX, ndmin=2)
    return table[:, 1:], table[:, 0]


def invent(n, seed, n_features=11):
    """Invent countries: the label is the side of a bent surface, with a little noise."""
    rng = np.random.default_rng(seed)
    rule = np.random.default_rng(0).normal(size=(2, n_features)) / np.sqrt(n_features)
    X = rng.normal(size=(n, n_features))
    height = np.tanh(2 * X @ rule[0]) + 0.5 * np.tanh(X @ rule[1]) + 0.1 * rng.normal(size=n)
    return X.astype(bitale.config.floatX), (height > 0).astype(bitale.config.floatX)


class Network:
    """Two products with a sigmoid after each, a squared error, and a step of gradient descent."""

    def __init__(self, n_features, rng):
        def weights(name, *shape):
            values = rng.normal(0, 0.1, size=shape)
            return bitale.shared(values.astype(bitale.config.floatX), name)

        x, target, rate = T.vector("x"), T.scalar("target"), T.scalar("rate")
        parameters = [weights("W_hidden", n_features, HIDDEN), weights("W_output", HIDDEN)]
        hidden = T.nnet.sigmoid(T.dot(x, parameters[0]))
        output = T.nnet.sigmoid(T.dot(hidden, parameters[1]))
        cost = T.sqr(output - target) + L2 * sum(T.sqr(p).sum() for p in parameters)
        gradients = T.grad(cost, parameters)
        updates = [(p, p - rate * g) for p, g in zip(parameters, gradients, strict=True)]
        self.learn = bitale.function([x, target, rate], [cost, output], updates=updates)
        self.test = bitale.function([x, target], [cost, output])


def run(step, X, y, *more):
    """Take every country once; the sum of the costs, and the share told right."""
    total, right = 0.0, 0
    for features, label in zip(X, y, strict=True):
        cost, output = step(features, label, *more)
        total += float(cost)
        right += (output > 0.5) == (label > 0.5)
    return total, right / len(y)


def main():
    """Run the whole job; the exit status is 0 if the test accuracy is 0.9 or better."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--train", type=Path, help="file to learn from")
    parser.add_argument("--test", type=Path, help="file held out")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    if (arguments.train is None) != (arguments.test is None):
        parser.error("give both --train and --test, or neither")
    if arguments.train:
        (X, y), (X_test, y_test) = read(arguments.train), read(arguments.test)
    else:
        print("no files given: the countries are invented")
        (X, y), (X_test, y_test) = invent(121, seed=1), invent(40, seed=2)
    print(f"{len(y)} countries to learn from, {len(y_test)} held out, in {bitale.config.floatX}")

    network = Network(X.shape[1], np.random.default_rng(arguments.seed))
    rate = np.asarray(LEARNING_RATE, dtype=bitale.config.floatX)
    for epoch in range(arguments.epochs):
        cost, accuracy = run(network.learn, X, y, rate)
        print(f"epoch {epoch + 1:2d}: cost {cost:8.4f}, accuracy {accuracy:.4f}")
    cost, accuracy = run(network.test, X_test, y_test)
    print(f"held out: cost {cost:.4f}, accuracy {accuracy:.4f}")
    return 0 if accuracy >= 0.9 else 1


if __name__ == "__main__":
    sys.exit(main())
