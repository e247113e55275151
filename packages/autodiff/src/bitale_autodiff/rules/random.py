"""Random numbers do not move with their key; by what they are distributed, they are undefined."""

from __future__ import annotations

from typing import Any

from bitale_graph.extend import draw_ops

from ..table import scalar_vjps
from ..zero import ZERO, NullType


def _draw_vjp(name: str) -> Any:
    def rule(*operands_result_cotangent: Any) -> list[Any]:
        n = len(operands_result_cotangent) - 5
        reason = f"{name} draws numbers, which have no derivative by the parameters"
        return [ZERO] * 3 + [NullType(reason)() for _ in range(n)]

    return rule


for _op in draw_ops:
    scalar_vjps.define(_op)(_draw_vjp(_op.name))
