"""JAX on the CPU, compiled; a training step gives its parameters away, to be updated in place."""

import os

os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax
import jax.numpy as jnp
import numpy as np
from workloads import L2, LEARNING_RATE, SENTENCE_L2

jax.config.update("jax_enable_x64", True)


def _learner(loss, parameters, rate):
    def descend(parameters, *batch):
        value, gradients = jax.value_and_grad(loss)(parameters, *batch)
        return value, jax.tree.map(lambda p, g: p - rate * g, parameters, gradients)

    descend = jax.jit(descend, donate_argnums=0)
    state = jax.tree.map(jnp.asarray, parameters)

    def learn(*batch):
        nonlocal state
        value, state = descend(state, *batch)
        jax.block_until_ready(state)
        return float(value)

    return learn


def _trainer(loss, parameters, *batch):
    learn = _learner(loss, parameters, LEARNING_RATE)
    return lambda: learn(*batch)


def scalar(data):
    """exp(sin(x²)) or its derivative."""

    def f(x):
        return jnp.exp(jnp.sin(x**2))

    compiled = jax.jit(f if data["wanted"] == "value" else jax.grad(f))
    return lambda: float(compiled(data["x"]))


def _corner(result):
    return float(np.asarray(result)[0, 0])


def logistic(data):
    """1 / (1 + exp(-x))."""
    f = jax.jit(lambda x: 1 / (1 + jnp.exp(-x)))
    return lambda: _corner(f(data["x"]))


def logistic_gradient(data):
    """The gradient of its sum."""
    f = jax.jit(jax.grad(lambda x: jnp.sum(1 / (1 + jnp.exp(-x)))))
    return lambda: _corner(f(data["x"]))


def three_outputs(data):
    """Difference, its size, and its square."""
    f = jax.jit(lambda x, y: (x - y, jnp.abs(x - y), (x - y) ** 2))
    return lambda: sum(map(_corner, f(data["x"], data["y"])))


def chain(data):
    """The tanh form of GELU, scaled, shifted and summed."""

    @jax.jit
    def f(x, w, b):
        inner = jnp.float32(0.7978845608) * (x + jnp.float32(0.044715) * x * x * x)
        return jnp.sum(jnp.float32(0.5) * x * (1 + jnp.tanh(inner)) * w + b)

    return lambda: float(f(data["x"], data["w"], data["b"]))


def _loss(scores, targets):
    chosen = jnp.take_along_axis(jax.nn.log_softmax(scores), targets[:, None], axis=1)
    return -jnp.mean(chosen)


def crossentropy(data):
    """Mean cross-entropy of softmax, and its gradient."""
    f = jax.jit(jax.value_and_grad(_loss))

    def step():
        value, gradient = f(data["x"], data["t"])
        return float(value) + _corner(gradient)

    return step


def network(data):
    """The loss of a network, its parameters, and a batch."""
    activation = jax.nn.relu if data["activation"] == "relu" else jnp.tanh

    def loss(parameters, x, t):
        *hidden, (w_last, b_last) = parameters
        for w, b in hidden:
            x = activation(x @ w + b)
        return _loss(x @ w_last + b_last, t)

    parameters = list(zip(data["weights"], data["biases"], strict=True))
    return loss, parameters, data["x"], data["t"]


def training(data):
    """A step of gradient descent of a network."""
    return _trainer(*network(data))


def country(data):
    """A step of the GDP classifier on one row."""

    def loss(parameters, x, t):
        w1, w2 = parameters
        output = jax.nn.sigmoid(jax.nn.sigmoid(x @ w1) @ w2)
        return jnp.sum((output - t) ** 2) + L2 * (jnp.sum(w1**2) + jnp.sum(w2**2))

    return _trainer(loss, [data["w1"], data["w2"]], data["x"], data["t"])


def _step(p, h, x):
    gates = jax.nn.sigmoid(x @ p["W_xm"] + h @ p["W_hm"])
    r, z = jnp.split(gates, 2, axis=-1)
    candidate = jnp.tanh(x @ p["W_xh"] + (r * h) @ p["W_hh"])
    return z * h + (1 - z) * candidate


def _gru(x, first, p):
    return jax.lax.scan(lambda h, x: (_step(p, h, x), None), first, x)[0]


def _sentence_cost(h, label, p):
    output = jax.nn.softmax(p["W_output"] @ h)
    return -jnp.log(output[label]) + SENTENCE_L2 * sum(jnp.sum(w**2) for w in p.values())


