"""What a loop in C carries from step to step, and what it keeps of every step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from bitale_graph.extend import Variable

from ..base.array import Array
from ..base.ctype import C_TYPES

Place = Callable[[Sequence[str]], Array | None]


@dataclass
class Stack:
    """A stacked output: its row in the body, how many rows are kept, and where they go.

    ``room`` is for how many rows there is room, in one that grows.
    """

    row: Variable
    out: Variable
    keep: int | None
    array: Array | None = None
    pointer: str = ""
    room: str = ""
    is_placed: bool = False


@dataclass
class State:
    """A carried state of rank 1 or more.

    Attributes
    ----------
    old, new : Variable
        In the body.
    out : Variable
        After the loop.
    first : Array
        What the first step reads, contiguous.
    now : str
        The pointer to the state that the step reads.
    then : str
        The pointer to where it computes the new one; empty if that is the place of the old one, or
        a row of ``stack``.
    own : Array or None
        A buffer of the loop's own, which the result leaves in.
    spare : str
        The pointer to a second buffer that changes places with the first.
    stack : Stack or None
        The stack of new states, whose rows the state lives in.
    """

    old: Variable
    new: Variable
    out: Variable
    first: Array
    now: str = ""
    then: str = ""
    own: Array | None = None
    spare: str = ""
    stack: Stack | None = None


def keep_step(
    loop: int, step: str, given: Sequence[str | Array], dtypes: Sequence[str]
) -> list[str]:
    """Statements that hand over what a step was given: numbers and arrays, with their dtypes."""
    lines, listed, kinds = [], [], []
    for k, (one, dtype) in enumerate(zip(given, dtypes, strict=True)):
        char = np.dtype(dtype).char
        if isinstance(one, str):
            lines.append(f"const {C_TYPES[dtype]} value{k} = {one};")
            listed.append(f"{{(void *)&value{k}, NULL, NULL}}")
            kinds.append(f"{char}0")
            continue
        size = f"(int64_t)sizeof({C_TYPES[dtype]})"
        lengths = ", ".join([*one.lengths, "0"])
        strides = ", ".join([*(f"({one.stride(a)}) * {size}" for a in range(one.rank)), "0"])
        lines.append(f"const int64_t shape{k}[] = {{{lengths}}}, strides{k}[] = {{{strides}}};")
        pointer = f"&({one.name})[0]" if one.rank == 0 else one.name
        listed.append(f"{{(void *)({pointer}), shape{k}, strides{k}}}")
        kinds.append(f"{char}{one.rank}")
    lines.append(
        f'rt->keep(call, {loop}, {step}, "{" ".join(kinds)}", '
        f"(const bt_array[]){{{', '.join(listed) or '{0}'}}});"
    )
    return lines


def without_slots(a: Array) -> Array:
    """The array as the body sees it, which does not own it."""
    return Array(a.name, a.dtype, a.lengths, a.strides)
