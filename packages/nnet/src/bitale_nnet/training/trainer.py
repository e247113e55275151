"""From a network, a loss and data to trained parameters."""

from __future__ import annotations

import copy
import os
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from bitale_graph.extend import DtypeError, Function, Mode, ShapeError

from .. import updates
from ..layers.layer import Layer
from ..layers.naming import by_name
from .callbacks import Callback, EarlyStopping, ProgressBar, wants_bar
from .checkpoint import Checkpoint, read_training
from .history import History
from .live_curve import LiveCurve, can_show_curve
from .loop import Run, totals
from .schedules import Schedule, as_schedule
from .sources import Batch, Rows, Source, as_source, evaluation_size, flat
from .step import Descent, Form, Objective, Program, RowFunction, make_program

if TYPE_CHECKING:
    from ..distributed.world import World


class Trainer:
    """Minimise a loss of a network's output, in minibatches.

    Parameters
    ----------
    network : Layer
        Built; its parameters are changed in place.
    loss : callable
        Of the output and the target, such as `softmax_crossentropy`: gives a number for each row,
        or each element, of which the mean is minimised; or one number.
    update : callable or str
        From `updates`, or its name: called with (loss or gradients, parameters, learning_rate).
    learning_rate : float or Schedule
    metrics : mapping from names to callables, optional
        Told beside the loss; of the same form.
    l1, l2 : float
        Factors of penalties on weights (parameters tagged "regularizable").
    weight_decay : float
        Decoupled: each step takes ``learning_rate * weight_decay`` times the weights off them.
    clip_norm, clip_value : float, optional
        The longest gradient (of all parameters together), the largest element of it.
    mask : callable, optional
        Gives from the input a mask of the steps that count, for layers that take one.
    callbacks : sequence of Callback
    seed : int, optional
        Decides order and dropout; None: from the system.
    mode : Mode or str, optional
        How functions are made; by default ``config.mode``.
    world : bitale_nnet.distributed.World, optional
        Processes that train together, each with its rows of every batch. All must make and call the
        trainer alike; first values are those of process 0, which alone shows progress and writes.

    Attributes
    ----------
    history : History
        Of the last `fit`.
    is_interrupted : bool
        Whether that was ended by Ctrl-C.

    Examples
    --------
    >>> from bitale_nnet import Dense, Sequential
    >>> from bitale_nnet.losses import squared_error
    >>> network = Sequential([Dense(8, "tanh"), Dense(1)])
    >>> network.build((None, 2), np.random.default_rng(0), "float32")
    (None, 1)
    >>> X = np.random.default_rng(0).normal(size=(100, 2))
    >>> trainer = Trainer(network, squared_error, learning_rate=0.01, seed=0)
    >>> history = trainer.fit((X, X[:, :1] * X[:, 1:]), epochs=50)
    >>> history["loss"][-1] < history["loss"][0]
    True
    """

    def __init__(
        self,
        network: Layer,
        loss: RowFunction,
        *,
        update: Callable[..., Any] | str = "adam",
        learning_rate: float | Schedule = 0.001,
        metrics: Mapping[str, RowFunction] | None = None,
        l1: float = 0.0,
        l2: float = 0.0,
        weight_decay: float = 0.0,
        clip_norm: float | None = None,
        clip_value: float | None = None,
        mask: Callable[[Any], Any] | None = None,
        callbacks: Sequence[Callback] = (),
        seed: int | None = None,
        mode: Mode | str | None = None,
        world: World | None = None,
    ) -> None:
        if not isinstance(network, Layer):
            raise TypeError(f"a Trainer takes a layer, such as a Sequential, not {network!r}")
        if not callable(loss):
            raise TypeError(f"the loss is a function of output and target, not {loss!r}")
        check_factors(
            l1=l1, l2=l2, weight_decay=weight_decay, clip_norm=clip_norm, clip_value=clip_value
        )
        check_callbacks(callbacks)
        check_metrics(metrics)
        if mask is not None and not callable(mask):
            raise TypeError(f"mask is a function of the input, not {mask!r}")
        if seed is not None:
            check_count("seed", seed, 0)
        network.parameters()  # raises where it is not built
        rule = by_name("update", update, updates.RULES)
        self.network = network
        self.objective = Objective(network, loss, dict(metrics or {}), l1, l2, mask)
        self.descent = Descent(rule, weight_decay, clip_norm, clip_value)
        self.schedule = copy.deepcopy(as_schedule(learning_rate))
        self.callbacks = list(callbacks)
        self.mode = mode
        self.world = world
        if world is not None:
            if not hasattr(world, "broadcast_parameters"):
                raise TypeError(f"world is a bitale_nnet.distributed.World, not {world!r}")
            world.broadcast_parameters(network)
            seed = world.broadcast(np.random.SeedSequence(seed).entropy)
        self.rng = np.random.default_rng(seed)
        self._seed = int(self.rng.integers(2**31))
        self._program: Program | None = None
        self.history = History()
        self.is_interrupted = False

    def fit(
        self,
        data: Any,
        *,
        epochs: int = 1,
        batch_size: int = 32,
        shuffle: bool = True,
        validation: Any = None,
        resume: str | os.PathLike[str] | None = None,
        prefetch: int | None = None,
        progress: bool | None = None,
        stacklevel: int = 2,
    ) -> History:
        """Train for so many epochs, from the parameters as they are.

        An interruption (Ctrl-C) ends it with a warning, and with the parameters as the last step
        left them; before the first step it is raised.

        Parameters
        ----------
        data : tuple or callable
            ``(x, target)``, or ``(x, target, weights)`` with a weight for each row: arrays, also
            mapped into memory, or sparse matrices, of which only minibatches are made dense.
            Several inputs are a tuple in the place of ``x``. Or a function of the number of the
            epoch, that gives an iterable of batches of that form.
        epochs : int
        batch_size : int
            Rows of a step, where data are arrays.
        shuffle : bool
            Whether the rows, where data are arrays, come in a new order each epoch.
        validation : like ``data``, optional
            Measured after each epoch.
        resume : path, optional
            A file that `Checkpoint` wrote in the same training: go on from there.
        prefetch : int, optional
            How many batches another thread makes ready ahead; by default 2 where data are not
            arrays in memory, else 0.
        progress : bool, optional
            Show a bar, and in a notebook the learning curve; by default where standard error is a
            terminal, or in a notebook.
        stacklevel : int
            Whose line a warning names.

        Returns
        -------
        History

        Raises
        ------
        FloatingPointError
            If the loss becomes NaN or infinite; `EarlyStopping` then puts the best parameters back.
        ValueError
            If the data are empty, or ``resume`` is of another training.
        """
        check_count("epochs", epochs, 1)
        check_count("batch_size", batch_size, 1)
        if prefetch is not None:
            check_count("prefetch", prefetch, 0)
        state = None if resume is None else self._read(resume)
        source = as_source(data, batch_size, shuffle, self.world)
        if self.world is not None:
            rows = getattr(source, "rows", None)
            # To write a checkpoint takes all; who stops alone leaves others waiting.
            deciding = [c for c in self.callbacks if isinstance(c, (Checkpoint, EarlyStopping))]
            kinds = [(type(c).__name__, getattr(c, "steps", None)) for c in deciding]
            self.world.check_alike(rows=rows, batch_size=batch_size, epochs=epochs, callbacks=kinds)
        program = self._prepared(source, 0 if state is None else state["counts"][0], epochs)
        held_out = None if validation is None else self._evaluated(validation, batch_size)
        shows = self.world is None or self.world.is_first
        bar = ProgressBar() if shows and wants_bar(progress) else None
        curve = LiveCurve() if bar is not None and can_show_curve() else None
        callbacks = [*self.callbacks, *(c for c in (bar, curve) if c is not None)]
        run = Run(
            self.network, program, source, epochs, self.schedule, callbacks, self.rng, self.world
        )
        ahead = (2 if source.is_slow else 0) if prefetch is None else prefetch
        self.is_interrupted = False
        try:
            run.begin(state, resume)
            first = run.total_steps
            try:
                run.go(self._fitted, lambda: self._measured(held_out), ahead)
            except KeyboardInterrupt:
                others = self.world is not None and self.world.size > 1
                if run.total_steps == first or others:
                    raise  # others would wait for this process
                self.is_interrupted = True
            except FloatingPointError:
                for callback in callbacks:  # what was best until then is not lost
                    if isinstance(callback, EarlyStopping):
                        callback.on_train_end(run)
                raise
            run.end()
        finally:
            self.history = run.history
            if bar is not None:
                bar.close()
        if self.is_interrupted:
            warnings.warn(
                f"training was interrupted after {run.history.epochs} of {epochs} epochs; what has "
                "been learnt until then is kept, and the history of the whole epochs",
                UserWarning,
                stacklevel=stacklevel,
            )
        return self.history

    def step(self, x: Any, target: Any, weights: Any = None) -> dict[str, float]:
        """Take one step with all rows of a batch; gives the loss and metrics before it."""
        batch = flat((x, target) if weights is None else (x, target, weights))
        arrays = Rows(batch, len(np.asarray(target)), False, self.world)
        program = self._prepared(arrays, 0, 1)
        program.rate.set_value(np.float64(self.schedule.rate(0.0, 1)))
        (given,) = arrays.batches(self.rng, 0, 0)
        return self._averages([given], program.learn)

    def evaluate(self, data: Any, batch_size: int = 32) -> dict[str, float]:
        """Measure the loss and metrics, as when predicting; ``data`` as for `fit`."""
        source = self._evaluated(data, batch_size)
        self._prepared(source, 0, 1)
        return dict(self._measured(source))

    # Batches and programs
    def _prepared(self, source: Source, epoch: int, epochs: int) -> Program:
        """The program for the batches of a source."""
        example = source.first(min(epoch, epochs - 1))
        form = self.objective.form(example, source.steps is not None)
        if self._program is None or self._program.form != form:
            self._program = make_program(
                *(self.objective, self.descent, form, self._seed, self.mode, self._program),
                self.world,
            )
        return self._program

    def _fitted(self, batch: Batch) -> Batch:
        assert self._program is not None
        return fit_batch(self._program.form, batch)

    def _evaluated(self, data: Any, batch_size: int) -> Source:
        source = as_source(data, batch_size, False, self.world)
        if isinstance(source, Rows):
            size = evaluation_size(batch_size, source.parts)
            source = Rows(source.parts, size, False, self.world)
        return source

    def _measured(self, source: Source | None) -> Mapping[str, float]:
        if source is None:
            return {}
        assert self._program is not None
        return self._averages(source.batches(self.rng, 0, 0), self._program.measure)

    def _averages(self, batches: Iterable[Batch], results: Function) -> dict[str, float]:
        """What a function of batches gives, on average of their rows, in all processes."""
        assert self._program is not None
        sums, rows = np.zeros(len(self._program.names)), 0
        for given in batches:
            batch = self._fitted(given)
            found = np.array(results(*batch), "float64")
            if len(batch[-1]):
                sums += len(batch[-1]) * found
                rows += len(batch[-1])
        averages, total = totals(sums.tolist(), rows, self.world)
        if not total:
            raise ValueError("the data for validation have no rows")
        return {name: s / total for name, s in zip(self._program.names, averages, strict=True)}

    def _read(self, path: str | os.PathLike[str]) -> dict[str, Any]:
        """A checkpoint, which in a world process 0 reads for all."""
        if self.world is None:
            return read_training(path)
        found: dict[str, Any] = self.world.broadcast(
            read_training(path) if self.world.is_first else None
        )
        return found

    # State, for those who store a trainer
    def get_state(self) -> dict[str, Any]:
        """What the update rule remembers, random states, and the generator of orders."""
        program = self._program
        return {
            "form": None if program is None else program.form,
            "values": [] if program is None else [v.get_value() for v in program.state],
            "generator": self.rng.bit_generator.state,
            "seed": self._seed,
        }

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Go on from what `get_state` gave, for a network of the same form."""
        self._seed = state["seed"]
        if state["form"] is not None:
            self._program = make_program(
                *(self.objective, self.descent, state["form"], self._seed, self.mode, None),
                self.world,
            )
            for variable, value in zip(self._program.state, state["values"], strict=True):
                variable.set_value(value)
        self.rng.bit_generator.state = state["generator"]


def fit_batch(form: Form, batch: Batch) -> Batch:
    """The arrays of a batch in the dtypes of a form.

    Raises
    ------
    ShapeError
        If there are more or fewer of them, or their ranks differ.
    TypeError
        If symbols or classes are no integers.
    """
    parts = form.parts
    if len(batch) == len(parts) - 1 and form.is_weighted:
        batch = (*batch, np.ones(len(batch[-1]), parts[-1][0]))  # data for validation have none
    ranks = [part.ndim for part in batch]
    if ranks != [len(shape) for _, shape in parts]:
        raise ShapeError(
            f"a batch has arrays of the ranks {ranks}, and the first one had "
            f"{[len(shape) for _, shape in parts]}"
        )
    for part, (dtype, _) in zip(batch, parts, strict=True):
        if part.dtype.kind not in "biufO":
            raise DtypeError(f"a batch holds {part.dtype}, and a network takes real numbers")
        if np.dtype(dtype).kind == "i" and part.dtype.kind not in "biu":
            raise DtypeError(f"a batch holds {part.dtype} where the first one had integers")
    return tuple(
        np.ascontiguousarray(part, dtype) for part, (dtype, _) in zip(batch, parts, strict=True)
    )


def check_count(name: str, value: Any, least: int) -> None:
    """Raise `TypeError` or `ValueError` unless it is an integer, ``least`` or more."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be an integer, not {value!r}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, and is {value}")


