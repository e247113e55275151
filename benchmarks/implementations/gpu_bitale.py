"""bitale on a device: data in shared variables, results as updates of others."""

import dataclasses

import bitale
import bitale.tensor as T
import numpy as np
import with_bitale
from bitale_codegen_cuda.devices import device_of
from bitale_codegen_cuda.driver.commands import CopyBytes, Launch
from bitale_codegen_cuda.driver.memory import Memory
from gpu_work import CHAIN_SHAPE, Names, Program, chain, numbers
from workloads import LEARNING_RATE

NAMES = Names(T.exp, T.nnet.softmax)


def _cost(family, data):
    """The cost, parameters, variables of the batch and their values."""
    if family == "network":
        return with_bitale.network(data)
    if family == "sequences":
        return with_bitale.sequence_classifier(data)
    return *with_bitale.sentence_classifier(data), [data["words"], data["label"]]


def _empty(shape):
    return bitale.shared(np.zeros(shape, "float32"), borrow=True)


class Implementation:
    """Functions for one device."""

    def __init__(self, device, variant=""):
        bitale.config.force_device = True
        bitale.config.device = device
        self.driver = device_of(bitale.Mode(device=device).device)
        if hasattr(self.driver, "optimization"):  # an emulated one
            self.driver.optimization = "-O0"

    def _program(self, f, result, state, given=()):
        """A function without outputs, its result, all that it changes, and its arguments."""
        driver = self.driver

        def queue():
            # A call waits in the end or reads whether checks have failed: not this one.
            driver.synchronize, driver.download = _nothing, _clear
            try:
                f(*given)
            finally:
                del driver.synchronize, driver.download

        def call():
            f(*given)

        def kernels():
            driver.run(launches)

        f(*given)
        plans = [plan for _, plan in f.executable.plans]
        launches = [one for plan in plans for one in plan._bound if isinstance(one, Launch)]
        return Program(
            call if f.executable.is_live else queue,
            driver.synchronize,
            result.get_value,
            call=call,
            kernels=kernels if launches else None,
            counts=self.counts,
            state=lambda: [v.get_value() for v in state],
        )

    def counts(self):
        """What the device was asked for so far."""
        return dataclasses.asdict(self.driver.counts)

    def copy(self, array):
        """A copy of an array to another place, by the driver alone."""
        driver = self.driver
        source, to = Memory(driver, array.nbytes), Memory(driver, array.nbytes)
        source.upload(array)

        def queue():
            driver.run([CopyBytes(to.address, source.address, array.nbytes)])

        def call():
            queue()
            driver.synchronize()

        def result():
            return to.download(array.shape, array.dtype)

        return Program(queue, driver.synchronize, result, call)

    def kernel(self, kernel):
        """One of `kernels`."""
        variables = [bitale.shared(x, borrow=True) for x in kernel.inputs()]
        out = _empty(kernel.out_shape)
        f = bitale.function([], [], updates=[(out, kernel.compute(NAMES, *variables))])
        return self._program(f, out, [out])

    def chain(self, n):
        """Small kernels in a row."""
        x = bitale.shared(numbers(CHAIN_SHAPE))
        out = _empty(CHAIN_SHAPE)
        f = bitale.function([], [], updates=[(out, chain(NAMES, x, n))])
        program = self._program(f, out, [out])
        program.kernels = None
        return program

    def training(self, family, data):
        """A step of gradient descent; its loss stays on the device unless it is asked for."""
        loss, parameters, variables, values = _cost(family, data)
        numbers = [k for k, value in enumerate(values) if np.ndim(value) == 0]
        arrays = [k for k in range(len(values)) if k not in numbers]
        gradients = T.grad(loss, parameters)
        rate = data.get("rate", LEARNING_RATE)
        updates = [(p, p - rate * g) for p, g in zip(parameters, gradients, strict=True)]
        givens = [(variables[k], bitale.shared(values[k])) for k in arrays]
        inputs, given = [variables[k] for k in numbers], [values[k] for k in numbers]
        f = bitale.function(inputs, loss, updates=updates, givens=givens)
        last = _empty(())
        quiet = bitale.function(inputs, [], updates=[*updates, (last, loss)], givens=givens)
        start = [p.get_value() for p in parameters]
        program = self._program(quiet, last, [last, *parameters], given)
        for p, value in zip(parameters, start, strict=True):
            p.set_value(value)
        program.call = lambda: float(f(*given))
        program.kernels = None
        return program


def _nothing():
    """Wait for nothing."""


def _clear(to, source):
    """Read that all is well."""
    to.fill(0)
