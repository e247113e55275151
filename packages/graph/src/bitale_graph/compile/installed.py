"""What is installed beside and above this package, and says so by entry points."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any


@cache  # reading what is installed takes longer than all else that a small function needs
def entries_of(group: str) -> list[Any]:
    """The entry points of a group, each name once, in order of their names."""
    from importlib.metadata import entry_points  # costs a sixth of importing this package

    found: Iterable[Any] = entry_points(group=group)
    return sorted({e.name: e for e in found}.values(), key=lambda e: e.name)
