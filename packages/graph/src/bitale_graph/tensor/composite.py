"""A scalar op that is a small program of others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.graph import Constant, Variable
from ..core.order import toposort
from .elementwise import Elementwise
from .scalar import Array, ScalarOp, common_shape
from .variable import TensorType


class Composite(ScalarOp):
    """The function of numbers that an expression of variables of rank 0 is.

    In a loop it is its steps, and derivatives go through them.

    Parameters
    ----------
    inputs : sequence of Variable
        Of rank 0; operands are cast to their dtypes.
    outputs : sequence of Variable
        One variable, made of ``inputs`` and constants by scalar ops.
    """

    def __init__(self, inputs: Sequence[Variable], outputs: Sequence[Variable]) -> None:
        if len(outputs) != 1:
            raise ValueError(
                f"a Composite has one output, and got {len(outputs)}: make one for each"
            )
        order = toposort(outputs, stop_at=set(inputs))
        for v in (*inputs, *(o for node in order for o in node.outputs)):
            if getattr(v.type, "ndim", None) != 0:
                raise TypeError(f"a Composite is made of numbers, and {v} is {v.type}")
        for node in order:
            if not isinstance(node.op, Elementwise):
                raise TypeError(f"a Composite is made of scalar ops, and {node} is none")
        places: dict[Variable, Any] = {v: i for i, v in enumerate(inputs)}
        steps: list[tuple[Any, tuple[Any, ...], str]] = []
        for node in order:
            args = tuple(self._argument(v, places) for v in node.inputs)
            steps.append((node.op, args, node.out.type.dtype))
            places[node.out] = len(inputs) + len(steps) - 1
        name = "Composite{" + ", ".join(op.scalar_op.name for op, *_ in steps) + "}"
        super().__init__(
            name,
            len(inputs),
            self._on_arrays,
            cost=sum(op.scalar_op.cost for op, *_ in steps),
            is_called=any(op.scalar_op.is_called for op, *_ in steps),
        )
        self.dtypes = tuple(v.type.dtype for v in inputs)
        self.steps = tuple(steps)
        self.result_place = self._argument(outputs[0], places)
        self.out_dtype: str = outputs[0].type.dtype

    @staticmethod
    def _argument(v: Variable, places: dict[Variable, Any]) -> Any:
        """The place of a value, or the number that it is."""
        if v in places:
            return places[v]
        if isinstance(v, Constant):
            return v
        raise ValueError(f"a Composite reads {v}, which is none of its inputs")

    def operand_dtypes(self, given: Sequence[str]) -> tuple[str, ...]:
        return self.dtypes

    def result_dtype(self, operands: Sequence[str]) -> str:
        return self.out_dtype

    def key(self) -> Any:
        """None: its name does not tell its numbers."""
        return None

    def inlined(self, *operands: Any) -> Any:
        """The expression of tensors."""
        values = list(operands)
        for op, args, _ in self.steps:
            values.append(op(*(values[a] if isinstance(a, int) else a for a in args)))
        last = self.result_place
        return values[last] if isinstance(last, int) else last

    def _on_arrays(self, *operands: Array) -> Array:
        values = list(operands)
        for op, args, dtype in self.steps:
            given = (values[a] if isinstance(a, int) else a.data for a in args)
            values.append(np.asarray(op.scalar_op(*given), dtype))
        last = self.result_place
        found = values[last] if isinstance(last, int) else last.data
        return np.array(np.broadcast_to(found, common_shape(*map(np.shape, operands))))

    def __reduce__(self) -> Any:
        inputs = [TensorType(dtype, ())() for dtype in self.dtypes]
        return Composite, (inputs, [self.inlined(*inputs)])
