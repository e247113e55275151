"""What looks on while a network is trained, and may stop it."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np


class Callback:
    """The base: each method does nothing; a subclass gives those that it needs.

    They are called with the `Run`, which has ``epoch`` (whole epochs done), ``epochs``, ``steps``
    (of this epoch, so far), ``history``, ``network``, ``rate``, ``is_first``, ``stop(why)`` and
    ``get_state()``. In a world each process has its own, which must decide alike.
    An error that is raised ends the training, and reaches the caller.

    Examples
    --------
    >>> class StopAt(Callback):
    ...     def on_epoch_end(self, run):
    ...         if run.history["loss"][-1] < 0.1:
    ...             run.stop("the loss is small")
    """

    # Those of a higher order come later: what is written to disk has all that others did.
    order = 0

    def on_train_begin(self, run: Any) -> None:
        """Before the first step, or the first after resuming."""

    def on_epoch_begin(self, run: Any) -> None:
        """Before the first step of an epoch."""

    def on_step_end(self, run: Any) -> None:
        """After each step."""

    def on_epoch_end(self, run: Any) -> None:
        """After each epoch; ``run.history`` has its figures."""

    def on_train_end(self, run: Any) -> None:
        """At the end, also of one that was stopped or interrupted; not after an error."""

    def get_state(self) -> dict[str, Any]:
        """What a checkpoint keeps: numbers, texts, None, and arrays of numbers, by name."""
        return {}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Go on from what `get_state` gave; called after `on_train_begin`."""


class EarlyStopping(Callback):
    """Stop when ``patience`` epochs brought nothing better, and go back to the best parameters.

    Parameters
    ----------
    patience : int
        Epochs without a new best that are waited for.
    min_delta : float
        By how much a new best must be better.
    monitor : str
        A name in the history. "accuracy" and "score" at its end mean that more is better.
    restore : bool
        Put the parameters of the best epoch back at the end, also after an interruption, or where
        the loss became NaN or infinite.

    Attributes
    ----------
    best : float
        The best value.
    best_epoch : int
        After how many epochs that was.
    """

    def __init__(
        self,
        patience: int = 10,
        min_delta: float = 0.0,
        monitor: str = "validation_loss",
        restore: bool = True,
    ) -> None:
        if isinstance(patience, bool) or not isinstance(patience, (int, np.integer)):
            raise TypeError(f"patience is a number of epochs, not {patience!r}")
        if isinstance(min_delta, bool) or not isinstance(min_delta, (int, float, np.number)):
            raise TypeError(f"min_delta must be a number, not {min_delta!r}")
        if not isinstance(monitor, str):
            raise TypeError(f"monitor is a name in the history, not {monitor!r}")
        if patience < 0 or not min_delta >= 0:
            raise ValueError(
                f"patience and min_delta must not be negative, and are {patience} and {min_delta}"
            )
        self.patience, self.min_delta, self.monitor = patience, min_delta, monitor
        self.restore = restore
        self._begin()

    def _begin(self) -> None:
        self.best, self.best_epoch = math.inf, 0
        self._kept: dict[str, Any] | None = None

    @property
    def _sign(self) -> int:
        return -1 if self.monitor.endswith(("accuracy", "score")) else 1

    def on_train_begin(self, run: Any) -> None:
        self._begin()

    def on_epoch_end(self, run: Any) -> None:
        if self.monitor not in run.history:
            raise ValueError(
                f"early stopping watches {self.monitor!r}, and the history has "
                f"{', '.join(run.history)}; give data for validation, or another name to monitor"
            )
        value = run.history[self.monitor][-1]
        first = self._kept is None and not self.best_epoch
        if first or self._sign * (self.best - value) > self.min_delta:
            self.best, self.best_epoch = value, run.epoch
            self._kept = run.network.get_values() if self.restore else None
        elif run.epoch - self.best_epoch >= self.patience:
            run.stop(
                f"{self.monitor} had its best value, {self.best:.4g}, in epoch {self.best_epoch}"
            )

    def on_train_end(self, run: Any) -> None:
        if self._kept is not None:
            run.network.set_values(self._kept)
            self._kept = None  # the network has them now

    def get_state(self) -> dict[str, Any]:
        kept = {f"best.{name}": value for name, value in (self._kept or {}).items()}
        return {"best": float(self.best), "best_epoch": self.best_epoch, **kept}

    def set_state(self, state: Mapping[str, Any]) -> None:
        self.best, self.best_epoch = float(state["best"]), int(state["best_epoch"])
        kept = {n.removeprefix("best."): v for n, v in state.items() if n.startswith("best.")}
        self._kept = kept or None


class ProgressBar(Callback):
    """A bar on standard error, with the figures of the last epoch."""

    # After those that may stop, and before what is written.
    order = 1

    def __init__(self) -> None:
        self._bar: Any = None

    def on_train_begin(self, run: Any) -> None:
        # Not at the top: it takes 10 ms, a tenth of what importing bitale may cost.
        from tqdm import tqdm

        self._bar = tqdm(total=run.epochs, initial=run.epoch, desc="training", unit="epoch")

    def set_state(self, state: Mapping[str, Any]) -> None:
        if self._bar is not None:
            self._bar.n = self._bar.initial = state["epoch"]

    def get_state(self) -> dict[str, Any]:
        return {"epoch": 0 if self._bar is None else self._bar.n}

    def on_epoch_end(self, run: Any) -> None:
        figures = {name: f"{values[-1]:.4f}" for name, values in run.history.items()}
        self._bar.set_postfix(figures, refresh=False)  # drawn by update, ten times a second
        self._bar.update()

    def on_train_end(self, run: Any) -> None:
        self.close()

    def close(self) -> None:
        """Leave the bar as it is, also after an error."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def wants_bar(progress: bool | None) -> bool:
    """Whether to show one: None means where somebody looks on, at a terminal or a notebook."""
    if progress is not None:
        return progress
    return sys.stderr.isatty() or "ipykernel" in sys.modules
