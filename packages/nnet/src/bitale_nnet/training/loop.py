"""One training from its first epoch to its last: what callbacks look at."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..layers.layer import Layer
from .callbacks import Callback
from .history import History
from .prefetch import Prefetched
from .schedules import Schedule
from .sources import Batch, Source
from .step import Program

if TYPE_CHECKING:
    from ..distributed.world import World

Fit = Callable[[Batch], Batch]
Validate = Callable[[], Mapping[str, float]]


class Run:
    """One training: where it stands, and what it measured. Made by `Trainer.fit`.

    Attributes
    ----------
    network : Layer
    epoch, epochs : int
        Whole epochs done, and how many there are to be.
    steps : int
        Steps done in the epoch that has begun.
    total_steps : int
        In all epochs.
    rate : float
        The learning rate of the last step.
    history : History
    stopped : str or None
        Why it was stopped.
    is_first : bool
        Whether this process is the one that writes for all: the only one, or the first of a world.
    """

    def __init__(
        self,
        network: Layer,
        program: Program,
        source: Source,
        epochs: int,
        schedule: Schedule,
        callbacks: Sequence[Callback],
        rng: np.random.Generator,
        world: World | None = None,
    ) -> None:
        self.network, self.program, self.source = network, program, source
        self.epochs, self.schedule, self.rng = epochs, schedule, rng
        self.world, self.is_first = world, world is None or world.is_first
        self.callbacks = sorted(callbacks, key=lambda callback: callback.order)
        self.history = History()
        self.epoch = self.steps = self.total_steps = 0
        self.rate = math.nan
        self.stopped: str | None = None
        # Of the epoch that has begun: sums of results, rows, and the generator before its order.
        self._sums, self._rows = [0.0] * len(program.names), 0
        self._order = rng.bit_generator.state

    def stop(self, why: str) -> None:
        """End the training after this step, or after this epoch where it is at its end."""
        self.stopped = why

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to do."""
        return self.stopped is not None or self.epoch >= self.epochs

    def go(self, fit: Fit, validate: Validate, ahead: int) -> None:
        """Train to the end; ``fit`` gives a batch the dtypes that the program takes."""
        while not self.is_over:
            self._order = self.rng.bit_generator.state
            if not self.steps:
                self._sums, self._rows = [0.0] * len(self.program.names), 0
                self._tell("on_epoch_begin")
            with self._batches(fit, ahead) as batches:
                for batch in batches:
                    self._step(batch)
                    if self.stopped is not None:
                        return
            self._end_epoch(validate)

    @contextlib.contextmanager
    def _batches(self, fit: Fit, ahead: int) -> Iterator[Iterator[Batch]]:
        given = self.source.batches(self.rng, self.epoch, self.steps)
        batches = (fit(batch) for batch in given)
        if not ahead:
            yield batches
            return
        with Prefetched(batches, ahead) as prefetched:
            yield iter(prefetched)

    def _step(self, batch: Batch) -> None:
        time = float(self.epoch)
        if self.source.steps is not None:
            time += self.steps / self.source.steps
        rate = self.schedule.rate(time, self.epochs)
        if rate != self.rate:
            self.program.rate.set_value(np.float64(rate))
            self.rate = rate
        rows = len(batch[-1])
        results = [float(value) for value in self.program.learn(*batch)]
        if rows:  # in a world this process may have none
            if not math.isfinite(results[0]):
                _check_finite(batch, self.epoch)
                raise _diverged("loss", results[0], self.epoch)
            self._sums = [s + rows * r for s, r in zip(self._sums, results, strict=True)]
        self._rows += rows
        self.steps += 1
        self.total_steps += 1
        self._tell("on_step_end")

    def _end_epoch(self, validate: Validate) -> None:
        sums, rows = totals(self._sums, self._rows, self.world)
        if not rows:
            raise ValueError(f"the data of epoch {self.epoch + 1} have no rows")
        figures = {name: s / rows for name, s in zip(self.program.names, sums, strict=True)}
        figures |= {f"validation_{name}": value for name, value in validate().items()}
        for name, value in figures.items():
            if not math.isfinite(value):
                raise _diverged(name.replace("_", " "), value, self.epoch)
        self.history.add(figures)
        self.epoch, self.steps = self.epoch + 1, 0
        self._sums, self._rows = [0.0] * len(self.program.names), 0
        self._order = self.rng.bit_generator.state
        self.schedule.observe(figures)
        self._tell("on_epoch_end")

    def _tell(self, event: str) -> None:
        for callback in self.callbacks:
            getattr(callback, event)(self)

    def begin(self, state: Mapping[str, Any] | None, path: Any = None) -> None:
        """Tell callbacks that it begins, or goes on from a state, which is that of a file."""
        self._tell("on_train_begin")
        if state is None:
            return
        _check_same(self.program, state, path)
        before = [variable.get_value() for variable in self.program.state]
        try:
            self.set_state(state)
        except Exception as error:
            for variable, value in zip(self.program.state, before, strict=True):
                variable.set_value(value)
            raise ValueError(
                f"{path} cannot be gone on from: a part of it lacks something, or is of another "
                f"training: {error!r}"
            ) from error

    def end(self) -> None:
        """Tell callbacks that it is over; the history has whole epochs only."""
        whole = self.history.epochs
        for values in self.history.values():
            del values[whole:]
        self._tell("on_train_end")

    # What a checkpoint holds
    def get_state(self) -> dict[str, Any]:
        """All that decides how it goes on; in a world all processes must ask for it."""
        sums, rows = totals(self._sums, self._rows, self.world)
        return {
            "shared": [variable.get_value() for variable in self.program.state],
            "names": self.program.state_names,
            "callbacks": {_key(self.callbacks, c): c.get_state() for c in self.callbacks},
            "schedule": self.schedule.get_state(),
            "history": dict(self.history),
            "counts": [self.epoch, self.steps, self.total_steps, rows],
            "sums": sums,
            "order": self._order,
            "stopped": self.stopped,
        }

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Go on from what `get_state` gave."""
        for variable, value in zip(self.program.state, state["shared"], strict=True):
            variable.set_value(value if self.is_first else _of_this_process(variable, value))
        for callback in self.callbacks:
            own = state["callbacks"].get(_key(self.callbacks, callback))
            if own is not None:
                callback.set_state(own)
        self.schedule.set_state(state["schedule"])
        self.history = History({name: list(v) for name, v in state["history"].items()})
        self.epoch, self.steps, self.total_steps, self._rows = state["counts"]
        self._sums = list(state["sums"])
        if not self.is_first:
            self._sums, self._rows = [0.0] * len(self._sums), 0
        self.rng.bit_generator.state = self._order = state["order"]
        self.stopped = state["stopped"]


def _key(callbacks: Sequence[Callback], callback: Callback) -> str:
    """A name that the same callback has in another process."""
    alike = [c for c in callbacks if type(c) is type(callback)]
    number = next(i for i, c in enumerate(alike) if c is callback)
    return f"{type(callback).__name__}{number}"


def _check_same(program: Program, state: Mapping[str, Any], path: Any) -> None:
    if list(state["names"]) != program.state_names:
        raise ValueError(
            f"{path} is a checkpoint of another network or update rule: it holds "
            f"{', '.join(map(str, state['names']))}, and this training has "
            f"{', '.join(program.state_names)}"
        )
    if len(state["shared"]) != len(program.state):
        raise _damaged(path, f"of {len(program.state)} arrays it has {len(state['shared'])}")
    for variable, value in zip(program.state, state["shared"], strict=True):
        here = variable.get_value(borrow=True)
        if not isinstance(value, np.ndarray):
            raise _damaged(path, f"its {variable.name} is {value!r}")
        if value.shape != here.shape or value.dtype != here.dtype:
            raise ValueError(
                f"{path} is a checkpoint of another network: {variable.name} is {value.dtype} "
                f"{value.shape} there, and {here.dtype} {here.shape} here"
            )


def _damaged(path: Any, why: str) -> ValueError:
    return ValueError(f"{path} is damaged: {why}")


def totals(sums: Sequence[float], rows: int, world: World | None) -> tuple[list[float], int]:
    """Sums of results, and rows, of all processes."""
    if world is None:
        return list(sums), rows
    *found, count = world.sum([*sums, rows]).tolist()
    return found, round(count)


def _of_this_process(variable: Any, value: Any) -> Any:
    """What the first process kept; of a random state how far it is, with a key of one's own."""
    if variable.dtype != "uint64":
        return value
    return np.array([variable.get_value()[0], value[1]], "uint64")


def _check_finite(batch: Batch, epoch: int) -> None:
    """Raise `FloatingPointError` if not the training is to blame, but its data."""
    if not all(np.isfinite(part).all() for part in batch):
        raise FloatingPointError(f"a batch of epoch {epoch + 1} holds NaN or infinity")


def _diverged(name: str, value: float, epoch: int) -> FloatingPointError:
    return FloatingPointError(
        f"the {name} became {value} in epoch {epoch + 1}; try a smaller learning_rate, or "
        "clip_norm=1, or scale the features to about -1 to 1"
    )
