"""Where a trace puts memory and commands: into a plan, or on the device at once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from bitale_graph.plan.expressions import Expression

from ..driver.commands import Command
from ..kernel.text import KernelText


class NeedsNumberError(Exception):
    """What follows depends on a number that the device computes."""


class CheckFailedError(Exception):
    """A check of host code does not hold; its argument is the number of the node."""


class RefusedError(Exception):
    """Memory that cannot be had; its arguments are the number of the node and the size."""


class Queue(ABC):
    """What a trace asks for.

    Attributes
    ----------
    node : int
        The number of the node that commands and memory are for from now on.
    asks : bool
        Whether it can ask the device for a number on the way.
    is_held : bool
        Whether shared variables are written from now on.
    """

    node: int = 0
    asks: bool = False
    is_held: bool = False

    @abstractmethod
    def take(self, size: int) -> int:
        """The address of memory that nothing else has."""

    @abstractmethod
    def give(self, address: int) -> None:
        """Memory that is needed no more."""

    @abstractmethod
    def owns(self, address: int) -> bool:
        """Whether memory that was taken, and is not given back, begins at an address."""

    @abstractmethod
    def keep(self, address: int) -> None:
        """Memory that holds a result: it lives to the end of the call."""

    @abstractmethod
    def size_of(self, address: int) -> int:
        """The size of memory that was taken."""

    @abstractmethod
    def define(self, text: KernelText) -> None:
        """Make a kernel known."""

    @abstractmethod
    def put(self, command: Command) -> None:
        """Ask for a command, of which numbers and addresses may be expressions of what varies."""

    @abstractmethod
    def decide(self, e: Expression) -> Any:
        """The number that an expression has in this call.

        Raises
        ------
        NeedsNumberError
            If that is not known before the device has computed it.
        """

    @property
    @abstractmethod
    def status(self) -> int:
        """The address of the number of the first check that failed."""

    @property
    @abstractmethod
    def tickets(self) -> int:
        """The address of `TICKETS` numbers that are 0 before and after each kernel."""

    def hold(self) -> None:
        """From here on shared variables are written."""
        self.is_held = True

    @abstractmethod
    def read(self, address: int, dtype: str, shape: Sequence[int], strides: Sequence[int]) -> Any:
        """The numbers of an array on the device.

        Raises
        ------
        NeedsNumberError
            If they are not known now.
        """

    @abstractmethod
    def write(self, to: int, numbers: Any) -> None:
        """Copy a NumPy array to the device."""
