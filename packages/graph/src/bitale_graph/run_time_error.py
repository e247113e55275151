"""Errors at run time.

The original exception, with the node, its operands and the user's line added.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from . import trace as tracing
from .config import config
from .printing import debugprint

if TYPE_CHECKING:
    from .variable import Apply


def raise_with_node(error: Exception, node: Apply, inputs: Sequence[Any], graph: Any) -> NoReturn:
    """Raise an exception of the same class that tells which node failed, and on what."""
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
    trace = node.trace
    if trace:
        lines += ["", "The node was made here (innermost call last):", tracing.text(trace)]
    if config.exception_verbosity == "high":
        lines += [
            "",
            "The graph up to the node:",
            str(debugprint(node.outputs[0], file="str", print_type=True)),
        ]
    else:
        lines += [
            "",
            (
                "HINT: config.exception_verbosity='high' adds a print of the graph; "
                "mode='FAST_COMPILE' shows the node as it was written."
            ),
        ]
    message = "\n".join(lines)
    try:
        new = type(error)(message)
    except Exception:  # noqa: BLE001 (an exception class may want other arguments than a text)
        new = RuntimeError(f"{type(error).__name__}: {message}")
    raise new from error


def _short(x: Any) -> Any:
    if isinstance(x, np.ndarray) and x.size > 5:
        return "not shown"
    return x.tolist() if isinstance(x, np.ndarray) else x
