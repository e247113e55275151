"""How a learning rate changes while training: what a `Trainer` sets before each step.

Time is counted in epochs, with fractions: 2.5 is the middle of the third. Where the number of steps
of an epoch is not known (data that an iterator gives), time goes on at the ends of epochs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np


class Schedule:
    """The base: a subclass gives `rate`."""

    def rate(self, epoch: float, epochs: int) -> float:
        """Give the learning rate at the time ``epoch`` of a training of so many ``epochs``."""
        raise TypeError(f"{type(self).__name__} does not define rate")

    def observe(self, figures: Mapping[str, float]) -> None:
        """Take note of what an epoch gave; by default nothing."""

    def get_state(self) -> dict[str, Any]:
        """What checkpoints keep: numbers by name."""
        return {}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Go on from what `get_state` gave."""

    def __repr__(self) -> str:
        shown = (f"{k}={v!r}" for k, v in vars(self).items() if not k.startswith("_"))
        return f"{type(self).__name__}({', '.join(shown)})"


class ConstantRate(Schedule):
    """The same all the time; what a plain number stands for."""

    def __init__(self, start: float) -> None:
        self.start = _positive("start", start)

    def rate(self, epoch: float, epochs: int) -> float:
        return self.start


class StepDecay(Schedule):
    """Times ``factor`` after ``every`` epochs: ``start * factor ** floor(epoch / every)``."""

    def __init__(self, start: float, every: float, factor: float = 0.1) -> None:
        self.start = _positive("start", start)
        self.every = _positive("every", every)
        self.factor = _positive("factor", factor)

    def rate(self, epoch: float, epochs: int) -> float:
        return float(self.start * self.factor ** math.floor(epoch / self.every))


class ExponentialDecay(Schedule):
    """Times ``factor`` with each epoch, smoothly: ``start * factor ** epoch``."""

    def __init__(self, start: float, factor: float) -> None:
        self.start = _positive("start", start)
        self.factor = _positive("factor", factor)

    def rate(self, epoch: float, epochs: int) -> float:
        return float(self.start * self.factor**epoch)


class CosineDecay(Schedule):
    """Half a cosine from ``start`` to ``final``, over ``epochs`` or all there are.

    ``final + (start - final) (1 + cos(pi epoch / epochs)) / 2``.

    Source: arXiv:1608.03983, equation 5, without restarts.
    """

    def __init__(self, start: float, final: float = 0.0, epochs: float | None = None) -> None:
        self.start = _positive("start", start)
        self.final = _not_negative("final", final)
        self.epochs = None if epochs is None else _positive("epochs", epochs)

    def rate(self, epoch: float, epochs: int) -> float:
        share = min(epoch / (self.epochs or epochs), 1.0)
        return self.final + (self.start - self.final) * (1 + math.cos(math.pi * share)) / 2


class WarmUp(Schedule):
    """A line from near 0 up to another schedule's first rate, over ``epochs``; then that schedule.

    Source: arXiv:1706.02677, section 2.2.
    """

    def __init__(self, after: Schedule | float, epochs: float = 1.0) -> None:
        self.after = as_schedule(after)
        self.epochs = _positive("epochs", epochs)

    def rate(self, epoch: float, epochs: int) -> float:
        left = max(1, epochs - math.ceil(self.epochs))
        if epoch >= self.epochs:
            return self.after.rate(epoch - self.epochs, left)
        # The first step is no step of zero: a hundredth of the way is the least.
        return self.after.rate(0.0, left) * max(epoch / self.epochs, 0.01)

    def observe(self, figures: Mapping[str, float]) -> None:
        self.after.observe(figures)

    def get_state(self) -> dict[str, Any]:
        return self.after.get_state()

    def set_state(self, state: Mapping[str, Any]) -> None:
        self.after.set_state(state)


class OneCycle(Schedule):
    """Up to ``highest`` over the share ``rising`` of the training, then far down, by half cosines.

    It begins at ``highest / 25`` and ends at ``highest / 10000``.

    Source: arXiv:1708.07120.
    """

    def __init__(self, highest: float, rising: float = 0.3) -> None:
        self.highest = _positive("highest", highest)
        self.rising = _positive("rising", rising)
        if rising >= 1:
            raise ValueError(f"OneCycle: rising is a share below 1, and is {rising!r}")

    def rate(self, epoch: float, epochs: int) -> float:
        share = min(epoch / epochs, 1.0)
        if share < self.rising:
            return _between(self.highest / 25, self.highest, share / self.rising)
        falling = (share - self.rising) / (1 - self.rising)
        return _between(self.highest, self.highest / 10_000, falling)


class ReduceOnPlateau(Schedule):
    """Times ``factor`` each time that ``patience`` epochs brought nothing better.

    Parameters
    ----------
    start : float
    factor : float
    patience : int
        Epochs without a new best that are waited for.
    min_delta : float
        By how much a new best must be better.
    lowest : float
        Below this it does not go.
    monitor : str
        A name in the history that gets smaller when things get better; without data for
        validation, "loss" stands for "validation_loss".
    """

    def __init__(
        self,
        start: float,
        factor: float = 0.1,
        patience: int = 5,
        min_delta: float = 0.0,
        lowest: float = 0.0,
        monitor: str = "validation_loss",
    ) -> None:
        self.start = _positive("start", start)
        self.factor = _positive("factor", factor)
        self.patience = int(_not_negative("patience", patience))
        self.min_delta = _not_negative("min_delta", min_delta)
        self.lowest = _not_negative("lowest", lowest)
        if not isinstance(monitor, str):
            raise TypeError(f"monitor is a name in the history, not {monitor!r}")
        self.monitor = monitor
        self._now, self._best, self._waited = self.start, math.inf, 0

    def rate(self, epoch: float, epochs: int) -> float:
        return self._now

    def observe(self, figures: Mapping[str, float]) -> None:
        name = self.monitor
        if name not in figures:
            if name != "validation_loss":
                raise ValueError(
                    f"ReduceOnPlateau watches {name!r}, and the history has {', '.join(figures)}"
                )
            name = "loss"
        value = figures[name]
        if value < self._best - self.min_delta:
            self._best, self._waited = value, 0
            return
        self._waited += 1
        if self._waited > self.patience:
            self._now, self._waited = max(self.lowest, self._now * self.factor), 0

    def get_state(self) -> dict[str, Any]:
        return {"now": self._now, "best": self._best, "waited": self._waited}

    def set_state(self, state: Mapping[str, Any]) -> None:
        self._now, self._best = float(state["now"]), float(state["best"])
        self._waited = int(state["waited"])


def as_schedule(rate: Any) -> Schedule:
    """A schedule, made of a number where it is none.

    Raises
    ------
    TypeError
        For what is neither.
    ValueError
        For a number that is not positive and finite.
    """
    if isinstance(rate, Schedule):
        return rate
    return ConstantRate(_positive("learning_rate", rate, ", or a schedule such as CosineDecay"))


def _positive(name: str, value: Any, more: str = "") -> float:
    number = _number(name, value, more)
    if not 0 < number < math.inf:
        raise ValueError(f"{name} must be a positive number{more}, and is {value!r}")
    return number


def _not_negative(name: str, value: Any) -> float:
    number = _number(name, value, "")
    if not 0 <= number < math.inf:
        raise ValueError(f"{name} must not be negative, and is {value!r}")
    return number


def _number(name: str, value: Any, more: str) -> float:
    if not isinstance(value, (int, float, np.number)) or isinstance(value, bool):
        raise TypeError(f"{name} must be a number{more}, not {value!r}")
    return float(value)


def _between(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2