def sentence_learner(data):
    """A function that takes a step of gradient descent on one sentence, and gives its cost.

    Every length of array would be compiled anew, so sentences are filled up to a multiple of eight.
    """

    def loss(p, words, n, label):
        def step(h, row):
            i, x = row
            return jnp.where(i < n, _step(p, h, x), h), None

        rows = jnp.arange(len(words)), p["embeddings"][words]
        h = jax.lax.scan(step, jnp.zeros(len(p["W_hh"]), jnp.float32), rows)[0]
        return _sentence_cost(h, label, p)

    learn = _learner(loss, data["parameters"], data["rate"])

    def learn_one(words, label):
        n = len(words)
        return learn(np.pad(words, (0, -n % 8)), np.int32(n), np.int32(label))

    return learn_one


def sentence_classifier(data):
    """The cost of a sentence, the parameters, and the sentence."""

    def loss(p, words, label):
        first = jnp.zeros(len(p["W_hh"]), jnp.float32)
        return _sentence_cost(_gru(p["embeddings"][words], first, p), label, p)

    return loss, data["parameters"], data["words"], data["label"]


def sentence(data):
    """A step of gradient descent of the classifier of sentences, compiled for this length."""
    return _trainer(*sentence_classifier(data))


def sequence_classifier(data):
    """The loss of a minibatch, the parameters, and the batch."""

    def loss(p, x, t):
        first = jnp.zeros((x.shape[1], len(p["W_hh"])), jnp.float32)
        return _loss(_gru(x, first, p) @ p["W_output"], t)

    return loss, data["parameters"], data["x"], data["t"]


def recurrence(data):
    """A step of gradient descent of a classifier of sequences, on a minibatch."""
    return _trainer(*sequence_classifier(data))


def _convolved(x, K, stride=1, pad=1):
    return jax.lax.conv_general_dilated(x, K, (stride, stride), [(pad, pad)] * 2)


def lenet(data):
    """A step of gradient descent of LeNet."""

    def loss(p, x, t):
        for K, c in ((p["K1"], p["c1"]), (p["K2"], p["c2"])):
            window = (1, 1, 2, 2)
            x = _convolved(x, K, pad=0)
            x = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, window, window, "VALID")
            x = jnp.tanh(x + c[None, :, None, None])
        x = jnp.tanh(x.reshape(len(x), -1) @ p["W1"] + p["b1"])
        return _loss(x @ p["W2"] + p["b2"], t)

    return _trainer(loss, data["parameters"], data["x"], data["t"])


def residual(data):
    """A step of gradient descent of a small residual network."""

    def loss(p, x, t):
        def normalised(x, name):
            mean, variance = x.mean((0, 2, 3), keepdims=True), x.var((0, 2, 3), keepdims=True)
            scale, shift = p[f"scale{name}"], p[f"shift{name}"]
            normal = (x - mean) * jax.lax.rsqrt(variance + np.float32(1e-5))
            return normal * scale[None, :, None, None] + shift[None, :, None, None]

        x = jax.nn.relu(_convolved(x, p["K"]))
        for i, stride in enumerate((1, 1, 2)):
            h = jax.nn.relu(normalised(_convolved(x, p[f"K{i}a"], stride), f"{i}a"))
            h = normalised(_convolved(h, p[f"K{i}b"]), f"{i}b")
            x = jax.nn.relu(h + (x if stride == 1 else _convolved(x, p["K2s"], stride, 0)))
        return _loss(x.mean((2, 3)) @ p["W"], t)

    return _trainer(loss, data["parameters"], data["x"], data["t"])


def transformer(data):
    """A step of gradient descent of one transformer block, normalised before its two parts."""

    def normalised(x, scale, shift):
        mean, variance = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
        return (x - mean) * jax.lax.rsqrt(variance + np.float32(1e-5)) * scale + shift

    def loss(p, x, t):
        batch, steps, _ = x.shape
        h = normalised(x, p["scale1"], p["shift1"]) @ p["W_qkv"]
        q, k, v = jnp.moveaxis(h.reshape(batch, steps, 3, data["heads"], -1), 2, 0)
        mixed = jax.nn.dot_product_attention(q, k, v).reshape(x.shape)
        y = x + mixed @ p["W_out"]
        h = normalised(y, p["scale2"], p["shift2"])
        h = jax.nn.gelu(h @ p["W_up"] + p["b_up"], approximate=True)
        y = y + h @ p["W_down"] + p["b_down"]
        return jnp.mean((y - t) ** 2)

    return _trainer(loss, data["parameters"], data["x"], data["t"])


def running_sum(data):
    """The sum of products with a factor, one number after another."""

    @jax.jit
    def f(x, factor):
        return jax.lax.scan(lambda total, x: (total + x * factor, None), 0.0, x)[0]

    return lambda: float(f(data["x"], data["factor"]))
