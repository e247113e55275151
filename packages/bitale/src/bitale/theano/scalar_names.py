"""What ``theano.scalar`` has beside ops: lists of types, and types of results.

The types of results are given to an op of numbers that a program defines, as its first argument.
"""

from __future__ import annotations

from typing import Any

from bitale_graph import scalars

int_types = tuple(scalars.get_scalar_type(f"int{n}") for n in (8, 16, 32, 64))
uint_types = tuple(scalars.get_scalar_type(f"uint{n}") for n in (8, 16, 32, 64))
float_types = tuple(scalars.get_scalar_type(f"float{n}") for n in (16, 32, 64))
complex_types = tuple(scalars.get_scalar_type(f"complex{n}") for n in (64, 128))
integer_types = int_types + uint_types
discrete_types = (scalars.get_scalar_type("bool"), *integer_types)
continuous_types = float_types + complex_types
all_types = discrete_types + continuous_types

_INT8, _INT64, _FLOAT64 = int_types[0], int_types[-1], float_types[-1]


def _refused(types: Any, refused: Any, what: str) -> None:
    for one in types:
        if one in refused:
            raise TypeError(f"{one} is not taken: {what}")


def float_out(*types: Any) -> tuple[Any]:
    """float64."""
    return (_FLOAT64,)


def float_out_nocomplex(*types: Any) -> tuple[Any]:
    """float64; complex numbers are refused."""
    _refused(types, complex_types, "real numbers are")
    return (_FLOAT64,)


def int_out(*types: Any) -> tuple[Any]:
    """int64."""
    return (_INT64,)


def int_out_nocomplex(*types: Any) -> tuple[Any]:
    """int64; complex numbers are refused."""
    _refused(types, complex_types, "real numbers are")
    return (_INT64,)


def real_out(type: Any) -> tuple[Any]:
    """The type of the real part."""
    return (float_types[1 + complex_types.index(type)] if type in complex_types else type,)


def same_out_float_only(type: Any) -> tuple[Any]:
    """The type of the operand, of floats alone."""
    if type not in float_types:
        raise TypeError(f"{type} is not taken: real floats are")
    return (type,)


def same_out_min8(type: Any) -> tuple[Any]:
    """The type of the operand; bool gives int8."""
    return (_INT8 if type == discrete_types[0] else type,)


def same_out_nobool(type: Any) -> tuple[Any]:
    """The type of the operand; bool is refused."""
    _refused([type], discrete_types[:1], "numbers are")
    return (type,)


def same_out_nocomplex(type: Any) -> tuple[Any]:
    """The type of the operand; complex numbers are refused."""
    _refused([type], complex_types, "real numbers are")
    return (type,)


def upcast_out_min8(*types: Any) -> tuple[Any]:
    """The type of the operands combined; bool gives int8."""
    return same_out_min8(scalars.upcast_out(*types)[0])


def upcast_out_no_complex(*types: Any) -> tuple[Any]:
    """The type of the operands combined; complex numbers are refused."""
    _refused(types, complex_types, "real numbers are")
    return scalars.upcast_out(*types)


def upcast_out_nobool(*types: Any) -> tuple[Any]:
    """The type of the operands combined; bool is refused."""
    return same_out_nobool(scalars.upcast_out(*types)[0])


def upgrade_to_float64(*types: Any) -> tuple[Any]:
    """float64."""
    return (_FLOAT64,)


def upgrade_to_float_no_complex(*types: Any) -> tuple[Any]:
    """The type of the operands combined, at least a float; complex numbers are refused."""
    _refused(types, complex_types, "real numbers are")
    return scalars.upgrade_to_float(*types)


# fmt: off
__all__ = [
    "all_types", "complex_types", "continuous_types", "discrete_types", "float_out",
    "float_out_nocomplex", "float_types", "int_out", "int_out_nocomplex", "int_types",
    "integer_types", "real_out", "same_out_float_only", "same_out_min8", "same_out_nobool",
    "same_out_nocomplex", "uint_types", "upcast_out_min8", "upcast_out_no_complex",
    "upcast_out_nobool", "upgrade_to_float64", "upgrade_to_float_no_complex",
]
# fmt: on
