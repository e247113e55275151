"""JAX with all data on a device, compiled, in strict float32."""

import os

os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")

import functools

import jax
import jax.numpy as jnp
import numpy as np
import with_jax
from gpu_work import CHAIN_SHAPE, LeftOutError, Names, Program, chain, numbers
from workloads import LEARNING_RATE

NAMES = Names(jnp.exp, jax.nn.softmax)
MODELS = {
    "network": with_jax.network,
    "sentence": with_jax.sentence_classifier,
    "sequences": with_jax.sequence_classifier,
}


class Implementation:
    """Programs for one device."""

    def __init__(self, device, variant=""):
        kind = "cuda" if device.startswith("cuda") else "cpu"
        jax.config.update("jax_platforms", kind)
        jax.config.update("jax_enable_x64", False)
        jax.config.update("jax_default_matmul_precision", "highest")
        try:
            self.device = jax.devices(kind)[0]
        except RuntimeError as error:
            raise LeftOutError(f"jax {jax.__version__} has no {kind} here: {error}") from None

    def _put(self, array):
        return jax.device_put(np.asarray(array), self.device)

    def _program(self, f, *arguments):
        """A compiled function of arrays."""
        last = None

        def queue():
            nonlocal last
            last = f(*arguments)

        def wait():
            jax.block_until_ready(last)

        def call():
            queue()
            wait()

        return Program(queue, wait, lambda: np.asarray(last), call)

    def copy(self, array):
        """A copy of an array to another place."""
        return self._program(jax.jit(jnp.copy), self._put(array))

    def kernel(self, kernel):
        """One of `kernels`."""
        f = jax.jit(functools.partial(kernel.compute, NAMES))
        return self._program(f, *map(self._put, kernel.inputs()))

    def chain(self, n):
        """Small kernels in a row."""
        return self._program(jax.jit(lambda x: chain(NAMES, x, n)), self._put(numbers(CHAIN_SHAPE)))

    def training(self, family, data):
        """A step of gradient descent; its loss stays on the device unless it is asked for."""
        loss, parameters, *batch = MODELS[family](data)
        rate = data.get("rate", LEARNING_RATE)

        def descend(parameters, *batch):
            value, gradients = jax.value_and_grad(loss)(parameters, *batch)
            return value, jax.tree.map(lambda p, g: p - rate * g, parameters, gradients)

        descend = jax.jit(descend, donate_argnums=0)
        inputs = [self._put(x) for x in batch]
        state, last = jax.tree.map(self._put, parameters), None

        def queue():
            nonlocal state, last
            last, state = descend(state, *inputs)

        def call():
            queue()
            return float(last)

        def wait():
            jax.block_until_ready((last, state))

        return Program(queue, wait, lambda: np.asarray(last), call)
