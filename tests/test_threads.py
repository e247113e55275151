"""One function called by many threads."""

import threading
from concurrent.futures import ThreadPoolExecutor

import bitale
import bitale.tensor as T
import numpy as np
import pytest

THREADS = 8
CALLS = 1000


def in_threads(work):
    """Run ``work(i)`` in all threads at once, and give what each returned."""
    gate = threading.Barrier(THREADS)

    def start(i):
        gate.wait()
        return work(i)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(start, range(THREADS)))


@pytest.mark.slow
@pytest.mark.parametrize("mode", [None, "FAST_COMPILE"])
def test_results_are_bit_equal_to_one_thread_s(mode):
    rng = np.random.default_rng(4)
    W = bitale.shared(rng.normal(size=(24, 10)), "W")
    x, t = T.dmatrix("x"), T.ivector("t")
    p = T.nnet.softmax(T.dot(T.tanh(x), W))
    loss = T.nnet.categorical_crossentropy(p, t).mean()
    f = bitale.function([x, t], [loss, T.grad(loss, W), p], mode=mode)
    # Every thread has inputs of its own, and of its own shape.
    inputs = [
        (rng.normal(size=(7 + i, 24)), rng.integers(0, 10, 7 + i).astype("int32"))
        for i in range(THREADS)
    ]
    alone = [f(*one) for one in inputs]

    def work(i):
        differences = 0
        for _ in range(CALLS):
            got = f(*inputs[i])
            differences += any(
                a.tobytes() != b.tobytes() for a, b in zip(got, alone[i], strict=True)
            )
        return differences

    assert in_threads(work) == [0] * THREADS


@pytest.mark.parametrize("mode", [None, "FAST_COMPILE"])
def test_no_update_is_lost(mode):
    total, x = bitale.shared(np.zeros(50), "total"), T.dvector("x")
    add = bitale.function([x], total.sum(), updates=[(total, total + x)], mode=mode)

    def work(_):
        for _ in range(200):
            add(np.ones(50))

    in_threads(work)
    assert total.get_value().tolist() == [200.0 * THREADS] * 50


def test_functions_can_be_built_in_threads():
    def work(i):
        x = T.dvector("x")
        f = bitale.function([x], T.exp(x * (i + 1)).sum())
        return float(f(np.zeros(3)))

    assert in_threads(work) == [3.0] * THREADS
