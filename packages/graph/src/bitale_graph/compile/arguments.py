"""What a user gives to `function`, read and held against what it can be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..base.errors import DuplicateInputError, describe
from ..core.graph import Constant, Variable
from ..ops.shape import with_lengths
from ..tensor.conversion import as_tensor, value_for
from ..tensor.elementwise import cast
from ..tensor.shared import SharedVariable
from ..tensor.variable import TensorType

MISSING = object()


@dataclass
class In:
    """An input with more to say than its variable.

    Parameters
    ----------
    variable : Variable
    name : str, optional
        The keyword; by default the variable's name.
    value : optional
        Default value: the input may then be left out of calls.
    update : Variable, optional
        The value for the next call: the input becomes state inside the function, which starts as
        ``value``. A call may give another, from which it goes on.
    mutable, borrow, shared : bool, optional
        Accepted for Theano's sake. Inputs are never written to.
    strict : bool
        Take only arrays of the exact dtype.
    allow_downcast : bool, optional
        Convert values that lose precision (True), never (False), or only Python numbers (None).
    autoname : bool
        Whether the variable's name is the keyword if there is no ``name``.
    implicit : bool, optional
        Whether calls must not give a value; by default they may.
    """

    variable: Variable
    name: str | None = None
    value: Any = None
    update: Any = None
    mutable: bool | None = None
    strict: bool = False
    allow_downcast: bool | None = None
    autoname: bool = True
    implicit: bool | None = None
    borrow: bool | None = None
    shared: bool = False

    @property
    def keyword(self) -> str | None:
        """The name that calls give it by."""
        return self.name or (self.variable.name if self.autoname else None)


@dataclass
class Out:
    """An output with more to say than its expression.

    Parameters
    ----------
    variable : Variable or array_like
    borrow : bool
        Accepted for Theano's sake, outputs never share memory with anything.
    on_device : bool
        Where the function runs on a device, give an array of the device's, without a transfer to
        the host.
    """

    variable: Any
    borrow: bool = False
    on_device: bool = False


def read_inputs(inputs: Any) -> list[In]:
    """The inputs as `In`, each once, and none of them shared or constant."""
    if not isinstance(inputs, (list, tuple)):
        raise TypeError(
            f"function: the inputs must be a list or tuple of variables, not {inputs!r}"
        )
    read = [i if isinstance(i, In) else In(i) for i in inputs]
    seen: set[Variable] = set()
    for i in read:
        v = i.variable
        if not isinstance(v, Variable):
            raise TypeError(f"function: an input must be a variable, not {v!r}")
        if isinstance(v, SharedVariable):
            raise TypeError(
                f"function: {describe(v)} is a shared variable and cannot be an input; "
                "its value is used without that. To compute with another value, use givens"
            )
        if isinstance(v, Constant):
            raise TypeError(f"function: {v} is a constant and cannot be an input")
        if v in seen:
            raise DuplicateInputError(f"function: {describe(v)} is listed twice among the inputs")
        seen.add(v)
    return read


def read_outputs(outputs: Any) -> tuple[list[Out], Any]:
    """The outputs, each of a variable, and the form that calls give them back in.

    None for one, "list", or a tuple of keys.
    """
    if outputs is None:
        return [], "list"
    if isinstance(outputs, (list, tuple)):
        return [_as_output(o) for o in outputs], "list"
    if isinstance(outputs, Mapping):
        if not all(isinstance(k, str) for k in outputs):
            raise TypeError(
                f"function: the keys of an output dict must be strings, not {list(outputs)}"
            )
        keys = sorted(outputs)
        return [_as_output(outputs[k]) for k in keys], tuple(keys)
    return [_as_output(outputs)], None


def _as_output(output: Any) -> Out:
    one = output if isinstance(output, Out) else Out(output)
    if isinstance(one.variable, Variable):
        return one
    try:
        return replace(one, variable=as_tensor(one.variable))
    except TypeError as error:
        raise TypeError(
            f"function: an output is a variable or a number, not {one.variable!r:.60}: {error}"
        ) from None


def read_pairs(name: str, pairs: Any) -> list[tuple[Any, Any]]:
    """The pairs of a mapping or an iterable of pairs, in order."""
    if pairs is None:
        return []
    if isinstance(pairs, Variable):
        raise TypeError(f"function: {name} takes a dict or a list of pairs, not {describe(pairs)}")
    if isinstance(pairs, (set, frozenset)):
        raise TypeError(
            f"function: {name} must be ordered, and a set is not; give a dict or a list of pairs"
        )
    items = (
        list(pairs.items())
        if isinstance(pairs, Mapping)
        else [tuple(p) if isinstance(p, (list, tuple)) else p for p in pairs]
    )
    for item in items:
        if not isinstance(item, tuple) or len(item) != 2:
            raise TypeError(
                f"function: {name} takes pairs (variable, expression), and got {item!r}"
            )
    return items


def read_givens(
    givens: Any, inputs: set[Variable], strict: bool = True
) -> dict[Variable, Variable]:
    """What stands for which variable; of the same type if ``strict``."""
    replacements: dict[Variable, Variable] = {}
    for old, new in read_pairs("givens", givens):
        if not isinstance(old, Variable):
            raise TypeError(f"function: givens replaces variables, not {old!r}")
        if old in inputs:
            raise ValueError(
                f"function: {describe(old)} is an input, and cannot be replaced by givens as well"
            )
        if strict or not isinstance(new, Variable):
            new = fitted("givens", old, new)
        replacements[old] = new
    return replacements


def fitted(name: str, old: Variable, new: Any) -> Variable:
    """``new`` as a variable that can stand for ``old``.

    Safely cast, with static lengths that are admitted.
    """
    if not isinstance(new, Variable) and isinstance(old.type, TensorType):
        new = value_for(f"function: {name}", old, new)
    elif not isinstance(new, Variable):
        new = old.type.filter_variable(new)
    if isinstance(old.type, TensorType) and isinstance(new.type, TensorType):
        if new.type.dtype != old.type.dtype and np.can_cast(new.type.dtype, old.type.dtype, "safe"):
            new = cast(new, old.type.dtype)
        if (
            new.type.dtype == old.type.dtype
            and new.type.ndim == old.type.ndim
            and not old.type.admits(new.type)
        ):
            new = with_lengths(new, old.type.shape)
    if not old.type.admits(new.type):
        raise TypeError(
            f"function: {name}: the new value of {describe(old)}\n  is {describe(new)}\n"
            "  hint: it must have dtype and rank of what it replaces; use cast(value, "
            f"{getattr(old.type, 'dtype', '')!r}), "
            "or write constants with that dtype"
        )
    found: Variable = new
    return found
