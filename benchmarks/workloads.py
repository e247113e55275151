"""The workloads: for each what it computes, the family of program that computes it, and its data.

An implementation is a module with one function for each family, called with the data. It returns a
step: a function without arguments that does one whole unit of work as a user would, NumPy arrays in
and a finished result out, and gives a number by which implementations are held against one another.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

LEARNING_RATE = np.float32(0.01)
L2 = np.float32(0.001)
SENTENCE_L2 = np.float32(0.0001)
Data = dict[str, Any]


@dataclass(frozen=True)
class Workload:
    """One row of the table."""

    name: str
    family: str
    data: Callable[[], Data]
    what: str


def scalar(wanted: str) -> Callable[[], Data]:
    """A number, and whether the value or the derivative is wanted."""
    return lambda: {"x": 10.0, "wanted": wanted}


def matrices(dtype: str) -> Callable[[], Data]:
    """Two matrices of a million elements."""

    def make() -> Data:
        rng = np.random.default_rng(11)
        return {name: rng.normal(size=(1000, 1000)).astype(dtype) for name in "xy"}

    return make


def vectors() -> Data:
    """Three vectors of four million elements, float32."""
    rng = np.random.default_rng(12)
    return {name: rng.standard_normal(4_000_000, dtype="float32") for name in "xwb"}


def logits() -> Data:
    """512 rows of scores for a thousand classes."""
    rng = np.random.default_rng(13)
    return {
        "x": rng.standard_normal((512, 1000), dtype="float32"),
        "t": rng.integers(0, 1000, 512).astype("int32"),
    }


def network(batch: int, *sizes: int, activation: str = "tanh") -> Callable[[], Data]:
    """A minibatch, and weights and biases of a network with layers of these sizes."""

    def make() -> Data:
        rng = np.random.default_rng(14)
        pairs = list(itertools.pairwise(sizes))
        weights = [rng.standard_normal(pair, dtype="float32") for pair in pairs]
        return {
            "x": rng.standard_normal((batch, sizes[0]), dtype="float32"),
            "t": rng.integers(0, sizes[-1], batch).astype("int32"),
            "weights": [w / np.sqrt(np.float32(len(w))) for w in weights],
            "biases": [np.zeros(n, "float32") for n in sizes[1:]],
            "activation": activation,
        }

    return make


def country() -> Data:
    """One row of the GDP classifier, and its weights."""
    rng = np.random.default_rng(15)
    return {
        "x": rng.standard_normal(11, dtype="float32"),
        "t": np.float32(1),
        "w1": 0.1 * rng.standard_normal((11, 5), dtype="float32"),
        "w2": 0.1 * rng.standard_normal((5, 1), dtype="float32"),
    }


def gates(rng: np.random.Generator, features: int, units: int) -> Data:
    """Weights of gated recurrent units: reset and update gate side by side, and the candidate."""
    shapes = {
        "W_xm": (features, 2 * units),
        "W_hm": (units, 2 * units),
        "W_xh": (features, units),
        "W_hh": (units, units),
    }
    drawn = {name: rng.standard_normal(shape, dtype="float32") for name, shape in shapes.items()}
    return {name: w / np.sqrt(np.float32(len(w))) for name, w in drawn.items()}


def sentence(length: int = 20, words: int = 10_000, features: int = 200, units: int = 100) -> Data:
    """The parameters of a classifier of sentences, and a sentence of twenty words."""
    rng = np.random.default_rng(16)
    parameters = {
        "embeddings": rng.standard_normal((words, features), dtype="float32"),
        **gates(rng, features, units),
        "W_output": rng.standard_normal((5, units), dtype="float32"),
    }
    return {
        "parameters": {name: np.float32(0.1) * w for name, w in parameters.items()},
        "rate": LEARNING_RATE,
        "words": rng.integers(0, words, length).astype("int32"),
        "label": np.int32(3),
    }


def sequences(steps: int = 50, batch: int = 32, features: int = 128, units: int = 256) -> Data:
    """A minibatch of 32 sequences of 50 steps, and the parameters of a classifier of them."""
    rng = np.random.default_rng(17)
    return {
        "parameters": {
            **gates(rng, features, units),
            "W_output": rng.standard_normal((units, 10), dtype="float32") / np.float32(16),
        },
        "x": rng.standard_normal((steps, batch, features), dtype="float32"),
        "t": rng.integers(0, 10, batch).astype("int32"),
    }


def filters(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Filters whose sums have the variance of what they read."""
    drawn = rng.standard_normal(shape, dtype="float32")
    return drawn / np.sqrt(np.float32(np.prod(shape[1:])))


