"""Ops that make one tensor."""

from __future__ import annotations

from typing import Any

from ..core.graph import Op
from .variable import TensorVariable


class TensorOp(Op):
    """An op whose nodes have one output, a tensor."""

    def __call__(self, *inputs: Any, **keywords: Any) -> TensorVariable:
        """Apply to variables or values."""
        made: TensorVariable = super().__call__(*inputs, **keywords)
        return made
