"""Walks over expression graphs. All are iterative: depth is bounded by memory alone."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence

from .graph import Constant, Variable
from .order import toposort


def ancestors(outputs: Iterable[Variable], stop_at: Container[Variable] = ()) -> list[Variable]:
    """``outputs`` and every variable that they depend on, each once, in order of discovery."""
    stops = stop_at
    seen: dict[Variable, None] = {}
    stack = list(reversed(list(outputs)))
    while stack:
        variable = stack.pop()
        if variable in seen:
            continue
        seen[variable] = None
        if variable.owner is not None and variable not in stops:
            stack.extend(reversed(variable.owner.inputs))
    return list(seen)


def leaves(outputs: Iterable[Variable], stop_at: Container[Variable] = ()) -> list[Variable]:
    """The variables without an owner (constants aside) that ``outputs`` depend on.

    Of ``stop_at`` those that are reached are among them.
    """
    return [
        v
        for v in ancestors(outputs, stop_at)
        if v in stop_at or (v.owner is None and not isinstance(v, Constant))
    ]


def clone_nodes(
    outputs: Sequence[Variable], replace: Mapping[Variable, Variable]
) -> dict[Variable, Variable]:
    """Copy what ``outputs`` depend on, with the variables in ``replace`` exchanged.

    Returns the map from each old variable to its new one, the replaced ones included; leaves that
    are not replaced stand for themselves. Nodes that no replacement reaches are copied too.
    """
    memo: dict[Variable, Variable] = dict(replace)
    for node in toposort(outputs, stop_at=replace):
        new = node.clone_with_new_inputs([memo.get(v, v) for v in node.inputs])
        for old_output, new_output in zip(node.outputs, new.outputs, strict=True):
            memo.setdefault(old_output, new_output)
    for output in outputs:
        memo.setdefault(output, output)
    return memo


def graph_replace(
    outputs: Sequence[Variable], replace: Mapping[Variable, Variable]
) -> list[Variable]:
    """``outputs`` with the variables in ``replace`` exchanged.

    What no replacement reaches is shared, not copied.
    """
    memo: dict[Variable, Variable] = dict(replace)
    for node in toposort(outputs, stop_at=replace):
        inputs = [memo.get(v, v) for v in node.inputs]
        if any(new is not old for new, old in zip(inputs, node.inputs, strict=True)):
            new_node = node.clone_with_new_inputs(inputs)
            for old_output, new_output in zip(node.outputs, new_node.outputs, strict=True):
                memo.setdefault(old_output, new_output)
    return [memo.get(v, v) for v in outputs]


def resolved(
    replacements: dict[Variable, Variable], known: Mapping[Variable, Variable]
) -> dict[Variable, Variable]:
    """Put replacements into replacements, where one holds what another replaces.

    What is behind the variables of ``known`` is not looked at.

    Those that hold each other (or themselves) are left: all substitutions are made at once, so two
    givens can exchange variables.
    """
    holds = {
        old: {v for v in ancestors([new], stop_at=known) if v in replacements} - {old}
        for old, new in replacements.items()
    }
    if not any(holds.values()):
        return replacements
    reach: dict[Variable, set[Variable]] = {}
    for old, held in holds.items():
        seen: set[Variable] = set()
        stack = list(held)
        while stack:
            v = stack.pop()
            if v not in seen:
                seen.add(v)
                stack.extend(holds[v])
        reach[old] = seen
    result: dict[Variable, Variable] = {}
    # What reaches the fewest others comes first, so that what it holds is resolved already.
    for old in sorted(holds, key=lambda v: len(reach[v])):
        inner = {v: result[v] for v in holds[old] if old not in reach[v]}
        result[old] = graph_replace([replacements[old]], {**inner, **known})[0]
    return result
