"""The functions of a training: one that learns from a batch, and one that only measures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from bitale_autodiff import grad
from bitale_graph import language as T
from bitale_graph.extend import (
    DtypeError,
    Function,
    Mode,
    ShapeError,
    SharedVariable,
    TensorType,
    Variable,
    as_tensor,
    config,
    describe,
    function,
    shared,
)

from .. import penalties
from ..constraints import clip_by_value, total_norm_constraint
from ..layers.layer import Layer
from ..layers.passes import Training

if TYPE_CHECKING:
    from ..distributed.world import World

Rule = Callable[..., Any]
RowFunction = Callable[[Any, Any], Any]


class Form(NamedTuple):
    """Dtype and shape of each part of a batch (None: a length that differs), weights last."""

    parts: tuple[tuple[str, tuple[int | None, ...]], ...]
    is_weighted: bool


@dataclass(frozen=True)
class Objective:
    """What is minimised, and what is told beside it.

    ``loss`` and ``metrics`` are functions of the output and the target that give a number for each
    row, or for each element of it, which are averaged.
    """

    network: Layer
    loss: RowFunction
    metrics: Mapping[str, RowFunction] = field(default_factory=dict)
    l1: float = 0.0
    l2: float = 0.0
    mask: Callable[[Any], Any] | None = None

    @property
    def dtype(self) -> str:
        """What is computed in: the dtype of the parameters."""
        parameters: list[Any] = self.network.parameters()
        return str(parameters[0].dtype) if parameters else str(config.floatX)

    @property
    def names(self) -> list[str]:
        """Of what `results` gives."""
        return ["loss", *self.metrics]

    @property
    def kinds(self) -> tuple[str, ...]:
        """For each input of the network "float" or "int"."""
        kinds = self.network.input_dtype
        kinds = kinds if isinstance(kinds, tuple) else (kinds,)
        return tuple("int" if kind == "int" else "float" for kind in kinds)

    def form(self, batch: Sequence[Any], keeps_lengths: bool) -> Form:
        """The form of a batch; where all have the same lengths, those of images are known."""
        kinds = self.kinds
        n = len(kinds)
        if len(batch) not in (n + 1, n + 2):
            raise ShapeError(
                f"{self.network} has {n} input{'s' * (n > 1)}, and takes batches of {n + 1} arrays "
                f"(the target last), or {n + 2} with weights, not of {len(batch)}"
            )
        dtypes = [self._dtype_of_input(i, batch[i]) for i in range(n)]
        dtypes.append(self.dtype if batch[n].dtype.kind == "f" else "int64")
        if len(batch) == n + 2:
            dtypes.append(self.dtype)
        shapes = []
        for part in batch:
            # Programs for matrices are shared by all widths; for images a length decides the code.
            known = part.shape[1:] if keeps_lengths and part.ndim > 2 else (None,) * (part.ndim - 1)
            shapes.append((None, *known))
        return Form(tuple(zip(dtypes, shapes, strict=True)), len(batch) == n + 2)

    def _dtype_of_input(self, place: int, part: Any) -> str:
        if self.kinds[place] == "float":
            return self.dtype
        if part.dtype.kind not in "iu":
            raise DtypeError(
                f"{self.network} looks rows up by integers, and its input {place} holds "
                f"{part.dtype}"
            )
        return (
            "int32" if part.dtype.name in ("int8", "int16", "int32", "uint8", "uint16") else "int64"
        )

    def output(self, inputs: list[Any], training: Training | None = None) -> Any:
        """The output of the network."""
        x = inputs[0] if len(inputs) == 1 else tuple(inputs)
        mask = None if self.mask is None else self.mask(x)
        return (
            self.network(x, training=training)
            if mask is None
            else self.network(x, mask, training=training)
        )

    def results(
        self, inputs: list[Any], target: Any, weights: Any, training: Training | None = None
    ) -> list[Any]:
        """The loss with its penalties, and the metrics: one number each."""
        output = self.output(inputs, training)
        _check_single(output)
        functions = [self.loss, *self.metrics.values()]
        measured = [f(output, target) for f in functions]
        for name, value in zip(self.names, measured, strict=True):
            if value is None:
                raise TypeError(f"the function of the {name} gives None; does it lack a return?")
        loss, *others = [_mean_of_rows(value, weights) for value in measured]
        weighed = self.network.parameters("regularizable")
        if self.l1 and weighed:
            loss = loss + self.l1 * penalties.l1(weighed)
        if self.l2 and weighed:
            loss = loss + self.l2 * penalties.l2(weighed)
        return [loss, *others]


@dataclass(frozen=True)
class Descent:
    """How parameters go down the loss."""

    rule: Rule
    weight_decay: float = 0.0
    clip_norm: float | None = None
    clip_value: float | None = None

    def updates(self, given: Any, network: Layer, rate: Any) -> dict[Any, Any]:
        """From parameters, and what the rule remembers, to new values, by a loss or gradients."""
        parameters = network.parameters("trainable")
        clips = self.clip_norm is not None or self.clip_value is not None
        if clips and isinstance(given, Variable):
            given = grad(given, parameters)
        if self.clip_value is not None:
            given = clip_by_value(given, self.clip_value)
        if self.clip_norm is not None:
            given = total_norm_constraint(given, self.clip_norm)
        found = self.rule(given, parameters, rate)
        if found is None:
            raise TypeError("the update rule gives None, where new values by parameter are wanted")
        updates = dict(found)
        if self.weight_decay:
            weights: list[Any] = network.parameters("trainable", "regularizable")
            for p in weights:
                if p in updates:
                    updates[p] = updates[p] - T.cast(self.weight_decay * rate, p.dtype) * p
        return updates


@dataclass(frozen=True)
class Program:
    """The compiled functions for batches of one form, and what they keep between calls."""

    form: Form
    learn: Function
    measure: Function
    rate: SharedVariable[Any]
    state: list[SharedVariable[Any]]
    names: list[str]

    @property
    def state_names(self) -> list[str]:
        """Of what is kept between calls."""
        return [str(variable.name) for variable in self.state]


def make_program(
    objective: Objective,
    descent: Descent,
    form: Form,
    seed: int,
    mode: Mode | str | None,
    before: Program | None,
    world: World | None = None,
) -> Program:
    """Compile what learns from, and what measures, batches of one form.

    What the one ``before`` remembers of each parameter, for batches of another form, goes over.
    In a world the gradients are those of all processes, and what is measured is of this one's rows.
    """
    given = variables_of(objective, form)
    n = len(objective.kinds)
    inputs, target = given[:n], given[n]
    weights = given[n + 1] if form.is_weighted else None
    rate: Any = shared(np.float64(0), "learning_rate")
    training = Training(seed if world is None else world.seed(seed), world)
    results = objective.results(inputs, target, weights, training)
    slope = results[0]
    if world is not None:
        slope = world.gradients(slope, objective.network.parameters("trainable"), target.shape[0])
    updates = {**descent.updates(slope, objective.network, rate), **training.updates}
    learn = function(given, results, updates=updates, mode=mode, name="learn")
    measured = objective.results(inputs, target, weights)
    measure = function(given, measured, mode=mode, name="measure")
    # What is updated alone, such as random states, is among those of the function.
    kept = dict.fromkeys([*objective.network.parameters(), *updates, *learn.get_shared()])
    kept.pop(rate, None)
    program = Program(form, learn, measure, rate, list(kept), objective.names)
    if before is not None and before.state_names == program.state_names:
        for old, new in zip(before.state, program.state, strict=True):
            new.set_value(old.get_value())
    return program


def variables_of(objective: Objective, form: Form) -> list[Any]:
    """A variable for each part of a batch: "x", "target", "weights"."""
    n = len(objective.kinds)
    names = [f"x{i}" for i in range(n)] if n > 1 else ["x"]
    names += ["target", "weights"]
    return [
        TensorType(dtype, shape)(name)
        for (dtype, shape), name in zip(form.parts, names, strict=False)
    ]


def _mean_of_rows(values: Any, weights: Any) -> Any:
    values = as_tensor(values)
    if values.ndim == 0:
        if weights is not None:
            raise ShapeError(
                "weights of samples need a loss with a number for each row, and it gives one number"
            )
        return values
    if values.ndim > 1:
        values = T.mean(values, axis=tuple(range(1, values.ndim)))
    if weights is None:
        return T.mean(values)
    return T.mean(values * weights)


def _check_single(output: Any) -> None:
    """Raise `TypeError` if a network gives several outputs, which have no loss of one target."""
    if isinstance(output, tuple):
        raise TypeError(
            f"a network to be trained has one output, not {list(map(describe, output))}"
        )
