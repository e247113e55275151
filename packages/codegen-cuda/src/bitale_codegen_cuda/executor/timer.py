"""How long each command of a call takes."""

from __future__ import annotations

from collections.abc import Sequence

from ..driver.commands import Command, Launch
from ..driver.driver import Driver


class Timer:
    """Times commands.

    Attributes
    ----------
    seconds : dict
        From the number of a node and the name of a kernel, or of another command, to how long it
        took in all, and how often it ran.
    """

    def __init__(self) -> None:
        self.seconds: dict[tuple[int, str], tuple[float, int]] = {}

    def run(self, driver: Driver, commands: Sequence[Command], nodes: Sequence[int]) -> None:
        """Carry commands out, each for the node of a number."""
        for one, node, took in zip(commands, nodes, driver.timed(commands), strict=True):
            name = type(one).__name__.lower()
            if isinstance(one, Launch):
                name = one.kernel.removeprefix("bt_").rpartition("_")[0]
            total, count = self.seconds.get((node, name), (0.0, 0))
            self.seconds[node, name] = (total + took, count + 1)
