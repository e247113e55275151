"""JAX on the CPU, compiled; a training step gives its parameters away, to be updated in place."""

import os

os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax
import jax.numpy as jnp
import numpy as np
from workloads import L2, LEARNING_RATE

jax.config.update("jax_enable_x64", True)


def _trainer(loss, parameters, *batch):
    def descend(parameters, *batch):
        value, gradients = jax.value_and_grad(loss)(parameters, *batch)
        return value, jax.tree.map(lambda p, g: p - LEARNING_RATE * g, parameters, gradients)

    descend = jax.jit(descend, donate_argnums=0)
    state = jax.tree.map(jnp.asarray, parameters)

    def step():
        nonlocal state
        value, state = descend(state, *batch)
        jax.block_until_ready(state)
        return float(value)

    return step


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


def training(data):
    """A step of gradient descent of a network."""
    activation = jax.nn.relu if data["activation"] == "relu" else jnp.tanh

    def loss(parameters, x, t):
        *hidden, (w_last, b_last) = parameters
        for w, b in hidden:
            x = activation(x @ w + b)
        return _loss(x @ w_last + b_last, t)

    parameters = list(zip(data["weights"], data["biases"], strict=True))
    return _trainer(loss, parameters, data["x"], data["t"])


def country(data):
    """A step of the GDP classifier on one row."""

    def loss(parameters, x, t):
        w1, w2 = parameters
        output = jax.nn.sigmoid(jax.nn.sigmoid(x @ w1) @ w2)
        return jnp.sum((output - t) ** 2) + L2 * (jnp.sum(w1**2) + jnp.sum(w2**2))

    return _trainer(loss, [data["w1"], data["w2"]], data["x"], data["t"])
