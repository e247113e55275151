"""Where statements stand: the entry point, the body of a loop in C, a branch.

In the body of a loop, what is the same at every step is written before the loop: checks, lengths,
buffers and packed copies are thus made once, and the rules that ask for them need not know.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bitale_graph.extend import Variable

from ..base.array import Array
from .plan import MemoryPlan

_NAMES = re.compile(r"[A-Za-z_]\w*")


@dataclass
class Scope:
    """A list of statements, and what is known where they stand.

    Attributes
    ----------
    plan : MemoryPlan
        Of the graph whose nodes are written here.
    kept : set of Variable
        Those whose buffers leave the call as outputs.
    is_read : callable
        Whether anything reads a variable.
    steps : str or None
        For the body of a loop the name of the number of its steps.
    lines, before : lists of str
        Statements, and those that come before the loop.
    names : set of str
        Names that were given here.
    moving : set of str
        Names whose value changes from step to step.
    written : set of str
        Names of pointers to what changes from step to step.
    owned : set of int
        Slots of the buffers that were taken before the loop.
    free : dict
        Of those the buffers that nothing reads any more, by dtype and lengths.
    places : dict
        For a variable a function from its lengths to the array that it shall be computed into, or
        None.
    checked, packed
        What was checked and packed already.
    temporary : list of int
        Slots of what was packed for one node.
    """

    plan: MemoryPlan
    kept: set[Variable]
    is_read: Callable[[Variable], bool]
    steps: str | None = None
    lines: list[str] = field(default_factory=list)
    before: list[str] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    moving: set[str] = field(default_factory=set)
    written: set[str] = field(default_factory=set)
    owned: set[int] = field(default_factory=set)
    free: dict[tuple[str, ...], list[Array]] = field(default_factory=dict)
    places: dict[Variable, Callable[[Sequence[str]], Array | None]] = field(default_factory=dict)
    checked: set[str] = field(default_factory=set)
    packed: dict[tuple[str, ...], Array] = field(default_factory=dict)
    temporary: list[int] = field(default_factory=list)

    def is_fixed(self, text: str) -> bool:
        """Whether an expression has one value for all steps of the loop that this is the body of.

        It must load nothing from memory.
        """
        return self.steps is not None and self.moving.isdisjoint(_NAMES.findall(text))

    def is_fixed_memory(self, array: Array) -> bool:
        """Whether an array lies at one place and is not written to while the loop runs."""
        return self.is_fixed(_text_of(array)) and self.written.isdisjoint(
            _NAMES.findall(array.name)
        )

    def touches_written(self, text: str) -> bool:
        """Whether an expression names a pointer to what changes from step to step."""
        return not self.written.isdisjoint(_NAMES.findall(text))


def _text_of(array: Array) -> str:
    return " ".join([array.name, *array.lengths, *(array.strides or ())])
