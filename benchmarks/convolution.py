"""Time convolution and both of its gradients, beside PyTorch where that is installed.

Both are called in turn in one process.

    python benchmarks/convolution.py
    python benchmarks/convolution.py --threads 2 --rounds 50 --only depthwise,lenet

A ratio above 1 says that PyTorch takes longer; only ratios within one run mean something. A figure
is the best of the rounds. With one thread the clock is that of the processor, so that a machine
with other work tells the same. ``of peak`` is what an endless chain of multiplications and
additions in registers reaches, on so many cores.
"""

import argparse
import ctypes
import functools
import math
import tempfile
import time
from pathlib import Path

import bitale
import numpy as np
from bitale_codegen_c.toolchain.compiler import find_compiler
from bitale_graph import TensorType
from bitale_graph.convolution import Conv, ConvGradInputs, ConvGradWeights, geometry

try:
    import torch
except ImportError:
    torch = None

# images, channels, side, filters, side of the filters, stride, padding, groups
SHAPES = {
    "lenet 5x5 1-20 of 28": (128, 1, 28, 20, 5, 1, 0, 1),
    "lenet 5x5 20-50 of 12": (128, 20, 12, 50, 5, 1, 0, 1),
    "3x3 64-64 of 56": (32, 64, 56, 64, 3, 1, 1, 1),
    "1x1 256-64 of 28": (32, 256, 28, 64, 1, 1, 0, 1),
    "7x7/2 3-64 of 224": (32, 3, 224, 64, 7, 2, 3, 1),
    "depthwise 3x3 128 of 28": (32, 128, 28, 128, 3, 1, 1, 128),
    "depthwise 3x3/2 256": (16, 256, 28, 256, 3, 2, 1, 256),
    "depthwise 5x5 480 of 14": (8, 480, 14, 480, 5, 1, 2, 480),
    "32 groups 3x3 256 of 28": (8, 256, 28, 256, 3, 1, 1, 32),
    "one 3x3 512 of 7": (1, 512, 7, 512, 3, 1, 1, 1),
    "one 1x1 512-2048 of 7": (1, 512, 7, 2048, 1, 1, 0, 1),
    "3x3/2 256 of 28": (8, 256, 28, 256, 3, 2, 1, 1),
}
WAYS = ("forward", "inputs", "filters")
PEAK = """
typedef float lanes __attribute__((vector_size(VECTOR)));
float peak(long rounds, float x, float y) {
    lanes s[12];
    for (int i = 0; i < 12; i++) s[i] = (lanes){0} + (float)i;
    for (long r = 0; r < rounds; r++)
#pragma GCC unroll 12
        for (int i = 0; i < 12; i++) s[i] = s[i] * x + y;
    for (int i = 1; i < 12; i++) s[0] += s[i];
    return s[0][1];
}
"""


def peak():
    """GFLOP/s of one core, in vectors of the width that serves best."""
    best = 0.0
    rounds = 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        for width in (16, 32, 64):
            file = Path(folder) / f"peak{width}.so"
            find_compiler().compile(PEAK.replace("VECTOR", str(width)), file)
            run = ctypes.CDLL(str(file)).peak
            run.argtypes = [ctypes.c_long, ctypes.c_float, ctypes.c_float]
            least = min(timed(lambda run=run: run(rounds, 0.99, 0.9), 1) for _ in range(20))
            best = max(best, rounds * 12 * width / 4 * 2 / least / 1e9)
    return best


# Threads of the other side spin for some milliseconds after a call, and hold a core.
REST = 0.02


def timed(call, threads):
    """Seconds of one call."""
    clock = time.thread_time if threads == 1 else time.perf_counter
    if threads > 1:
        time.sleep(REST)
        call()  # wakes its own
    start = clock()
    call()
    return clock() - start


def ours(shape, x, w, y):
    """What computes result and gradients, for each way."""
    *_, stride, padding, groups = shape
    geo = geometry(2, stride, padding, 1, groups)
    types = [TensorType("float32", (None,) * 4)() for _ in range(3)]
    of_x, of_w, of_y = types
    results = {
        "forward": ([of_x, of_w], Conv(geo)(of_x, of_w), (x, w)),
        "inputs": ([of_w, of_y], ConvGradInputs(geo)(of_y, of_w, *x.shape[2:]), (w, y)),
        "filters": ([of_x, of_y], ConvGradWeights(geo)(of_x, of_y, *w.shape[2:]), (x, y)),
    }
    return {
        way: functools.partial(bitale.function(inputs, result), *given)
        for way, (inputs, result, given) in results.items()
    }


def theirs(shape, x, w, y):
    """The same by PyTorch."""
    *_, stride, padding, groups = shape
    x, w, y = map(torch.from_numpy, (x, w, y))
    form = (None, [stride] * 2, [padding] * 2, [1, 1], False, [0, 0], groups)
    gradient = functools.partial(torch.ops.aten.convolution_backward, y, x, w, *form)
    return {
        "forward": functools.partial(torch.conv2d, x, w, None, stride, padding, 1, groups),
        "inputs": functools.partial(gradient, [True, False, False]),
        "filters": functools.partial(gradient, [False, True, False]),
    }


def value_of(result):
    """The array, of what PyTorch gives too."""
    return next(one for one in result if one is not None) if isinstance(result, tuple) else result


def operands(shape):
    """Random images, filters, and a gradient of the result."""
    images, channels, side, filters, k, stride, padding, groups = shape
    out = (side + 2 * padding - k) // stride + 1
    rng = np.random.default_rng(0)
    shapes = (
        (images, channels, side, side),
        (filters, channels // groups, k, k),
        (images, filters, out, out),
    )
    return [rng.standard_normal(one, dtype="float32") for one in shapes]


def main():
    """Print a row for each shape and way."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--only", default="")
    chosen = parser.parse_args()
    bitale.config.threads = chosen.threads
    if torch is not None:
        torch.set_num_threads(chosen.threads)
    most = peak() * chosen.threads
    print(f"{chosen.threads} threads, peak {most:.0f} GFLOP/s")
    ratios = []
    for name, shape in SHAPES.items():
        if chosen.only and not any(map(name.startswith, chosen.only.split(","))):
            continue
        x, w, y = operands(shape)
        products = 2 * y.size * w[0].size
        sides = [ours(shape, x, w, y), *([theirs(shape, x, w, y)] if torch else [])]
        for way in WAYS:
            values = [np.asarray(value_of(side[way]())) for side in sides]
            # Sums of up to some 400,000 products.
            np.testing.assert_allclose(values[-1], values[0], rtol=1e-2, atol=0.05)
            runs = [
                [timed(side[way], chosen.threads) for side in sides] for _ in range(chosen.rounds)
            ]
            best = [min(times) for times in zip(*runs, strict=True)]
            speed = products / best[0] / 1e9
            row = f"{name:24} {way:8} {best[0] * 1e3:8.2f} ms {speed:6.0f} GFLOP/s"
            row += f" {speed / most:4.0%} of peak"
            if torch is not None:
                ratios.append(best[1] / best[0])
                row += f"   PyTorch {best[1] * 1e3:8.2f} ms   ratio {ratios[-1]:6.2f}"
            print(row, flush=True)
    if ratios:
        mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
        print(f"geometric mean {mean:.2f}, least {min(ratios):.2f}")


if __name__ == "__main__":
    main()
