"""A graph as flat lists: what pickling, cache keys and comparison of graphs stand on.

Depth does not matter.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np

from ..base.trace import Trace, is_own_module
from .function_graph import FunctionGraph
from .graph import Apply, Constant, Op, Type, Variable
from .order import toposort


@dataclass
class FlatGraph:
    """Variables are numbered: inputs first, then constants, then outputs of the nodes in order."""

    inputs: list[tuple[Type, str | None, Trace]]
    constants: list[tuple[Type, Any, str | None]]
    nodes: list[tuple[Op, tuple[int, ...], list[tuple[Type, str | None]], Trace]]
    outputs: list[int]

    def key(self) -> str | None:
        """A digest of everything but traces and names of inner variables.

        None if an op cannot be told by value.
        """
        import hashlib  # dear, and not wanted before something is compiled

        digest = hashlib.sha256()

        def put(*parts: object) -> None:
            digest.update(repr(parts).encode(errors="surrogatepass"))

        for type, name, _ in self.inputs:
            if type.key() is None:
                return None
            put("input", type.key(), name)
        for type, data, _ in self.constants:
            if type.key() is None:
                return None
            put("constant", type.key(), data.shape)
            digest.update(np.ascontiguousarray(data).tobytes())
        for op, inputs, outputs, _ in self.nodes:
            version = _version(op)
            if version is None or not _tells_itself(op.props()) or op.__props__ is None:
                return None
            put(type_name(op), version, op.props(), inputs, [str(t) for t, _ in outputs])
        put("outputs", self.outputs)
        return digest.hexdigest()


def _tells_itself(value: object) -> bool:
    """Whether `repr` of ``value`` is the same in every process, and no other value's."""
    if isinstance(value, (str, bytes, bool, int, float, complex, type(None))):
        return True
    if isinstance(value, tuple):
        return all(map(_tells_itself, value))
    if isinstance(value, Op):
        is_known = is_own_module(type_name(value)) and value.__props__ is not None
        return is_known and _tells_itself(value.props())
    key = getattr(value, "key", None)
    if callable(key) and is_own_module(type(value).__module__):
        return key() is not None
    if is_dataclass(value) and is_own_module(type(value).__module__):
        return all(_tells_itself(getattr(value, f.name)) for f in fields(value))
    return False


def _version(op: Op) -> tuple[Any, ...] | None:
    """What tells one text of an op's class from another; None if nothing does.

    Another program's op may change while its name and properties do not: it must tell a version,
    beside which the files of its classes count.
    """
    if is_own_module(type_name(op)):
        return ()
    told, files = op.c_code_cache_version(), _digest_of_files(type(op).__mro__)
    return (*told, files) if told and files and _tells_itself(told) else None


@functools.cache
def _digest_of_files(classes: tuple[type, ...]) -> str | None:
    """A digest of the files of classes that are not ours; None if one cannot be told by its file.

    What a function makes depends on what that was called with.
    """
    import hashlib
    from pathlib import Path

    digest = hashlib.sha256()
    for cls in classes:
        if cls is object or is_own_module(cls.__module__):
            continue
        if "<locals>" in cls.__qualname__:
            return None
        # What is typed into a session that a file began is not in that file.
        codes = [x.__code__ for x in vars(cls).values() if inspect.isfunction(x)]
        try:
            for file in sorted({inspect.getfile(cls), *(code.co_filename for code in codes)}):
                digest.update(Path(file).read_bytes())
        except (OSError, TypeError):
            return None
    return digest.hexdigest()


def type_name(op: Op) -> str:
    """Module and class of an op."""
    return f"{type(op).__module__}.{type(op).__qualname__}"


def flatten(inputs: Sequence[Variable], outputs: Sequence[Variable]) -> FlatGraph:
    """Number the variables between inputs and outputs."""
    order = toposort(outputs, stop_at=set(inputs))
    constants: dict[Constant, None] = {}
    for v in [*(v for node in order for v in node.inputs), *outputs]:
        if isinstance(v, Constant):
            constants.setdefault(v)
    numbers: dict[Variable, int] = {}
    for v in [*inputs, *constants, *(o for node in order for o in node.outputs)]:
        numbers[v] = len(numbers)
    return FlatGraph(
        [(v.type, v.name, v.made_at) for v in inputs],
        [(v.type, v.data, v.name) for v in constants],
        [
            (
                node.op,
                tuple(numbers[v] for v in node.inputs),
                [(o.type, o.name) for o in node.outputs],
                node.trace,
            )
            for node in order
        ],
        [numbers[v] for v in outputs],
    )


def unflatten(flat: FlatGraph) -> FunctionGraph:
    """Build the graph again, with new variables."""
    variables: list[Variable] = []
    for type, name, trace in flat.inputs:
        leaf = type(name)
        leaf.made_at = trace
        variables.append(leaf)
    n_inputs = len(variables)
    for type, data, name in flat.constants:
        variables.append(type.make_constant(data, name))
    for op, inputs, outputs, trace in flat.nodes:
        made = [type(name) for type, name in outputs]
        node = Apply(op, [variables[i] for i in inputs], made)
        node.trace = trace
        variables.extend(made)
    results = [variables[i] for i in flat.outputs]
    return FunctionGraph(variables[:n_inputs], results, clone=False)


def equal_graphs(
    inputs1: Sequence[Variable],
    outputs1: Sequence[Variable],
    inputs2: Sequence[Variable],
    outputs2: Sequence[Variable],
) -> bool:
    """Whether two graphs compute the same by the same ops.

    Their inputs stand for one another in order.
    """
    if [v.type for v in inputs1] != [v.type for v in inputs2]:
        return False
    return structure(flatten(inputs1, outputs1)) == structure(flatten(inputs2, outputs2))


def structure(flat: FlatGraph) -> object:
    """What a graph computes, for comparison.

    Nodes and outputs by what they read; equal constants count as one, merged or not.
    """
    read: list[object] = [("input", i) for i in range(len(flat.inputs))]
    read += [("constant", t, np.asarray(d).tobytes()) for t, d, _ in flat.constants]
    read += [("computed", i) for i in range(sum(len(outs) for _, _, outs, _ in flat.nodes))]
    nodes = [
        (op, [read[i] for i in inputs], [t for t, _ in outputs])
        for op, inputs, outputs, _ in flat.nodes
    ]
    return nodes, [read[i] for i in flat.outputs]
