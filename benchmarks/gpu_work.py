"""What gpu.py measures: kernels on large arrays, small kernels in a row, and steps of training.

An implementation is a class made with the name of the device and of a variant. Its methods make a
`Program` of a kernel, of a chain of small kernels, and of a step of training. What it cannot do
here it tells by `LeftOutError`.
"""

import functools
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from workloads import WORKLOADS, network, sentence, sequences

# Steps of training after which the losses must be those of the CPU.
STEPS = 10
# Numbers that are drawn; longer arrays repeat them.
DRAWN = 1 << 22


class LeftOutError(Exception):
    """An implementation is not measured on this machine, and why."""


@dataclass
class Program:
    """Something that a device does, with all data there.

    Attributes
    ----------
    queue : callable
        Ask for it once, without waiting.
    wait : callable
        Wait for all that was asked for.
    result : callable
        What has come out, as an array of the host.
    call : callable
        Do it once as a user would, up to the end or to a number on the host.
    kernels : callable, optional
        Like ``queue``, but nothing besides the kernels.
    counts : callable, optional
        What the device was asked for so far.
    state : callable, optional
        All arrays that it changes.
    """

    queue: Callable[[], Any]
    wait: Callable[[], Any]
    result: Callable[[], Any]
    call: Callable[[], Any]
    kernels: Callable[[], Any] | None = None
    counts: Callable[[], dict[str, int]] | None = None
    state: Callable[[], list[Any]] | None = None


def batches(queue, wait, one, seconds):
    """Medians of the time per piece of work, and of what the host takes to ask for it."""
    count = int(min(max(0.02 / one, 1), 100))
    whole, host = [], []
    for _ in range(int(min(max(seconds / (one * count), 3), 50))):
        start = time.perf_counter()
        for _ in range(count):
            queue()
        asked = time.perf_counter()
        wait()
        whole.append((time.perf_counter() - start) / count)
        host.append((asked - start) / count)
    return statistics.median(whole), statistics.median(host)


def timed(program, seconds):
    """The seconds of a program: a call alone, one of many that are queued, the host's share."""
    for _ in range(3):
        program.call()
    start = time.perf_counter()
    program.call()
    one = max(time.perf_counter() - start, 1e-7)
    calls = []
    for _ in range(int(min(max(seconds / one, 3), 200))):
        start = time.perf_counter()
        program.call()
        calls.append(time.perf_counter() - start)
    program.queue()
    program.wait()
    queued, host = batches(program.queue, program.wait, one, seconds)
    found = {"call": statistics.median(calls), "queued": queued, "host": host}
    if program.kernels is not None:
        found["kernels"] = batches(program.kernels, program.wait, one, seconds)[0]
    return found


def counted(program, times=10):
    """What a call of a program asks of its device, on average."""
    if program.counts is None:
        return {}
    before = program.counts()
    for _ in range(times):
        program.call()
    after = program.counts()
    return {name: (n - before[name]) / times for name, n in after.items() if n != before[name]}


# Kernels on large arrays.
@dataclass(frozen=True)
class Names:
    """What implementations call by different names."""

    exp: Callable[[Any], Any]
    softmax: Callable[[Any], Any]
    contiguous: Callable[[Any], Any] = lambda x: x


def _softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


NUMPY = Names(np.exp, _softmax, np.ascontiguousarray)


@dataclass(frozen=True)
class Kernel:
    """A row of the section on bandwidth.

    Attributes
    ----------
    name : str
    shape : tuple of int
        Of each input.
    compute : callable
        From `Names` and the inputs to the result.
    n_inputs : int
    axis : int or None
        The axis of the inputs along which the first axis of the result lies; None for a number.
    """

    name: str
    shape: tuple[int, ...]
    compute: Callable[..., Any]
    n_inputs: int = 1
    axis: int | None = 0

    def inputs(self):
        """Arrays of float32."""
        return [numbers(self.shape, seed) for seed in range(self.n_inputs)]

    @property
    def out_shape(self):
        """Of the result."""
        tiny = [np.zeros((2,) * len(self.shape), "float32")] * self.n_inputs
        rank = self.compute(NUMPY, *tiny).ndim
        lengths = self.shape[::-1] if self.axis == 1 else self.shape
        return lengths[:rank]

    @property
    def nbytes(self):
        """That must be read and written at least."""
        read = self.n_inputs * int(np.prod(self.shape, dtype=object))
        return 4 * (read + int(np.prod(self.out_shape, dtype=object)))

    def error(self, result):
        """The greatest relative error in the first, middle and last row of the result."""
        arrays = self.inputs()
        if self.axis is not None:
            n = self.shape[self.axis]
            rows = [0, n // 2, n - 1]
            arrays = [np.take(x, rows, self.axis) for x in arrays]
            result = result[rows]
        wanted = self.compute(NUMPY, *(x.astype("float64") for x in arrays))
        return float(np.max(np.abs(result - wanted) / np.abs(wanted)))


@functools.lru_cache(maxsize=3)
def numbers(shape, seed=0):
    """Numbers between 0 and 1, float32."""
    drawn = np.random.default_rng(seed).random(DRAWN + seed, "float32")
    return np.resize(drawn, shape)


def kernels(size):
    """The rows for a size, "full" or "small"."""
    is_full = size == "full"
    side = 1 << 14 if is_full else 1 << 6
    vector, square = (side * side,), (side, side)
    rows = [(16384, 4096), (65536, 128)] if is_full else [(64, 48), (128, 8)]
    return [
        Kernel("elementwise, 1 in", vector, lambda n, x: n.exp(-x * x) * 0.5 + x),
        Kernel("elementwise, 3 in", vector, lambda n, x, y, z: n.exp(-x * y) + z, n_inputs=3),
        Kernel("transposing", square, lambda n, x: n.contiguous(x.T * 0.5 + 1.0), axis=1),
        *(Kernel(f"softmax of rows, {a}×{b}", (a, b), lambda n, x: n.softmax(x)) for a, b in rows),
        Kernel("sum of all", vector, lambda n, x: x.sum(), axis=None),
        Kernel("sum of columns", square, lambda n, x: x.sum(0), axis=1),
        Kernel("sum of rows", square, lambda n, x: x.sum(1)),
    ]


def chain(names, x, n):
    """So many kernels, none of which can begin before the one before it has ended."""
    for _ in range(n):
        x = names.softmax(x)
    return x


CHAINS = (1, 10, 50, 200)
CHAIN_SHAPE = (32, 32)

# Training. For each row its family, and its data as it is and small.
TRAINING = {
    "logreg": ("network", WORKLOADS["logreg_train"].data, network(6, 12, 5)),
    "mlp": ("network", WORKLOADS["mlp_train"].data, network(4, 12, 8, 5)),
    "mlp_big": (
        "network",
        WORKLOADS["mlp_big_train"].data,
        network(6, 12, 16, 16, 5, activation="relu"),
    ),
    "gru_seed": (
        "sentence",
        sentence,
        functools.partial(sentence, length=4, words=30, features=6, units=5),
    ),
    "gru_batch": (
        "sequences",
        sequences,
        functools.partial(sequences, steps=4, batch=3, features=6, units=8),
    ),
}


def training_data(row, size):
    """The family of a row, and its data."""
    family, full, small = TRAINING[row]
    return family, (full if size == "full" else small)()
