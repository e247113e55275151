"""What a step may return: outputs, updates of shared variables, and a condition to stop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..base.errors import ShapeError, describe
from ..core.graph import Variable
from ..ops import math
from ..tensor.conversion import as_tensor
from ..tensor.shared import SharedVariable
from .updates import OrderedUpdates


class Until:
    """A condition to stop after the step in which it is true; `until` makes it."""

    def __init__(self, condition: Any) -> None:
        v = as_tensor(condition)
        if v.ndim:
            raise ShapeError(
                f"until takes a 0-d condition, and got {describe(v)}; use T.any or T.all on it"
            )
        self.condition = v if v.type.dtype == "bool" else math.neq(v, 0)


def until(condition: Any) -> Until:
    """Stop the loop after the step in which ``condition`` is true, keeping what that step gave.

    Returned by the function given to `scan`, after everything else:
    ``return outputs, until(condition)``.

    Parameters
    ----------
    condition : 0-d variable
        Of any dtype; other than 0 is true.

    Raises
    ------
    ShapeError
        If the condition is not 0-d.
    """
    return Until(condition)


@dataclass
class StepResult:
    """What a step returned, in order.

    Attributes
    ----------
    outputs : list of variables
    names : tuple of str or None
        The keys, if the outputs were a dict.
    updates : OrderedUpdates
    condition : variable or None
    is_list : bool
        Whether the outputs were several, or listed.
    """

    outputs: list[Any]
    names: tuple[str, ...] | None
    updates: OrderedUpdates
    condition: Any


def read_result(returned: Any) -> StepResult:
    """Tell outputs, updates and condition apart.

    Raises
    ------
    TypeError
        If they are something else.
    """
    condition = None
    rest = returned
    if isinstance(rest, Until):
        condition, rest = rest.condition, None
    elif isinstance(rest, (list, tuple)) and rest and isinstance(rest[-1], Until):
        condition = rest[-1].condition
        rest = rest[0] if len(rest) == 2 else rest[:-1]
    outputs, updates = _outputs_and_updates(rest, returned)
    names = None
    if isinstance(outputs, Mapping):
        names = tuple(outputs)
        outputs = list(outputs.values())
    elif outputs is None:
        outputs = []
    elif not isinstance(outputs, (list, tuple)):
        outputs = [outputs]
    return StepResult([as_tensor(v) for v in outputs], names, OrderedUpdates(updates), condition)


def _outputs_and_updates(rest: Any, returned: Any) -> tuple[Any, Any]:
    if _is_updates(rest) and not (isinstance(rest, (list, tuple)) and not rest):
        return None, rest
    if isinstance(rest, (list, tuple)) and len(rest) == 2:
        a, b = rest
        if _is_updates(b) and _is_outputs(a):
            return a, b
        if _is_updates(a) and _is_outputs(b):
            return b, a
    if _is_outputs(rest):
        return rest, {}
    raise TypeError(
        f"scan: cannot tell outputs from updates in what fn returned: {returned!r}\n  hint: return "
        "outputs (a variable, a list or a dict with string keys), updates (a dict or a list of "
        "pairs, by shared variable), or both; and until(condition) after them"
    )


def _is_updates(value: Any) -> bool:
    if isinstance(value, Mapping):
        return not value or not all(isinstance(k, str) for k in value)
    return isinstance(value, (list, tuple)) and all(
        isinstance(p, (list, tuple)) and len(p) == 2 and isinstance(p[0], SharedVariable)
        for p in value
    )


def _is_outputs(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(isinstance(k, str) and _is_output(v) for k, v in value.items())
    if isinstance(value, (list, tuple)):
        return all(map(_is_output, value))
    return value is None or _is_output(value)


def _is_output(value: Any) -> bool:
    return isinstance(value, (Variable, np.ndarray, np.generic, int, float, complex))
