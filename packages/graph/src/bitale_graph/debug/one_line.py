"""Graphs as one line of text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from ..core.graph import Apply, Variable
from ..core.walks import list_of_nodes

LeafFormatter = Callable[[Variable], str]
NodeFormatter = Callable[[Apply, Sequence[str]], str]


def leaf_text(leaf: Variable) -> str:
    """The name of a leaf, or its type."""
    return str(leaf)


def node_text(node: Apply, arguments: Sequence[str]) -> str:
    """The op and what it is applied to."""
    return f"{node.op}({', '.join(arguments)})"


def as_string(
    i: Sequence[Variable],
    o: Sequence[Variable],
    leaf_formatter: LeafFormatter = leaf_text,
    node_formatter: NodeFormatter = node_text,
) -> list[str]:
    """The expressions ``o`` of ``i``, each as a line of text.

    What is read several times is written out where it is met first, after ``*1 ->``, and is ``*1``
    from then on.
    """
    given = set(i)
    read: dict[Apply, int] = {}
    nodes = list_of_nodes(i, o)
    for v in [*o, *(v for node in nodes for v in node.inputs)]:
        if v.owner is not None and v not in given:
            read[v.owner] = read.get(v.owner, 0) + 1
    several = [node for node in nodes if read.get(node, 0) > 1]
    number = {node: k for k, node in enumerate(several, start=1)}
    done: set[Apply] = set()
    return [_text(v, given, number, done, leaf_formatter, node_formatter) for v in o]


def _text(
    root: Variable,
    given: set[Variable],
    number: dict[Apply, int],
    done: set[Apply],
    leaf_formatter: LeafFormatter,
    node_formatter: NodeFormatter,
) -> str:
    top: list[str] = []
    # Nodes that are being written, each with what is left of its inputs, and their texts so far.
    stack: list[tuple[Variable | None, Iterator[Variable], list[str]]] = [(None, iter([root]), top)]
    while stack:
        v, rest, texts = stack[-1]
        for u in rest:
            if u.owner is None or u in given:
                texts.append(leaf_formatter(u))
            elif u.owner in done:
                texts.append(f"*{number[u.owner]}{_place(u)}")
            else:
                done.add(u.owner)
                stack.append((u, iter(u.owner.inputs), []))
                break
        else:
            stack.pop()
            if v is not None and v.owner is not None:
                text = node_formatter(v.owner, texts)
                if v.owner in number:
                    text = f"*{number[v.owner]} -> {text}"
                stack[-1][2].append(text)
    return top[0]


def _place(v: Variable) -> str:
    return "" if v.owner is None or len(v.owner.outputs) == 1 else f"::{v.index}"


def op_as_string(
    i: Sequence[Variable],
    op: Apply,
    leaf_formatter: LeafFormatter = leaf_text,
    node_formatter: NodeFormatter = node_text,
) -> str:
    """A node on expressions of ``i``, as a line of text."""
    return node_formatter(op, as_string(i, op.inputs, leaf_formatter, node_formatter))
