"""What a fused loop does with one element, for its picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.graph import Apply, Constant, Variable
from ..ops.loop import Index, Literal, Load, Loop
from ..tensor.composite import Composite
from ..tensor.elementwise import Elementwise
from .words import constant_text, cut, op_name, plain, reduced_name, type_text


@dataclass(frozen=True)
class Program:
    """Steps on numbers: each its op, what it takes, and its dtype.

    What is taken is a text, of a number, or a place: of an input, or behind these of a step.
    """

    inputs: list[str]
    notes: list[str]
    steps: list[tuple[str, list[int | str], str]]
    results: list[tuple[int, str]]


def program_of(node: Apply) -> Program | None:
    """The program of a loop or of a composite; None if the op is neither."""
    op: Any = node.op
    if isinstance(op, Loop):
        steps = []
        for s in op.steps:
            if isinstance(s, Load):
                steps.append(("load", [s.table, *map(_argument, s.at)], s.dtype))
            else:
                steps.append(
                    (plain(s.op.name.partition("{")[0]), [*map(_argument, s.args)], s.dtype)
                )
        results = [(r.value, _result_text(r, k, node)) for k, r in enumerate(op.results)]
    elif isinstance(op, Elementwise) and isinstance(op.scalar_op, Composite):
        inner: Any = op.scalar_op
        steps = [
            (plain(step.scalar_op.name), [*map(_argument, args)], dtype)
            for step, args, dtype in inner.steps
        ]
        if not isinstance(inner.result_place, int):
            return None
        results = [(inner.result_place, "output 0")]
    else:
        return None
    names = [_name(v) for v in node.inputs]
    return Program(names, [type_text(v.type) for v in node.inputs], steps, results)


def _name(v: Variable) -> str:
    if isinstance(v, Constant):
        return constant_text(v)
    return plain(v.name or (op_name(v.owner.op) if v.owner is not None else "unnamed"))


def _argument(a: Any) -> int | str:
    if isinstance(a, Literal):
        return cut(str(a.array()), 20)
    if isinstance(a, Constant):
        return constant_text(a)
    if isinstance(a, Index):
        return f"index {a.axis}"
    if isinstance(a, (int, np.integer)):
        return int(a)
    return cut(plain(str(a)), 20)


def _result_text(r: Any, k: int, node: Apply) -> str:
    name = plain(node.outputs[k].name or f"output {k}")
    if r.place:
        return f"{name}: place of the max over axis {', '.join(map(str, r.axes))}"
    if r.reduce is not None:
        return f"{name}: {reduced_name(r.reduce)} over axis {', '.join(map(str, r.axes))}"
    return f"{name}: put into input {r.into}" if r.into is not None else name
