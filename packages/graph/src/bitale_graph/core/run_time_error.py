"""Errors at run time.

The original exception, with the node, its operands and the user's line added.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from ..base import trace as tracing
from ..base.config import config
from .graph import Apply, Variable
from .tree import debugprint


@dataclass(frozen=True)
class _Description:
    """What an error tells already, of the innermost node and of those around it."""

    lines: list[str]
    cause: BaseException
    note: str = ""


_MOST_CLIENTS, _MOST_STORED = 5, 30
_DESCRIPTION, _STEP, _SEEN = "_bitale_description", "_bitale_step", "_bitale_seen"

# How NumPy begins where even the number of bytes is out of range.
_TOO_LARGE = ("array is too big", "Maximum allowed dimension exceeded")
# Classes whose objects hold a text and nothing else, so that one with more text says it all.
_PLAIN = (
    Exception,
    ArithmeticError,
    AssertionError,
    BufferError,
    FloatingPointError,
    IndexError,
    LookupError,
    NotImplementedError,
    OverflowError,
    RecursionError,
    RuntimeError,
    TypeError,
    ValueError,
    ZeroDivisionError,
)


def note_step(error: Exception, step: int) -> None:
    """Let the description of the loop that an error comes from tell in which step it was."""
    vars(error)[_STEP] = step


def note_seen(error: Exception) -> None:
    """Say that an error is what someone saw who looked on, and no node's own."""
    vars(error)[_SEEN] = True


def is_seen(error: Exception) -> bool:
    """Whether an error came from who looked on: running the call again does not give it."""
    return _SEEN in vars(error)


def raise_with_node(
    error: Exception,
    node: Apply,
    inputs: Sequence[Any] | None,
    graph: Any,
    stored: Mapping[Variable, Any] | None = None,
) -> NoReturn:
    """Raise what tells which node failed, and on what.

    An error of Python's, NumPy's or ours becomes one of the same class with a longer text; any
    other is raised as itself, with the description as a note. If the node runs a graph of its own
    and a node of that failed, that one stands first. Without ``inputs`` they are not described.
    What is in ``stored``, values that were there when it failed, is listed where
    ``config.exception_verbosity`` is high; the attributes by Theano's names (``__op_instance__``,
    ``__applynode_index__``, ``__thunk_trace__``) tell of the innermost node.
    """
    inner: _Description | None = vars(error).get(_DESCRIPTION)
    try:
        lines = (
            _described(error, node, inputs, graph)
            if inner is None
            else [*inner.lines, "", *_described_outside(error, node, inputs)]
        )
    except Exception:  # noqa: BLE001 (the text of an op is its author's; the error counts)
        lines = [_text_of(error), f"Apply node that caused the error: {type(node.op).__name__}"]
    cause = error if inner is None else inner.cause
    known = dict(zip(node.inputs, inputs or (), strict=False)) if stored is None else stored
    message = "\n".join([*lines, *_verbose(node, known)])
    _set_attributes(error, node, graph)
    if _is_want_of_memory(error):
        new: Exception = MemoryError(message)
    elif _is_plain(error):
        new = type(error)(message)
    else:
        _note(error, message, inner)
        vars(error)[_DESCRIPTION] = _Description(lines, cause, message)
        raise error
    kept = {k: v for k, v in vars(error).items() if k not in (_STEP, _DESCRIPTION)}
    vars(new).update(kept)
    vars(new)[_DESCRIPTION] = _Description(lines, cause)
    # With its frames it says all that the cause does, which would be printed a second time.
    raise new.with_traceback(cause.__traceback__) from None


def _set_attributes(error: Exception, node: Apply, graph: Any) -> None:
    order = graph.toposort()
    told = vars(error)
    told.setdefault("__op_instance__", node)
    told.setdefault("__applynode_index__", order.index(node) if node in order else None)
    told.setdefault("__thunk_trace__", tracing.text(node.trace) if node.trace else "")


def _is_want_of_memory(error: Exception) -> bool:
    """Whether there is no memory: NumPy says so by another class where none could ever have it."""
    if isinstance(error, MemoryError):
        return _is_known(error)
    return type(error) is ValueError and str(error).startswith(_TOO_LARGE)


def _is_known(error: Exception) -> bool:
    """Whether a class is Python's, NumPy's or ours."""
    return type(error).__module__.partition(".")[0] in (
        "builtins",
        "numpy",
        __name__.partition(".")[0],
    )


