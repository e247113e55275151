"""An array as generated code sees it: a typed pointer, lengths and strides, all in words of C."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from .ctype import C_TYPES


@dataclass
class Array:
    """An array in C: a typed pointer, a length for each axis, and strides.

    Strides count elements; None says that the array is C-contiguous.
    """

    name: str
    dtype: str
    lengths: list[str]
    strides: list[str] | None = None
    slots: frozenset[int] = field(default_factory=frozenset)

    @property
    def rank(self) -> int:
        """The number of axes."""
        return len(self.lengths)

    @property
    def c_type(self) -> str:
        """The C type of an element."""
        return C_TYPES[self.dtype]

    def stride(self, axis: int) -> str:
        """The stride of an axis, in elements."""
        if self.strides is not None:
            return self.strides[axis]
        return product(self.lengths[axis + 1 :])

    def count(self) -> str:
        """The number of elements."""
        return product(self.lengths)


def product(factors: Iterable[str]) -> str:
    """A product in C; ones are left out."""
    kept = [f for f in factors if f != "1"]
    return " * ".join(kept) if kept else "1"


def size_of(lengths: Iterable[str], item: str = "1") -> str:
    """The product of lengths and the size of an item in C; SIZE_MAX where it is too large."""
    factors = [f for f in (*lengths, item) if f != "1"]
    size = factors[0] if factors else "1"
    for f in factors[1:]:
        size = f"bt_times({size}, {f})"
    return size
