"""What only the last step of a loop gives is differentiated for that step alone.

An output layer that the body computes from the new states, and of which the last row alone is read,
is that layer on the last states: its derivative needs no loop.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bitale_graph.extend import (
    Constant,
    Scan,
    ScanInputs,
    Variable,
    graph_replace,
    leaves,
)

from .rows import Arriving
from .scan_step import cotangent_leaf, is_computed
from .walker import accumulate, of_shape, pull_back
from .zero import ZERO


def pull_back_last_rows(
    op: Scan,
    inputs: Sequence[Any],
    outputs: Sequence[Any],
    arriving: Arriving,
    wanted: ScanInputs[bool],
) -> dict[Variable, Any]:
    """Turn cotangents of last rows into such of the last states and of what is the same in steps.

    Returns the latter, by the inputs of the body; the former go to ``arriving``. A row that reads
    anything else stays there.
    """
    inner, new = op.inner, op.inner_outputs
    outer = op.outer(inputs)
    fixed = dict(zip(inner.non_sequences, outer.non_sequences, strict=True))
    last = dict(zip(new.states, op.outer_outputs(outputs).states, strict=True))
    own = [v for v, w in zip(inner.non_sequences, wanted.non_sequences, strict=True) if w]
    given: dict[Variable, Any] = {}
    for k, ct in list(arriving.once.items()):
        row = new.stacks[k]
        read = {v for v in leaves([row], stop_at=last) if not isinstance(v, Constant)}
        if not read <= {*fixed, *last}:
            continue
        seed = cotangent_leaf(row)
        found = pull_back({row: seed}, [*last, *own], constants=last)
        if any(_is_undefined(found.get(v)) for v in (*last, *own)):
            continue
        del arriving.once[k]
        wrt = [v for v in (*last, *own) if is_computed(found.get(v))]
        outside = {v: of_shape(v.type, x) for v, x in {**fixed, **last, seed: ct}.items()}
        terms = graph_replace([found[v] for v in wrt], outside)
        for v, term in zip(wrt, terms, strict=True):
            if v in fixed:
                given[v] = accumulate(given[v], term) if v in given else term
                continue
            i = next(i for i, s in enumerate(new.states) if s is v)
            old = arriving.last.get(i)
            arriving.last[i] = term if old is None else accumulate(old, term)
    return given


def _is_undefined(ct: Any) -> bool:
    return ct is not None and ct is not ZERO and not is_computed(ct)
