"""Time a training step by several processes: run it by one and by two, each with one thread.

OMP_NUM_THREADS=1 mpiexec -n 1 python benchmarks/distributed.py
OMP_NUM_THREADS=1 mpiexec -n 2 python benchmarks/distributed.py

The images are of the size of scikit-learn's digits, 512 a batch. "mixed" is the network of
examples/distributed.py, whose batch normalisation sends messages too; "plain" is that without it.
"""

import time

import numpy as np
from bitale_nnet import BatchNorm, Conv2D, Dense, Flatten, MaxPool2D, Sequential, Trainer
from bitale_nnet.distributed import World
from bitale_nnet.functional import relu
from bitale_nnet.losses import softmax_crossentropy


def convolutions(normalises):
    """Three convolutions and a dense layer, built."""
    layers = []
    for units, shrinks in ((32, False), (32, True), (64, True)):
        layers += [Conv2D(units, 3, padding="same")]
        layers += [BatchNorm()] if normalises else []
        layers += [relu, MaxPool2D(2)] if shrinks else [relu]
    network = Sequential([*layers, Flatten(), Dense(10)])
    network.build((None, 1, 8, 8), np.random.default_rng(0), "float32")
    return network


def dense(units):
    """Two hidden layers, built."""
    network = Sequential([Dense(units, "relu"), Dense(units, "relu"), Dense(10)])
    network.build((None, 64), np.random.default_rng(0), "float32")
    return network


def main():
    """Print for each network the median of 8 rounds of 6 steps."""
    world, rng = World(timeout=60), np.random.default_rng(0)
    images = rng.normal(size=(3 * 512, 1, 8, 8)).astype("float32")
    labels = rng.integers(0, 10, size=len(images))
    networks = {"mixed": convolutions(True), "plain": convolutions(False)}
    networks |= {f"dense {units}": dense(units) for units in (256, 512)}
    for name, network in networks.items():
        data = (images if "dense" not in name else images.reshape(-1, 64)), labels
        trainer = Trainer(network, softmax_crossentropy, seed=0, world=world)
        settings = {"batch_size": 512, "progress": False}
        trainer.fit(data, **settings)
        seconds = []
        for _ in range(8):
            world.sum(0)
            start = time.perf_counter()
            trainer.fit(data, epochs=2, **settings)
            seconds.append((time.perf_counter() - start) / 6)
        if world.is_first:
            print(f"{world.size} processes, {name}: {1000 * np.median(seconds):.2f} ms a step")


if __name__ == "__main__":
    main()
