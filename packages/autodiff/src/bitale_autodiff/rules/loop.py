"""Fused loops come after differentiation, so they have no rule; this says so where one is met."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

from bitale_graph.extend import Loop, MissingRuleError

from ..table import vjps


@vjps.define(Loop)
def loop_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]
) -> NoReturn:
    """Raise `MissingRuleError`, and tell when to differentiate instead."""
    raise MissingRuleError(
        "Loop has not a gradient rule: rewriting makes it from elementwise ops and reductions, "
        "inside function(). Differentiate the expression before it is compiled or rewritten"
    )
