"""What this machine has for running on a GPU, asked for by `doctor`."""

from __future__ import annotations


def doctor() -> str:
    """What a GPU needs, line by line: whether it is there, and what brings it if not."""
    from .findings import report  # loads what only this asks for

    return report()
