"""A queue that carries commands out at once: for functions that come back to the host."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from bitale_graph.plan.expressions import Expression

from ..driver.commands import ClearBytes, Command, Launch
from ..driver.driver import Driver
from ..driver.memory import Memory
from ..kernel.number_kernel import NumberKernel, known_place
from ..kernel.text import KernelText
from .queue import CheckFailedError, Queue, RefusedError
from .recorder import relocated
from .strides import read_array
from .timer import Timer
from .values import Reducer


class Spare:
    """Memory of calls that have ended, for those to come.

    Parameters
    ----------
    driver : Driver
    """

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self._memory: dict[int, Memory] = {}
        self._free: dict[int, list[int]] = {}

    def take(self, size: int) -> int:
        """The address of memory of this size at least.

        Raises
        ------
        MemoryError
            If the device has not that much, also when all that is spare is given back.
        """
        room = _room(size)
        waiting = self._free.get(room)
        if waiting:
            return waiting.pop()
        try:
            made = Memory(self.driver, room)
        except MemoryError:
            for address in [a for some in self._free.values() for a in some]:
                del self._memory[address]
            self._free.clear()
            made = Memory(self.driver, room)
        self._memory[made.address] = made
        return made.address

    def give(self, address: int, size: int) -> None:
        """Keep memory for later."""
        self._free.setdefault(_room(size), []).append(address)


def _room(size: int) -> int:
    """A size that others may have, too: an eighth larger at most, from a few bytes on."""
    step = max(256, 1 << max(size.bit_length() - 3, 0))
    return -(-max(size, 1) // step) * step


class Live(Queue):
    """Runs commands as they come.

    Parameters
    ----------
    driver : Driver
    tickets : int
        An address.
    numbers : callable
        From a `Given` number to what the call passes.
    spare : Spare
    timer : Timer or None
    """

    def __init__(
        self,
        driver: Driver,
        tickets: int,
        numbers: Any,
        spare: Spare,
        timer: Timer | None = None,
    ) -> None:
        self._timer = timer
        self.driver, self._tickets, self._spare = driver, tickets, spare
        self.asks = True
        self.evaluate = Reducer(numbers, self.decide)
        self._status = 0
        self._taken: dict[int, int] = {}
        self._waiting: list[Command] = []

    def take(self, size: int) -> int:
        try:
            address = self._spare.take(size)
        except MemoryError as error:
            raise RefusedError(self.node, size) from error
        self._taken[address] = size
        return address

    def give(self, address: int) -> None:
        # Where commands wait to be started, so does their memory.
        if address in self._taken and not self.is_held:
            self._spare.give(address, self._taken.pop(address))

    def owns(self, address: int) -> bool:
        return address in self._taken

    def keep(self, address: int) -> None:
        pass

    def close(self) -> None:
        """Give all memory back."""
        while self._taken:
            self._spare.give(*self._taken.popitem())

    def size_of(self, address: int) -> int:
        return self._taken[address]

    def define(self, text: KernelText) -> None:
        if not self.driver.knows(text.name):
            self.driver.compile({text.name: text.source})

    def put(self, command: Command) -> None:
        made = relocated(command, lambda address: address, self.evaluate)
        if self._timer is not None:
            self._timer.run(self.driver, [made], [self.node])
        elif self.is_held:
            self._waiting.append(made)
        else:
            self.driver.run([made])

    def finish(self) -> None:
        """Start what writes shared variables, in one piece that nothing interrupts."""
        if self._waiting:
            graph = self.driver.graph(self._waiting)
            self._waiting = []
            graph.launch()
            self.driver.synchronize()
            graph.close()

    def decide(self, e: Expression) -> Any:
        if not e.loads:
            return self.evaluate(e)
        self.finish()
        made = np.empty((), e.dtype)
        place = known_place(e)
        if place is None:
            kernel = NumberKernel(e)
            text = kernel.storing(e.dtype, is_guarded=False)
            place = self.take(made.itemsize)
            self.define(text)
            self.put(Launch(text.name, (1, 1), 1, text.kinds, (place, *kernel.arguments)))
            self.finish()
        self.driver.download(made, place)
        self.check()
        return made[()] if made.dtype.kind in "fc" else made.item()

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
        self.finish()
        self.check()
        return read_array(self.driver, address, dtype, shape, strides)

    def write(self, to: int, numbers: Any) -> None:
        self.finish()
        if numbers.size:
            self.driver.upload(to, numbers)
