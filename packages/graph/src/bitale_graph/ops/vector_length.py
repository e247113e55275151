"""How many elements a vector has, where its type does not know: shapes need that to be written."""

from __future__ import annotations

from typing import Any

from ..base.config import config
from ..core.graph import Constant, Variable
from ..core.order import toposort
from ..tensor.variable import TensorType


def vector_length(v: Any) -> int | None:
    """The length of the first axis, where the type or the graph of ``v`` tells it.

    With ``config.known_lengths`` "ones" types do not, and the nodes of vectors behind ``v`` are
    made again as if they did.
    """
    if isinstance(v, Constant) and v.data.ndim:
        return len(v.data)
    length: int | None = v.type.shape[0] if v.ndim else None
    if length is not None or v.ndim != 1 or config.known_lengths == "all":
        return length
    with config.change_flags(known_lengths="all"):
        made: dict[Variable, Any] = {}
        for node in toposort([v], stop_at=_OtherThanVectors()):
            outputs = node.op.make_node(*(made.get(x, _typed(x)) for x in node.inputs)).outputs
            made.update(zip(node.outputs, outputs, strict=True))
        found: int | None = made.get(v, _typed(v)).type.shape[0]
    return found


class _OtherThanVectors:
    """The variables that are no vectors of integers, as what a walk stops at."""

    def __contains__(self, v: Any) -> bool:
        return not (isinstance(v.type, TensorType) and v.type.ndim == 1)


def _typed(v: Any) -> Any:
    """A constant of the type that its value has; another variable as it is."""
    if isinstance(v, Constant) and isinstance(v.type, TensorType):
        return TensorType(v.type.dtype, v.data.shape).make_constant(v.data)
    return v
