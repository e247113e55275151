"""Telling what the rewriter can do, and what it did."""

from __future__ import annotations

from typing import Any

from bitale_graph.extend import FunctionGraph, Mode, get_mode

from . import pipeline
from .engine.rewrite import Firing, RewriteContext


def explain(what: Any, mode: Mode | str | None = None) -> list[Firing]:
    """Every replacement that the rewriter makes in a function or graph, in order.

    Parameters
    ----------
    what : Function or FunctionGraph
        A function's graph is rewritten once more from what was written; a graph is copied first.
    mode : Mode or str, optional
        By default the function's own, or ``config.mode``.

    Examples
    --------
    >>> from bitale_graph import FunctionGraph, language as T
    >>> x = T.vector("x")
    >>> [f.rule for f in explain(FunctionGraph([x], [-(-x)]))]
    ['neg_of_neg']
    """
    maker = getattr(what, "maker", None)
    if maker is not None:
        graph = maker.written.clone()
        chosen = maker.mode if mode is None else get_mode(mode)
    elif isinstance(what, FunctionGraph):
        graph, chosen = what.clone(), get_mode(mode)
    else:
        raise TypeError(f"explain takes a function or a FunctionGraph, not {what!r}")
    log: list[Firing] = []
    pipeline.run(graph, RewriteContext(graph, chosen, log))
    return log


def rewrites() -> str:
    """List all passes, in order, and their rules: what is found, and what replaces it.

    Rules that are only active when a mode includes them by name are marked ``on request``.
    """
    pipeline.load_linear_algebra()
    lines = []
    listed: set[str] = set()
    for one in pipeline.all_passes():
        lines.append(f"{one.name}: {one.purpose}")
        for rule in one.rules:
            if rule.name in listed:
                continue
            listed.add(rule.name)
            note = "" if rule.default else "; on request"
            lines.append(
                f"    {rule.name}: {rule.before} -> {rule.after} "
                f"(changes: {rule.changes.value}{note})"
            )
    return "\n".join(lines)
