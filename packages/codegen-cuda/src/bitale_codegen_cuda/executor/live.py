"""A queue that carries commands out at once: for functions that come back to the host."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from bitale_graph.plan.expressions import Expression

from ..driver.commands import ClearBytes, Command, Launch
from ..driver.driver import Driver
from ..kernel.number_kernel import NumberKernel
from ..kernel.text import KernelText
from .queue import Queue
from .recorder import relocated
from .trace import CheckFailedError
from .values import Reducer


class Live(Queue):
    """Runs commands as they come.

    Parameters
    ----------
    driver : Driver
    tickets : int
        An address.
    numbers : callable
        From a `Given` number to what the call passes.
    """

    def __init__(self, driver: Driver, tickets: int, numbers: Any) -> None:
        self.driver, self._tickets = driver, tickets
        self.evaluate = Reducer(numbers, self.decide)
        self._status = 0
        self._taken: dict[int, None] = {}
        self._texts: dict[str, KernelText] = {}

    def take(self, size: int) -> int:
        address = self.driver.allocate(max(size, 1))
        self._taken[address] = None
        return address

    def give(self, address: int) -> None:
        if address in self._taken:
            del self._taken[address]
            self.driver.free(address)

    def keep(self, address: int) -> None:
        pass

    def close(self) -> None:
        """Give all memory back."""
        for address in list(self._taken):
            self.give(address)

    def define(self, text: KernelText) -> None:
        if not self.driver.knows(text.name):
            self.driver.compile({text.name: text.source})

    def put(self, command: Command) -> None:
        self.driver.run([relocated(command, lambda address: address, self.evaluate)])

    def decide(self, e: Expression) -> Any:
        if not e.loads:
            return self.evaluate(e)
        kernel = NumberKernel(e)
        text = kernel.storing(e.dtype, is_guarded=False)
        made = np.empty((), e.dtype)
        slot = self.take(made.itemsize)
        self.define(text)
        self.put(Launch(text.name, (1, 1), 1, text.kinds, (slot, *kernel.arguments)))
        self.driver.download(made, slot)
        self.give(slot)
        self.check()
        return made[()] if made.dtype.kind == "f" else made.item()

    @property
    def status(self) -> int:
        if not self._status:
            self._status = self.take(4)
            self.driver.run([ClearBytes(self._status, 4)])
        return self._status

    def check(self) -> None:
        """Raise if a check has failed on the device."""
        if self._status:
            code = np.empty((), "int32")
            self.driver.download(code, self._status)
            if code:
                raise CheckFailedError(int(code) - 1)

    @property
    def tickets(self) -> int:
        return self._tickets

    def hold(self) -> None:
        self.check()
        super().hold()

    def read(self, address: Any, dtype: str, shape: Sequence[int], strides: Sequence[int]) -> Any:
        if isinstance(address, Expression):
            address = self.evaluate(address)
        self.check()
        made = np.empty(tuple(shape), dtype)
        if made.size == 0:
            return made
        packed = [prod(shape[k + 1 :]) for k in range(len(shape))]
        if all(n == 1 or s == p for n, s, p in zip(shape, strides, packed, strict=True)):
            self.driver.download(made, address)
            return made
        # From the first element in memory to the last.
        ends = [(n - 1) * s for n, s in zip(shape, strides, strict=True)]
        first = address + made.itemsize * sum(e for e in ends if e < 0)
        block = np.empty(sum(map(abs, ends)) + 1, dtype)
        self.driver.download(block, first)
        start = (address - first) // made.itemsize
        steps = [s * made.itemsize for s in strides]
        made[...] = np.lib.stride_tricks.as_strided(block[start:], tuple(shape), steps)
        return made

    def write(self, to: int, numbers: Any) -> None:
        if numbers.size:
            self.driver.upload(to, numbers)
