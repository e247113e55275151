"""Grade invented sentences by the Classifier itself: embeddings, a GRU, and what comes last.

    python examples/sentences_classified.py

`sentences.py` does the same written out by hand.
"""

import argparse
import sys

import numpy as np
from bitale_nnet import GRU, Classifier, Dense, Dropout, Embedding, Sequential
from opinions import encoded, invent, vocabulary

PADDING = 0


def as_matrix(rows, numbers, steps):
    """Sentences as rows of numbers filled up with zeros, and their labels; unknown words are 1."""
    X = np.full((len(rows), steps), PADDING)
    pairs = encoded(rows, numbers)
    for row, (words, _) in zip(X, pairs, strict=True):
        row[: len(words)] = words[:steps] + 1
    return X, np.array([label for _, label in pairs])


def main():
    """Train, and tell how many sentences are graded right."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sentences", type=int, default=4000)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--least", type=float, default=0.95, help="the accuracy there must be")
    arguments = parser.parse_args()

    train, held_out = invent(arguments.sentences, seed=1), invent(500, seed=2)
    numbers = vocabulary(train)
    X, y = as_matrix(train, numbers, 20)
    X_test, y_test = as_matrix(held_out, numbers, 20)
    network = Sequential([Embedding(len(numbers) + 2, 32), GRU(48), Dropout(0.2), Dense(5)])
    classifier = Classifier(
        network,
        mask_value=PADDING,
        learning_rate=0.005,
        epochs=arguments.epochs,
        clip_norm=1.0,
        random_state=0,
    )
    classifier.fit(X, y, validation=0.1)
    print(classifier.history_)
    accuracy = classifier.score(X_test, y_test)
    print(f"{len(train)} sentences, {len(numbers)} words: test accuracy {accuracy:.4f}")
    return 0 if accuracy >= arguments.least else 1


if __name__ == "__main__":
    sys.exit(main())