def check_factors(**factors: Any) -> None:
    """Raise `TypeError` or `ValueError` for factors that cannot be; None is left alone."""
    for name, value in factors.items():
        if value is None and name.startswith("clip"):
            continue
        if isinstance(value, (bool, str)) or not isinstance(value, (int, float, np.number)):
            raise TypeError(f"{name} must be a number, not {value!r}")
        if name.startswith("clip") and not value > 0:
            raise ValueError(f"{name} must be positive, and is {value!r}")
        if not value >= 0:
            raise ValueError(f"{name} must not be negative, and is {value!r}")
        if value == np.inf and not name.startswith("clip"):
            raise ValueError(f"{name} must be finite")


def check_metrics(metrics: Any) -> None:
    """Raise `TypeError` or `ValueError` unless it is a mapping, or None, of names not taken."""
    if metrics is not None and not isinstance(metrics, Mapping):
        raise TypeError(
            f"metrics is a mapping from names to functions, such as {{'accuracy': ...}}, not "
            f"{metrics!r}"
        )
    for name, metric in (metrics or {}).items():
        if not isinstance(name, str) or not callable(metric):
            raise TypeError(f"metrics has functions by name, and {name!r}: {metric!r} is none")
    taken = [n for n in metrics or () if n == "loss" or str(n).startswith("validation_")]
    if taken:
        raise ValueError(f"metrics cannot have the names {taken}: the history has its own")


def check_callbacks(callbacks: Any) -> None:
    """Raise `TypeError` unless it is a sequence of callbacks."""
    if isinstance(callbacks, Callback) or not isinstance(callbacks, Sequence):
        raise TypeError(f"callbacks is a list of Callback, not {callbacks!r}")
    for callback in callbacks:
        if not isinstance(callback, Callback):
            raise TypeError(f"callbacks is a list of Callback, and has {callback!r} in it")
