"""`scan_checkpoints`: a long loop whose derivative keeps the states of some steps alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..ops import math
from ..ops.assertion import Assert
from ..ops.creation import arange
from ..tensor.conversion import as_tensor, as_variable, constant_int
from .carry import common_length
from .scan import traced, updates_of
from .specification import (
    OutputSpec,
    SequenceSpec,
    listed,
    read_n_steps,
    read_outputs_info,
    read_sequences,
)
from .updates import OrderedUpdates


def scan_checkpoints(
    fn: Callable[..., Any],
    sequences: Any = None,
    outputs_info: Any = None,
    non_sequences: Any = None,
    name: str = "checkpointscan_fn",
    n_steps: Any = None,
    save_every_N: int = 10,
    padding: bool = True,
) -> tuple[Any, OrderedUpdates]:
    """`scan` of one step in ``save_every_N``, with derivatives that store these states alone.

    Derivatives run every piece of ``save_every_N`` steps again before they go back through it: for
    ``n`` steps they hold ``n / save_every_N + save_every_N`` states, and compute each step twice.

    Parameters
    ----------
    fn, outputs_info, non_sequences, name, n_steps
        As for `scan`; states may have the tap -1 alone, and ``fn`` may not return `until`.
    sequences : variable or list of variables
        Of one length, without taps.
    save_every_N : int
        About the square root of the number of steps needs the least memory.
    padding : bool
        Admit numbers of steps that ``save_every_N`` does not divide; the last piece is shorter
        then, and nothing is filled up.

    Returns
    -------
    outputs : variable, list of variables, dict of variables, or None
        With one more leading axis, over the last steps of the pieces: ``outputs[-1]`` is what the
        last step of all gave.
    updates : OrderedUpdates

    Raises
    ------
    ValueError
        For taps, ``until``, and without ``padding`` a known number of steps that ``save_every_N``
        does not divide. If it is not known yet, running raises an AssertionError.
    ShapeError
        If sequences are of different lengths.
    """
    if isinstance(save_every_N, bool) or not isinstance(save_every_N, int) or save_every_N < 1:
        raise ValueError(
            f"scan_checkpoints: save_every_N must be a positive int, not {save_every_N!r}"
        )
    given = read_sequences(sequences)
    specs, names = read_outputs_info(outputs_info)
    _refuse_taps(given, specs)
    others = [as_variable(v) for v in listed(non_sequences)]
    n, inputs = _cut(given, n_steps)
    pieces, left_over = _pieces(n, save_every_N, padding)

    def piece(number: Any, *args: Any) -> Any:
        first = math.mul(number, save_every_N)
        rows = [SequenceSpec(x[first : first + save_every_N], (0,)) for x in inputs]
        states = iter(args[: len(args) - len(others)])
        inner_specs = [replace(s, initial=next(states)) if s.taps else s for s in specs]
        steps: Any = save_every_N
        if left_over:
            steps = math.minimum(save_every_N, math.sub(n, first))
        inner = traced(fn, rows, inner_specs, names, others, steps)
        if inner.result.condition is not None:
            raise ValueError("scan_checkpoints: fn may not return until(condition); use scan")
        built = inner.build(stacked=False, name=f"{name}, a piece")
        return inner.arranged(inner.last(built)), updates_of(built)

    numbers = [SequenceSpec(arange(pieces), (0,))]
    loop = traced(piece, numbers, specs, names, others, pieces)
    built = loop.build(stacked=True, checkpoint=True, name=name)
    return loop.arranged(built.stacks), updates_of(built)


def _refuse_taps(sequences: Sequence[SequenceSpec], specs: Sequence[OutputSpec]) -> None:
    for k, s in enumerate(sequences):
        if s.taps != (0,):
            raise ValueError(f"scan_checkpoints: sequence {k} has taps {list(s.taps)}; use scan")
    for spec in specs:
        if spec.taps not in ((), (-1,)):
            raise ValueError(
                f"scan_checkpoints: {spec.label} has taps {list(spec.taps)}, and only -1 is "
                "possible; use scan"
            )


def _cut(given: Sequence[SequenceSpec], n_steps: Any) -> tuple[Any, list[Any]]:
    """The number of steps, and the rows that they read."""
    if n_steps is None and given:
        return common_length("scan_checkpoints", [(f"[{k}]", s.input) for k, s in enumerate(given)])
    n = read_n_steps(n_steps, given)
    return n, [s.input[:n] for s in given]


def _pieces(n: Any, size: int, padding: bool) -> tuple[Any, bool]:
    """How many pieces there are, and whether the last may have fewer steps."""
    count = constant_int(n)
    if count is None:
        if padding:
            return math.int_div(math.add(n, size - 1), size), True
        whole = Assert(
            f"scan_checkpoints: save_every_N={size} does not divide the number of steps; use "
            "padding=True"
        )
        return whole(math.int_div(n, size), math.eq(math.mod(n, size), 0)), False
    if count % size and not padding:
        raise ValueError(
            f"scan_checkpoints: save_every_N={size} does not divide the {count} steps; use "
            "padding=True, or another number"
        )
    return as_tensor(np.int64(-(-count // size))), bool(count % size)
