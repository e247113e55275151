"""Copies of expressions, and the shared variables they read: what functions of Theano begin by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bitale_graph.extend import clone_nodes
from bitale_graph.graphs import ancestors

from bitale import Constant, Out, Variable
from bitale.compile import SharedVariable


def iter_over_pairs(pairs: Any) -> Iterable[tuple[Any, Any]]:
    """The pairs of a mapping or of a sequence."""
    return pairs.items() if isinstance(pairs, Mapping) else pairs


def rebuild_collect_shared(
    outputs: Any,
    inputs: Iterable[Variable] | None = None,
    replace: Any = None,
    updates: Any = None,
    rebuild_strict: bool = True,
    copy_inputs_over: bool = True,
    no_default_updates: Any = False,
) -> tuple[list[Variable], Any, list[Any]]:
    """Copy expressions with parts replaced, and tell which shared variables they read.

    Parameters
    ----------
    outputs : Variable, Out, list of them, or None
    inputs : variables, optional
    replace : mapping or pairs (variable, replacement), optional
        No replacement may read what another one replaces.
    updates : mapping or pairs (shared variable, new value), optional
    rebuild_strict : bool
        Whether replacements must have the types of what they replace.
    copy_inputs_over : bool
        Whether leaves stand for themselves in the copy, rather than copies of them.
    no_default_updates : bool or list of shared variables

    Returns
    -------
    tuple
        The inputs, the outputs in their form, and ``[copies, updates, pairs, shared]``: the map
        from variables to their copies, that of shared variables to new values, its pairs, and the
        shared variables that are read.

    Raises
    ------
    TypeError
        For an input that is shared, or a replacement of another type.
    ValueError
        For a replacement that reads what another one replaces.
    """
    pairs = _replacements(replace, rebuild_strict)
    is_list = outputs is None or isinstance(outputs, (list, tuple))
    made: list[Any] = list(outputs or ()) if is_list else [outputs]
    expressions = [o.variable if isinstance(o, Out) else o for o in made]
    given = list(inputs or ())
    if any(isinstance(v, SharedVariable) for v in given):
        raise TypeError("a shared variable is no input; replace it by one with givens")
    new_values = dict(iter_over_pairs(updates or ()))
    read = _with_default_updates(
        [*expressions, *pairs.values()], new_values, pairs, no_default_updates
    )
    every = [*expressions, *new_values.values()]
    own = _leaves([*every, *pairs.values()], given, pairs, copy_inputs_over)
    news = clone_nodes(list(pairs.values()), own)
    memo = clone_nodes(every, {**own, **{old: news[new] for old, new in pairs.items()}})
    copies = [Out(memo[o.variable], o.borrow) if isinstance(o, Out) else memo[o] for o in made]
    update_d = {v: memo[new] for v, new in new_values.items()}
    told = [memo, update_d, list(update_d.items()), read]
    return [memo[v] for v in given], copies if is_list else copies[0], told


def _with_default_updates(
    outputs: list[Variable],
    new_values: dict[Any, Variable],
    pairs: Mapping[Variable, Variable],
    excluded: Any,
) -> list[SharedVariable]:
    """Add the default updates of the shared variables that are read, and give these."""
    left_out = {*excluded} if isinstance(excluded, (list, tuple)) else set()
    read: dict[SharedVariable, None] = {}
    todo = [*outputs, *new_values.values()]
    while todo:
        found = [v for v in ancestors(todo, pairs) if isinstance(v, SharedVariable)]
        todo = []
        for v in found:
            if v in read or v in pairs:
                continue
            read[v] = None
            new = v.default_update
            if new is None or excluded is True or v in left_out or v in new_values:
                continue
            new_values[v] = v.type.filter_variable(new)
            todo.append(new_values[v])
    return list(read)


def _leaves(
    outputs: list[Variable],
    given: list[Variable],
    pairs: Mapping[Variable, Variable],
    stay: bool,
) -> dict[Variable, Variable]:
    """For what a copy begins with, inputs and leaves, what stands for it."""
    found = [v for v in ancestors([*outputs, *given], {*pairs, *given}) if v.owner is None]
    return {
        v: v if stay or isinstance(v, Constant) else v.clone()
        for v in [*given, *found]
        if v not in pairs
    }


def _replacements(replace: Any, strict: bool) -> dict[Variable, Variable]:
    pairs: dict[Variable, Variable] = {}
    for old, new in iter_over_pairs(replace or ()):
        if not isinstance(old, Variable):
            raise TypeError(f"only variables can be replaced, not {old!r:.80}")
        if strict or not isinstance(new, Variable):
            new = old.type.filter_variable(new)
        pairs[old] = new
    for old, new in pairs.items():
        if any(v in pairs and v is not old for v in ancestors([new])):
            raise ValueError(f"what replaces {old} reads what is replaced as well")
    return pairs


__all__ = ["iter_over_pairs", "rebuild_collect_shared"]
