"""Squeeze images of digits into eight numbers each, and draw what can be told from those.

python examples/autoencoder.py
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from bitale_graph import function
from bitale_graph import language as T
from bitale_nnet import CosineDecay, Dense, Sequential, Trainer
from bitale_nnet.losses import squared_error
from sklearn.datasets import load_digits


def draw(images, told, path):
    """Save a picture of images, and of what was told from their codes under them."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        print('no picture: it needs matplotlib (pip install "bitale-nnet[plot]")')
        return
    figure = Figure(figsize=(len(images), 2.2), layout="constrained")
    for i, image in enumerate([*images, *told]):
        axes = figure.add_subplot(2, len(images), i + 1)
        axes.imshow(image.reshape(8, 8), cmap="gray_r", vmin=0, vmax=1)
        axes.set_axis_off()
    figure.suptitle("images, and what is left of them")
    figure.savefig(path, dpi=120)
    print(f"reconstructions in {path}")


def main():
    """Train, and tell how much of the images held out is kept."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--out", type=Path, default=Path("out", "autoencoder"))
    arguments = parser.parse_args()

    images = (load_digits().data / 16).astype("float32")
    train, test = images[:1200], images[1200:]
    encoder = [Dense(64, "relu"), Dense(8)]
    decoder = [Dense(64, "relu"), Dense(64, "sigmoid")]
    network = Sequential([*encoder, *decoder])
    network.build((None, 64), np.random.default_rng(0), "float32")
    trainer = Trainer(network, squared_error, learning_rate=CosineDecay(0.005), seed=0)
    history = trainer.fit((train, train), epochs=arguments.epochs, validation=(test, test))
    print(history)

    x = T.fmatrix("x")
    told = function([x], network(x))(test)
    kept = 1 - np.square(test - told).sum() / np.square(test - test.mean(axis=0)).sum()
    print(f"eight numbers keep {kept:.3f} of the variance of images held out")
    arguments.out.mkdir(parents=True, exist_ok=True)
    draw(test[:10], told[:10], arguments.out / "reconstructions.png")
    return 0 if kept >= 0.75 else 1


if __name__ == "__main__":
    sys.exit(main())
