"""Graphs of gradients, as the rewriter leaves them."""

import bitale
import bitale.tensor as T
import numpy as np
import pytest
from bitale_graph.extend import Alloc, BatchedDot, Dot, IncSubtensor, Mode, Nonzero

REWRITTEN = Mode("numpy", "fast_run")
WRITTEN = Mode("numpy", "None")
x, y = T.dmatrices("x", "y")
mask = T.TensorType("bool", (None, None))("mask")
targets = T.TensorType("int64", (None, 1))("targets")
X, Y = np.random.default_rng(8).standard_normal((2, 3, 4))


def compiled(inputs, outputs, mode=REWRITTEN):
    return bitale.function(inputs, outputs, mode=mode, on_unused_input="ignore")


def count(f, op):
    return sum(isinstance(node.op, op) for node in f.maker.fgraph.toposort())


def test_of_what_a_mask_reads_no_place_is_looked_for():
    loss = T.sqr(x[mask] - y[mask]).mean()
    gradients = bitale.grad(loss, [x, y])
    f, g = (compiled([x, y, mask], gradients, mode) for mode in (REWRITTEN, WRITTEN))
    assert count(f, Nonzero) == 0 < count(g, Nonzero)
    for found, expected in zip(f(X, Y, X > 0), g(X, Y, X > 0), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-12)
    with pytest.raises(IndexError, match="a mask has not the lengths"):
        f(X, Y, X[:2] > 0)


@pytest.mark.parametrize("probabilities", [T.softmax(x), T.sigmoid(x)], ids=["softmax", "sigmoid"])
@pytest.mark.parametrize("is_masked", [True, False])
def test_logarithms_of_chosen_probabilities_are_stable(probabilities, is_masked):
    chosen = probabilities[mask] if is_masked else T.take_along_axis(probabilities, targets, 1)
    loss = -T.log(chosen).sum()
    far = np.array([[0.0, 800, -800], [1, 2, -900]])
    f = compiled([x, mask, targets], [loss, bitale.grad(loss, x)])
    value, slope = f(far, far < -5, np.array([[2], [2]]))
    assert 1690 < value < 2505
    assert np.isfinite(slope).all()
    assert np.all(slope[:, 2] < -0.99)


def test_that_of_a_matrix_of_all_pairs_is_one_product():
    b, w = T.dtensor3(), T.dmatrix()
    cost = T.sum(T.sqr(T.einsum("bij,jk->bik", b, w)))
    f = compiled([b, w], bitale.grad(cost, w))
    assert count(f, BatchedDot) == 0
    assert count(f, Dot) == 2


def test_that_of_a_part_of_a_part_is_written_at_once():
    f = compiled([x], bitale.grad(T.sqr(x[1:][:3, 2:]).sum(), x))
    assert count(f, IncSubtensor) == 1
    assert count(f, Alloc) <= 1
    expected = np.zeros_like(X)
    expected[1:4, 2:] = 2 * X[1:4, 2:]
    np.testing.assert_allclose(f(X), expected, rtol=1e-12)
