"""Functions whose operands Theano calls by other names: those names are taken as well."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Mapping
from typing import Any

# Where the function is and, for each name that an operand has in Theano, its name here: "" for what
# says nothing here and is left out, "*" for what is given by position.
KEYWORDS: dict[str, tuple[str, Mapping[str, str]]] = {
    "alloc": ("bitale.tensor", {"val": "value"}),
    "batched_dot": ("bitale.tensor", {"a": "x", "b": "y"}),
    "choose": ("bitale.tensor", {"out": ""}),
    "clone": ("bitale", {"copy_inputs": "share_inputs"}),
    "concatenate": ("bitale.tensor", {"tensor_list": "tensors"}),
    "diag": ("bitale.tensor", {"x": "v"}),
    "diagonal": ("bitale.tensor", {"a": "x"}),
    "dot": ("bitale.tensor", {"a": "x", "b": "y", "l": "x", "r": "y"}),
    "get_scalar_constant_value": ("bitale.tensor", {"orig_v": "v", "max_recur": ""}),
    "grad_clip": ("bitale.gradient", {"lower_bound": "lower", "upper_bound": "upper"}),
    "inc_subtensor": ("bitale.tensor", {"x": "selection"}),
    "iround": ("bitale.tensor", {"a": "x"}),
    "is_flat": ("bitale.tensor", {"var": "x"}),
    "kron": ("bitale.tensor.slinalg", {"a": "x", "b": "y"}),
    "max_and_argmax": ("bitale.tensor", {"a": "x"}),
    "mean": ("bitale.tensor", {"input": "x"}),
    "ones_like": ("bitale.tensor", {"model": "x"}),
    "prod": ("bitale.tensor", {"input": "x"}),
    "ptp": ("bitale.tensor", {"a": "x"}),
    "round": ("bitale.tensor", {"a": "x"}),
    "set_subtensor": ("bitale.tensor", {"x": "selection"}),
    "shape_padaxis": ("bitale.tensor", {"t": "x"}),
    "shape_padleft": ("bitale.tensor", {"t": "x"}),
    "shape_padright": ("bitale.tensor", {"t": "x"}),
    "stack": ("bitale.tensor", {"tensors": "*"}),
    "stacklists": ("bitale.tensor", {"arg": "nested"}),
    "std": ("bitale.tensor", {"input": "x"}),
    "sum": ("bitale.tensor", {"input": "x"}),
    "swapaxes": ("bitale.tensor", {"y": "x"}),
    "tensordot": ("bitale.tensor", {"a": "x", "b": "y"}),
    "trace": ("bitale.tensor.nlinalg", {"X": "x"}),
    "transfer": ("bitale.tensor", {"var": "x"}),
    "var": ("bitale.tensor", {"input": "x"}),
    "zeros_like": ("bitale.tensor", {"model": "x"}),
}


def __getattr__(name: str) -> Any:
    if name not in KEYWORDS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, names = KEYWORDS[name]
    globals()[name] = made = renaming(getattr(importlib.import_module(module), name), names)
    return made


def __dir__() -> list[str]:
    return sorted(KEYWORDS)


def renaming(function: Callable[..., Any], names: Mapping[str, str]) -> Callable[..., Any]:
    """``function``, which takes keywords by other names too."""

    @functools.wraps(function)
    def called(*args: Any, **keywords: Any) -> Any:
        for old, new in names.items():
            if old in keywords:
                value = keywords.pop(old)
                if new == "*":
                    args = (value, *args)
                elif new:
                    keywords[new] = value
        return function(*args, **keywords)

    return called
