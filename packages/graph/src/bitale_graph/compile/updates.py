"""The state that a call changes: updates that are given, and those that variables bring along."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..base.errors import describe
from ..core.graph import Variable
from ..core.traversal import graph_replace, leaves
from ..tensor.shared import SharedVariable, not_shared, shared_of
from ..tensor.state import Container
from .arguments import In, fitted


def read_updates(pairs: list[tuple[Any, Any]]) -> dict[SharedVariable, Variable]:
    """The new value of each shared variable that is updated."""
    new_values: dict[SharedVariable, Variable] = {}
    targets: set[Container] = set()
    for target, value in pairs:
        if not isinstance(target, SharedVariable):
            raise TypeError(f"function: {not_shared(target)}")
        if target.container in targets:
            raise ValueError(
                f"function: the shared variable {describe(target)} is updated twice; give one "
                "update for each"
            )
        targets.add(target.container)
        new_values[target] = fitted("updates", target, value)
    return new_values


def with_default_updates(
    new_values: dict[SharedVariable, Variable],
    expressions: list[Variable],
    replacements: Mapping[Variable, Variable],
    known: Mapping[Variable, Variable],
    excluded: bool | Iterable[SharedVariable],
) -> tuple[dict[SharedVariable, Variable], list[Variable]]:
    """The updates and the expressions, with the default updates of what the expressions read.

    A shared variable that was replaced is not read, unless a replacement reads it. Replacements are
    made in default updates as in all else.
    """
    if excluded is True:
        return new_values, expressions
    # Clones share their storage, which is updated once, and by an explicit update if there is one.
    taken = {v.container for v in new_values} | _containers_left_out(excluded)
    made: dict[SharedVariable, Variable] = {}
    found, news = expressions, []
    while found:
        targets: dict[Container, SharedVariable] = {}
        for v in leaves(found, stop_at=known):
            if isinstance(v, SharedVariable) and v.default_update is not None and v not in known:
                targets.setdefault(v.container, v)
        targets = {c: v for c, v in targets.items() if c not in taken}
        written = {v: fitted("default update", v, v.default_update) for v in targets.values()}
        made.update(written)
        taken.update(targets)
        found = list(written.values())
        if replacements:
            found = graph_replace(found, replacements)
        news += found
    return {**new_values, **made}, [*expressions, *news]


def _containers_left_out(excluded: Any) -> set[Container]:
    left_out = [] if excluded is False or excluded is None else excluded
    if isinstance(left_out, SharedVariable):
        left_out = [left_out]
    for v in left_out:
        if not isinstance(v, SharedVariable):
            raise TypeError(
                "function: no_default_updates takes True, False or a list of shared variables, "
                f"and got {v!r}"
            )
    return {v.container for v in left_out}


def hidden_state(one: In) -> SharedVariable:
    """The state that an input with an update becomes."""
    if one.value is None:
        raise TypeError(
            f"function: the input {one.variable} has an update, so it needs a first value"
        )
    value = one.variable.type.filter(one.value, one.strict, one.allow_downcast)
    container = Container(one.variable.type.copied(value))
    return shared_of(one.variable.type, container, one.keyword)
