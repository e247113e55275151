"""Loops over sines, cosines and tangents in two forms, by how large their operands are.

A number of any size is reduced by pi to hundreds of digits. A vector loop does not branch, so that
all of its numbers would be, which takes three to four times as long. Where no operand of a block is
large, a short reduction does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bitale_graph.extend import Load, Loop, Step, scalar

_FUNCTIONS = (scalar.sin, scalar.cos, scalar.tan)
_FLOATS = ("float32", "float64")
# That of the short reduction in `library/vector_math/trigonometric.h`.
BOUND = "0x1p20"


class Near(NamedTuple):
    """What a loop has of such functions.

    Attributes
    ----------
    steps : tuple of Step
        Those whose operand costs little to compute twice.
    operands : tuple of int
        The numbers of the values that they have.
    before : tuple of int
        The steps that compute these, by number.
    """

    steps: tuple[Step, ...]
    operands: tuple[int, ...]
    before: tuple[int, ...]


def near(loop: Loop, dtypes: Sequence[str]) -> Near:
    """What a loop with inputs of these dtypes has of functions with a near form."""
    count = len(dtypes)
    known = list(dtypes)
    # The steps that a value takes, where all are cheap.
    needed: list[frozenset[int] | None] = [frozenset()] * count
    steps: list[Step] = []
    operands: dict[int, frozenset[int]] = {}
    for k, step in enumerate(loop.steps):
        takes = None if isinstance(step, Load) else _together(step, needed)
        if takes is not None and _has_near_form(step, known):
            assert isinstance(step, Step)
            assert isinstance(step.args[0], int)
            steps.append(step)
            operands[step.args[0]] = takes
        is_cheap = isinstance(step, Step) and not step.op.is_dear
        needed.append(takes | {k} if takes is not None and is_cheap else None)
        known.append(step.dtype)
    before = sorted(frozenset().union(*operands.values()))
    return Near(tuple(steps), tuple(operands), tuple(before))


def _together(step: Step, needed: Sequence[frozenset[int] | None]) -> frozenset[int] | None:
    """The steps that all operands of a step take; None if one is not cheap."""
    parts = [needed[a] for a in step.args if isinstance(a, int)]
    return None if None in parts else frozenset().union(*(p for p in parts if p is not None))


def _has_near_form(step: Step | Load, known: Sequence[str]) -> bool:
    if not isinstance(step, Step) or step.op not in _FUNCTIONS or step.dtype not in _FLOATS:
        return False
    (operand,) = step.args
    return isinstance(operand, int) and known[operand] == step.dtype


def is_far(name: str, dtype: str) -> str:
    """The C expression for whether a number is as large as the bound, or none."""
    return f"!(__builtin_fabs{'f' if dtype == 'float32' else ''}({name}) < {BOUND})"
