"""Where statements stand: the function, the body of a loop, a branch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ..core.graph import Variable
from .array import Array, Buffer
from .expressions import Expression, Name
from .memory_plan import MemoryPlan
from .statements import Statement


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
    steps : Expression or None
        For the body of a loop the number of its steps.
    condition : Expression or None
        For a branch when it runs.
    statements : list of Statement
    depth : int
        How many loops there are around.
    is_before : bool
        Whether statements are added that come before the loop.
    places : dict
        For a variable a function from its lengths to the array that it shall be computed into, or
        None.
    moved : set of Variable
        Those whose buffers a branch hands over at its end.
    checked, asked, packed, known
        What was checked (of numbers, and of all elements of arrays), packed and named already.
    temporary : list of Buffer
        What was packed for one node.
    """

    plan: MemoryPlan
    kept: set[Variable]
    is_read: Callable[[Variable], bool]
    steps: Expression | None = None
    condition: Expression | None = None
    statements: list[Statement] = field(default_factory=list)
    depth: int = 0
    is_before: bool = False
    places: dict[Variable, Callable[[Sequence[Expression]], Array | None]] = field(
        default_factory=dict
    )
    moved: set[Variable] = field(default_factory=set)
    checked: set[Expression] = field(default_factory=set)
    asked: set[tuple[object, ...]] = field(default_factory=set)
    packed: dict[tuple[object, ...], Array] = field(default_factory=dict)
    known: dict[Expression, Name] = field(default_factory=dict)
    temporary: list[Buffer] = field(default_factory=list)
