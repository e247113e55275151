"""The first programs that anyone writes, with the front door and what it declares alone."""

import bitale
import bitale.tensor as T
import numpy as np
import pytest


def test_the_readme_program_walks_to_its_target():
    x, target = T.fvector("x"), T.fscalar("target")
    W = bitale.shared([0.2, 0.7], "W")
    y = (x * W).sum()
    cost = T.sqr(target - y)
    train = bitale.function([x, target], y, updates=[(W, W - 0.1 * T.grad(cost, W))])
    got = [float(train([1.0, 1.0], 20.0)) for _ in range(10)]
    # Each step leaves six tenths of the distance.
    assert got == pytest.approx([20 - 19.1 * 0.6**n for n in range(10)])


def test_a_derivative_holds_against_differences():
    T.verify_grad(
        lambda x: T.sum(T.nnet.softmax(T.tanh(x))[:, 0]),
        [np.random.default_rng(0).normal(size=(3, 4))],
        rng=np.random.RandomState(0),
    )


def test_text_forms_are_printed():
    x = T.dscalar("x")
    assert bitale.pp(x + x) == "(x + x)"
    assert "exp" in bitale.printing.debugprint(T.exp(x), file="str")
