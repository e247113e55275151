"""An array as host code sees it: a typed pointer, lengths and strides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from .expressions import Expression, product


@dataclass(eq=False)
class Buffer:
    """Memory of the call, which is given back at the end of its life, and on failure.

    Attributes
    ----------
    slot : int
        Counts the buffers of a function.
    """

    slot: int


@dataclass
class Array:
    """A typed pointer, a length for each axis, and strides.

    Attributes
    ----------
    pointer : Expression
    dtype : str
    lengths : list of Expression
    strides : list of Expression or None
        In elements; None says that the array is C-contiguous.
    buffers : frozenset of Buffer
        Where the numbers lie; none for what others own.
    level : int
        The innermost loop in which the numbers change from step to step.
    """

    pointer: Expression
    dtype: str
    lengths: list[Expression]
    strides: list[Expression] | None = None
    buffers: frozenset[Buffer] = field(default_factory=frozenset)
    level: int = 0

    @property
    def rank(self) -> int:
        """The number of axes."""
        return len(self.lengths)

    def stride(self, axis: int) -> Expression:
        """The stride of an axis, in elements."""
        if self.strides is not None:
            return self.strides[axis]
        return product(self.lengths[axis + 1 :])

    def count(self) -> Expression:
        """The number of elements."""
        return product(self.lengths)

    def expressions(self) -> Sequence[Expression]:
        """The pointer, lengths and strides."""
        return (self.pointer, *self.lengths, *(self.strides or ()))

    def settled(self) -> int:
        """The innermost loop in which anything of the array changes."""
        return max(self.level, *(e.level for e in self.expressions()))
