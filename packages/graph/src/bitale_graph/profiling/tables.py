"""Profiles as tables of text, in the columns of Theano's."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import IO, Any

from ..base.config import config
from .costs import NodeCost
from .grouping import Group, line_of
from .passes import PassCost

_HEAD = "<% time> <sum %> <apply time> <time per call> <type> <#call> <#apply> <{}>"
_HEAD_OF_NODES = "<% time> <sum %> <apply time> <time per call> <type> <#call> <id> <Apply name>"


def write(file: IO[str] | None, text: str) -> None:
    """Write lines, each cut to the width that is set; without a file to standard error."""
    width = config.profiling.output_line_width
    target = sys.stderr if file is None else file
    encoding = getattr(target, "encoding", None) or "utf-8"
    for line in text.split("\n") if text else ():
        shown = line[:width].encode(encoding, errors="backslashreplace").decode(encoding)
        target.write(f"{shown.rstrip()}\n")


def percent(part: float, whole: float) -> float:
    """A part in percent; of nothing it is nothing."""
    return 100 * part / whole if whole else 0.0


def _took(part: float, whole: float) -> str:
    return f"{part:.3e}s ({percent(part, whole):.1f}%)"


def of_functions(profile: Any) -> str:
    """How often functions were called, what that took, and what making them did."""
    calls, seconds = profile.fct_callcount, profile.fct_call_time
    in_nodes = sum(c.seconds for c in profile.node_costs())
    rest = profile.compile_time - profile.rewriter_time - profile.linker_time
    lines = [
        "Function profiling",
        "==================",
        f"  Message: {profile.message}",
        f"  Time in {calls} calls to Function.__call__: {seconds:.3e}s",
    ]
    if calls:
        lines += [
            f"  Time in Function.fn.__call__: {_took(profile.vm_call_time, seconds)}",
            f"  Time in nodes: {_took(in_nodes, seconds)}",
        ]
        lines += [
            f"    in {_KINDS[g.kind]}: {_took(g.seconds, seconds)}" for g in profile.by_kind()
        ]
        if profile.transfer_time:
            lines.append(f"    in transfers: {_took(profile.transfer_time, seconds)}")
        lines.append(f"  Peak of memory in one call: {amount(profile.peak_memory)}")
    lines += [
        f"  Total compile time: {profile.compile_time:.3e}s",
        f"    Number of Apply nodes: {profile.nb_nodes}",
        f"    Rewriting: {profile.rewriter_time:.3e}s",
        f"    Linking: {profile.linker_time:.3e}s",
        *(
            f"       {name}: {took:.3e}s"
            for name, took in profile.phases.items()
            if name not in ("rewriting", "linking")
        ),
        f"    Reading the expressions: {max(rest, 0.0):.3e}s",
        "",
    ]
    return "\n".join(lines)


_KINDS = {"C": "machine code", "Py": "Python", "GPU": "kernels of the GPU"}


def of_process(profiles: Iterable[Any]) -> str:
    """What all functions that are measured in a process took together."""
    told = [one for one in profiles if one.fct_callcount]
    calls = sum(one.fct_callcount for one in told)
    seconds = sum(one.fct_call_time for one in told)
    making = sum(one.compile_time for one in told)
    return "\n".join(
        [
            "All functions that were measured",
            "================================",
            f"  {len(told)} profiles, {calls} calls: {seconds:.3e}s",
            f"  Total compile time: {making:.3e}s",
            "",
        ]
    )


def _row(part: float, before: float, whole: float, calls: int, rest: str) -> str:
    return (
        f"  {percent(part, whole):5.1f}%   {percent(before + part, whole):5.1f}%     "
        f"{part:8.3f}s     {part / max(calls, 1):8.2e}s {rest}"
    )


def of_groups(
    title: str, what: str, found: Sequence[Group], calls: Group, N: int | None = None
) -> str:
    """A table of groups of nodes, ``N`` rows of it; ``calls`` are those that the nodes ran in."""
    shown = found[: config.profiling.n_ops if N is None else N]
    in_nodes = sum(g.seconds for g in found)
    whole = max(in_nodes, calls.seconds)
    lines, before = [title, "-" * len(title), _HEAD.format(what)], 0.0
    for g in shown:
        rest = f"{g.kind:>6} {g.calls:>8} {g.nodes:>7}   {g.name}"
        lines.append(_row(g.seconds, before, whole, g.calls, rest))
        before += g.seconds
    left = in_nodes - before
    lines.append(
        f"   ... (remaining {len(found) - len(shown)} {title} account for "
        f"{percent(left, whole):6.2f}%({left:.2f}s) of the runtime)"
    )
    rest = f"{calls.kind:>6} {calls.calls:>8} {calls.nodes:>7}   {calls.name}"
    lines.append(_row(whole - in_nodes, in_nodes, whole, calls.calls, rest))
    return "\n".join([*lines, ""])


def of_nodes(costs: Sequence[NodeCost], N: int | None = None) -> str:
    """A table of nodes, ``N`` rows of it, each with its line and the types of its inputs."""
    shown = costs[: config.profiling.n_apply if N is None else N]
    whole = sum(c.seconds for c in costs)
    lines, before = ["Apply", "-----", _HEAD_OF_NODES], 0.0
    for k, c in enumerate(shown):
        rest = f"{c.kind:>6} {c.calls:>8} {k:>4}   {c.node}"
        lines.append(_row(c.seconds, before, whole, c.calls, rest))
        before += c.seconds
        lines.append(f"    line: {line_of(c.node)}")
        for title, variables in (("input", c.node.inputs), ("output", c.node.outputs)):
            lines += [f"    {title} {i}: {v.type}" for i, v in enumerate(variables)]
    left = len(costs) - len(shown)
    lines.append(
        f"   ... (remaining {left} Apply instances account for "
        f"{percent(whole - before, whole):.2f}%({whole - before:.2f}s) of the runtime)"
    )
    return "\n".join([*lines, ""])


def amount(size: float) -> str:
    """Bytes in the unit that suits them."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024 or unit == "GiB":
            return f"{size:.0f}{unit}" if unit == "B" else f"{size:.1f}{unit}"
        size /= 1024
    raise AssertionError


