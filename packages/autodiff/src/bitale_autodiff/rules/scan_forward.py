"""Loops forwards: tangents are carried beside the states, in one loop over the same steps.

Of a truncated loop the product is that of all its steps: what is cut off is on the way back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bitale_graph.extend import Body, Scan, TensorType

from ..forward import push_forward
from ..scan_step import cotangent_leaf, is_computed
from ..table import jvps
from ..walker import of_shape, zeros_for
from ..zero import ZERO


class _StepForward:
    """One step pushed forward.

    Carried are the states whose tangent may be other than zero in some step: which these are is
    found by taking the step again with what it gave.

    Attributes
    ----------
    leaves : dict
        For each moving input of the body the leaf that stands for its tangent.
    found : dict
        For each output of the body its tangent.
    """

    def __init__(self, op: Scan, tangents: Sequence[Any]) -> None:
        moving = zip(op.body.inputs, tangents[1:], strict=True)
        self.leaves = {v: cotangent_leaf(v) for v, t in moving if t is not None}
        self.undefined: dict[Any, Any] = {}
        pairs = list(zip(op.inner.states, op.inner_outputs.states, strict=True))
        while True:
            self.found = push_forward({**self.leaves, **self.undefined}, op.body.outputs)
            before = len(self.leaves) + 2 * len(self.undefined)
            for v, new in pairs:
                t = self.found.get(new)
                if is_computed(t) and v not in self.undefined:
                    self.leaves.setdefault(v, cotangent_leaf(v))
                elif t is not None and t is not ZERO and not is_computed(t):
                    self.leaves.pop(v, None)
                    self.undefined[v] = t
            if len(self.leaves) + 2 * len(self.undefined) == before:
                return


@jvps.define(Scan)
def scan_jvp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], tangents: Sequence[Any]
) -> list[Any]:
    """Run the loop with tangents as more sequences, states and non-sequences."""
    step = _StepForward(op, tangents)
    given = dict(zip(op.body.inputs, zip(inputs[1:], tangents[1:], strict=True), strict=True))
    sequences, states, others = (
        [v for v in part if v in step.leaves]
        for part in (op.inner.sequences, op.inner.states, op.inner.non_sequences)
    )
    new, place = op.inner_outputs, op.outer_outputs(range(len(outputs)))
    after = dict(zip(op.inner.states, new.states, strict=True))
    rows = [(at, row) for at, row in zip(place.stacks, new.stacks, strict=True)]
    moving = [(at, row) for at, row in rows if is_computed(step.found.get(row))]
    terms = [step.found.get(v) for v in op.body.outputs[: len(outputs)]]
    for at, v in zip(place.states, op.inner.states, strict=True):
        terms[at] = step.undefined.get(v)
    if not states and not moving:
        return terms
    keeps = [op.keeps[at - op.n_states] for at, _ in moving]
    inner = [
        *op.inner.sequences,
        *(step.leaves[v] for v in sequences),
        *op.inner.states,
        *(step.leaves[v] for v in states),
        *op.inner.non_sequences,
        *(step.leaves[v] for v in others),
    ]
    results = [
        *new.states,
        *(_carried_on(step, v, after[v]) for v in states),
        *(step.found[row] for _, row in moving),
        *([] if new.last is None else [new.last]),
    ]
    loop = op.changed(
        body=Body(inner, results),
        n_sequences=op.n_sequences + len(sequences),
        n_states=op.n_states + len(states),
        keeps=tuple(keeps),
        name=op.name and f"forward_of_{op.name}",
    )
    outer = op.outer(inputs)
    node = loop.make_node(
        inputs[0],
        *outer.sequences,
        *(_rows_of(step.leaves[v], given[v][1]) for v in sequences),
        *outer.states,
        *(_first(step.leaves[v], *given[v]) for v in states),
        *outer.non_sequences,
        *(of_shape(step.leaves[v].type, given[v][1]) for v in others),
    )
    made = loop.outer_outputs(node.outputs)
    for v, t in zip(states, made.states[op.n_states :], strict=True):
        terms[place.states[op.inner.states.index(v)]] = t
    for (at, _), t in zip(moving, made.stacks, strict=True):
        terms[at] = t
    return terms


def _carried_on(step: _StepForward, v: Any, new: Any) -> Any:
    """The tangent of a state after the step."""
    leaf, t = step.leaves[v], step.found.get(new)
    return of_shape(leaf.type, t) if is_computed(t) else zeros_for(leaf)


def _first(leaf: Any, x: Any, t: Any) -> Any:
    """The tangent of a first state."""
    return of_shape(leaf.type, zeros_for(x) if t is None else t)


def _rows_of(leaf: Any, t: Any) -> Any:
    return of_shape(TensorType(leaf.dtype, (None, *leaf.type.shape)), t)
