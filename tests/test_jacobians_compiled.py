"""Jacobians, Hessians and products with them, as machine code."""

import bitale
import bitale.tensor as T
import numpy as np
import pytest
from bitale.gradient import hessian_vector_product

X, W, V = (np.random.default_rng(0).normal(size=s) for s in ((4,), (4, 4), (4,)))


def ops(f):
    return [type(node.op).__name__ for node in f.maker.fgraph.toposort()]


def layer(x, W):
    return T.tanh(T.dot(x, W))


EXPRESSIONS = {
    "jacobian of a square": lambda x, W, v: T.jacobian(x**2, x),
    "jacobian of a layer": lambda x, W, v: T.jacobian(layer(x, W), x),
    "jacobian of two layers": lambda x, W, v: T.jacobian(layer(layer(x, W), W), x),
    "jacobian by weights": lambda x, W, v: T.jacobian(layer(x, W), W),
    "jacobian of softmax": lambda x, W, v: T.jacobian(T.softmax(T.dot(x, W)), x),
    "jacobian of places": lambda x, W, v: T.jacobian(x[[0, 2, 2, 3]] * x[::-1], x),
    "jacobian of a loop": lambda x, W, v: T.jacobian(
        bitale.scan(lambda e, h: T.tanh(h * e), x, 1.0)[0], x
    ),
    "hessian": lambda x, W, v: T.hessian(T.sum(layer(layer(x, W), W) ** 2), x),
    "hessian of a loop": lambda x, W, v: T.hessian(
        bitale.scan(lambda e, h: T.tanh(h * e), x, 1.0)[0][-1], x
    ),
    "hessian times a vector": lambda x, W, v: hessian_vector_product(
        T.sum(layer(layer(x, W), W) ** 2), x, v
    ),
    "forwards through a loop": lambda x, W, v: T.Rop(
        bitale.scan(lambda h: layer(h, W), outputs_info=x, n_steps=5)[0], x, v
    ),
    "forwards through a choice": lambda x, W, v: T.Rop(
        bitale.ifelse.ifelse(x[0] > 0, layer(x, W), x), x, v
    ),
}
AT_ONCE = ("jacobian of a square", "jacobian of a layer", "jacobian of two layers", "hessian")


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_values_are_the_same_in_every_mode(name):
    x, W_, v = T.dvector("x"), T.dmatrix("W"), T.dvector("v")
    output = EXPRESSIONS[name](x, W_, v)
    compiled, plain = (
        bitale.function([x, W_, v], output, mode=mode, on_unused_input="ignore")
        for mode in (None, bitale.Mode("numpy", "None"))
    )
    expected = plain(X, W, V)
    np.testing.assert_allclose(compiled(X, W, V), expected, rtol=1e-11, atol=1e-13)
    assert ("Scan" in ops(compiled)) <= (name not in AT_ONCE)
    with bitale.config.change_flags(device="emulated"):
        on_device = bitale.function([x, W_, v], output, on_unused_input="ignore")
        np.testing.assert_allclose(on_device(X, W, V), expected, rtol=1e-11, atol=1e-13)


def test_a_loop_and_its_tangents_are_one_loop():
    x, v = T.dvector("x"), T.dvector("v")
    states, _ = bitale.scan(lambda e, h: T.tanh(h * e), x, 1.0)
    f = bitale.function([x, v], [states, T.Rop(states, x, v)])
    assert ops(f).count("Scan") == 1


def test_the_jacobian_of_a_layer_has_one_product():
    x, W_ = T.dvector("x"), T.dmatrix("W")
    f = bitale.function([x, W_], T.jacobian(layer(x, W_), x))
    assert ops(f).count("Dot") == 1
