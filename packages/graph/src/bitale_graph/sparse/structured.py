"""Functions of one sparse matrix that act on the stored numbers alone.

Where nothing is stored the result stores nothing, whatever the function gives for 0. So do their
derivatives: they are by the stored numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..ops import math as tm
from .arithmetic import beside
from .constructors import as_sparse_variable
from .parts import csm_data, with_data


def of_stored(function: Callable[[Any], Any], name: str, what: str) -> Callable[[Any], Any]:
    """The function of a sparse matrix that applies one of tensors to its stored numbers."""

    def of_sparse(x: Any) -> Any:
        x = as_sparse_variable(x)
        return with_data(x, function(csm_data(x)))

    of_sparse.__name__ = of_sparse.__qualname__ = name
    of_sparse.__doc__ = (
        f"{what} of the stored numbers of a sparse matrix; what is not stored stays so.\n\n"
        "    Its derivative is by the stored numbers."
    )
    return of_sparse


def _with_number(function: Callable[[Any, Any], Any], name: str, what: str) -> Callable[..., Any]:
    def of_sparse(x: Any, y: Any) -> Any:
        x = as_sparse_variable(x)
        return with_data(x, function(csm_data(x), beside(x, y)))

    of_sparse.__name__ = of_sparse.__qualname__ = name
    of_sparse.__doc__ = (
        f"{what}, for each stored number ``x`` of a sparse matrix and a number ``y``.\n\n"
        "    Its derivative is by the stored numbers."
    )
    return of_sparse


structured_sigmoid = of_stored(tm.sigmoid, "structured_sigmoid", "The logistic function")
structured_exp = of_stored(tm.exp, "structured_exp", "The exponential")
structured_log = of_stored(tm.log, "structured_log", "The logarithm")
structured_pow = _with_number(tm.pow, "structured_pow", "``x**y``")
structured_minimum = _with_number(tm.minimum, "structured_minimum", "The lesser of ``x`` and ``y``")
structured_maximum = _with_number(
    tm.maximum, "structured_maximum", "The greater of ``x`` and ``y``"
)
structured_add = _with_number(tm.add, "structured_add", "``x + y``")
sin = of_stored(tm.sin, "sin", "The sine")
tan = of_stored(tm.tan, "tan", "The tangent")
arcsin = of_stored(tm.arcsin, "arcsin", "The arc sine")
arctan = of_stored(tm.arctan, "arctan", "The arc tangent")
sinh = of_stored(tm.sinh, "sinh", "The hyperbolic sine")
arcsinh = of_stored(tm.arcsinh, "arcsinh", "The inverse hyperbolic sine")
tanh = of_stored(tm.tanh, "tanh", "The hyperbolic tangent")
arctanh = of_stored(tm.arctanh, "arctanh", "The inverse hyperbolic tangent")
rint = of_stored(tm.round, "rint", "The nearest integer (of two the even one)")
sgn = of_stored(tm.sgn, "sgn", "The sign")
ceil = of_stored(tm.ceil, "ceil", "The least integer that is not less")
floor = of_stored(tm.floor, "floor", "The greatest integer that is not greater")
trunc = of_stored(tm.trunc, "trunc", "The integer part")
log1p = of_stored(tm.log1p, "log1p", "The logarithm of 1 + x")
expm1 = of_stored(tm.expm1, "expm1", "The exponential less 1")
deg2rad = of_stored(tm.deg2rad, "deg2rad", "Degrees as radians")
rad2deg = of_stored(tm.rad2deg, "rad2deg", "Radians as degrees")
sqr = of_stored(tm.sqr, "sqr", "The square")
sqrt = of_stored(tm.sqrt, "sqrt", "The square root")
absolute = of_stored(tm.abs_, "absolute", "The absolute value")
