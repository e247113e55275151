import numpy as np
import pytest
from bitale_graph import function
from bitale_graph import language as T
from bitale_graph.base.errors import ShapeError
from bitale_nnet import (
    Attention,
    Dense,
    FeedForward,
    PositionalEmbedding,
    PositionalEncoding,
    Sequential,
    Training,
    TransformerBlock,
)

FAST = "FAST_COMPILE"


def attention(v, heads, queries, keys, values, mask=None, causal=False):
    """Head by head, query by query."""
    q, k, u = (
        x @ v[f"W_{s}"] + v.get(f"b_{s}", 0)
        for x, s in zip((queries, keys, values), "qkv", strict=True)
    )
    size = q.shape[2] // heads
    read = np.zeros_like(q)
    for n in range(len(q)):
        for head in range(heads):
            cut = slice(head * size, (head + 1) * size)
            for t in range(q.shape[1]):
                open_to = np.ones(k.shape[1], bool) if mask is None else mask[n] != 0
                if causal:
                    open_to = open_to & (np.arange(k.shape[1]) <= t)
                scores = np.exp(k[n, open_to, cut] @ q[n, t, cut] / np.sqrt(size))
                if len(scores):
                    read[n, t, cut] = scores / scores.sum() @ u[n, open_to, cut]
    return read @ v["W_o"] + v.get("b_o", 0)


@pytest.mark.parametrize(
    "layer",
    [
        Attention(2),
        Attention(1, bias=None),
        Attention(3, size=2, units=5),
        Attention(2, causal=True),
    ],
    ids=map(str, range(4)),
)
def test_steps_read_their_own_sequence(layer, check_layer):
    check_layer(
        layer, (2, 3, 4), lambda v, X: attention(v, layer.heads, X, X, X, causal=layer.causal)
    )


def test_steps_read_another_sequence(check_layer):
    layer = Attention(2)
    shapes = ((2, 3, 4), (2, 5, 6))
    check_layer(layer, shapes, lambda v, X, S: attention(v, 2, X, S, S))
    shapes = ((2, 3, 4), (2, 5, 6), (2, 5, 2))
    check_layer(layer, shapes, lambda v, X, K, V: attention(v, 2, X, K, V))


@pytest.mark.parametrize("causal", [False, True])
def test_steps_that_do_not_count_are_not_read(causal, check_layer):
    layer = Attention(2, causal=causal)
    M = np.array([[1, 1, 0], [0, 0, 0]], "int8")
    check_layer(
        layer, (2, 3, 4), lambda v, X: attention(v, 2, X, X, X, M, causal), mask=T.constant(M)
    )


def test_weights_are_left_out_in_training(rng):
    layer = Attention(1, dropout=0.5)
    layer.build((None, None, 4), rng, "float64")
    x = T.dtensor3()
    outputs = [layer(x), layer(x, training=Training(0))]
    f = function([x], outputs, mode=FAST)
    X = rng.normal(size=(2, 6, 4))
    predicted, first = f(X)
    assert not np.allclose(predicted, first)
    assert not np.allclose(f(X)[1], first)


def normalised(X):
    return (X - X.mean(axis=-1, keepdims=True)) / np.sqrt(X.var(axis=-1, keepdims=True) + 1e-5)


def part(v, name):
    return {key.partition(".")[2]: value for key, value in v.items() if key.startswith(name + ".")}


def feed_forward(v, X):
    return np.tanh(X @ v["W_1"] + v.get("b_1", 0)) @ v["W_2"] + v.get("b_2", 0)


@pytest.mark.parametrize("layer", [FeedForward(3, "tanh"), FeedForward(None, "tanh", bias=None)])
def test_two_dense_layers_give_what_they_take(layer, check_layer):
    check_layer(layer, (2, 3, 4), feed_forward)
    assert layer.variable("W_1").get_value().shape == (4, layer.hidden or 16)


