"""Derivatives of a program's own: identities that change what comes back."""

import bitale
import bitale.tensor as T
import numpy as np
import pytest


class Reversed(T.Elemwise):
    """An identity whose derivative has the other sign."""

    def __init__(self):
        super().__init__(scalar_op=bitale.scalar.identity)

    def grad(self, inputs, gradients):
        return [-gradients[0]]


@pytest.mark.parametrize("mode", [None, "FAST_COMPILE"])
def test_a_subclass_of_elemwise_has_the_gradient_that_it_says(mode):
    x = T.dvector("x")
    y = Reversed()(T.exp(x)) * 2
    f = bitale.function([x], [y, T.grad(y.sum(), x), T.Rop(y, x, T.ones_like(x))], mode=mode)
    value, slope, forward = f([0.0, 1.0])
    np.testing.assert_allclose(value, 2 * np.exp([0, 1]))
    np.testing.assert_allclose(slope, -2 * np.exp([0, 1]))
    np.testing.assert_allclose(forward, slope)


def test_a_view_has_the_gradient_that_it_says():
    class Scaled(bitale.compile.ViewOp):
        def grad(self, inputs, gradients):
            return [gradients[0] * 3]

    x = T.dvector("x")
    slope = T.grad(T.sum(Scaled()(x)), x)
    assert bitale.function([x], slope, on_unused_input="ignore")([1.0, 2.0]).tolist() == [3, 3]


def test_what_programs_ask_for_by_class():
    x, s = T.dvector("x"), bitale.shared(1.0)
    assert isinstance(x, T.TensorVariable)
    assert isinstance(x, T.Variable)
    assert isinstance(s, bitale.compile.SharedVariable)
    assert isinstance(T.exp(x).owner.op, T.Elemwise)
    assert T.exp(x).owner.op.scalar_op is bitale.scalar.exp
    assert isinstance(x.dimshuffle(0, "x").owner.op, T.DimShuffle)
    assert isinstance(x.sum().owner.op, T.CAReduce)
    assert isinstance(x[1:].owner.op, T.Subtensor)
    assert isinstance(bitale.compile.get_default_mode(), bitale.compile.Mode)
    with pytest.raises(AttributeError, match="no scalar op"):
        _ = bitale.scalar.nothing


def test_a_second_gradient_starts_where_a_first_one_ended():
    """A layer's gradient from that of the layer behind it, by known_grads alone."""
    params = {"W": bitale.shared(np.eye(2)), "b": bitale.shared(np.zeros(2))}
    x = T.dmatrix("x")
    out = T.tanh(T.dot(x, params["W"]) + params["b"])
    cost = T.sum(out**2)
    whole = T.grad(cost, params.values())
    behind = T.grad(cost, out)
    pieces = T.grad(None, wrt=list(params.values()), known_grads={out: behind})
    found = bitale.function([x], [*whole, *pieces])([[1.0, 2.0], [3.0, -1.0]])
    for one, other in zip(found[:2], found[2:], strict=True):
        np.testing.assert_allclose(one, other)
