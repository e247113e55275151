"""A device that does nothing but take notes: what it was asked for can be read afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .commands import ClearBytes, Command, CopyBytes, Launch, Product
from .driver import Driver, Graph, Properties

_FIRST = 1 << 40


class RecordingDriver(Driver):
    """Takes notes; what is read from it is 0.

    Attributes
    ----------
    texts : dict
        The kernels by name.
    commands : list
        All that ran, in order.
    """

    def __init__(self, name: str = "emulated0", *, multiprocessors: int = 132) -> None:
        super().__init__(
            name, Properties("a device that takes notes", "cpu", multiprocessors, 2**37)
        )
        self.texts: dict[str, str] = {}
        self.commands: list[Command] = []
        self._next = _FIRST

    def allocate(self, size: int) -> int:
        self.counts.allocations += 1
        address = self._next
        self._next += -(-max(size, 1) // 256) * 256
        return address

    def free(self, address: int) -> None:
        pass

    def upload(self, to: int, source: Any) -> None:
        self.counts.uploads += 1
        self.counts.uploaded += source.nbytes

    def download(self, to: Any, source: int) -> None:
        self.counts.downloads += 1
        self.counts.downloaded += to.nbytes
        to[...] = 0

    def synchronize(self) -> None:
        pass

    def compile(self, texts: Mapping[str, str]) -> None:
        self.texts.update(texts)

    def knows(self, kernel: str) -> bool:
        return kernel in self.texts

    def run(self, commands: Sequence[Command]) -> None:
        for one in commands:
            self.commands.append(one)
            self.counts.launches += isinstance(one, Launch)
            self.counts.products += isinstance(one, Product)
            self.counts.copies += isinstance(one, CopyBytes | ClearBytes)

    def graph(self, commands: Sequence[Command]) -> Graph:
        return _RecordedGraph(self, commands)


class _RecordedGraph(Graph):
    def __init__(self, driver: RecordingDriver, commands: Sequence[Command]) -> None:
        self.driver, self.commands = driver, list(commands)

    def launch(self) -> None:
        self.driver.counts.graphs += 1
        self.driver.run(self.commands)

    def update(self, index: int, command: Command) -> None:
        self.commands[index] = command

    def close(self) -> None:
        self.commands.clear()
