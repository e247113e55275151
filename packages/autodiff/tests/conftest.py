"""Fixtures: a seeded generator, and a check of first and second derivatives."""

import numpy as np
import pytest
from bitale_autodiff import grad, verify_grad
from bitale_graph import config, function
from bitale_graph import language as T


@pytest.fixture(autouse=True)
def alone():
    """Run on graph alone, whatever else is installed."""
    with config.change_flags(linker="numpy", optimizer="None"):
        yield


@pytest.fixture
def rng():
    return np.random.default_rng(20240611)


def projected_gradient(fun, points, rng):
    """Give the function whose value is a weighted sum of the derivatives of `fun`."""

    def weights(shape, dtype):
        return T.constant((rng.random(shape) + 0.5).astype(dtype))

    inputs = [T.tensor(p.dtype.name, [n == 1 for n in p.shape]) for p in points]
    shape = function(inputs, fun(*inputs), on_unused_input="ignore")(*points).shape
    direction = weights(shape, "float64")
    second = [weights(p.shape, p.dtype) for p in points]

    def gradient(*variables):
        cost = T.sum(direction * fun(*variables))
        terms = grad(cost, list(variables), disconnected_inputs="ignore")
        return T.add(*(T.sum(w * g) for w, g in zip(second, terms, strict=True)))

    return gradient


@pytest.fixture
def verify_orders(rng):
    """Verify first derivatives, and second ones as first derivatives of the gradient."""

    def verify(fun, points, orders=2, **options):
        points = [np.asarray(p) for p in points]
        verify_grad(fun, points, n_tests=1, rng=rng, **options)
        if orders > 1:
            gradient = projected_gradient(fun, points, rng)
            verify_grad(gradient, points, n_tests=1, rng=rng, **options)

    return verify
