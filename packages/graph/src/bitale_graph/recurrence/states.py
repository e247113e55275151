"""Types of carried states: what the first value and what a step returns have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..base.errors import ShapeError, describe
from ..core.graph import Constant, Variable
from ..core.traversal import graph_replace
from ..ops.shape import with_lengths
from ..tensor.elementwise import cast
from ..tensor.shared import SharedVariable
from ..tensor.variable import TensorType


@dataclass(frozen=True)
class Carried:
    """A state of a loop.

    Parameters
    ----------
    label : str
        For messages.
    first : Variable
        Its value before the first step.
    inside : Variable
        What stands for it in a step.
    new : Variable
        What the step makes of it.
    is_weak : bool
        Whether the first value is a plain Python number, which takes the dtype of what the step
        returns.
    """

    label: str
    first: Any
    inside: Any
    new: Any
    is_weak: bool = False


def settled(
    states: Sequence[Carried], others: Sequence[Variable]
) -> tuple[list[Carried], list[Variable]]:
    """Give every state one type; also rewrites what else a step computes.

    An axis whose length only the first value tells, and not what the step returns, is of unknown
    length in the step: there the graph is made again for the looser type.

    Raises
    ------
    TypeError
        If a step changes dtype or rank of a state.
    ShapeError
        If it is known to change a length.
    """
    states, others = list(states), list(others)
    while True:
        fixed = [_fitted(s) for s in states]
        exchanged = {
            old.inside: new.inside
            for old, new in zip(states, fixed, strict=True)
            if new.inside is not old.inside
        }
        if not exchanged:
            return fixed, others
        made = graph_replace([*(s.new for s in fixed), *others], exchanged)
        states = [replace(s, new=v) for s, v in zip(fixed, made, strict=False)]
        others = made[len(states) :]


def _fitted(state: Carried) -> Carried:
    old, new = state.inside.type, state.new.type
    if old.admits(new):
        return state
    if not isinstance(old, TensorType) or not isinstance(new, TensorType):
        raise TypeError(f"scan: {_change(state)}")
    if isinstance(state.inside, SharedVariable):
        return _fitted_shared(state)
    if old.ndim != new.ndim:
        raise TypeError(
            f"scan: a state has to keep its rank: {_change(state)}\n  hint: a state with one tap, "
            "-1, starts from a value of its own shape; with other taps from one such value a row"
        )
    if old.dtype != new.dtype:
        if not state.is_weak:
            raise TypeError(
                f"scan: a state has to keep its dtype, and {old.dtype} becomes {new.dtype}: "
                f"{_change(state)}\n  hint: cast what fn returns to {old.dtype}, or make the first "
                f"value {new.dtype}"
            )
        first = _recast(state, new.dtype)
        inside = TensorType(new.dtype, old.shape)(state.inside.name)
        return replace(state, first=first, inside=inside, is_weak=False)
    shape = []
    for n, m in zip(old.shape, new.shape, strict=True):
        if n != m and None not in (n, m):
            raise ShapeError(f"scan: a state has to keep its shape: {_change(state)}")
        shape.append(n if n == m else None)
    inside = TensorType(old.dtype, shape)(state.inside.name)
    inside.made_at = state.inside.made_at
    return replace(state, inside=inside)


def _change(state: Carried) -> str:
    return (
        f"{state.label} changes its type\n  first value: {describe(state.first)}\n"
        f"  returned by a step: {describe(state.new)}"
    )


def _recast(state: Carried, dtype: str) -> Any:
    if not isinstance(state.first, Constant):
        return cast(state.first, dtype)
    value = state.first.data
    if not np.array_equal(value.astype(dtype).astype(value.dtype), value, equal_nan=True):
        raise TypeError(f"scan: the first value is no {dtype}: {_change(state)}")
    return TensorType(dtype, ()).make_constant(value.astype(dtype))


def _fitted_shared(state: Carried) -> Carried:
    """A new value of a shared variable is cast where that loses nothing."""
    old, new = state.inside.type, state.new
    if new.ndim == old.ndim and np.can_cast(new.type.dtype, old.dtype, "safe"):
        new = cast(new, old.dtype)
        if not old.admits(new.type):
            new = with_lengths(new, old.shape)
        if old.admits(new.type):
            return replace(state, new=new)
    hint = f"\n  hint: cast it to {old.dtype}" if new.ndim == old.ndim else ""
    raise TypeError(
        f"scan: the update of a shared variable must be of its type: {_change(state)}{hint}"
    )
