"""Writing to whatever standard output is."""

from __future__ import annotations

import sys


def write(text: str) -> None:
    """Write a line or more, where a letter that the output has not got is spelled out."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    shown = text.encode(encoding, errors="backslashreplace").decode(encoding)
    print(shown)  # noqa: T201 (a command prints)
