"""What lies in steps that do not count must not reach what is learnt."""

import numpy as np
import pytest
from bitale_autodiff import grad
from bitale_graph import function
from bitale_graph import language as T
from bitale_nnet import GRU, LSTM, Attention, Bidirectional, Dense, Sequential, TransformerBlock

X = np.random.default_rng(0).normal(size=(2, 4, 4))
M = np.array([[1, 1, 0, 0], [1, 0, 0, 1]], "int8")

MADE = {
    "both ways": lambda: Bidirectional(GRU(3)),
    "lstm": lambda: LSTM(3, return_sequences=True, peepholes=True),
    "attention": lambda: Attention(2, causal=True),
    "stack": lambda: Sequential([TransformerBlock(2), GRU(3), Dense(2)]),
}


def learnt(layer, x, dtype="float64"):
    """The outputs of the steps that count, and the derivatives by inputs and parameters."""
    layer.build((None, None, 4), np.random.default_rng(1), dtype)
    v, mask = T.tensor(dtype, (None, None, None)), T.bmatrix()
    output = layer(v, mask)
    if output.ndim == 3:
        output = T.switch(T.neq(mask, 0).dimshuffle(0, 1, "x"), output, 0)
    wanted = [output, *grad(T.sum(output), [v, *layer.parameters()])]
    return function([v, mask], wanted, mode="FAST_COMPILE")(x.astype(dtype), M)


@pytest.mark.parametrize("padding", [np.nan, np.inf])
@pytest.mark.parametrize("name", MADE)
def test_gradients_are_those_of_zeros_there(name, padding):
    rest = M[..., None] == 0
    wanted = learnt(MADE[name](), np.where(rest, 0, X))
    found = learnt(MADE[name](), np.where(rest, padding, X))
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


def test_a_block_gives_something_for_finite_steps_that_are_not_read():
    block = TransformerBlock(2)
    block.build((None, None, 4), dtype="float64")
    found = block(T.constant(X), T.constant(M)).eval()
    own = block(T.constant(X[:, 2:3])).eval()
    assert np.isfinite(found).all()
    assert not np.allclose(found[:, 2], own[:, 0])


def test_attention_in_float16_holds_products_that_float16_does_not():
    large = 300 * X
    found, wanted = learnt(Attention(2), large, "float16"), learnt(Attention(2), large, "float32")
    assert found[0].dtype == "float16"
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-2, atol=2e-3 * np.abs(b).max())


def test_no_score_is_so_low_that_a_step_that_may_not_be_read_is():
    layer = Attention(1)
    layer.build((None, None, 4), np.random.default_rng(0), "float32")
    eye = np.eye(4, dtype="float32")
    layer.set_values(layer.get_values() | {"W_q": -100 * eye, "W_k": eye})
    x = np.full((1, 2, 4), 100, "float32")
    half = layer(x, np.array([[1, 0]])).eval()
    np.testing.assert_allclose(half, layer(x[:, :1]).eval().repeat(2, 1), rtol=1e-6)
