"""Theano's functions that wrote into their first operand, which are those that do not.

Whether memory is used again is decided for a whole function, and no result depends on it.
"""

from typing import Any

import bitale.tensor as T


def __getattr__(name: str) -> Any:
    if name.endswith("_inplace") and hasattr(T, name.removesuffix("_inplace")):
        return getattr(T, name.removesuffix("_inplace"))
    raise AttributeError(f"there is no function {name!r} that writes in place")


# fmt: off
__all__ = [f"{name}_inplace" for name in (
    "lt", "gt", "le", "ge", "eq", "neq", "and_", "or_", "xor", "invert", "abs_", "exp", "exp2",
    "expm1", "neg", "inv", "log", "log1p", "log2", "log10", "sgn", "ceil", "floor", "trunc",
    "round_half_to_even", "round_half_away_from_zero", "sqr", "sqrt", "deg2rad", "rad2deg", "cos",
    "arccos", "sin", "arcsin", "tan", "arctan", "arctan2", "cosh", "arccosh", "sinh", "arcsinh",
    "tanh", "arctanh", "erf", "erfc", "erfcx", "gamma", "gammaln", "psi", "tri_gamma", "chi2sf",
    "j0", "j1", "jv", "i0", "i1", "iv", "second", "maximum", "minimum", "add", "sub", "mul",
    "true_div", "int_div", "mod", "pow", "conj", "transpose",
)]
# fmt: on
