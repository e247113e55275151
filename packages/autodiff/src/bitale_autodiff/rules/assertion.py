"""Checks: the cotangent passes to what is checked, not to the conditions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bitale_graph.extend import Assert

from ..table import connections, first_input_only, jvps, vjps


@vjps.define(Assert)
def assert_vjp(
    op: Any, inputs: Sequence[Any], outputs: Sequence[Any], cotangents: Sequence[Any]
) -> list[Any]:
    """Hand the cotangent on."""
    return [cotangents[0], *[None] * (len(inputs) - 1)]


connections.define(Assert)(first_input_only)
jvps.define(Assert)(lambda op, inputs, outputs, tangents: tangents[:1])
