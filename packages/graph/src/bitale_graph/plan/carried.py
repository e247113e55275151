"""What a loop carries from step to step, and what it keeps of every step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..core.graph import Variable
from .array import Array
from .expressions import Expression, Name

Place = Callable[[Sequence[Expression]], "Array | None"]


@dataclass
class Stack:
    """A stacked output: its row in the body, how many rows are kept, and where they go.

    ``room`` is for how many rows there is room, in one that grows.
    """

    row: Variable
    out: Variable
    keep: int | None
    array: Array | None = None
    pointer: Expression | None = None
    room: Name | None = None
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
    now : Expression
        The pointer to the state that the step reads.
    then : Expression or None
        The pointer to where it computes the new one; None if that is the place of the old one, or
        a row of ``stack``.
    own : Array or None
        A buffer of the loop's own, which the result leaves in.
    spare : Name or None
        The pointer to a second buffer that changes places with the first.
    stack : Stack or None
        The stack of new states, whose rows the state lives in.
    """

    old: Variable
    new: Variable
    out: Variable
    first: Array
    now: Expression
    then: Expression | None = None
    own: Array | None = None
    spare: Name | None = None
    stack: Stack | None = None


def without_buffers(a: Array) -> Array:
    """The array as the body sees it, which does not own it."""
    return Array(a.pointer, a.dtype, a.lengths, a.strides, level=a.level)
