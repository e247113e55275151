"""A queue that takes notes: commands and memory of one trace, before either has a real address.

Each piece of memory is a region of its own in a space of addresses that no machine has, so that
arithmetic on addresses goes on as ever, and tells afterwards which region is meant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from bitale_graph.plan.expressions import Expression

from ..driver.commands import ClearBytes, Command, CopyBytes, Launch, Product
from ..kernel.number_kernel import Placed
from ..kernel.text import KernelText
from .queue import NeedsNumberError, Queue, RefusedError
from .values import Reducer

# Regions are further apart than any is long.
SPAN = 1 << 44


@dataclass
class Region:
    """Memory of a trace.

    Attributes
    ----------
    size : int
    first, last : int
        The numbers of the first command that may use it, and of the first that may not.
    node : int
        The node that it is for.
    lasts : bool
        Whether it holds a result.
    """

    size: int
    first: int = 0
    last: int | None = None
    node: int = 0
    lasts: bool = False


@dataclass(frozen=True)
class Guard:
    """What was taken for granted: an expression of given numbers has this value."""

    condition: Expression
    value: Any


def region_of(address: int) -> tuple[int, int]:
    """The number of the region of an address, and how far into it that is."""
    return address // SPAN - 1, address % SPAN


class Recorder(Queue):
    """Takes notes.

    Parameters
    ----------
    n_given : int
        How many arrays a call passes: they are the first regions.
    numbers : callable
        From a `Given` number to what this call passes.

    Attributes
    ----------
    regions : list of Region
    commands : list
    nodes : list of int
        The node of each command.
    texts : dict
        Kernels by name.
    guards : list of Guard
    """

    def __init__(self, n_given: int, numbers: Any) -> None:
        self.n_given = n_given
        self.regions = [Region(0) for _ in range(n_given)]
        self.commands: list[Command] = []
        self.nodes: list[int] = []
        self.texts: dict[str, KernelText] = {}
        self.guards: dict[Guard, None] = {}
        self.evaluate = Reducer(numbers, refuse)
        self._status = self._tickets = 0

    def given_address(self, index: int) -> int:
        """The address that stands for an array that a call passes."""
        return (index + 1) * SPAN

    def take(self, size: int) -> int:
        if not 0 <= size < SPAN:
            raise RefusedError(self.node, size)
        self.regions.append(Region(size, len(self.commands), None, self.node))
        return len(self.regions) * SPAN

    def give(self, address: int) -> None:
        number, _ = region_of(address)
        self.regions[number].last = len(self.commands)

    def owns(self, address: int) -> bool:
        number, offset = region_of(address)
        return offset == 0 and number >= self.n_given and self.regions[number].last is None

    def keep(self, address: int) -> None:
        number, _ = region_of(address)
        self.regions[number].lasts = True

    def size_of(self, address: int) -> int:
        number, _ = region_of(address)
        return self.regions[number].size

    def define(self, text: KernelText) -> None:
        self.texts[text.name] = text

    def put(self, command: Command) -> None:
        self.commands.append(command)
        self.nodes.append(self.node)

    def decide(self, e: Expression) -> Any:
        if e.loads:
            raise NeedsNumberError(e)
        value = self.evaluate(e)
        self.guards[Guard(e, value)] = None
        return value

    @property
    def status(self) -> int:
        if not self._status:
            self._status = self.take(4)
            self.keep(self._status)
            self.put(ClearBytes(self._status, 4))
        return self._status

    @property
    def has_status(self) -> bool:
        """Whether a check may fail on the device."""
        return bool(self._status)

    @property
    def tickets(self) -> int:
        if not self._tickets:
            self._tickets = self.take(0)
        return self._tickets

    @property
    def ticket_region(self) -> int | None:
        """The number of the region that stands for the tickets of the device."""
        return region_of(self._tickets)[0] if self._tickets else None

    @property
    def mentioned(self) -> set[int]:
        """The numbers of the regions that commands refer to."""
        return {region_of(a)[0] for one in self.commands for a in addresses(one) if a}

    def read(self, address: int, dtype: str, shape: Sequence[int], strides: Sequence[int]) -> Any:
        raise NeedsNumberError(address)

    def write(self, to: int, numbers: Any) -> None:
        raise NeedsNumberError(to)


def refuse(e: Expression) -> Any:
    """What decides in a plan: nothing may be left open there."""
    raise TypeError(f"{e!r} varies within one call")


def varying(command: Command) -> list[Expression]:
    """The expressions among the arguments of a command."""
    if not isinstance(command, Launch):
        return []
    return [a for a in command.arguments if isinstance(a, Expression)]


def addresses(command: Command) -> list[int]:
    """The addresses that a command refers to, those inside expressions too."""
    if isinstance(command, Launch):
        found: list[int] = []
        for kind, a in zip(command.kinds, command.arguments, strict=True):
            if kind == "P":
                found += _placed(a) if isinstance(a, Expression) else [a]
        return found
    if isinstance(command, CopyBytes):
        return [command.to, command.source]
    if isinstance(command, ClearBytes):
        return [command.to]
    assert isinstance(command, Product)
    scales = [command.alpha, command.beta] if command.scales_lie else []
    return [command.x, command.y, command.out, *scales]


def _placed(e: Expression) -> list[int]:
    own = [e.address] if isinstance(e, Placed) else []
    return own + [a for o in e.operands for a in _placed(o)]


def relocated(command: Command, where: Any, evaluate: Any) -> Command:
    """A command with real addresses and numbers.

    Parameters
    ----------
    command : Command
    where : callable
        From the address in a trace to the real one.
    evaluate : callable
        From an expression to its number.
    """
    if isinstance(command, Launch):
        arguments = []
        for kind, a in zip(command.kinds, command.arguments, strict=True):
            value = evaluate(a) if isinstance(a, Expression) else a
            arguments.append(where(value) if kind == "P" else value)
        return replace(command, arguments=tuple(arguments))
    if isinstance(command, CopyBytes):
        return replace(command, to=where(command.to), source=where(command.source))
    if isinstance(command, ClearBytes):
        return replace(command, to=where(command.to))
    assert isinstance(command, Product)
    scales = (command.alpha, command.beta)
    alpha, beta = map(where, scales) if command.scales_lie else scales
    return replace(
        command,
        x=where(command.x),
        y=where(command.y),
        out=where(command.out),
        alpha=alpha,
        beta=beta,
    )
