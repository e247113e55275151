"""Classes of scalar ops by the names that Theano wrote in another way."""

from __future__ import annotations

from typing import Any

from bitale_graph import scalars

# The class by Theano's name, and by the name that the op's own gives.
CLASSES = {
    "AND": "And",
    "ArcCos": "Arccos",
    "ArcCosh": "Arccosh",
    "ArcSin": "Arcsin",
    "ArcSinh": "Arcsinh",
    "ArcTan": "Arctan",
    "ArcTan2": "Arctan2",
    "ArcTanh": "Arctanh",
    "EQ": "Eq",
    "GE": "Ge",
    "GT": "Gt",
    "GammaInc": "Gammainc",
    "GammaIncC": "Gammaincc",
    "GammaLn": "Gammaln",
    "IsInf": "Isinf",
    "IsNan": "Isnan",
    "LE": "Le",
    "LT": "Lt",
    "NEQ": "Neq",
    "OR": "Or",
    "XOR": "Xor",
}


def __getattr__(name: str) -> Any:
    if name not in CLASSES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(scalars, CLASSES[name])


def __dir__() -> list[str]:
    return sorted(CLASSES)
