"""Copies and views by name: what Theano's programs write where memory is shared or not.

Results of functions share no memory here, so rewriting drops these ops.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, ClassVar

from ..core.graph import Apply, Op, Storage, Variable
from ..tensor.conversion import as_tensor


class _Identity(Op):
    """An op that gives what it is given, of whatever type."""

    __props__ = ()
    is_identity_after_grad = True

    def make_node(self, x: Any) -> Apply:
        """Take a variable of any type."""
        x = x if isinstance(x, Variable) else as_tensor(x)
        return Apply(self, [x], [x.type()])

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [tuple(input_shapes[0])]


class ViewOp(_Identity):
    """The input, by its memory."""

    view_map: ClassVar = {0: [0]}

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        output_storage[0][0] = inputs[0]


class OutputGuard(ViewOp):
    """The input, which no op may compute in place of: none does here."""


class DeepCopyOp(_Identity):
    """The input in memory of its own."""

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        output_storage[0][0] = copy.deepcopy(inputs[0])


view_op = ViewOp()
deep_copy_op = DeepCopyOp()
output_guard = OutputGuard()
