"""What a reduction is: one row for each scalar op that elements are combined by.

Two partial results are combined by the scalar op itself. Every layer asks the row; none goes by the
name of the op.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..base import dtype as dtypes
from ..base.rules import RuleTable
from . import functions as functions  # the rows of the scalar table
from . import scalar


@dataclass(frozen=True, eq=False)
class Reduction:
    """How elements are combined by an associative and commutative scalar op.

    Parameters
    ----------
    name : str
        What the language calls it, such as "sum" for add.
    ufunc : numpy.ufunc
        NumPy's function of two operands.
    identity : callable
        From a dtype to the number, of that dtype, that changes nothing: what a reduction starts
        from, and what it gives of no elements.
    widens : bool
        Whether results outgrow the dtype of the elements, so that `sum_dtype` and
        `accumulator_dtype` choose what is accumulated in.
    refuses_nothing : bool
        Whether no elements are an error, unless the op allows them (`Reduce.allows_empty`).
    """

    name: str
    ufunc: np.ufunc
    identity: Callable[[str], Any]
    widens: bool = False
    refuses_nothing: bool = False


reductions: RuleTable[Reduction] = RuleTable("a reduction", "bitale_graph/tensor/reductions.py")


def _number(value: Any) -> Callable[[str], Any]:
    return lambda dtype: np.array(value).astype(dtype)[()]


def _lowest(dtype: str) -> Any:
    if dtypes.is_discrete(dtype):
        return np.dtype(dtype).type(0 if dtype == "bool" else np.iinfo(dtype).min)
    return np.dtype(dtype).type(-np.inf)


def _highest(dtype: str) -> Any:
    if dtypes.is_discrete(dtype):
        return np.dtype(dtype).type(1 if dtype == "bool" else np.iinfo(dtype).max)
    return np.dtype(dtype).type(np.inf)


def _unknown(otherwise: Callable[[str], Any]) -> Callable[[str], Any]:
    """NaN where a dtype has it."""
    return lambda dtype: (
        otherwise(dtype) if dtypes.is_discrete(dtype) else np.dtype(dtype).type(np.nan)
    )


def _all_bits(dtype: str) -> Any:
    return np.invert(np.zeros((), dtype))[()]


def _define(op: scalar.ScalarOp, name: str, **facts: Any) -> None:
    assert isinstance(op.compute, np.ufunc)
    reductions.define(op)(Reduction(name, op.compute, **facts))


_define(scalar.add, "sum", identity=_number(0), widens=True)
_define(scalar.mul, "prod", identity=_number(1), widens=True)
_define(scalar.maximum, "max", identity=_lowest, refuses_nothing=True)
_define(scalar.minimum, "min", identity=_highest, refuses_nothing=True)
_define(scalar.fmax, "nanmax", identity=_unknown(_lowest), refuses_nothing=True)
_define(scalar.fmin, "nanmin", identity=_unknown(_highest), refuses_nothing=True)
_define(scalar.and_, "all", identity=_all_bits)
_define(scalar.or_, "any", identity=_number(0))
