"""What a training measured, epoch by epoch."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from .plotting import plot_learning_curve

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class History(dict[str, list[float]]):
    """A dict from names, such as "loss" and "validation_loss", to a list of one number an epoch.

    Examples
    --------
    >>> history = History()
    >>> history.add({"loss": 0.5, "accuracy": 0.75})
    >>> history
    <History: 1 epoch; loss 0.5, accuracy 0.75>
    >>> history["loss"]
    [0.5]
    """

    @property
    def epochs(self) -> int:
        """How many epochs were measured."""
        return min(map(len, self.values()), default=0)

    def add(self, figures: dict[str, float]) -> None:
        """Append what one epoch gave."""
        for name, value in figures.items():
            self.setdefault(name, []).append(float(value))

    def plot(
        self, path: str | os.PathLike[str] | None = None, title: str = "Learning curve"
    ) -> Figure:
        """Draw it; see `plot_learning_curve`."""
        return plot_learning_curve(self, path, title)

    def __repr__(self) -> str:
        n = self.epochs
        last: Iterable[str] = (f"{name} {values[-1]:.4g}" for name, values in self.items() if n)
        return f"<History: {n} epoch{'s' * (n != 1)}; {', '.join(last) or 'nothing yet'}>"