def kind_of_memory(cost: NodeCost) -> str:
    """Where the results of a node lie: in memory of their own, or that of its inputs."""
    if cost.bytes:
        return "created"
    return "in place or view" if any(v.type.ndim for v in _tensors(cost)) else "numbers"


def _tensors(cost: NodeCost) -> list[Any]:
    return [v for v in cost.node.outputs if hasattr(v.type, "ndim")]


def of_memory(profile: Any, N: int | None = None) -> str:
    """What memory was taken in a call, and for which nodes."""
    calls = max(profile.fct_callcount, 1)
    costs = sorted(profile.node_costs(), key=lambda c: -c.bytes)
    least = config.profiling.min_memory_size
    told = [c for c in costs if c.bytes / calls >= least]
    shown = told[: config.profiling.n_apply if N is None else N]
    taken = sum(c.bytes for c in costs)
    rest = amount((taken - sum(c.bytes for c in shown)) / calls)
    return "\n".join(
        [
            "Memory",
            "------",
            f"  Peak of one call: {amount(profile.peak_memory)}",
            f"  Without giving back what is not needed any more: {amount(taken / calls)} a call",
            "<bytes a call> <kind> <Apply name>",
            *(
                f"  {amount(c.bytes / calls):>12} {kind_of_memory(c)}  {c.node}   {line_of(c.node)}"
                for c in shown
            ),
            f"   ... (remaining {len(costs) - len(shown)} nodes account for {rest} a call)",
            "",
        ]
    )


def of_passes(passes: Mapping[str, PassCost]) -> str:
    """What each pass of the rewriter took, and what it did."""
    found = sorted(passes.values(), key=lambda one: -one.seconds)
    whole = sum(one.seconds for one in found)
    lines = [
        "Rewriter",
        "--------",
        f"  {whole:.3e}s in {len(found)} passes",
        "<% time> <time> <#run> <#useless> <#replaced> <#node after> <Pass name>",
    ]
    for one in found:
        applied = sum(one.applied.values())
        lines.append(
            f"  {percent(one.seconds, whole):5.1f}%  {one.seconds:.2e}s {one.runs:>5} "
            f"{one.useless:>9} {applied:>10} {one.nodes:>12}   {one.name}"
        )
        lines += [
            f"      {often:>5}  {rule}" for rule, often in one.applied.most_common() if often > 0
        ]
    return "\n".join([*lines, ""])


def tips(profile: Any) -> str:
    """What might be faster, if anything is to be said."""
    found = []
    costs, seconds = profile.node_costs(), profile.fct_call_time
    in_nodes = sum(c.seconds for c in costs)
    slow = [g for g in profile.by_kind() if "Py" in g.kind and g.seconds > 0.2 * seconds]
    if slow and any(c.kind == "C" for c in costs):
        names = ", ".join(dict.fromkeys(str(c.node.op) for c in costs if c.kind == "Py"))
        found.append(f"Python runs {names}, which takes {percent(slow[0].seconds, seconds):.0f}%")
    elif slow:
        found.append("all nodes run in Python: mode FAST_RUN and a C compiler make machine code")
    if profile.fct_callcount and costs and in_nodes < 0.5 * seconds:
        found.append(
            f"{percent(seconds - in_nodes, seconds):.0f}% of the time is no node's: give calls "
            "more to do, as by larger batches or a scan over steps"
        )
    if sum(c.seconds for c in costs if _is_wide(c)) > 0.5 * seconds:
        found.append("most of it is float64: float32 (floatX=float32) halves memory and its time")
    return "".join(f"Tip: {one}\n" for one in found)


def _is_wide(cost: NodeCost) -> bool:
    return any(getattr(v.type, "dtype", "") == "float64" for v in cost.node.outputs)
