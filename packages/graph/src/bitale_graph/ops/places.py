"""What ops that read and ops that write at places named by indices have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

from ..core.graph import Apply
from ..tensor.op import TensorOp


class Read(TensorOp):
    """The elements of the first input at the places that the other inputs name."""

    @abstractmethod
    def writing(self, set: bool) -> Write:
        """The op that writes there (``set``) or adds; it takes x, what is written, the indices."""


class Write(TensorOp):
    """A copy of the first input with the second written there (``set``) or added.

    The other inputs name the places. Who knows what else needs the first input may write into it.
    """

    set: bool

    @abstractmethod
    def reading(self) -> Read:
        """The op that reads what is at these places; it takes x and the indices."""

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [tuple(input_shapes[0])]
