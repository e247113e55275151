"""Outputs that are no arrays: each call gives values that nobody else holds.

Of arrays every linker sees to that itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..core.function_graph import FunctionGraph
from ..core.graph import Apply, Op, Storage, Type, Variable
from ..tensor.array_type import ArrayType


class OwnValue(Op):
    """A copy that no other holder can change, by `Type.copied`."""

    __props__ = ()

    def make_node(self, x: Any) -> Apply:
        """Take a variable of any type."""
        return Apply(self, [x], [x.type()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        output_storage[0][0] = node.inputs[0].type.copied(inputs[0])


def own_outputs(graph: FunctionGraph) -> None:
    """Copy outputs that are no arrays, and that an argument, the state or another output is."""
    seen: set[Variable] = set()
    for k, v in enumerate(graph.outputs):
        if isinstance(v.type, ArrayType) or type(v.type).copied is Type.copied:
            continue
        op = None if v in graph.inputs or v.owner is None else v.owner.op
        if op is None or v in seen or op.view_map or op.bodies:
            graph.replace_output(k, OwnValue()(v))
        seen.add(v)
