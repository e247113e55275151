"""What ops that move elements do to tangents: they move them in the same way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .walker import zeros_for


def with_zeros(inputs: Sequence[Any], tangents: Sequence[Any]) -> list[Any]:
    """The tangents of some inputs, zeros where nothing flows."""
    return [zeros_for(v) if t is None else t for v, t in zip(inputs, tangents, strict=True)]


def every_part_moves(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], tangents: Sequence[Any]
) -> Sequence[Any]:
    """The forward rule of an op that is linear in all its inputs together."""
    found: Sequence[Any] = op.make_node(*with_zeros(inputs, tangents)).outputs
    return found
