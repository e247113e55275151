"""How expressions are pickled and deep-copied, whatever their depth.

`pickle` and `copy.deepcopy` go down by recursion, but not into what their memo holds. So the first
variable that they ask for gives, before anything else, the leaves and then the nodes that it is
computed from, in order: each of them finds what it reads in the memo. A node is stored without its
outputs, which it makes anew, and a variable as one output of its node; thus whatever shares a node
in one pickle shares it afterwards.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterable
from typing import Any

from .order import toposort


class _Session:
    """What one pickle or copy has asked for. Its memo keeps this alive; we do not."""

    __slots__ = ("__weakref__", "asked")

    def __init__(self) -> None:
        self.asked: set[Any] = set()

    def __reduce__(self) -> tuple[Any, ...]:
        return tuple, ()

    def __contains__(self, variable: Any) -> bool:
        """Whether a traversal need not go through ``variable``: its node has been asked for."""
        return variable.owner in self.asked


class _Current(threading.local):
    session: weakref.ref[_Session] | None = None


_current = _Current()


def _start(asked: Any) -> tuple[_Session, bool]:
    """Give the session that asks, and whether it is new.

    Nothing tells who asks. A memo asks for no object twice, so one asked for again shows that an
    older memo is alive still, and another has begun; to be wrong costs depth alone, never a value.
    """
    session = None if _current.session is None else _current.session()
    if session is not None and asked not in session.asked:
        session.asked.add(asked)
        return session, False
    session = _Session()
    session.asked.add(asked)
    _current.session = weakref.ref(session)
    return session, True


def _before(asked: Any, needed: Iterable[Any]) -> tuple[Any, ...]:
    """What to store before ``asked``: the leaves and nodes that ``needed`` are computed from."""
    session, is_new = _start(asked)
    nodes = toposort(needed, stop_at=session)
    leaves = dict.fromkeys(
        v for node in nodes for v in node.inputs if v.owner is None and v not in session.asked
    )
    # Leaves first: the state of a shared variable may hold an expression of the nodes.
    return (*([session] if is_new else []), *leaves, *nodes)


def reduced_variable(variable: Any) -> tuple[Any, ...] | None:
    """What `pickle` stores of a variable; None for a leaf, which is stored as any object."""
    node = variable.owner
    if node is None:
        _start(variable)
        return None
    before = _before(variable, [variable])
    assert variable.index is not None
    if node.outputs[variable.index] is variable:
        return _output, (before, node, variable.index)
    # A shallow copy, of which its node knows nothing.
    state = {k: x for k, x in variable.__getstate__().items() if k != "owner"}
    return _beside, (before, type(variable), node), state


def reduced_node(node: Any) -> tuple[Any, ...]:
    """What `pickle` stores of a node: what it reads, and of its outputs what they say."""
    before = _before(node, node.inputs)
    outputs = [(type(v), v.type) for v in node.outputs]
    return (
        _node,
        (before, type(node), node.op, node.inputs, outputs),
        (node.trace, _said(node.outputs)),
    )


def _said(outputs: list[Any]) -> list[dict[str, Any]]:
    made = ("type", "owner", "index")
    return [{k: x for k, x in v.__getstate__().items() if k not in made} for v in outputs]


def _output(before: object, node: Any, index: int) -> Any:
    return node.outputs[index]


def _node(
    before: object, cls: Any, op: Any, inputs: list[Any], outputs: list[tuple[type[Any], Any]]
) -> Any:
    node = cls.__new__(cls)
    node.op, node.inputs, node.trace = op, inputs, ()
    node.outputs = [_variable(kind, type, node, i) for i, (kind, type) in enumerate(outputs)]
    return node


def _variable(cls: Any, type: Any, owner: Any, index: int) -> Any:
    made = cls.__new__(cls)
    made.__dict__.update(type=type, owner=owner, index=index, name=None, made_at=())
    return made


def _beside(before: object, cls: Any, node: Any) -> Any:
    made = cls.__new__(cls)
    made.owner = node
    return made
