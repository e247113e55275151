"""Values that are no arrays: to a target each is a number, by which Python finds the object again.

They are made and read by callbacks. Where C has an address, it hands on what Python gave it.
"""

from __future__ import annotations

from ..core.graph import Apply, Variable
from ..tensor.array_type import ArrayType
from ..tensor.variable import TensorType

HANDLE = TensorType("int64", ())


def is_opaque(v: Variable) -> bool:
    """Whether the values of a variable are no arrays."""
    return not isinstance(v.type, ArrayType)


def seen_type(v: Variable) -> ArrayType:
    """The type of what host code has for a variable."""
    return v.type if isinstance(v.type, ArrayType) else HANDLE


def reads_opaque(node: Apply) -> bool:
    """Whether a node reads or makes values that are no arrays."""
    return any(map(is_opaque, (*node.inputs, *node.outputs)))
