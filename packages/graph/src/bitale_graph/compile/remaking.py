"""Functions made of functions: copies with other state, without updates, of fewer outputs."""

from __future__ import annotations

import copy
import dataclasses
import threading
import weakref
from collections.abc import Mapping, Sequence
from typing import Any

from ..base.errors import describe
from ..core.function_graph import FunctionGraph
from ..core.traversal import graph_replace
from ..tensor.shared import SharedVariable
from ..tensor.state import Container
from .maker import FunctionMaker
from .storage import own_copy


def remade(maker: FunctionMaker, **changes: Any) -> FunctionMaker:
    """A maker of the same function with other attributes; what is rewritten stays so."""
    arguments = [dataclasses.replace(a) for a in maker.parameters]
    changes.setdefault("parameters", arguments)
    changes.setdefault("arguments", [a for a in changes["parameters"] if a.state is None])
    return dataclasses.replace(maker, source=None, _lock=threading.Lock(), **changes)


def copied(maker: FunctionMaker, swap: Any, delete_updates: bool, name: str) -> FunctionMaker:
    """The maker of a copy: state that inputs became is its own, that of shared variables is not.

    Raises
    ------
    TypeError
        If ``swap`` is no mapping of shared variables, or types differ.
    ValueError
        If one that shall be replaced is not used.
    """
    own = {p.state for p in maker.parameters}
    containers = [own_copy(c) if k in own else c for k, c in enumerate(maker.containers)]
    exchanged = _swapped(maker, swap)
    containers = [exchanged.get(k, c) for k, c in enumerate(containers)]
    shared = [*maker.shared, *map(weakref.ref, (swap or {}).values())]
    found = remade(maker, containers=containers, name=name, shared=shared)
    for a in found.parameters:
        a.function_name = name
    if delete_updates:
        found = _without_updates(found)
    return _merged(found) if len(set(containers)) < len(containers) else found


def copied_deeply(maker: FunctionMaker, memo: dict[int, Any]) -> FunctionMaker:
    """The maker of a copy with state of its own, which is not rewritten again.

    Settings of how functions are read from pickles have no say in this.
    """
    return FunctionMaker.from_state(copy.deepcopy(maker.state(), memo), rewrite_again=False)


def _swapped(maker: FunctionMaker, swap: Any) -> dict[int, Container]:
    if swap is None:
        return {}
    if not isinstance(swap, Mapping):
        raise TypeError(f"copy: swap must map shared variables to others, and is {swap!r}")
    found: dict[int, Container] = {}
    slots = maker.written.inputs[len(maker.arguments) :]
    for old, new in swap.items():
        for v in (old, new):
            if not isinstance(v, SharedVariable):
                raise TypeError(f"copy: swap must map shared variables to others, not {v!r}")
        places = [k for k, c in enumerate(maker.containers) if c is old.container]
        if not places:
            raise ValueError(f"copy: {describe(old)} is no shared variable of {maker.name!r}")
        if not slots[places[0]].type.admits(new.type):
            raise TypeError(
                f"copy: {describe(new)} cannot take the place of\n  {describe(old)}: types differ"
            )
        found[places[0]] = new.container
    return found


def _without_updates(maker: FunctionMaker) -> FunctionMaker:
    n = maker.n_outputs
    graphs: dict[str, Any] = {"written": _of_outputs(maker.written, range(n))}
    if maker._rewritten is not None:
        graphs["_rewritten"] = _of_outputs(maker._rewritten, range(n))
    return remade(maker, update_targets=[], **graphs)


def _of_outputs(graph: FunctionGraph, places: Sequence[int]) -> FunctionGraph:
    return FunctionGraph.cloned(graph.inputs, [graph.outputs[k] for k in places])[0]


def _merged(maker: FunctionMaker) -> FunctionMaker:
    """Let every container be one input of the graph."""
    n = len(maker.arguments)
    inputs = maker.written.inputs
    first: dict[Container, int] = {}
    for k, c in enumerate(maker.containers):
        first.setdefault(c, k)
    places = {k: first[c] for k, c in enumerate(maker.containers)}
    kept = sorted(set(places.values()))
    targets = [kept.index(places[k]) for k in maker.update_targets]
    if len(set(targets)) < len(targets):
        raise ValueError("copy: a shared variable would be updated twice")
    outputs = graph_replace(
        maker.written.outputs,
        {inputs[n + k]: inputs[n + m] for k, m in places.items() if k != m},
    )
    written = FunctionGraph.cloned([*inputs[:n], *(inputs[n + k] for k in kept)], outputs)[0]
    found = remade(
        maker,
        written=written,
        _rewritten=None,
        containers=[maker.containers[k] for k in kept],
        update_targets=targets,
    )
    for a, v in zip(found.arguments, written.inputs, strict=False):
        a.variable = v
    for p in found.parameters:
        p.state = None if p.state is None else kept.index(places[p.state])
    return found


def of_outputs(maker: FunctionMaker, places: Sequence[int]) -> FunctionMaker:
    """The maker of a function that gives some of the outputs, and makes all updates."""
    n = maker.n_outputs
    chosen = [*places, *range(n, len(maker.written.outputs))]
    return remade(
        maker,
        written=_of_outputs(maker.written, chosen),
        _rewritten=None,
        n_outputs=len(places),
        on_device=tuple(i for i, k in enumerate(places) if k in maker.on_device),
    )
