"""Theano's rules where they differ from bitale's, and the setting that carries each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Rule:
    """A rule of Theano's, ours beside it, and the flag of `bitale.config` that makes it hold."""

    subject: str
    theano: str
    bitale: str
    flag: str
    value: Any


RULES: tuple[Rule, ...] = (
    Rule(
        "Names of rewrites that nothing has",
        "are passed over, in Mode().excluding(...) and its like",
        "are refused, with the nearest that is known",
        "unknown_rewrites",
        "ignore",
    ),
    Rule(
        "Python numbers",
        "take the smallest dtype that holds them: float32 * 1 is float32, int8 + 1000 is int16",
        "take the dtype of the tensors beside them, as in NumPy 2",
        "cast_policy",
        "custom",
    ),
    Rule(
        "NumPy's arrays of variables",
        "np.prod([m, n]) of lengths is their product: variables are objects to NumPy",
        "refused, with what to write instead",
        "array_of_symbols",
        "object",
    ),
    Rule(
        "Values written into a selection",
        "take the dtype of the tensor that they are written into, whatever is lost",
        "are refused where precision would be lost: cast them first",
        "lossy_writes",
        "cast",
    ),
)
