"""Names that Python and NumPy have lost since Theano's programs were written.

The command puts them back before it runs a program; where they are still there nothing is touched.
"""

from __future__ import annotations

import collections
import collections.abc
import fractions
import inspect
import math
import time
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np


class _Cast(Mapping[Any, Callable[[Any], Any]]):
    """``np.cast[dtype](x)``."""

    def __getitem__(self, dtype: Any) -> Callable[[Any], Any]:
        return lambda x: np.asarray(x, dtype)

    def __iter__(self) -> Any:
        return iter(np.sctypeDict)

    def __len__(self) -> int:
        return len(np.sctypeDict)


def _asfarray(a: Any, dtype: Any = np.float64) -> Any:
    if not np.issubdtype(np.dtype(dtype), np.inexact):
        dtype = np.float64
    return np.asarray(a, dtype)


def _getargspec(function: Any) -> Any:
    """The first four fields of what `inspect.getfullargspec` gives."""
    spec = inspect.getfullargspec(function)
    return _ArgSpec(spec.args, spec.varargs, spec.varkw, spec.defaults)


class _ArgSpec(NamedTuple):
    args: list[str]
    varargs: str | None
    keywords: str | None
    defaults: tuple[Any, ...] | None


_NUMPY: dict[str, Any] = {
    "Inf": np.inf,
    "Infinity": np.inf,
    "NAN": np.nan,
    "NINF": -np.inf,
    "NaN": np.nan,
    "PINF": np.inf,
    "alltrue": np.all,
    "asfarray": _asfarray,
    "asscalar": lambda a: a.item(),
    "bool": bool,
    "cast": _Cast(),
    "complex": complex,
    "complex_": np.complex128,
    "cumproduct": np.cumprod,
    "float": float,
    "float_": np.float64,
    "infty": np.inf,
    "int": int,
    "long": int,
    "msort": lambda a: np.sort(a, axis=0),
    "object": object,
    "product": np.prod,
    "round_": np.round,
    "row_stack": np.vstack,
    "sometrue": np.any,
    "str": str,
    "string_": np.bytes_,
    "unicode": str,
    "unicode_": np.str_,
}
if hasattr(np, "isin"):
    _NUMPY["in1d"] = lambda a, b, **others: np.isin(a, b, **others).ravel()
if hasattr(np, "trapezoid"):
    _NUMPY["trapz"] = np.trapezoid


def put_back() -> None:
    """Give Python's and NumPy's modules the names that they have no more."""
    _fill(np, _NUMPY)
    _fill(time, {"clock": time.process_time})
    _fill(inspect, {"getargspec": _getargspec})
    _fill(collections, {name: getattr(collections.abc, name) for name in collections.abc.__all__})
    _fill(fractions, {"gcd": math.gcd})


def _fill(module: ModuleType, names: Mapping[str, Any]) -> None:
    for name, value in names.items():
        if name not in vars(module):
            setattr(module, name, value)


__all__ = ["put_back"]
