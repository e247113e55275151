"""Grade sentences from 0 (very bad) to 4 (very good) with gated recurrent units.

    python examples/sentences.py
    python examples/sentences.py --train train.txt --dev dev.txt --test test.txt

A file has a sentence a line: its label (0 to 4), a space, and its words, split at spaces. Without
files, sentences are invented. Each word has a vector; a GRU reads them one by one, and its last
state is what the grade is told from. All parameters are updated after every sentence.
"""

import argparse
import sys
import time
from pathlib import Path

import bitale
import bitale.tensor as T
import numpy as np
from opinions import encoded, invent, read, vocabulary

GRADES = 5
L2 = 0.0001
FLOAT = "float32"


class Network:
    """The functions of a network: `learn`, which also takes a step of descent, and `test`."""

    def __init__(self, n_words, size, units, rng):
        def weights(name, *shape):
            return bitale.shared(rng.normal(0, 0.1, size=shape).astype(FLOAT), name)

        embeddings = weights("embeddings", n_words, size)
        W_xm, W_hm = weights("W_xm", size, 2 * units), weights("W_hm", units, 2 * units)
        W_xh, W_hh = weights("W_xh", size, units), weights("W_hh", units, units)
        W_output = weights("W_output", GRADES, units)
        parameters = [embeddings, W_xm, W_hm, W_xh, W_hh, W_output]

        def step(x, h):
            gates = T.nnet.sigmoid(T.dot(x, W_xm) + T.dot(h, W_hm))
            r, z = gates[:units], gates[units:]
            candidate = T.tanh(T.dot(x, W_xh) + T.dot(r * h, W_hh))
            return z * h + (1 - z) * candidate

        words, label, rate = T.ivector("words"), T.iscalar("label"), T.fscalar("rate")
        states, _ = bitale.scan(
            step, sequences=embeddings[words], outputs_info=T.zeros(units, dtype=FLOAT)
        )
        scores = T.dot(W_output, states[-1])
        output = T.nnet.softmax(scores.dimshuffle("x", 0))[0]
        penalty = sum(T.sqr(p).sum() for p in parameters)
        cost = -T.log(output[label]) + L2 * penalty
        gradients = T.grad(cost, parameters)
        updates = [(p, p - rate * g) for p, g in zip(parameters, gradients, strict=True)]

        results = [cost, T.argmax(output)]
        self.learn = bitale.function([words, label, rate], results, updates=updates)
        self.test = bitale.function([words, label], results)


def run(step, sentences, *more):
    """Take every sentence once; the mean of the costs, and the share graded right."""
    total, right = 0.0, 0
    for words, label in sentences:
        cost, grade = step(words, label, *more)
        total += float(cost)
        right += int(grade) == label
    return total / len(sentences), right / len(sentences)


def read_arguments():
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--train", type=Path, help="file to learn from")
    parser.add_argument("--dev", type=Path, help="file to watch progress on")
    parser.add_argument("--test", type=Path, help="file held out to the end")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--rate", type=float, default=0.1)
    parser.add_argument("--embedding", type=int, default=200, help="length of a word's vector")
    parser.add_argument("--units", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0, help="of first values and order")
    arguments = parser.parse_args()
    if (arguments.train is None) != (arguments.test is None):
        parser.error("give both --train and --test, or neither")
    return arguments


def main():
    """Run the whole job; the exit status is 0 if it does better than the commonest grade."""
    arguments = read_arguments()
    if arguments.train:
        rows, held_out = read(arguments.train), read(arguments.test)
    else:
        print("no files given: the sentences are invented")
        rows, held_out = invent(2000, seed=1), invent(500, seed=2)
    numbers = vocabulary(rows)
    train, test = encoded(rows, numbers), encoded(held_out, numbers)
    dev = encoded(read(arguments.dev), numbers) if arguments.dev else []
    print(f"{len(train)} sentences to learn from, {len(test)} held out, {len(numbers)} words")

    rng = np.random.default_rng(arguments.seed)
    network = Network(len(numbers) + 1, arguments.embedding, arguments.units, rng)
    rate = np.float32(arguments.rate)
    for epoch in range(arguments.epochs):
        start = time.perf_counter()
        shuffled = [train[i] for i in rng.permutation(len(train))]
        cost, accuracy = run(network.learn, shuffled, rate)
        seconds = time.perf_counter() - start
        line = f"epoch {epoch + 1}: cost {cost:.4f}, accuracy {accuracy:.4f}"
        watched = f", dev accuracy {run(network.test, dev)[1]:.4f}" if dev else ""
        print(f"{line}{watched}, {seconds:.1f} s", flush=True)
    cost, accuracy = run(network.test, test)
    commonest = np.bincount([label for _, label in test]).max() / len(test)
    print(f"test cost {cost:.4f}, accuracy {accuracy:.4f}; the commonest grade: {commonest:.4f}")
    return 0 if accuracy > commonest else 1


if __name__ == "__main__":
    sys.exit(main())
