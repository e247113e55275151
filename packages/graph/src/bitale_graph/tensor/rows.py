"""What makes a row of the scalar table and the function of the language that it gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..base import dtype as dtypes
from . import scalar
from .conversion import as_tensor, is_python_number
from .elementwise import Elementwise, cast
from .scalar import TRANSCENDENTAL, Array, ScalarOp, common_shape, define
from .variable import TensorVariable

COMPLEX = dtypes.COMPLEX
INEXACT = (*dtypes.FLOATS, *dtypes.COMPLEX)


def row(
    name: str,
    arity: int,
    compute: Callable[..., Array],
    doc: str,
    kind: type[ScalarOp] = ScalarOp,
    **facts: Any,
) -> Elementwise:
    """Add a row to the table; see `ScalarOp` for the facts."""
    op = Elementwise(define(kind(name, arity, compute, doc=doc, **facts)))
    op.__doc__ = doc
    return op


def function(
    name: str,
    compute: Callable[..., Array],
    doc: str,
    low: float = -3,
    high: float = 3,
    arity: int = 1,
    **facts: Any,
) -> Elementwise:
    """Add a row for a function that discrete operands become floats for.

    Samples lie between ``low`` and ``high``.
    """
    facts = {
        "cost": TRANSCENDENTAL,
        "operand": dtypes.at_least_float,
        "domain": ((low, high),) * arity,
        **facts,
    }
    return row(name, arity, compute, doc, **facts)


# Where functions are stated, and found when they are unpickled.
STATEMENTS = "bitale_graph.tensor.functions"


def chain(op: Elementwise) -> Callable[..., TensorVariable]:
    """The function of one or more operands that the op combines, from the left."""

    def combine(*operands: Any) -> TensorVariable:
        if not operands:
            raise TypeError(f"{op.scalar_op.name} takes at least one operand")
        result = operands[0] if len(operands) > 1 else as_tensor(operands[0])
        for operand in operands[1:]:
            result = op(result, operand)
        return result

    combine.__name__ = combine.__qualname__ = op.scalar_op.name
    combine.__module__ = STATEMENTS
    combine.__doc__ = op.scalar_op.doc
    combine.op = op  # type: ignore[attr-defined]  # by which printers are assigned to it
    return combine


def of_complex(op: Elementwise, otherwise: str) -> Callable[[Any], TensorVariable]:
    """The function that applies ``op`` to complex numbers.

    Others it gives back as they are ("itself"), or zeros in their place ("zero").
    """

    def apply(x: Any) -> TensorVariable:
        x = as_tensor(x)
        if dtypes.is_complex(x.dtype):
            return op(x)
        if otherwise == "itself":
            same: TensorVariable = x
            return same
        return Elementwise(scalar.second)(x, np.zeros((), x.dtype))

    apply.__name__ = apply.__qualname__ = op.scalar_op.name
    apply.__module__ = f"{__package__}.special"
    apply.__doc__ = op.scalar_op.doc
    return apply


def comparison(
    name: str, compute: Callable[..., Array], symbol: str, **facts: Any
) -> Callable[[Any, Any], TensorVariable]:
    """Add a row for a comparison: exact for integers of any two dtypes, as in NumPy 2."""
    doc = f"``x {symbol} y``, element by element; integers of any two dtypes compare exactly."
    op = row(name, 2, compute, doc, result=boolean, symbol=symbol, **facts)
    truth = op.scalar_op

    def compare(x: Any, y: Any) -> TensorVariable:
        for swapped, v, w in ((False, x, y), (True, y, x)):
            if type(w) is int:
                side = _beyond(v, w)
                if side:
                    always = truth(side, 0) if swapped else truth(0, side)
                    return Elementwise(scalar.second)(v, np.bool_(always))
            elif not is_python_number(v) and not is_python_number(w):
                left, right = as_tensor(v), as_tensor(w)
                if left.dtype == "uint64" and right.dtype in _SIGNED:
                    # Both as uint64, but for what is negative.
                    negative = np.bool_(truth(-1, 0) if swapped else truth(0, -1))
                    below = Elementwise(scalar.lt)
                    whole = cast(right, "uint64")
                    unsigned = op(whole, left) if swapped else op(left, whole)
                    return Elementwise(scalar.switch)(below(right, 0), negative, unsigned)
        return op(x, y)

    compare.__name__ = compare.__qualname__ = name
    compare.__module__ = STATEMENTS
    compare.__doc__ = doc
    return compare


_SIGNED = ("int8", "int16", "int32", "int64")


def _beyond(x: Any, number: int) -> int:
    """1 if a Python integer is above the dtype of integers ``x``, -1 if below, else 0."""
    if is_python_number(x):
        return 0
    dtype = as_tensor(x).dtype
    if not dtypes.is_discrete(dtype):
        return 0
    # Beside bools a number is an int64.
    info = np.iinfo("int64" if dtype == "bool" else dtype)
    return (number > info.max) - (number < info.min)


def logical(name: str, compute: Callable[..., Array], symbol: str) -> Elementwise:
    """Add a row for an operation on bools, and on the bits of integers."""
    return row(
        name,
        2,
        compute,
        f"``x {symbol} y``, bit by bit.",
        symbol=symbol,
        commutative=True,
        associative=True,
        refuses=INEXACT,
    )


# Dtype rules.
def boolean(dtype: str) -> str:
    """The result of what is true or false."""
    return "bool"


def bool_as_int8(dtype: str) -> str:
    """The operand dtype where a bool stands for a number."""
    return "int8" if dtype == "bool" else dtype


def modulus(dtype: str) -> str:
    """The result of an absolute value."""
    return {"complex64": "float32", "complex128": "float64"}.get(dtype, dtype)


def complex_dtype(dtype: str) -> str:
    """The result of numbers that are put together to complex ones."""
    return "complex128" if dtype == "float64" else "complex64"


# Meanings that NumPy has no function for.
def real(x: Array) -> Array:
    """The real part, in memory of its own."""
    return np.array(np.real(x))


def imag(x: Array) -> Array:
    """The imaginary part, in memory of its own."""
    return np.array(np.imag(x))


def conjugate(x: Array) -> Array:
    """The conjugate, in memory of its own."""
    return np.array(np.conjugate(x) if np.iscomplexobj(x) else x)


def angle(x: Array) -> Array:
    """The angle, computed in float64."""
    x = np.asarray(x)
    return np.angle(x.astype(np.complex128 if x.dtype.kind == "c" else np.float64))


def complex_of(re: Array, im: Array) -> Array:
    """``re + i im``, in which infinite and NaN parts stay apart."""
    re, im = np.broadcast_arrays(re, im)
    y = np.empty(re.shape, complex_dtype(re.dtype.name))
    y.real, y.imag = re, im
    return y


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)); exp of a non-positive number on either side never overflows."""
    x = np.asarray(x)
    e = np.exp(-np.abs(x))
    return (np.where(x < 0, e, x.dtype.type(1)) / (1 + e)).astype(x.dtype)


def softplus(x: Array) -> Array:
    """log(1 + exp(x))."""
    return np.logaddexp(x, np.asarray(x).dtype.type(0))


def via_math(name: str) -> Callable[[Array], Array]:
    """Element by element through `math`, so that NumPy is all that is needed."""

    def compute(x: Array) -> Array:
        import math

        f = getattr(math, name)
        x = np.asarray(x)
        numbers = np.fromiter((f(v) for v in x.ravel().tolist()), np.float64, x.size)
        return numbers.reshape(x.shape).astype(x.dtype)

    return compute


def power(x: Array, y: Array) -> Array:
    """``x ** y``; raises `ValueError` where integers would have negative exponents."""
    if np.asarray(x).dtype.kind in "iu" and (np.asarray(y) < 0).any():
        raise ValueError(
            "pow: integers to negative integer powers are not defined; cast an operand to a float "
            "dtype first"
        )
    return np.power(x, y)


def second(a: Array, b: Array) -> Array:
    """``b``, stretched to the shape of ``a``."""
    return np.broadcast_to(b, common_shape(np.shape(a), np.shape(b))).copy()
