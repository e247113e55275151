"""Train a small convolutional network on handwritten digits: 1,797 images that scikit-learn has.

python examples/digits_convolved.py
"""

import argparse
import sys

from bitale_nnet import (
    BatchNorm,
    Classifier,
    Conv2D,
    CosineDecay,
    Dense,
    Dropout,
    Flatten,
    MaxPool2D,
    Sequential,
)
from bitale_nnet.functional import relu
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split


def main():
    """Train, and tell how many of the images held out are read right."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--least", type=float, default=0.985, help="the accuracy there must be")
    arguments = parser.parse_args()

    images, labels = load_digits(return_X_y=True)
    images = (images / 16).reshape(-1, 1, 8, 8).astype("float32")  # one channel
    X, X_test, y, y_test = train_test_split(
        images, labels, test_size=1 / 3, stratify=labels, random_state=0
    )
    network = Sequential(
        [
            *(Conv2D(32, 3, padding="same"), BatchNorm(), relu),
            *(Conv2D(32, 3, padding="same"), BatchNorm(), relu, MaxPool2D(2)),
            *(Conv2D(64, 3, padding="same"), BatchNorm(), relu, MaxPool2D(2)),
            *(Flatten(), Dropout(0.5), Dense(10)),
        ]
    )
    classifier = Classifier(
        network,
        learning_rate=CosineDecay(0.003),
        batch_size=64,
        epochs=arguments.epochs,
        weight_decay=0.01,
        random_state=0,
    )
    classifier.fit(X, y, validation=(X_test, y_test))
    print(classifier.history_)
    accuracy = classifier.score(X_test, y_test)
    print(f"test accuracy {accuracy:.4f}, {classifier.network_.count('trainable')} parameters")
    return 0 if accuracy >= arguments.least else 1


if __name__ == "__main__":
    sys.exit(main())
