"""Sharing work among threads: a plain call where it is small, else one call for each thread."""

from __future__ import annotations

from collections.abc import Sequence

from ..builder import Builder


def put_shared(b: Builder, parts: str, alone: str, shared: Sequence[str]) -> None:
    """Write ``alone`` for one part, and ``shared`` (which knows its ``part``) for several.

    A parallel region costs a fraction of a microsecond even where one thread runs it, so small work
    must not enter one. The team always has ``rt->threads`` threads: libgomp ends and starts threads
    when the size of a team changes.
    """
    b.put(f"if ({parts} == 1) {alone}")
    b.put("else {")
    b.put("#pragma omp parallel for num_threads(rt->threads) schedule(static, 1)")
    b.put(f"for (int64_t part = 0; part < {parts}; part++) {{")
    for line in shared:
        b.put(f"    {line}")
    b.put("}")
    b.put("}")