def _is_plain(error: Exception) -> bool:
    """Whether an error is told by its text alone, and can be made again from another."""
    kind = type(error)
    above = [c for c in kind.__mro__ if c.__module__ != "builtins"]
    is_text = kind in _PLAIN or (
        bool(above) and _is_known(error) and not any("__init__" in vars(c) for c in above)
    )
    return (
        is_text
        and kind.__str__ is BaseException.__str__
        and len(error.args) <= 1
        and all(isinstance(a, str) for a in error.args)
    )


def _note(error: Exception, message: str, inner: _Description | None) -> None:
    """Add the description to an error, in the place of one that tells less."""
    notes = vars(error).setdefault("__notes__", [])
    if inner is not None and inner.note in notes:
        notes.remove(inner.note)
    notes.append(message)


def _text_of(error: Exception) -> str:
    """The text of an error; of NumPy's for want of memory with the number of bytes."""
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 (the class is the user's)
        text = type(error).__name__
    if not _is_want_of_memory(error):
        return text
    shape, dtype = getattr(error, "shape", None), getattr(error, "dtype", None)
    if isinstance(shape, tuple) and isinstance(dtype, np.dtype):
        count = math.prod(shape) * dtype.itemsize
        return f"out of memory: {count} bytes for an array of shape {shape} and dtype {dtype}"
    return f"out of memory{': ' if text else ''}{text}"


def _described(
    error: Exception, node: Apply, inputs: Sequence[Any] | None, graph: Any
) -> list[str]:
    order = graph.toposort()
    lines = [
        _text_of(error),
        f"Apply node that caused the error: {node}",
        f"Toposort index: {order.index(node) if node in order else '?'}",
        f"Inputs types: {[v.type for v in node.inputs]}",
    ]
    if isinstance(error, ValueError) and "read-only" in str(error):
        lines[0] += "\n  hint: an op must not write into its inputs; write into a copy of them"
    if inputs is not None:
        lines += [
            f"Inputs shapes: {[getattr(x, 'shape', 'no shape') for x in inputs]}",
            f"Inputs strides: {[getattr(x, 'strides', 'no strides') for x in inputs]}",
            f"Inputs values: {[_short(x) for x in inputs]}",
        ]
    lines.append(f"Outputs clients: {[_clients(v, order, graph.outputs) for v in node.outputs]}")
    if node.trace:
        lines += ["", "The node was made here (innermost call last):", tracing.text(node.trace)]
    return lines


def _described_outside(error: Exception, node: Apply, inputs: Sequence[Any] | None) -> list[str]:
    step = vars(error).get(_STEP)
    place = "" if step is None else f"step {step} of "
    lines = [f"That was in {place}{node}"]
    if inputs is not None:
        lines.append(f"Inputs shapes: {[getattr(x, 'shape', 'no shape') for x in inputs]}")
    if node.trace:
        lines += ["which was made here (innermost call last):", tracing.text(node.trace)]
    return lines


def _clients(variable: Variable, order: Sequence[Apply], outputs: Sequence[Variable]) -> list[str]:
    """What takes a variable, as text: at most so many nodes."""
    found = [str(node) for node in order if variable in node.inputs]
    shown = found[:_MOST_CLIENTS]
    if len(found) > len(shown):
        shown.append(f"and {len(found) - len(shown)} more")
    return [*shown, *(["output"] if variable in outputs else [])]


def _verbose(node: Apply, stored: Mapping[Variable, Any]) -> list[str]:
    if config.exception_verbosity == "high":
        return [
            "",
            "The graph up to the node:",
            str(debugprint(node.outputs[0], file="str", print_type=True)),
            *_storage(stored),
        ]
    return [
        "",
        (
            "HINT: config.exception_verbosity='high' adds a print of the graph and the values that "
            "were stored; mode='FAST_COMPILE' shows the node as it was written."
        ),
    ]


def _storage(stored: Mapping[Variable, Any]) -> list[str]:
    """A table of values, the largest first, and how much they take."""
    sizes = {v: getattr(x, "nbytes", 0) for v, x in stored.items()}
    order = sorted(stored, key=lambda v: -sizes[v])
    rows = [
        f"  {sizes[v]:>12} bytes  {getattr(stored[v], 'shape', '')!s:<12} {v.type}  {v}"
        f"  {_short(stored[v])}"
        for v in order[:_MOST_STORED]
    ]
    left = [f"  and {len(order) - len(rows)} more"] if len(order) > len(rows) else []
    total = sum(sizes.values())
    return [
        "Values that were stored then, the largest first:",
        *rows,
        *left,
        f"  {total:>12} bytes in all",
    ]


def _short(x: Any) -> Any:
    if isinstance(x, np.ndarray) and x.size > 5:
        return "not shown"
    return x.tolist() if isinstance(x, np.ndarray) else x
