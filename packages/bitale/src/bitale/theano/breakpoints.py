"""``theano.tests.breakpoint``: a function that stops in the debugger where a condition holds."""

from __future__ import annotations

import pdb
from collections.abc import Sequence
from typing import Any

from bitale_graph.extend import as_tensor

import bitale
from bitale.gradient import DisconnectedType


class PdbBreakpoint(bitale.Op):
    """Gives what it is given, and stops before it where a condition holds.

    Called with a condition of rank 0 and the variables to be looked at (``monitored`` in the
    debugger), it gives those variables again; one of them has to be used by the result.
    """

    __props__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def make_node(self, condition: Any, *monitored_vars: Any) -> Any:
        """A node that stops; raises `ValueError` for a condition that is no number."""
        condition = as_tensor(condition)
        if condition.ndim:
            raise ValueError(f"{self}: the condition is one number, and {condition} is an array")
        monitored = [v if isinstance(v, bitale.Variable) else as_tensor(v) for v in monitored_vars]
        return bitale.Apply(self, [condition, *monitored], [v.type() for v in monitored])

    def perform(self, node: Any, inputs: Sequence[Any], output_storage: Any) -> None:
        """Stop if the condition holds."""
        condition, *monitored = inputs
        if condition:
            print(f"PdbBreakpoint {self.name!r}: the condition is {condition}; look at monitored")  # noqa: T201
            pdb.set_trace()
        for cell, value in zip(output_storage, monitored, strict=True):
            cell[0] = value

    def infer_shape(self, fgraph_or_node: Any, *rest: Any) -> list[Any]:
        """The shapes of what is looked at."""
        return list(rest[-1][1:])

    def grad(self, inputs: Sequence[Any], output_gradients: Sequence[Any]) -> list[Any]:
        """The gradients pass; none comes to the condition."""
        return [DisconnectedType()(), *output_gradients]

    def connection_pattern(self, node: Any) -> list[list[bool]]:
        """Each output comes of its input."""
        n = len(node.outputs)
        return [[False] * n, *([i == k for k in range(n)] for i in range(n))]


__all__ = ["PdbBreakpoint"]
