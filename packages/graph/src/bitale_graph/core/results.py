"""Running a node on arrays, and holding its op to what it promised."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from .graph import Apply, Storage, Variable


class WrongOutputError(TypeError):
    """What an op gave is not of the type that its node promises."""


def result_of(node: Apply, inputs: Sequence[Any]) -> list[Any]:
    """Run a node on arrays, and give the arrays that it computes.

    Raises
    ------
    ValueError
        From NumPy, if the op writes into an input: all are read-only.
    WrongOutputError
        If what it gives is not what its node promises, and does not convert to that safely.
    """
    storage: Storage = [[None] for _ in node.outputs]
    node.op.perform(node, [_read_only(x) for x in inputs], storage)
    results = []
    for v, cell in zip(node.outputs, storage, strict=True):
        if not v.type.holds(cell[0]):
            results.append(_converted(v, cell[0]))
        elif _is_kept(cell) and cell[0].flags.writeable:
            # The op has the array too, and may write to it in another call.
            results.append(cell[0].copy())
        else:
            results.append(cell[0])
    return results


def _is_kept(cell: list[Any]) -> bool:
    """Whether others than its cell refer to an array, or to the one that it is a view of."""
    value = cell[0]
    if type(value) is not np.ndarray:
        return False
    base = value.base
    return sys.getrefcount(value) > _ALONE or (base is not None and sys.getrefcount(base) > _ALONE)


def _references(cell: list[Any]) -> int:
    value = cell[0]
    return sys.getrefcount(value)


_ALONE = _references([np.empty(1)])  # of an array that nothing but its cell refers to


def _read_only(x: Any) -> Any:
    """The same array for an op that others read too, or that is the caller's."""
    if type(x) is not np.ndarray or not x.flags.writeable:
        return x
    shown = x.view()
    # By position: by keyword it takes three times as long.
    shown.setflags(False)  # type: ignore[call-arg]  # its stub has keywords alone
    return shown


def _converted(variable: Variable, value: Any) -> Any:
    """What an op left in its storage, as an array of the type that it promised."""
    if value is not None:
        try:
            return variable.type.filter(value)
        except TypeError:
            pass
    given = f"{type(value).__name__} {value!r:.60}"
    if value is None:
        given = "nothing"
    elif isinstance(value, np.ndarray):
        given = f"an array of dtype {value.dtype} and shape {value.shape}"
    raise WrongOutputError(
        f"{variable.owner and variable.owner.op}: perform gave no value of its output "
        f"{variable.index}, which make_node says is {variable.type}: it gave {given}\n"
        f"  hint: put such an array into output_storage[{variable.index}][0]; "
        "np.asarray(result, dtype=node.outputs[i].dtype) is one, if the rank is right"
    )
