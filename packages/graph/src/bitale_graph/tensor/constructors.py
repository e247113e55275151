"""Constructors of variables: ``matrix``, ``dvector``, ``fmatrices`` and the like."""

from __future__ import annotations

from typing import Any

from .array_type import Shape
from .variable import TensorType, TensorVariable


def tensor_constructor(dtype: str | None, shape: Shape, kind: str) -> Any:
    """Make ``matrix``, ``dmatrix`` and the like.

    A function of an optional name (and, without letter, a dtype).
    """

    def generic(name: str | None = None, dtype: str | None = None) -> Any:
        return TensorType(dtype or "floatX", shape)(name)

    def of_one_dtype(name: str | None = None) -> Any:
        return TensorType(dtype, shape)(name)

    made = generic if dtype is None else of_one_dtype
    made.__name__ = made.__qualname__ = kind
    meant = dtype or "`dtype`, by default ``config.floatX``"
    made.__doc__ = f"A variable of rank {len(shape)} and dtype {meant}."
    return made


def plural(single: Any) -> Any:
    """Make ``matrices`` of ``matrix``.

    Several variables, by number or by names (one string of letters will do).
    """

    def several(*names: Any) -> list[Any]:
        if len(names) == 1 and isinstance(names[0], int):
            return [single() for _ in range(names[0])]
        if len(names) == 1 and isinstance(names[0], str):
            return [single(n) for n in names[0]]
        return [single(n) for n in names]

    several.__name__ = several.__qualname__ = f"{single.__name__}s"
    several.__doc__ = f"Several variables such as `{single.__name__}` makes, by number or by names."
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
        _single = tensor_constructor(_dtype, _shape, _letter + _kind)
        CONSTRUCTORS[_letter + _kind] = _single
        CONSTRUCTORS[_letter + _PLURALS.get(_kind, _kind + "s")] = plural(_single)


def tensor(
    dtype: Any = "floatX", shape: Any = None, broadcastable: Any = None, name: str | None = None
) -> TensorVariable:
    """A variable of any dtype and shape (or broadcast pattern); see `TensorType`."""
    return TensorType(dtype, shape, broadcastable)(name)