@pytest.mark.parametrize("masked", [False, True])
def test_a_block_adds_attention_and_two_dense_layers(masked, check_layer):
    layer = TransformerBlock(2, hidden=5, activation="tanh")
    M = np.array([[1, 1, 0], [1, 0, 0]], "int8") if masked else None

    def wanted(v, X):
        norm, feed_norm = part(v, "norm"), part(v, "feed_norm")
        Y = normalised(X) * norm["gamma"] + norm["beta"]
        X = X + attention(part(v, "attention"), 2, Y, Y, Y, M)
        Y = normalised(X) * feed_norm["gamma"] + feed_norm["beta"]
        return X + feed_forward(part(v, "feed"), Y)

    check_layer(layer, (2, 3, 4), wanted, mask=T.constant(M) if masked else None)


def test_blocks_are_stacked_and_trained(rng):
    network = Sequential(
        [PositionalEncoding(), TransformerBlock(2, dropout=0.2), TransformerBlock(2), Dense(3)]
    )
    assert network.build((None, None, 4), rng) == (None, None, 3)
    assert "transformerblock1.attention.W_q" in network.get_values()
    x, mask = T.ftensor3(), T.bmatrix()
    X, M = rng.normal(size=(2, 5, 4)).astype("float32"), np.ones((2, 5), "int8")
    M[:, 3:] = 0
    f = function([x, mask], [network(x, mask), network(x, mask, training=Training(0))], mode=FAST)
    predicted, trained = f(X, M)
    assert not np.allclose(predicted, trained)
    X[:, 3:] = 9
    assert np.allclose(f(X, M)[0][:, :3], predicted[:, :3], atol=1e-5)


@pytest.mark.parametrize("features", [4, 5])
def test_places_are_told_by_sines(features, check_layer):
    def wanted(_, X):
        waves = np.zeros(X.shape[1:])
        for t, j in np.ndindex(waves.shape):
            angle = t / 10000 ** (2 * (j // 2) / features)
            waves[t, j] = np.cos(angle) if j % 2 else np.sin(angle)
        return X + waves

    check_layer(PositionalEncoding(), (2, 6, features), wanted)


def test_places_are_told_by_vectors_that_are_learnt(check_layer):
    check_layer(PositionalEmbedding(7), (2, 5, 3), lambda v, X: X + v["W"][:5])


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: Attention(0), ValueError, "heads must be at least 1"),
        (lambda: Attention(2, dropout=1.5), ValueError, "a probability"),
        (lambda: Attention(3).build((None, None, 4)), ShapeError, "not 3 equal heads"),
        (lambda: Attention(2).build((None, 4)), ShapeError, "known number of features"),
        (lambda: Attention(2).build((None, 4, None)), ShapeError, "known number of features"),
        (lambda: Attention(2).build(((1, 2, 4),)), ShapeError, "a tuple of two or three"),
        (
            lambda: Attention(2, causal=True).build(((1, 2, 4), (1, 2, 4))),
            ValueError,
            "said of one input",
        ),
        (lambda: FeedForward(0), ValueError, "hidden must be at least 1"),
        (lambda: FeedForward().build((None,)), ShapeError, "known number of features"),
        (lambda: TransformerBlock(3).build((None, None, 4)), ShapeError, "not 3 equal heads"),
        (lambda: TransformerBlock(3, dropout=-1), ValueError, "a probability"),
        (lambda: PositionalEncoding(1), ValueError, "more than 1"),
        (lambda: PositionalEncoding().build((2, 3)), ShapeError, r"takes \(batch, steps"),
        (lambda: PositionalEmbedding(3).build((1, 4, 2)), ShapeError, "has 3 places"),
        (lambda: PositionalEmbedding(3).build((1, 2, None)), ShapeError, "known features"),
    ],
    ids=map(str, range(15)),
)
def test_what_does_not_fit_is_told_at_once(call, error, says):
    with pytest.raises(error, match=says):
        call()


def test_what_does_not_fit_is_told_when_called(rng):
    layer = Attention(2)
    layer.build((None, None, 4), rng)
    with pytest.raises(ShapeError, match=r"takes \(batch, steps, features\)"):
        layer(T.matrix())
    with pytest.raises(ShapeError, match="no axis of features"):
        layer(T.tensor3(), T.tensor3())
    places = PositionalEmbedding(3)
    places.build((None, None, 2), rng)
    with pytest.raises(ShapeError):
        function([x := T.ftensor3()], places(x), mode=FAST)(np.ones((1, 4, 2), "float32"))
