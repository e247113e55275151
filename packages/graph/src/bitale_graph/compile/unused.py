"""Inputs of a function that nothing reads."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from ..base.config import config
from ..base.errors import UnusedInputError, where_made
from ..core.function_graph import FunctionGraph
from .maker import Argument


def check_used(arguments: Sequence[Argument], graph: FunctionGraph, policy: str) -> None:
    """Raise, warn or do nothing if something is not read, as the policy says."""
    config.flag("on_unused_input").read(policy)
    for a in arguments:
        if graph.clients[a.variable] or policy == "ignore":
            continue
        place = where_made(a.variable)
        text = (
            f"function: the input {a.variable} (position "
            f"{a.position}{f', made at {place}' if place else ''}) is not used "
            "by any output or update. Remove it, or pass on_unused_input='warn' or 'ignore'"
        )
        if policy == "raise":
            raise UnusedInputError(text)
        warnings.warn(text, UserWarning, stacklevel=3)
