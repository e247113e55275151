"""Train a classifier of handwritten digits: 1,797 images of 8×8 pixels that come with scikit-learn.

    python examples/digits.py

It learns from two thirds of the images, tells how many of the others it reads right, draws the
learning curve, saves the parameters, and loads them into another classifier that must answer alike.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
from bitale_nnet import Classifier
from sklearn.datasets import load_digits


def split(X, y, share, seed):
    """Hold a share of every class out, at random."""
    rng = np.random.default_rng(seed)
    is_held_out = np.zeros(len(y), dtype=bool)
    for label in np.unique(y):
        rows = rng.permutation(np.flatnonzero(y == label))
        is_held_out[rows[: round(share * len(rows))]] = True
    return X[~is_held_out], y[~is_held_out], X[is_held_out], y[is_held_out]


def describe(seed, epochs, progress):
    """Describe the classifier: one hidden layer of rectified units, a softmax, Adam."""
    return Classifier(
        [256],
        learning_rate=0.002,
        batch_size=32,
        epochs=epochs,
        l2=1e-4,
        random_state=seed,
        dtype="float32",
        progress=progress,
    )


def main():
    """Run the whole job; the exit status is 0 if everything came out as it must."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1, help="of the split, weights and order")
    parser.add_argument(
        "--out", type=Path, default=Path("out", "digits"), help="folder for what is made"
    )
    parser.add_argument("--quiet", action="store_true", help="show no progress bar")
    arguments = parser.parse_args()
    X, y = load_digits(return_X_y=True)
    X_train, y_train, X_test, y_test = split(X / 16, y, share=1 / 3, seed=arguments.seed)
    print(f"{len(X)} images of digits: {len(X_train)} to learn from, {len(X_test)} held out")

    start = time.perf_counter()
    classifier = describe(arguments.seed, arguments.epochs, not arguments.quiet)
    classifier.fit(X_train, y_train, validation=(X_test, y_test))
    accuracy = classifier.score(X_test, y_test)
    print(f"test accuracy {accuracy:.4f} after {time.perf_counter() - start:.1f} s")

    arguments.out.mkdir(parents=True, exist_ok=True)
    picture = arguments.out / "learning_curve.png"
    try:
        classifier.history_.plot(picture, title="Handwritten digits")
        print(f"learning curve in {picture}")
    except ImportError as error:
        print(f"no learning curve: {error}")

    saved = arguments.out / "parameters.npz"
    classifier.save(saved)
    loaded = describe(arguments.seed, arguments.epochs, progress=False).load(saved)
    same = np.array_equal(loaded.predict_proba(X_test), classifier.predict_proba(X_test))
    verdict = "the same" if same else "DIFFERENT"
    print(f"parameters in {saved}; loaded back, they give {verdict} predictions")

    wrong = np.flatnonzero(classifier.predict(X_test) != y_test)
    if len(wrong):
        print(f"one of the {len(wrong)} it misread, a {y_test[wrong[0]]}:")
        for row in X_test[wrong[0]].reshape(8, 8):
            print("   " + "".join(" ░▒▓█"[round(4 * pixel)] * 2 for pixel in row))
    return 0 if same and accuracy >= 0.96 else 1


if __name__ == "__main__":
    sys.exit(main())
