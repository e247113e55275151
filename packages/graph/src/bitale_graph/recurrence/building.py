"""From what a step computed to the loop: its body, and what the body reads from outside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ..base.errors import MissingInputError, describe
from ..core.body import Body
from ..core.graph import Apply, Constant, Variable
from ..core.order import toposort
from ..core.traversal import ancestors, graph_replace
from ..ops.scan import Scan
from ..tensor.shared import SharedVariable
from .states import Carried, settled


@dataclass(frozen=True)
class TracedStep:
    """What is known of a loop once its step was traced.

    Parameters
    ----------
    sequences : list of Variable
    rows : list of Variable
        For each sequence what stands for its row.
    states : list of Carried
    outputs : list of Variable
        What is stacked.
    condition : Variable or None
    made : set of Apply
        The nodes that were made by tracing.
    """

    sequences: Sequence[Any]
    rows: Sequence[Any]
    states: Sequence[Carried]
    outputs: Sequence[Any]
    condition: Any
    made: set[Apply]


@dataclass(frozen=True)
class Built:
    """A loop, by what it gives.

    Attributes
    ----------
    states : list of (Carried, Variable)
        Each with its value after the last step; those given come first.
    stacks : list of Variable
    n_steps : Variable or None
        The number of steps taken, if there was a condition to stop.
    """

    states: list[tuple[Carried, Any]]
    stacks: list[Any]
    n_steps: Any


def _refuse_shared(variables: Sequence[Variable], listed: set[Variable]) -> None:
    """Raise a `MissingInputError` where shared variables are read that are not listed."""
    shared = [v for v in ancestors(variables, listed) if isinstance(v, SharedVariable)]
    shared = [v for v in shared if v not in listed]
    if shared:
        names = "\n  ".join(map(describe, shared))
        raise MissingInputError(
            "scan: fn reads shared variables from outside that strict=True forbids:\n"
            f"  {names}\n  hint: list them in non_sequences, or leave strict out"
        )


def build(
    step: TracedStep,
    n_steps: Any,
    non_sequences: Sequence[Any] = (),
    strict: bool = False,
    **options: Any,
) -> Built:
    """Make the `Scan` node, and give its outputs by role.

    Shared variables that the step reads and that have a default update become states.

    Parameters
    ----------
    step : TracedStep
    n_steps : Variable or int
    non_sequences : list of Variable
        Listed by the user; they come first.
    strict : bool
        Refuse to read other shared variables.
    **options
        ``reverse``, ``truncate``, ``checkpoint`` and ``name`` of `Scan`.

    Raises
    ------
    MissingInputError
        With ``strict``, for shared variables that are not listed.
    """
    states, others = list(step.states), [*step.outputs]
    if step.condition is not None:
        others.append(step.condition)
    states, others = settled(states, others)
    while True:
        inside = [*step.rows, *(s.inside for s in states)]
        results = [*(s.new for s in states), *others]
        found = captured(inside, results, step.made)
        hidden = [
            v for v in found if isinstance(v, SharedVariable) and v.default_update is not None
        ]
        if not hidden:
            break
        states += [Carried(f"the default update of {v}", v, v, v.default_update) for v in hidden]
        states, others = settled(states, others)
    read = [v for v in dict.fromkeys(non_sequences) if v in found]
    unlisted = [v for v in found if v not in read]
    if strict:
        _refuse_shared(unlisted, set(read))
    read += unlisted
    results, read = _by_parts(results, read)
    body = Body([*inside, *read], results)
    is_while = step.condition is not None
    op = Scan(body, len(step.rows), len(states), is_while=is_while, **options)
    made = op(n_steps, *step.sequences, *(s.first for s in states), *read, return_list=True)
    outputs = op.outer_outputs(made)
    return Built(list(zip(states, outputs.states, strict=True)), outputs.stacks, outputs.last)


def _by_parts(results: Sequence[Any], read: list[Any]) -> tuple[list[Any], list[Any]]:
    """Let the step read the tensors that a sparse matrix is made of, and make it of them."""
    whole = {v: v.type.of_parts(v) for v in read}
    whole = {v: made for v, made in whole.items() if made is not None}
    if not whole:
        return list(results), read
    parts = [part for made in whole.values() for part in made.owner.inputs]
    read = list(dict.fromkeys([*(v for v in read if v not in whole), *parts]))
    return graph_replace(results, whole), read


def captured(
    inside: Iterable[Variable], results: Sequence[Variable], made: set[Apply]
) -> list[Variable]:
    """What ``results`` read from outside the step, in order of discovery.

    A variable that was computed outside counts as one; what tracing made belongs to the step.
    """
    own: set[Variable] = set(inside)
    stops = set(own)
    for node in toposort(results, stop_at=stops):
        if node in made or any(v in own for v in node.inputs):
            own.update(node.outputs)
    found: dict[Variable, None] = {}
    seen: set[Variable] = set()
    stack = list(reversed(results))
    while stack:
        v = stack.pop()
        if v in seen or v in stops or isinstance(v, Constant):
            continue
        seen.add(v)
        if v.owner is not None and v in own:
            stack.extend(reversed(v.owner.inputs))
        else:
            found[v] = None
    return list(found)
