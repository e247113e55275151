"""A profile as a page of HTML."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

from ..debug.rich import code, table
from .costs import NodeCost
from .grouping import Group, line_of
from .passes import PassCost
from .tables import amount, kind_of_memory, of_functions, percent, tips

_ROWS = 100
_STYLE = """
<style>
.bitale-profile { font: 14px system-ui, sans-serif; margin: 1em; }
.bitale-profile table { border-collapse: collapse; margin-bottom: 1em; }
.bitale-profile td:nth-child(-n+2) { white-space: nowrap; }
.bitale-profile td, .bitale-profile th { padding: 2px 8px; border-bottom: 1px solid #8884; }
.bitale-profile .bar { display: inline-block; height: 0.7em; background: #d9822b; }
.bitale-profile summary { font-weight: 600; cursor: pointer; margin: 0.5em 0; }
</style>
"""


def page(profile: Any) -> str:
    """All tables, in a block of HTML that a browser shows, and a notebook too."""
    costs = profile.node_costs()
    parts = [f"<pre>{html.escape(of_functions(profile))}{html.escape(tips(profile))}</pre>"]
    parts += [
        _part("By line of yours", _groups(profile.by_line()), is_open=True),
        _part("By class of op", _groups(profile.by_class())),
        _part("By op", _groups(profile.by_op())),
        _part("By node", _nodes(costs)),
        _part("Memory", _memory(profile, costs)),
        _part("Rewriter", _passes(list(profile.passes.values()))),
    ]
    title = html.escape(f"Profile of {profile.message}")
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'</head><body><div class="bitale-profile">{_STYLE}{"".join(parts)}</div></body></html>'
    )


def _part(title: str, content: str, *, is_open: bool = False) -> str:
    opened = " open" if is_open else ""
    return f"<details{opened}><summary>{title}</summary>{content}</details>"


def _share(part: float, whole: float) -> str:
    share = percent(part, whole)
    return f'<span class="bar" style="width: {share:.1f}px"></span> {share:.1f}%'


def _groups(found: Sequence[Group]) -> str:
    whole = sum(g.seconds for g in found)
    rows = [
        (
            _share(g.seconds, whole),
            f"{g.seconds:.3e}",
            g.kind,
            str(g.calls),
            str(g.nodes),
            code(g.name),
        )
        for g in found[:_ROWS]
    ]
    return table(rows, ("time", "seconds", "type", "calls", "nodes", "what"))


def _nodes(costs: Sequence[NodeCost]) -> str:
    whole = sum(c.seconds for c in costs)
    rows = [
        (
            _share(c.seconds, whole),
            f"{c.seconds:.3e}",
            c.kind,
            str(c.calls),
            code(c.node),
            code(line_of(c.node)),
        )
        for c in costs[:_ROWS]
    ]
    return table(rows, ("time", "seconds", "type", "calls", "node", "line"))


def _memory(profile: Any, costs: Sequence[NodeCost]) -> str:
    calls = max(profile.fct_callcount, 1)
    rows = [
        (amount(c.bytes / calls), kind_of_memory(c), code(c.node))
        for c in sorted(costs, key=lambda c: -c.bytes)[:_ROWS]
    ]
    peak = f"<p>At most {amount(profile.peak_memory)} in one call.</p>"
    return peak + table(rows, ("a call", "kind", "node"))


def _passes(found: list[PassCost]) -> str:
    found.sort(key=lambda one: -one.seconds)
    whole = sum(one.seconds for one in found)
    rows = [
        (
            _share(one.seconds, whole),
            f"{one.seconds:.3e}",
            f"{one.runs}, {one.useless} useless",
            str(one.nodes),
            code(one.name),
            code(", ".join(f"{n} {rule}" for rule, n in one.applied.most_common() if n > 0)),
        )
        for one in found
    ]
    return table(rows, ("time", "seconds", "runs", "nodes after", "pass", "what it replaced"))
