"""Sums over processes come in one order, whatever process compiles: else all would wait."""

import os
import subprocess
import sys

import pytest

PROGRAM = """
import numpy as np
import bitale
import bitale.tensor as T
from bitale import function, grad, shared
from bitale.ifelse import ifelse
from bitale_graph.distributed import all_reduce
from bitale_nnet import adam

class Noting:
    def __init__(self):
        self.sent = []

    def Allreduce(self, sendbuf, recvbuf):
        self.sent.append(sendbuf.size)
        recvbuf[...] = sendbuf

noting = Noting()
sizes = [3, 11, 12, 13, 14, 15]
weights = [
    shared(np.full((m, n), 0.1), f"W{n}") for m, n in zip(sizes, sizes[1:])
]
x = T.dmatrix("x")
h, means = x, []
for W in weights:
    h = T.tanh(h @ W)
    means.append(all_reduce(h.mean(axis=0), noting))
    h = h - means[-1]
chosen = ifelse(means[0].sum() > 0, all_reduce(T.sqr(means[1]), noting), T.exp(means[1]))
loss = T.mean(T.sqr(h)) + T.sum(chosen) + T.sum(all_reduce(T.zeros(2), noting))
# One message for each gradient, in no order of their own.
gradients = [all_reduce(g, noting) for g in grad(loss, weights)]
f = function([x], [loss, *means], updates=adam(gradients, weights))
f(np.ones((4, 3)))
print(noting.sent)
"""


@pytest.mark.slow
def test_the_order_is_the_same_in_every_process(tmp_path):
    told = []
    for seed in ("1", "2", "3"):
        # One process finds code that another one compiled, or none.
        cache = {"XDG_CACHE_HOME": str(tmp_path)} if seed == "3" else {}
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", PROGRAM],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": seed, **cache},
            check=False,
        )
        assert done.returncode == 0, done.stderr
        told.append(done.stdout)
    assert told[1:] == told[:1] * 2
    assert told[0].count(",") > 15
