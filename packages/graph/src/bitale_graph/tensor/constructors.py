"""Constructors of variables: ``matrix``, ``dvector``, ``fmatrices`` and the like.

Those of one dtype are the types themselves, which make variables when they are called.
"""

from __future__ import annotations

from typing import Any

from ..base import dtype as dtypes
from .array_type import Shape
from .variable import TensorType, TensorVariable

# Where they are found by their names, as pickle wants to.
_LANGUAGE = "bitale_graph.language"


def generic_constructor(shape: Shape, kind: str) -> Any:
    """Make ``matrix`` and the like: a function of an optional name and dtype."""

    def made(name: str | None = None, dtype: str | None = None) -> Any:
        return TensorType(dtype or "floatX", shape)(name)

    made.__name__ = made.__qualname__ = kind
    made.__module__ = _LANGUAGE
    made.__doc__ = f"A variable of rank {len(shape)} and `dtype`, by default ``config.floatX``."
    return made


def plural(single: Any, kind: str, name: str) -> Any:
    """Make ``matrices`` of ``matrix``.

    Several variables, by number or by names (one string of letters will do).
    """

    def several(*names: Any) -> list[Any]:
        if len(names) == 1 and isinstance(names[0], int):
            return [single() for _ in range(names[0])]
        if len(names) == 1 and isinstance(names[0], str):
            return [single(n) for n in names[0]]
        return [single(n) for n in names]

    several.__name__ = several.__qualname__ = name
    several.__module__ = _LANGUAGE
    several.__doc__ = f"Several variables such as `{kind}` makes, by number or by names."
    return several


_KINDS: dict[str, Shape] = {
    "scalar": (),
    "vector": (None,),
    "row": (1, None),
    "col": (None, 1),
    "matrix": (None,) * 2,
    **{f"tensor{n}": (None,) * n for n in (3, 4, 5, 6, 7)},
}
_LETTERS = {
    "": None,
    "b": "int8",
    "w": "int16",
    "i": "int32",
    "l": "int64",
    "f": "float32",
    "d": "float64",
    "c": "complex64",
    "z": "complex128",
}
_PLURALS = {"matrix": "matrices"}
CONSTRUCTORS: dict[str, Any] = {}
for _letter, _dtype in _LETTERS.items():
    for _kind, _shape in _KINDS.items():
        _one, _many = _letter + _kind, _letter + _PLURALS.get(_kind, _kind + "s")
        _single = TensorType(_dtype, _shape) if _dtype else generic_constructor(_shape, _one)
        CONSTRUCTORS[_one] = _single
        CONSTRUCTORS[_many] = plural(_single, _one, _many)

int_dtypes = [d for d in dtypes.INTEGERS if d.startswith("int")]
uint_dtypes = [d for d in dtypes.INTEGERS if d.startswith("uint")]
integer_dtypes = list(dtypes.INTEGERS)
float_dtypes = list(dtypes.FLOATS)
complex_dtypes = list(dtypes.COMPLEX)
discrete_dtypes = list(dtypes.DISCRETE)
continuous_dtypes = [*dtypes.FLOATS, *dtypes.COMPLEX]
all_dtypes = list(dtypes.ALL)


def tensor(
    dtype: Any = "floatX", shape: Any = None, broadcastable: Any = None, name: str | None = None
) -> TensorVariable:
    """A variable of any dtype and shape (or broadcast pattern); see `TensorType`."""
    return TensorType(dtype, shape, broadcastable)(name)
