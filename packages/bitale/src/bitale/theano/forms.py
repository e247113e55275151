"""Methods in the forms of Theano: of types without an instance, and of shared variables."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
from bitale_graph import TensorType, Type
from bitale_graph.extend import Container
from bitale_graph.extend import values_eq_approx as approx


class OnTheClass:
    """A method of types, which asked of the class is another function."""

    def __init__(self, method: Callable[..., Any], function: Callable[..., Any]) -> None:
        self._method = method
        self._function = function

    def __get__(self, instance: Any, owner: type) -> Any:
        return self._function if instance is None else self._method.__get__(instance, owner)


def values_eq(a: Any, b: Any, force_same_dtype: bool = True) -> bool:
    """Whether two arrays have one shape, the same numbers and, unless it is False, one dtype."""
    a, b = np.asarray(a), np.asarray(b)
    kinds = (a.dtype.kind + b.dtype.kind).strip("fc")
    same = a.dtype == b.dtype or not force_same_dtype
    return bool(same and np.array_equal(a, b, equal_nan=not kinds))


def values_eq_approx(
    a: Any,
    b: Any,
    allow_remove_inf: bool = False,
    allow_remove_nan: bool = False,
    rtol: float | None = None,
    atol: float | None = None,
) -> bool:
    """Whether two arrays are equal but for rounding, and where neither is infinite, or NaN."""
    if rtol is None and atol is None:
        return approx(a, b, allow_remove_inf, allow_remove_nan)
    a, b = np.asarray(a), np.asarray(b)
    if a.dtype != b.dtype or a.shape != b.shape:
        return False
    kept = np.ones(a.shape, bool)
    for x in (a, b):
        kept &= ~((np.isinf(x) & allow_remove_inf) | (np.isnan(x) & allow_remove_nan))
    found = TensorType(a.dtype.name, (False,)).values_eq_approx(a[kept], b[kept], rtol, atol)
    return bool(found)


def may_share_memory(a: Any, b: Any) -> bool:
    """Whether a write into one array may be seen in the other."""
    return TensorType("float64", ()).may_share_memory(a, b)


def shared_init(old: Callable[..., None]) -> Callable[..., None]:
    """``__init__`` of shared variables, which takes what Theano's takes as well."""

    def __init__(self: Any, *args: Any, **keywords: Any) -> None:  # noqa: N807 (it is one)
        if args and isinstance(args[0], Type):
            old(self, *args, **keywords)
        else:
            _init_as_in_theano(old, self, *args, **keywords)

    return __init__


def _init_as_in_theano(
    init: Callable[..., None],
    variable: Any,
    name: str | None = None,
    type: Any = None,
    value: Any = None,
    strict: bool = False,
    allow_downcast: bool | None = None,
    container: Container | None = None,
) -> None:
    if container is None:
        container = Container(type.copied(type.filter(value, strict, allow_downcast)))
    elif value is not None:
        raise TypeError("a shared variable on a storage that is there takes no value")
    init(variable, type, container, name)


class RandomStateType(TensorType):
    """The state of random numbers: two integers, which may be given as a generator of NumPy's."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("uint64", (None,))

    def filter(self, value: Any, strict: bool = False, allow_downcast: bool | None = None) -> Any:
        """The state; a generator, which stays as it is, begins one."""
        if isinstance(value, (np.random.RandomState, np.random.Generator)):
            drawn = copy.deepcopy(value).bytes(8)
            value = np.array([int.from_bytes(drawn, "little"), 0], np.uint64)
        return super().filter(value, strict, allow_downcast)

    def __reduce__(self) -> tuple[Any, ...]:
        return RandomStateType, ()


random_state_type = RandomStateType()
"""The type of a state that a function is given."""
