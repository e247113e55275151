"""The front of all checks, which loads none of them before it is asked."""

from __future__ import annotations

from .finding import Report


def doctor() -> Report:
    """Look at what this machine has: compiler, BLAS, threads, cache, GPU, versions, settings.

    Printing what comes shows a line for each thing: ``ok``, ``could be better`` or ``broken``, what
    was found, and what would be better with the command for it. The same at a prompt:
    ``python -m bitale doctor``, with ``--json`` for programs.

    Returns
    -------
    Report
        With ``findings``, the worst ``state`` of them, and ``as_json()``.
    """
    from .examination import examined  # loads what only this asks for

    return examined()
