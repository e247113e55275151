"""Ops that give what they are given: derivatives pass as values do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bitale_graph.extend import (
    Apply,
    DeepCopyOp,
    OutputGuard,
    PdbBreakpoint,
    Print,
    Raise,
    ViewOp,
)

from ..table import connections, jvps, vjps

vjps.define(DeepCopyOp, OutputGuard, Print, Raise, ViewOp)(
    lambda op, inputs, outputs, cotangents: cotangents[:1]
)
jvps.define(DeepCopyOp, OutputGuard, Print, Raise, ViewOp)(
    lambda op, inputs, outputs, tangents: tangents[:1]
)


@connections.define(PdbBreakpoint)
def breakpoint_connection(node: Apply) -> list[list[bool]]:
    """Each output is an input; nothing depends on the condition."""
    count = len(node.outputs)
    return [[False] * count, *([i == k for k in range(count)] for i in range(count))]


@vjps.define(PdbBreakpoint)
def breakpoint_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]
) -> list[Any]:
    """Hand the cotangents on."""
    return [None, *cotangents]


@jvps.define(PdbBreakpoint)
def breakpoint_jvp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], tangents: Sequence[Any]
) -> list[Any]:
    """Hand the tangents on."""
    return list(tangents[1:])
