"""Walks over graphs in the order that Theano's have: the last of several outputs comes first."""

from __future__ import annotations

from collections.abc import Container, Iterable

from bitale import Variable, graph


def ancestors(
    variable_list: Iterable[Variable], blockers: Container[Variable] | None = None
) -> list[Variable]:
    """``variable_list`` and all that they depend on, each once."""
    return graph.ancestors(reversed(list(variable_list)), blockers)


def inputs(
    variable_list: Iterable[Variable], blockers: Container[Variable] | None = None
) -> list[Variable]:
    """The variables without an owner that ``variable_list`` depend on; constants are among them."""
    return [v for v in ancestors(variable_list, blockers) if v.owner is None]
