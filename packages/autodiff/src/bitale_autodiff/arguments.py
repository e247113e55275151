"""What the functions of this package are given, checked and told in one way."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from bitale_graph import language as T
from bitale_graph.extend import DtypeError, ShapeError, TensorType, Variable, describe
from bitale_graph.extend import dtype as dtypes

from .conjugates import is_complex
from .errors import DisconnectedInputError, NullTypeGradError
from .walker import cotangent_dtype, has_zeros, kind_of, of_shape, zeros_for
from .zero import DisconnectedType, NullType, disconnected_type

POLICIES = ("raise", "warn", "ignore")
FORMS = ("zero", "none", "disconnected")


def read_choice(name: str, argument: str, value: Any, allowed: Sequence[str]) -> str:
    """One of some words, in small letters."""
    if not isinstance(value, str) or value.lower() not in allowed:
        raise ValueError(f"{name}: {argument} is one of {', '.join(allowed)}, not {value!r}")
    return value.lower()


def read_variables(name: str, argument: str, given: Any) -> list[Variable]:
    """One variable, or those of an ordered collection."""
    if isinstance(given, (set, frozenset)):
        raise TypeError(f"{name}: {argument} must be ordered, and a set is not; give a list")
    if isinstance(given, Variable):
        return [given]
    if isinstance(given, (str, bytes)) or not isinstance(given, Iterable):
        raise TypeError(f"{name}: {argument} must be a variable or a list of them, not {given!r}")
    variables = list(given)
    for v in variables:
        if not isinstance(v, Variable):
            raise TypeError(
                f"{name}: {argument} must hold variables, and holds {v!r} ({type(v).__name__})"
            )
    return variables


def read_constants(name: str, consider_constant: Any) -> set[Variable]:
    """Variables that derivatives do not flow through."""
    if consider_constant is None:
        return set()
    if isinstance(consider_constant, Variable) or not isinstance(consider_constant, Iterable):
        raise TypeError(
            f"{name}: consider_constant must be a list of variables, not {consider_constant!r}"
        )
    constants = list(consider_constant)
    for v in constants:
        if not isinstance(v, Variable):
            raise TypeError(f"{name}: consider_constant must hold variables, and holds {v!r}")
    return set(constants)


def read_known(name: str, argument: str, known: Any) -> dict[Variable, Any]:
    """Derivatives that are given, by their variables."""
    if known is None:
        return {}
    if not isinstance(known, Mapping):
        raise TypeError(
            f"{name}: {argument} must map variables to derivatives, and is a {type(known).__name__}"
        )
    for v in known:
        if not isinstance(v, Variable):
            raise TypeError(f"{name}: the keys of {argument} must be variables, not {v!r}")
    return {v: as_derivative(name, argument, v, g) for v, g in known.items()}


def as_derivative(name: str, argument: str, v: Variable, g: Any) -> Any:
    """A derivative given by the user, checked against its variable."""
    if isinstance(g, Variable) and isinstance(g.type, (DisconnectedType, NullType)):
        return g
    if (kind := kind_of(v, g)) is not None:
        return kind.known(v, g)
    if not isinstance(g, Variable):
        # Numbers are weak, as beside any variable.
        value = np.asarray(g)
        g = value.astype(cotangent_dtype(v)) if value.dtype.kind in "biuf" else value
    g = T.as_tensor(g)
    if dtypes.is_discrete(g.type.dtype) or (is_complex(g) and not is_complex(v)):
        raise TypeError(
            f"{name}: {argument} gives {describe(g)} for {v}; a derivative must be a float, null "
            "or disconnected"
        )
    if not isinstance(v.type, TensorType) or g.ndim != v.type.ndim:
        raise ShapeError(f"{name}: {argument} gives {describe(g)} for {describe(v)}; ranks differ")
    pairs = zip(g.type.shape, v.type.shape, strict=True)
    if any(None not in pair and pair[0] != pair[1] for pair in pairs):
        raise ShapeError(
            f"{name}: {argument} gives {describe(g)} for {describe(v)}; lengths differ"
        )
    g = T.cast(g, cotangent_dtype(v))
    return of_shape(TensorType(g.dtype, v.type.shape), g)


def read_cost(name: str, cost: Any) -> Any:
    """The cost, which is 0-d and real."""
    if not isinstance(cost, Variable):
        raise TypeError(f"{name}: the cost must be a variable, not {cost!r}")
    if isinstance(cost.type, NullType):
        raise NullTypeGradError(f"{name}: the cost is undefined: {cost.type.why_null}")
    if not isinstance(cost.type, TensorType):
        raise TypeError(f"{name}: the cost must be a tensor, and is {describe(cost)}")
    if cost.type.ndim != 0:
        raise TypeError(
            f"{name}: the cost must be a scalar, and is {describe(cost)} of rank {cost.type.ndim}"
            "\n  hint: reduce it with sum() or mean()"
        )
    if dtypes.is_complex(cost.type.dtype):
        raise DtypeError(f"{name}: the cost must be real, and is {describe(cost)}")
    return cost


def not_reached(name: str, what: str, v: Variable) -> str:
    """Tell that ``what`` does not depend on ``v``."""
    return (
        f"{name}: {what} does not depend on {describe(v)}, or only through its shape or as an "
        "index\n  hint: pass disconnected_inputs='ignore' if that is meant"
    )


def tell_disconnected(message: str, policy: str, inside: int = 1) -> None:
    """Raise `DisconnectedInputError`, warn, or ignore it, as was asked for.

    A warning is of the line that called what calls this, ``inside`` functions of ours further in.
    """
    if policy == "raise":
        raise DisconnectedInputError(message)
    if policy == "warn":
        warnings.warn(message, UserWarning, stacklevel=2 + inside)


def for_disconnected(v: Variable, form: str) -> Any:
    """What stands for the derivative by a variable without a path, or of one."""
    if form == "none":
        return None
    if form == "disconnected" or not has_zeros(v):
        return disconnected_type()
    # Depending on the variable, so that it may be an input of a program in any case.
    return zeros_for(v) if v.type.ndim else T.second(v, zeros_for(v))


def format_as(use_list: bool, use_tuple: bool, outputs: Any, single: bool | None = None) -> Any:
    """Give ``outputs`` the form that a caller asked for.

    Parameters
    ----------
    use_list, use_tuple : bool
        Whether a list or a tuple is wanted; not both.
    outputs : Variable, or sequence of them
    single : bool, optional
        Whether one variable is wanted; by default if neither a list nor a tuple is. If not, a list
        is given.

    Raises
    ------
    ValueError
        If both forms are asked for, or one variable is wanted and there are several.
    """
    if use_list and use_tuple:
        raise ValueError("format_as: both a list and a tuple are asked for")
    items = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
    if use_tuple:
        return tuple(items)
    if use_list or single is False:
        return items
    if len(items) != 1:
        raise ValueError(f"format_as: one variable is asked for, and there are {len(items)}")
    return items[0]


def in_form_of(given: Any, results: Sequence[Any]) -> Any:
    """One variable for one, a tuple for a tuple, and else a list."""
    single = isinstance(given, Variable)
    return format_as(isinstance(given, list), isinstance(given, tuple), results, single)
