"""Random numbers do not move with their key; by what they are distributed, they are undefined."""

from __future__ import annotations

from typing import Any

from bitale_graph.extend import Apply, Parameter, draw_ops

from ..table import connections, never_defined, scalar_vjps, vjps
from ..zero import ZERO, NullType, grad_undefined


def _draw_vjp(name: str) -> Any:
    def rule(*operands_result_cotangent: Any) -> list[Any]:
        n = len(operands_result_cotangent) - 5
        reason = f"{name} draws numbers, which have no derivative by the parameters"
        return [ZERO] * 3 + [NullType(reason)() for _ in range(n)]

    return rule


for _op in draw_ops:
    scalar_vjps.define(_op)(_draw_vjp(_op.name))

never_defined.add(Parameter)


@vjps.define(Parameter)
def parameter_vjp(op: Any, inputs: Any, outputs: Any, cotangents: Any) -> list[Any]:
    """Numbers that are drawn have no derivative by what they are distributed by."""
    return [grad_undefined(op, 0, inputs[0], "it is a parameter of random numbers")]


@connections.define(Parameter)
def parameter_connection(node: Apply) -> list[list[bool]]:
    """One input, one output."""
    return [[True]]
