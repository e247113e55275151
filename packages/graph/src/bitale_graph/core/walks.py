"""What lies between variables: the walks by which programs look at graphs.

Arguments named ``blockers`` are variables that a walk reaches and does not go behind.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Container, Hashable, Iterable, Mapping, MutableMapping
from typing import Any, TypeVar

from ..base.errors import InconsistentGraphError
from . import traversal
from .graph import Apply, Variable
from .order import toposort

T = TypeVar("T", bound=Hashable)


def ancestors(
    variables: Iterable[Variable], blockers: Container[Variable] | None = None
) -> list[Variable]:
    """``variables`` and all that they depend on, each once."""
    return traversal.ancestors(variables, blockers or ())


def inputs(
    variables: Iterable[Variable], blockers: Container[Variable] | None = None
) -> list[Variable]:
    """The variables without an owner that ``variables`` depend on; constants are among them."""
    return [v for v in ancestors(variables, blockers) if v.owner is None]


def variables(i: Iterable[Variable], o: Iterable[Variable]) -> list[Variable]:
    """Every variable from ``i`` to ``o``: those two, and the leaves on the way."""
    return variables_and_orphans(i, o)[0]


def orphans(i: Iterable[Variable], o: Iterable[Variable]) -> list[Variable]:
    """The leaves that ``o`` depends on and that are not in ``i``; constants are among them."""
    return variables_and_orphans(i, o)[1]


def variables_and_orphans(
    i: Iterable[Variable], o: Iterable[Variable]
) -> tuple[list[Variable], list[Variable]]:
    """What `variables` and `orphans` give."""
    given = dict.fromkeys(i)
    results = list(o)
    found = dict.fromkeys(traversal.ancestors(results, given))
    for node in toposort(results, stop_at=given):
        found.update(dict.fromkeys(node.outputs))
    alone = [v for v in found if v.owner is None and v not in given]
    return list({**found, **given}), alone


def list_of_nodes(inputs: Iterable[Variable], outputs: Iterable[Variable]) -> list[Apply]:
    """The nodes from ``inputs`` to ``outputs``."""
    return toposort(outputs, stop_at=set(inputs))


def ops(i: Iterable[Variable], o: Iterable[Variable]) -> set[Apply]:
    """The nodes from ``i`` to ``o``, as a set."""
    return set(list_of_nodes(i, o))


def io_toposort(
    inputs: Iterable[Variable],
    outputs: Iterable[Variable],
    orderings: Mapping[Apply, Iterable[Apply]] | None = None,
    clients: MutableMapping[Any, list[Any]] | None = None,
) -> list[Apply]:
    """The nodes from ``inputs`` to ``outputs``, each after those that it depends on.

    Parameters
    ----------
    orderings : mapping, optional
        For nodes those that must come before them, too.
    clients : dict, optional
        To be filled: for each variable the nodes that read it.
    """
    given = set(inputs)
    order = toposort(outputs, stop_at=given)
    if orderings:
        known = set(order)
        order = general_toposort(
            order,
            lambda node: [
                *(v.owner for v in node.inputs if v.owner in known and v not in given),
                *(before for before in orderings.get(node, ()) if before in known),
            ],
        )
    if clients is not None:
        for node in order:
            for v in node.inputs:
                clients.setdefault(v, []).append(node)
    return order


def general_toposort(
    outputs: Iterable[T],
    deps: Callable[[T], Iterable[T]],
    clients: MutableMapping[T, list[T]] | None = None,
) -> list[T]:
    """Whatever ``outputs`` need, each after what it needs itself.

    Parameters
    ----------
    outputs : iterable
    deps : callable
        Gives for one what it needs.
    clients : dict, optional
        To be filled: for each those that need it.

    Raises
    ------
    InconsistentGraphError
        If something needs itself.
    """
    done: dict[T, bool] = {}
    order: list[T] = []
    for output in outputs:
        stack = [] if output in done else [(output, iter(list(deps(output) or ())))]
        if stack:
            done[output] = False
        while stack:
            one, rest = stack[-1]
            for needed in rest:
                if clients is not None:
                    clients.setdefault(needed, []).append(one)
                if not done.get(needed, True):
                    raise InconsistentGraphError(f"there is a cycle through {needed}")
                if needed not in done:
                    done[needed] = False
                    stack.append((needed, iter(list(deps(needed) or ()))))
                    break
            else:
                stack.pop()
                done[one] = True
                order.append(one)
    return order


def is_in_ancestors(l_node: Apply, f_node: Apply) -> bool:
    """Whether ``l_node`` depends on ``f_node``, or is it."""
    return l_node is f_node or f_node in set(toposort(l_node.inputs))


def view_roots(r: Variable) -> list[Variable]:
    """The variables whose memory ``r`` may show, by what ops say of their views."""
    found: dict[Variable, None] = {}
    stack = [r]
    while stack:
        v = stack.pop()
        shown = () if v.owner is None else v.owner.op.view_map.get(v.index or 0, ())
        if v.owner is None or not shown:
            found[v] = None
        else:
            stack.extend(v.owner.inputs[i] for i in reversed(list(shown)))
    return list(found)


def stack_search(
    start: Iterable[T],
    expand: Callable[[T], Iterable[T] | None],
    mode: str = "bfs",
    build_inv: bool = False,
) -> list[T] | tuple[list[T], dict[T, list[T]]]:
    """All that is reached from ``start``, each once, in the order of discovery.

    Parameters
    ----------
    start : iterable
    expand : callable
        Gives what is reached from one directly; None for nothing.
    mode : "bfs" or "dfs"
        Whether to go on with the oldest or the newest.
    build_inv : bool
        Give also, for each, those that it was reached from.
    """
    if mode not in ("bfs", "dfs"):
        raise ValueError(f"stack_search: mode is 'bfs' or 'dfs', not {mode!r}")
    waiting = deque(start)
    found: dict[T, None] = {}
    inverse: dict[T, list[T]] = {}
    while waiting:
        one = waiting.popleft() if mode == "bfs" else waiting.pop()
        if one in found:
            continue
        found[one] = None
        for reached in expand(one) or ():
            inverse.setdefault(reached, []).append(one)
            waiting.append(reached)
    return (list(found), inverse) if build_inv else list(found)
