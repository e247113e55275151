"""Scalar ops: what elementwise ops and fused loops compute for one element.

Their rows stand in `functions`; as attributes of this module they have their own names
(``scalar.exp``, ``scalar.and_``). Operands of one row have one dtype (`ScalarOp.operand_dtypes`);
the elementwise op casts them. A row holds no gradient and no C text: these stand in the tables of
autodiff and of the code generators, under the row itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..base import dtype as dtypes
from ..base import late
from ..base.errors import ComplexError, DtypeError
from ..core.graph import Variable

# What a quotient and a function such as exp cost, in multiplications.
DIVISION, TRANSCENDENTAL = 4, 12

Array = Any
DtypeRule = Callable[[str], str]


def common_shape(*shapes: Sequence[int]) -> tuple[int, ...]:
    """The shape of arrays that go together; NumPy's own function stops at 32 axes."""
    ndim = max(map(len, shapes), default=0)
    columns = ([s[a] for s in shapes if len(s) >= -a] for a in range(-ndim, 0))
    return tuple(next((n for n in lengths if n != 1), 1) for lengths in columns)


def _same(dtype: str) -> str:
    return dtype


@dataclass(frozen=True, eq=False)
class ScalarOp:
    """A function of numbers.

    Parameters
    ----------
    name : str
        Theano's name of the function; unique.
    arity : int
        The number of operands.
    compute : callable
        The NumPy meaning, on arrays of the operand dtype.
    operand : callable
        From the common dtype of what is given to the dtype that the operands are cast to.
    result : callable
        From the operand dtype to the dtype of the result.
    symbol : str
        The infix operator, for printing; empty if there is none.
    commutative, associative : bool
        Whether operands may change places; whether chains of the op may be regrouped.
    refuses : tuple of str
        Operand dtypes that the op does not take.
    cost : int
        Of one element on one core, in multiplications: what is worth a thread, or worth keeping.
    doc : str
        What it computes, in a line: the docstring of the function in the language.
    domain : tuple of pairs of float
        For each operand between which numbers samples of it lie.
    kinks : str
        Where the op has no derivative, for samples to keep away from: "zero", at "whole" numbers
        (the second operand alone is whole), where two operands are equal ("ties"), or nowhere.
    huge : bool
        Whether the largest and the least numbers of a dtype are among the samples.
    whole : tuple of int
        Operands of which samples are whole numbers.
    no_gradient : tuple of int
        Operands by which nobody has written the derivative.
    is_called : bool
        Whether no target has code for it, so that compiled functions call its NumPy meaning.
    """

    name: str
    arity: int
    compute: Callable[..., Array]
    operand: DtypeRule = _same
    result: DtypeRule = _same
    symbol: str = ""
    commutative: bool = False
    associative: bool = False
    refuses: tuple[str, ...] = field(default=())
    cost: int = 1
    doc: str = ""
    domain: tuple[tuple[float, float], ...] = ((-3, 3),) * 3
    kinks: str = ""
    huge: bool = True
    whole: tuple[int, ...] = ()
    no_gradient: tuple[int, ...] = ()
    is_called: bool = False

    @property
    def is_dear(self) -> bool:
        """Whether to compute an element costs more than to write it and read it again."""
        return self.cost > DIVISION

    @property
    def reads(self) -> tuple[bool, ...]:
        """For each operand whether the result depends on its number, and not on its shape alone."""
        return (True,) * self.arity

    def operand_dtypes(self, given: Sequence[str]) -> tuple[str, ...]:
        """The dtypes that operands of the dtypes ``given`` are cast to; raises `DtypeError`."""
        dtype = self.operand(dtypes.upcast(*given))
        if dtype in self.refuses:
            refused = ComplexError if dtypes.is_complex(dtype) else DtypeError
            raise refused(
                f"{self.name} does not take operands of dtype {dtype} (given: {', '.join(given)})"
            )
        return (dtype,) * self.arity

    def result_dtype(self, operands: Sequence[str]) -> str:
        """The dtype of the result for operands of these (cast) dtypes."""
        return self.result(operands[0])

    def __call__(self, *operands: Array) -> Array:
        """Compute on arrays of the operand dtype; the result has the result dtype.

        Of variables it makes the elementwise expression.
        """
        if any(isinstance(x, Variable) for x in operands):
            return late.ops.math.Elementwise(self)(*operands)
        with np.errstate(all="ignore"):
            return self.compute(*operands)

    def key(self) -> str:
        """What tells it from others, in every process."""
        return self.name

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"<ScalarOp {self.name}>"

    def __reduce__(self) -> str | tuple[Any, ...]:
        return scalar_op, (self.name,)


class Select(ScalarOp):
    """``switch(condition, a, b)``: the condition is a bool, the others have one dtype."""

    def operand_dtypes(self, given: Sequence[str]) -> tuple[str, ...]:
        dtype = dtypes.upcast(*given[1:])
        return ("bool", dtype, dtype)

    def result_dtype(self, operands: Sequence[str]) -> str:
        return operands[1]


class Second(ScalarOp):
    """``second(a, b)``: b, stretched to the shape of a; the numbers in a are not read."""

    reads = (False, True)

    def operand_dtypes(self, given: Sequence[str]) -> tuple[str, ...]:
        return (given[0], given[1])

    def result_dtype(self, operands: Sequence[str]) -> str:
        return operands[1]


class _Cast(ScalarOp):
    """Conversion to one dtype."""

    def operand_dtypes(self, given: Sequence[str]) -> tuple[str, ...]:
        return tuple(given)


SCALAR_OPS: dict[str, ScalarOp] = {}


def scalar_op(name: str) -> ScalarOp:
    """The row called ``name``; raises `KeyError` if the table has none."""
    return SCALAR_OPS[name]


def define(op: ScalarOp) -> ScalarOp:
    """Add a row to the table; a second one of the same name is an error."""
    if op.name in SCALAR_OPS:
        raise ValueError(f"there is a scalar op {op.name!r} already")
    SCALAR_OPS[op.name] = op
    return op


def cast_to(dtype: str) -> ScalarOp:
    """The conversion to ``dtype``: one row for each dtype."""
    return SCALAR_OPS[f"cast{{{dtype}}}"]


def _define_cast(dtype: str) -> None:
    target = np.dtype(dtype)
    name = f"cast{{{dtype}}}"
    define(_Cast(name, 1, lambda x: np.asarray(x).astype(target), result=lambda _: dtype))


for _dtype in dtypes.ALL:
    _define_cast(_dtype)


def is_cast(op: ScalarOp) -> bool:
    """Whether ``op`` is a conversion."""
    return isinstance(op, _Cast)


def __getattr__(name: str) -> ScalarOp:
    try:
        found = SCALAR_OPS[name.rstrip("_")]
    except KeyError:
        raise AttributeError(f"there is no scalar op {name!r}") from None
    globals()[name] = found  # rules ask for their rows a million times in a large graph
    return found
