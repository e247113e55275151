"""Checks that a user wrote."""

from __future__ import annotations

from collections.abc import Iterator

from ...core.graph import Apply
from ...ops.assertion import Assert
from ..builder import Builder
from ..target import Target, emits, supports
from .identity import pass_on


@supports.define(Assert)
def assert_is_supported(target: Target, node: Apply[Assert]) -> bool:
    """Nothing is done with the tensor, whatever its dtype."""
    return True


@emits.define(Assert)
def emit_assert(b: Builder, node: Apply[Assert]) -> Iterator[None]:
    """Checks; the tensor stays."""
    x, *conditions = node.inputs
    for condition in conditions:
        b.check(b.scalar(condition))
    pass_on(b, x, node.outputs[0])
    yield
