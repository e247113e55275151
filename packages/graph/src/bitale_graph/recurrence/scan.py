"""`scan`: a loop over sequences, with what earlier steps gave."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..base import trace as tracing
from ..core.graph import Variable
from ..core.test_values import stand_in
from ..tensor.conversion import as_tensor, as_variable
from ..tensor.shared import SharedVariable
from .building import Built, TracedStep, build
from .result import StepResult, read_result
from .specification import (
    OutputSpec,
    SequenceSpec,
    listed,
    read_n_steps,
    read_outputs_info,
    read_sequences,
    read_truncate,
)
from .states import Carried
from .updates import OrderedUpdates


def scan(
    fn: Callable[..., Any],
    sequences: Any = None,
    outputs_info: Any = None,
    non_sequences: Any = None,
    n_steps: Any = None,
    truncate_gradient: int = -1,
    go_backwards: bool = False,
    mode: Any = None,
    name: str | None = None,
    profile: Any = False,
    allow_gc: bool | None = None,
    strict: bool = False,
    return_list: bool = False,
) -> tuple[Any, OrderedUpdates]:
    """Run ``fn`` step by step over the rows of sequences, with what earlier steps gave.

    ``fn`` is called once, with variables: one row of each sequence for each of its taps, then for
    each output its earlier values in the order of its taps, then the non-sequences. What it returns
    is the graph of one step.

    Parameters
    ----------
    fn : callable
        Returns outputs (a variable, a list, or a dict with names), updates (a dict or a list of
        pairs, by shared variable), or both in any order; `until` may come last.
    sequences : variable, dict, or list of them
        Read along their first axis. ``dict(input=x, taps=[-1, 0])`` gives ``fn`` several rows: step
        ``t`` reads row ``t + tap``, and steps begin where all taps have one.
    outputs_info : variable, dict, None, or list of them
        For each output the value to begin with, or None if ``fn`` does not read it back.
        ``dict(initial=x, taps=[-1, -3])`` hands ``fn`` the values of one and of three steps ago;
        then ``initial`` holds the earlier values as rows, the latest last, where the most distant
        tap reads row 0. A single tap of -1 has no such axis. A dict of such entries by name gives
        a dict of outputs.
    non_sequences : variable or list of variables, optional
        Passed to ``fn`` in every step. Other variables that ``fn`` reads are found without being
        listed.
    n_steps : int or 0-d integer variable, optional
        By default as many steps as the shortest sequence has rows for. With 0 steps outputs have 0
        rows.
    truncate_gradient : int
        Over how many of the last steps derivatives go back; -1 means all.
    go_backwards : bool
        Read sequences from their ends. Outputs are in the order of the steps.
    mode, profile, allow_gc
        Accepted for Theano's sake. The loop is compiled as a part of the function that it is used
        in, and follows that function's mode; what its steps take is in that function's profile.
    name : str, optional
        For printing and messages.
    strict : bool
        Refuse shared variables that are not listed in ``non_sequences``.
    return_list : bool
        Return a list even of one output.

    Returns
    -------
    outputs : variable, list of variables, dict of variables, or None
        Every output with one more leading axis, over the steps.
    updates : OrderedUpdates
        Of the shared variables that steps update; pass them to ``function``.

    Raises
    ------
    TypeError
        If a state changes its dtype or rank, ``n_steps`` is no integer or missing, ``fn`` takes
        other arguments or returns something else.
    MissingInputError
        If ``strict`` forbids what it reads.
    ShapeError
        If lengths that are known do not go together.
    ValueError
        For taps or numbers that cannot be.

    Examples
    --------
    >>> from bitale_graph import function, scan
    >>> from bitale_graph import language as T
    >>> x = T.vector("x")
    >>> sums, updates = scan(lambda row, total: total + row, x, 0.0)
    >>> function([x], sums, updates=updates)([1.0, 2.0, 3.0]).tolist()
    [1.0, 3.0, 6.0]
    """
    truncate = read_truncate("truncate_gradient", truncate_gradient)
    loop = read(fn, sequences, outputs_info, non_sequences, n_steps, go_backwards)
    built = loop.build(stacked=True, strict=strict, truncate=truncate, name=name or "")
    return loop.arranged(built.stacks, return_list), updates_of(built)


@dataclass
class Traced:
    """A loop as the user wrote it, after ``fn`` was called.

    Attributes
    ----------
    specs : list of OutputSpec
        One for each output.
    registers : list of list of Carried
        For each output its states: of the latest value, of the one before, and so on.
    """

    sequences: list[Any]
    rows: list[Any]
    non_sequences: list[Any]
    n_steps: Any
    specs: list[OutputSpec]
    names: tuple[str, ...] | None
    registers: list[list[Carried]]
    result: StepResult
    made: set[Any]

    def build(self, stacked: bool, strict: bool = False, **options: Any) -> Built:
        """Make the node; with ``stacked`` all outputs are stacked, else those without state."""
        shared = [
            Carried(f"the update of {v}", v, v, _as_update(v, new))
            for v, new in self.result.updates.items()
        ]
        pairs = zip(self.result.outputs, self.registers, strict=True)
        outputs = [v for v, register in pairs if stacked or not register]
        states = [c for register in self.registers for c in register] + shared
        step = TracedStep(
            self.sequences, self.rows, states, outputs, self.result.condition, self.made
        )
        return build(step, self.n_steps, self.non_sequences, strict, **options)

    def last(self, built: Built) -> list[Any]:
        """What the last step gave, of a loop that stacks outputs without state alone."""
        stacks = iter(built.stacks)
        found, position = [], 0
        for register in self.registers:
            found.append(built.states[position][1] if register else next(stacks)[-1])
            position += len(register)
        return found

    def arranged(self, outputs: Sequence[Variable], return_list: bool = False) -> Any:
        """Outputs as they are returned: one, a list, a dict, or None."""
        if self.names is not None:
            return dict(zip(self.names, outputs, strict=True))
        if return_list or len(outputs) > 1:
            return list(outputs)
        return outputs[0] if outputs else None


def updates_of(built: Built) -> OrderedUpdates:
    """The updates that a loop has made after its last step."""
    return OrderedUpdates(
        [(s.inside, last) for s, last in built.states if isinstance(s.inside, SharedVariable)]
    )


def _as_update(shared: SharedVariable, new: Any) -> Any:
    return as_tensor(new) if isinstance(new, Variable) else shared.type.make_constant(new)


def read(
    fn: Callable[..., Any],
    sequences: Any,
    outputs_info: Any,
    non_sequences: Any,
    n_steps: Any,
    go_backwards: bool = False,
) -> Traced:
    """Read the arguments of `scan`, and call ``fn``."""
    given = read_sequences(sequences)
    specs, names = read_outputs_info(outputs_info)
    others = [as_variable(v) for v in listed(non_sequences)]
    return traced(fn, given, specs, names, others, read_n_steps(n_steps, given), go_backwards)


def traced(
    fn: Callable[..., Any],
    given: Sequence[SequenceSpec],
    specs: list[OutputSpec],
    names: tuple[str, ...] | None,
    others: list[Any],
    n_steps: Any,
    go_backwards: bool = False,
) -> Traced:
    """Call ``fn`` with variables that stand for one step."""
    parts = [s.parts(go_backwards) for s in given]
    rows = [row for s, p in zip(given, parts, strict=True) for row in s.rows(p)]
    firsts = [s.first() for s in specs]
    insides = [
        [
            stand_in(first.type(_earlier(s.initial.name, back)), first)
            for back, first in enumerate(f, 1)
        ]
        for s, f in zip(specs, firsts, strict=True)
    ]
    earlier = [inside[-tap - 1] for s, inside in zip(specs, insides, strict=True) for tap in s.taps]
    with tracing.recorded() as made:
        result = read_result(_called(fn, rows, earlier, others))
    if not result.outputs and not result.updates:
        raise TypeError("scan: fn returned neither outputs nor updates, so there is nothing to run")
    specs, names = _matched(specs, names, result)
    registers: list[list[Carried]] = []
    for k, spec in enumerate(specs):
        news = [result.outputs[k], *(insides[k] if k < len(insides) else [])]
        registers.append(
            [
                Carried(spec.label, first, inside, new, spec.is_weak)
                for first, inside, new in zip(
                    firsts[k] if k < len(firsts) else [], news[1:], news, strict=False
                )
            ]
        )
    flat = [x for p in parts for x in p]
    return Traced(flat, rows, others, n_steps, specs, names, registers, result, made)


def _called(
    fn: Callable[..., Any],
    rows: Sequence[Variable],
    earlier: Sequence[Variable],
    others: Sequence[Variable],
) -> Any:
    arguments = (*rows, *earlier, *others)
    try:
        signature = inspect.signature(fn)
    except ValueError:  # some functions in C do not tell it
        return fn(*arguments)
    try:
        signature.bind(*arguments)
    except TypeError as error:
        listed = [", ".join(map(str, given)) or "none" for given in (rows, earlier, others)]
        raise TypeError(
            f"scan: fn is called with {len(arguments)} arguments, which it does not take: {error}\n"
            f"  rows of sequences: {listed[0]}\n  earlier values, by outputs_info: {listed[1]}\n"
            f"  non_sequences: {listed[2]}"
        ) from None
    return fn(*arguments)


def _earlier(name: str | None, back: int) -> str | None:
    return None if name is None else f"{name}[t-{back}]"


def _matched(
    specs: list[OutputSpec], names: tuple[str, ...] | None, result: StepResult
) -> tuple[list[OutputSpec], tuple[str, ...] | None]:
    """Entries of ``outputs_info`` for all outputs, which are put in the order of the entries."""
    n = len(result.outputs)
    if names is not None:
        if result.names is None or set(result.names) != set(names):
            got = f"{n} outputs without names" if result.names is None else list(result.names)
            raise TypeError(f"scan: outputs_info has the names {list(names)}, and fn gave {got}")
        found = dict(zip(result.names, result.outputs, strict=True))
        result.outputs = [found[k] for k in names]
        return specs, names
    if not specs:
        return [OutputSpec(f"output {k}") for k in range(n)], result.names
    if result.names is not None:
        raise TypeError(
            f"scan: fn returned outputs by name ({list(result.names)}), and outputs_info is a list "
            "of entries; give a dict with the same names"
        )
    if len(specs) != n:
        raise ValueError(
            f"scan: fn returned {n} outputs, and outputs_info has {len(specs)} entries; it has "
            "one for each output, None for those that fn does not read back"
        )
    return specs, None
