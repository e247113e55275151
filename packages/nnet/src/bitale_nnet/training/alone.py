"""What a training by one process sees of the others: there are none."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np


class Processes(Protocol):
    """Those that train together, as `bitale_nnet.distributed.World` knows them."""

    rank: int
    size: int

    @property
    def is_first(self) -> bool:
        """Whether this one writes and shows for all."""

    def rows(self, count: int) -> slice:
        """Which of so many rows are this process's."""

    def seed(self, seed: int) -> Any:
        """A seed of this process alone."""

    def average(self, x: Any, weight: Any = None) -> Any:
        """The averages over all processes of tensors."""

    def sum(self, values: Any) -> Any:
        """The sums over all processes of numbers."""

    def broadcast(self, value: Any = None) -> Any:
        """What the first process gives."""

    def broadcast_parameters(self, *what: Any) -> None:
        """Give layers the values that they have in the first process."""


class Alone:
    """One process."""

    rank = 0
    size = 1
    is_first = True

    def rows(self, count: int) -> slice:
        """All of them."""
        return slice(0, count)

    def seed(self, seed: int) -> int:
        """As it is."""
        return seed

    def average(self, x: Any, weight: Any = None) -> Any:
        """What is given."""
        return x

    def sum(self, values: Any) -> Any:
        """What is given, as an array."""
        return np.asarray(values, "float64")

    def broadcast(self, value: Any = None) -> Any:
        """What is given."""
        return value

    def broadcast_parameters(self, *what: Any) -> None:
        """Do nothing."""
