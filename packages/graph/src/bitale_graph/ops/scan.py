"""The loop of recurrences: one body run step by step, with state carried from each to the next."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

from ..base import dtype as dtypes
from ..base.errors import ShapeError, describe
from ..base.patience import check, end_of_patience
from ..core.body import Body
from ..core.graph import Apply, Op, Storage, Variable
from ..core.run_time_error import note_step
from ..ops import math as tm
from ..tensor.conversion import as_tensor, as_variable, constant_int
from ..tensor.elementwise import cast
from ..tensor.variable import TensorType
from .lengths import lengths_of_outputs

V = TypeVar("V")


@dataclass(frozen=True)
class ScanInputs(Generic[V]):
    """What a loop reads, by role: its variables, or the inputs of its body, or their values.

    Attributes
    ----------
    sequences : list
        Read row by row; in the body, one row of each.
    states : list
        Carried; outside, what the first step is given.
    non_sequences : list
        The same at every step.
    """

    sequences: list[V]
    states: list[V]
    non_sequences: list[V]


@dataclass(frozen=True)
class ScanOutputs(Generic[V]):
    """What a loop gives, by role: its variables, or the outputs of its body.

    Attributes
    ----------
    states : list
        After the last step; in the body, after the step.
    stacks : list
        A row for each step; in the body, the row.
    last : V or None
        Outside the number of steps taken, in the body the condition to stop; None unless the loop
        has such a condition.
    """

    states: list[V]
    stacks: list[V]
    last: V | None


class Scan(Op):
    """A loop over the leading axis of sequences.

    Inputs are the number of steps, then sequences, first states and what every step reads alike
    (non-sequences). Outputs are the states after the last step (the first ones if there is none),
    then for each stacked output of the body its rows; with ``is_while`` also the number of steps
    that were taken.

    Step ``t`` reads row ``t`` of the sequences, which may be longer than there are steps; in
    reverse it reads row ``n_steps - 1 - t``, and writes its rows there.

    Parameters
    ----------
    body : Body
        From one row of each sequence, the states and the non-sequences to the new states, one row
        of each stack, and with ``is_while`` a condition: the loop ends after the step that makes it
        true.
    n_sequences, n_states : int
    keeps : tuple of (int or None)
        For each stack of how many of the last steps rows are kept; None keeps all. With
        ``is_while`` it is 1 or None.
    reverse : bool
        Go from the last row to the first.
    is_while : bool
    truncate : int
        Over how many of the last steps derivatives are carried back; -1 means all.
    checkpoint : bool
        Let derivatives compute again what a step computed, rather than keep it.
    name : str
        For printing alone.
    """

    __props__ = (
        "body",
        "n_sequences",
        "n_states",
        "keeps",
        "reverse",
        "is_while",
        "truncate",
        "checkpoint",
    )

    def __init__(
        self,
        body: Body,
        n_sequences: int,
        n_states: int,
        keeps: tuple[int | None, ...] | None = None,
        reverse: bool = False,
        is_while: bool = False,
        truncate: int = -1,
        checkpoint: bool = False,
        name: str = "",
    ) -> None:
        self.body = body
        self.n_sequences, self.n_states = n_sequences, n_states
        self.reverse, self.is_while = reverse, is_while
        self.truncate, self.checkpoint = truncate, checkpoint
        self.name = name
        n_stacks = len(body.outputs) - n_states - is_while
        self.keeps: tuple[int | None, ...] = (None,) * n_stacks
        if keeps is not None:
            self.keeps = tuple(None if k is None else int(k) for k in keeps)
        self._check()

    def _check(self) -> None:
        if len(self.keeps) != len(self.body.outputs) - self.n_states - self.is_while:
            raise ValueError(f"scan: {len(self.keeps)} entries in keeps do not fit the body")
        if any(k is not None and (k < 1 or (self.is_while and k != 1)) for k in self.keeps):
            raise ValueError(f"scan: keeps must be positive, and 1 in a while loop: {self.keeps}")
        for old, new in zip(self.inner.states, self.inner_outputs.states, strict=True):
            if not old.type.admits(new.type):
                raise TypeError(
                    f"scan: a state has to keep its type: {describe(old)} becomes {describe(new)}; "
                    "cast what the step returns, or the first state"
                )
        condition = self.inner_outputs.last
        if condition is not None and condition.type.ndim:
            raise ShapeError(f"scan: the condition to stop must be 0-d: {describe(condition)}")

    def changed(self, **attributes: Any) -> Scan:
        """The same loop with other attributes (those of the constructor)."""
        values = {name: getattr(self, name) for name in (*self.__props__, "name")}
        return Scan(**{**values, **attributes})

    @property
    def bodies(self) -> tuple[Body, ...]:
        """The step."""
        return (self.body,)

    def with_bodies(self, bodies: tuple[Body, ...]) -> Scan:
        """The same loop over another step."""
        (body,) = bodies
        return self.changed(body=body)

    # Roles
    def _split_inputs(self, values: Sequence[V]) -> ScanInputs[V]:
        a, b = self.n_sequences, self.n_sequences + self.n_states
        return ScanInputs(list(values[:a]), list(values[a:b]), list(values[b:]))

    def _split_outputs(self, values: Sequence[V]) -> ScanOutputs[V]:
        rest = list(values)
        last = rest.pop() if self.is_while else None
        return ScanOutputs(rest[: self.n_states], rest[self.n_states :], last)

    @property
    def inner(self) -> ScanInputs[Variable]:
        """The body's inputs by role."""
        return self._split_inputs(self.body.inputs)

    @property
    def inner_outputs(self) -> ScanOutputs[Variable]:
        """The body's outputs by role."""
        return self._split_outputs(self.body.outputs)

    def outer(self, inputs: Sequence[V]) -> ScanInputs[V]:
        """A node's inputs by role; the number of steps stands before them."""
        return self._split_inputs(inputs[1:])

    def outer_outputs(self, outputs: Sequence[V]) -> ScanOutputs[V]:
        """A node's outputs by role."""
        return self._split_outputs(outputs)

    # The op
    def make_node(self, n_steps: Any, *inputs: Any) -> Apply:
        """Check the inputs against those of the body.

        Raises
        ------
        TypeError
            If the number of steps is not an integer, or an input not of the type that the body
            reads.
        """
        n = as_tensor(n_steps)
        if n.ndim or not dtypes.is_discrete(n.type.dtype):
            raise TypeError(f"scan: n_steps must be a 0-d integer, and got {describe(n)}")
        count = constant_int(n)
        if count is not None and count < 0:
            raise ValueError(f"scan: n_steps must not be negative, and is {count}")
        given = [as_variable(v) for v in inputs]
        if len(given) != len(self.body.inputs):
            raise TypeError(f"scan: {len(self.body.inputs)} inputs expected, {len(given)} given")
        looser = self._for_lengths_of(given)
        if looser is not self:
            return looser.make_node(n, *given)
        outer = self._split_inputs(given)
        for x, row in zip(outer.sequences, self.inner.sequences, strict=True):
            _check_sequence(x, row, count)
        pairs = zip(
            [*outer.states, *outer.non_sequences],
            [*self.inner.states, *self.inner.non_sequences],
            strict=True,
        )
        for v, inner in pairs:
            if not inner.type.admits(v.type):
                raise TypeError(f"scan: the body reads {describe(inner)}, and got {describe(v)}")
        states = [v.type() for v in self.inner.states]
        stacks = []
        for row, keep in zip(self.inner_outputs.stacks, self.keeps, strict=True):
            rows = None if self.is_while and keep is None else count
            if rows is not None and keep is not None:
                rows = min(rows, keep)
            type: Any = row.type
            stacks.append(TensorType(type.dtype, (rows, *type.shape))())
        taken = [TensorType("int64", ())()] if self.is_while else []
        return Apply(self, [cast(n, "int64"), *given], [*states, *stacks, *taken])

    def _for_lengths_of(self, given: Sequence[Any]) -> Scan:
        """The loop itself, or one for inputs of which fewer lengths are known."""
        read: list[Any] = [v.type for v in given]
        for k, t in enumerate(read[: self.n_sequences]):
            read[k] = t.clone(shape=t.shape[1:])
        types: list[Any] = [v.type for v in self.body.inputs]
        body = self.body
        while True:
            looser = [t.loosened(other) for t, other in zip(types, read, strict=True)]
            if looser == types:
                return self if body is self.body else self.changed(body=body)
            types = looser
            body = self.body.with_input_types(types)
            for k, new in enumerate(body.outputs[: self.n_states], self.n_sequences):
                read[k] = read[k].loosened(new.type)

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        n = int(inputs[0])
        outer = self.outer(inputs)
        if n < 0:
            raise ValueError(f"scan: n_steps must not be negative, and is {n}")
        for k, x in enumerate(outer.sequences):
            if len(x) < n:
                raise ShapeError(
                    f"scan: {n} steps, but sequence {k} has only {len(x)} rows\n  hint: without "
                    "n_steps there are as many steps as the shortest sequence has rows for"
                )
        states = outer.states
        stacks: list[deque[Any]] = [deque(maxlen=keep) for keep in self.keeps]
        taken = n
        ends = end_of_patience()
        for t in range(n):
            check(ends)
            i = n - 1 - t if self.reverse else t
            rows = [x[i, ...] for x in outer.sequences]
            try:
                computed = self.body.run([*rows, *states, *outer.non_sequences])
            except Exception as error:
                note_step(error, t)
                raise
            new = self._split_outputs(computed)
            self.check_states(states, new.states, t)
            states = new.states
            for stack, row in zip(stacks, new.stacks, strict=True):
                if stack and stack[-1].shape != row.shape:
                    raise ShapeError(
                        f"scan: the rows of an output must be of one shape, and step {t} gave "
                        f"{row.shape} after {stack[-1].shape}"
                    )
                stack.append(row)
            if new.last is not None and new.last:
                taken = t + 1
                break
        results = [*states, *self._stacked(node, inputs, stacks)]
        if self.is_while:
            results.append(np.array(taken, "int64"))
        for cell, value in zip(output_storage, results, strict=True):
            cell[0] = value

    def check_states(self, old: Sequence[Any], new: Sequence[Any], step: int) -> None:
        """Raise if a step gave a state of another shape."""
        for k, (before, after) in enumerate(zip(old, new, strict=True)):
            if before.shape != after.shape:
                raise ShapeError(
                    f"scan: state {k} has to keep its shape, and changed from {before.shape} to "
                    f"{after.shape} in step {step}"
                )

    def _stacked(
        self, node: Apply, inputs: Sequence[Any], stacks: Sequence[deque[Any]]
    ) -> list[Any]:
        made = []
        empty: list[Any] | None = None
        for k, (rows, inner) in enumerate(zip(stacks, self.inner_outputs.stacks, strict=True)):
            dtype = inner.type.dtype
            if rows:
                ordered = list(reversed(rows)) if self.reverse else list(rows)
                made.append(np.stack(ordered).astype(dtype, copy=False))
                continue
            if empty is None:
                constants = [as_tensor(x) for x in inputs]
                empty = self._lengths_of_rows(constants, [np.shape(x) for x in inputs])
            lengths = empty[k]
            ndim = inner.type.ndim
            made.append(np.empty((0, *self._values(lengths, ndim)), dtype))
        return made

    def _values(self, lengths: tuple[Any, ...] | None, ndim: int) -> list[int]:
        """Lengths of a row where no step ran: 0 where only a step could tell."""
        if lengths is None:
            return [0] * ndim
        computed = Body([], [as_tensor(n) for n in lengths]).run([])
        return [int(x) for x in computed]

    def _lengths_of_rows(
        self, inputs: Sequence[Any], shapes: Sequence[Sequence[Any]]
    ) -> list[tuple[Any, ...] | None]:
        outer, inner = self.outer(shapes), self.inner
        known: dict[Variable, Sequence[Any]] = dict(
            zip(
                self.body.inputs,
                [*(x[1:] for x in outer.sequences), *outer.states, *outer.non_sequences],
                strict=True,
            )
        )
        values = dict(zip(inner.non_sequences, self.outer(inputs).non_sequences, strict=True))
        told = lengths_of_outputs(self.body, known, values)[self.n_states :][: len(self.keeps)]
        rows = self.inner_outputs.stacks
        # A state keeps its lengths, also where no step is made that would tell others.
        for v, first in zip(self.inner_outputs.states, outer.states, strict=True):
            lengths = zip(v.type.shape, first, strict=True)
            kept = tuple(first if n is None else n for n, first in lengths)
            told = [kept if row is v else old for row, old in zip(rows, told, strict=True)]
        return told

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        outer = self.outer(input_shapes)
        rows: list[Any] = []
        n = node.outputs[-1] if self.is_while else node.inputs[0]
        told = self._lengths_of_rows(node.inputs, input_shapes)
        for keep, lengths in zip(self.keeps, told, strict=True):
            own = n if keep is None else tm.minimum(n, np.int64(keep))
            rows.append(None if lengths is None else (own, *lengths))
        return [*outer.states, *rows, *([()] if self.is_while else [])]

    def passed_lengths(
        self, node: Apply, input_shapes: Sequence[Sequence[Any]]
    ) -> Sequence[Sequence[Any] | None] | None:
        rows = zip(self.keeps, self.inner_outputs.stacks, strict=True)
        n = None if self.is_while else node.inputs[0]
        told: list[Sequence[Any]] = list(self.outer(input_shapes).states)
        for keep, row in rows:
            told.append((n if keep is None else None, *[None] * row.type.ndim))
        return [*told, ()] if self.is_while else told

    def __str__(self) -> str:
        return f"Scan{{{self.name}}}" if self.name else "Scan"


def _check_sequence(x: Any, row: Variable, count: int | None) -> None:
    type: Any = x.type
    if type.ndim == 0 or not row.type.admits(TensorType(type.dtype, type.shape[1:])):
        raise TypeError(
            f"scan: the body reads rows {describe(row)}, and got the sequence {describe(x)}"
        )
    rows = type.shape[0]
    if count is not None and rows is not None and rows < count:
        raise ShapeError(f"scan: {count} steps, but a sequence has only {rows} rows: {describe(x)}")