def digits(batch: int = 128) -> Data:
    """A minibatch of images of 28×28, and the parameters of LeNet."""
    rng = np.random.default_rng(19)
    return {
        "parameters": {
            "K1": filters(rng, 20, 1, 5, 5),
            "c1": np.zeros(20, "float32"),
            "K2": filters(rng, 50, 20, 5, 5),
            "c2": np.zeros(50, "float32"),
            "W1": filters(rng, 500, 800).T.copy(),
            "b1": np.zeros(500, "float32"),
            "W2": filters(rng, 10, 500).T.copy(),
            "b2": np.zeros(10, "float32"),
        },
        "x": rng.standard_normal((batch, 1, 28, 28), dtype="float32"),
        "t": rng.integers(0, 10, batch).astype("int32"),
    }


def photographs(batch: int = 32, channels: int = 32, classes: int = 10) -> Data:
    """A minibatch of images 3×32×32, and the parameters of a small residual network.

    A first convolution, two blocks of two at full size, and one block that halves the size.
    """
    rng = np.random.default_rng(20)
    parameters: Data = {"K": filters(rng, channels, 3, 3, 3)}
    for block, (before, after) in enumerate([(1, 1), (1, 1), (1, 2)]):
        n, m = channels * before, channels * after
        parameters[f"K{block}a"] = filters(rng, m, n, 3, 3)
        parameters[f"K{block}b"] = filters(rng, m, m, 3, 3)
        for part in "ab":
            parameters[f"scale{block}{part}"] = np.ones(m, "float32")
            parameters[f"shift{block}{part}"] = np.zeros(m, "float32")
    parameters["K2s"] = filters(rng, 2 * channels, channels, 1, 1)
    parameters["W"] = filters(rng, classes, 2 * channels).T.copy()
    return {
        "parameters": parameters,
        "x": rng.standard_normal((batch, 3, 32, 32), dtype="float32"),
        "t": rng.integers(0, classes, batch).astype("int32"),
    }


def sentences(batch: int = 16, steps: int = 64, width: int = 256, heads: int = 4) -> Data:
    """A minibatch of rows, what they should become, and the parameters of a transformer block."""
    rng = np.random.default_rng(21)
    return {
        "parameters": {
            "W_qkv": filters(rng, 3 * width, width).T.copy(),
            "W_out": filters(rng, width, width).T.copy(),
            "W_up": filters(rng, 4 * width, width).T.copy(),
            "b_up": np.zeros(4 * width, "float32"),
            "W_down": filters(rng, width, 4 * width).T.copy(),
            "b_down": np.zeros(width, "float32"),
            **{f"scale{i}": np.ones(width, "float32") for i in (1, 2)},
            **{f"shift{i}": np.zeros(width, "float32") for i in (1, 2)},
        },
        "heads": heads,
        "x": rng.standard_normal((batch, steps, width), dtype="float32"),
        "t": rng.standard_normal((batch, steps, width), dtype="float32"),
    }


def numbers() -> Data:
    """A hundred thousand numbers, and a factor."""
    return {"x": np.random.default_rng(18).normal(size=100_000), "factor": 2.0}


WORKLOADS = {
    row.name: row
    for row in (
        Workload("scalar_call", "scalar", scalar("value"), "exp(sin(x²)) of one number"),
        Workload("scalar_grad", "scalar", scalar("derivative"), "its derivative"),
        Workload("logistic_f32", "logistic", matrices("float32"), "logistic of 1000×1000, float32"),
        Workload("logistic_f64", "logistic", matrices("float64"), "logistic of 1000×1000, float64"),
        Workload("dlogistic_f64", "logistic_gradient", matrices("float64"), "its gradient"),
        Workload(
            "three_outputs_f64",
            "three_outputs",
            matrices("float64"),
            "x-y, abs(x-y), (x-y)², 1000×1000",
        ),
        Workload("elemwise_chain", "chain", vectors, "GELU chain and its sum, 4 M float32"),
        Workload(
            "softmax_xent_grad", "crossentropy", logits, "softmax cross-entropy, gradient, 512×1000"
        ),
        Workload(
            "logreg_train", "training", network(600, 784, 10), "logistic regression, 600×784→10"
        ),
        Workload("mlp_train", "training", network(20, 784, 500, 10), "network, 20×784→500→10"),
        Workload(
            "mlp_big_train",
            "training",
            network(256, 784, 2048, 2048, 10, activation="relu"),
            "network, 256×784→2048→2048→10",
        ),
        Workload("gdp_train", "country", country, "GDP classifier, one row"),
        Workload("gru_seed_train", "sentence", sentence, "GRU of sentences, one of 20 words"),
        Workload("gru_batch_train", "recurrence", sequences, "GRU, 50 steps of 32×128→256"),
        Workload("lenet_train", "lenet", digits, "LeNet, 128 images"),
        Workload("residual_train", "residual", photographs, "residual net, 32 images 3×32×32"),
        Workload("transformer_train", "transformer", sentences, "transformer block, 16×64×256"),
        Workload("scan_sum", "running_sum", numbers, "loop of 100 k steps on one number"),
    )
}
