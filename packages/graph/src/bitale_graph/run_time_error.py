"""Errors at run time.

The original exception, with the node, its operands and the user's line added.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from . import trace as tracing
from .config import config
from .printing import debugprint

if TYPE_CHECKING:
    from .variable import Apply


@dataclass(frozen=True)
class _Description:
    """What an error tells already, of the innermost node and of those around it."""

    lines: list[str]
    cause: BaseException


_DESCRIPTION, _STEP = "_bitale_description", "_bitale_step"


def note_step(error: Exception, step: int) -> None:
    """Let the description of the loop that an error comes from tell in which step it was."""
    setattr(error, _STEP, step)


def raise_with_node(error: Exception, node: Apply, inputs: Sequence[Any], graph: Any) -> NoReturn:
    """Raise an exception of the same class that tells which node failed, and on what.

    If the node runs a graph of its own and a node of that failed, that one stands first.
    """
    inner: _Description | None = getattr(error, _DESCRIPTION, None)
    lines = (
        _described(error, node, inputs, graph)
        if inner is None
        else [*inner.lines, "", *_described_outside(error, node, inputs)]
    )
    cause = error if inner is None else inner.cause
    message = "\n".join([*lines, *_verbose(node)])
    description = _Description(lines, cause)
    try:
        new = type(error)(message)
    except Exception:  # noqa: BLE001 (an exception class may want other arguments than a text)
        other = RuntimeError(f"{type(error).__name__}: {message}")
        setattr(other, _DESCRIPTION, description)
        raise other from cause
    setattr(new, _DESCRIPTION, description)
    # With its frames it says all that the cause does, which would be printed a second time.
    raise new.with_traceback(cause.__traceback__) from None


def _described(error: Exception, node: Apply, inputs: Sequence[Any], graph: Any) -> list[str]:
    order = graph.toposort()
    lines = [
        str(error),
        f"Apply node that caused the error: {node}",
        f"Toposort index: {order.index(node) if node in order else '?'}",
        f"Inputs types: {[v.type for v in node.inputs]}",
        f"Inputs shapes: {[getattr(x, 'shape', 'no shape') for x in inputs]}",
        f"Inputs strides: {[getattr(x, 'strides', 'no strides') for x in inputs]}",
        f"Inputs values: {[_short(x) for x in inputs]}",
    ]
    if isinstance(error, ValueError) and "read-only" in str(error):
        lines[0] += "\n  hint: an op must not write into its inputs; write into a copy of them"
    if node.trace:
        lines += ["", "The node was made here (innermost call last):", tracing.text(node.trace)]
    return lines


def _described_outside(error: Exception, node: Apply, inputs: Sequence[Any]) -> list[str]:
    step = getattr(error, _STEP, None)
    place = "" if step is None else f"step {step} of "
    lines = [
        f"That was in {place}{node}",
        f"Inputs shapes: {[getattr(x, 'shape', 'no shape') for x in inputs]}",
    ]
    if node.trace:
        lines += ["which was made here (innermost call last):", tracing.text(node.trace)]
    return lines


def _verbose(node: Apply) -> list[str]:
    if config.exception_verbosity == "high":
        return [
            "",
            "The graph up to the node:",
            str(debugprint(node.outputs[0], file="str", print_type=True)),
        ]
    return [
        "",
        (
            "HINT: config.exception_verbosity='high' adds a print of the graph; "
            "mode='FAST_COMPILE' shows the node as it was written."
        ),
    ]


def _short(x: Any) -> Any:
    if isinstance(x, np.ndarray) and x.size > 5:
        return "not shown"
    return x.tolist() if isinstance(x, np.ndarray) else x
