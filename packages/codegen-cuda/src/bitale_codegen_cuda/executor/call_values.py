"""What a trace is given, and what it gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class GivenArray:
    """What a call passes.

    Attributes
    ----------
    shape, strides : tuple of int
        Strides in elements.
    address : int or None
        None for a number that host code has.
    """

    shape: tuple[int, ...]
    strides: tuple[int, ...]
    address: int | None


@dataclass(frozen=True)
class Delivered:
    """A result.

    Attributes
    ----------
    dtype : str
    shape : tuple of int
    address : int or None
        None for a number that host code has.
    value : object
        That number, or an expression of it.
    """

    dtype: str
    shape: tuple[int, ...]
    address: int | None = None
    value: Any = None
