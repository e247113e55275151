"""What ops on sparse matrices have in common."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from ..base.errors import describe
from ..core.graph import Apply, Op, Storage, Variable
from .library import is_scipy, scipy_sparse
from .variable import SparseType, SparseVariable


class SparseOp(Op):
    """An op with one output, which SciPy computes.

    Attributes
    ----------
    is_safe : bool
        Whether `compute` leaves its inputs alone; much of SciPy puts what is stored in order first,
        in place.
    """

    is_safe: ClassVar[bool] = False

    @abstractmethod
    def compute(self, node: Apply, *values: Any) -> Any:
        """The value of the output, in any form that its type can take without a loss."""

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        sparse = scipy_sparse()
        with np.errstate(all="ignore"), warnings.catch_warnings():
            # That a pattern changes, or a comparison fills it, is what was asked for.
            warnings.simplefilter("ignore", sparse.SparseEfficiencyWarning)
            found = self.compute(node, *(inputs if self.is_safe else map(_guarded, inputs)))
        type = node.outputs[0].type
        if isinstance(type, SparseType):
            output_storage[0][0] = type.as_value(found)
        else:
            output_storage[0][0] = np.asarray(found, type.dtype)


def _guarded(value: Any) -> Any:
    """A matrix that may be put in order: a copy, unless it is."""
    return value.copy() if is_scipy(value) and not value.has_canonical_format else value


def sparse_operand(name: str, x: Any, *formats: str) -> Any:
    """``x``, which must be a sparse variable, of one of some formats if any are told."""
    if not isinstance(x, SparseVariable):
        given = describe(x) if isinstance(x, Variable) else repr(x)[:80]
        raise TypeError(
            f"{name} takes a sparse matrix, and got\n  {given}\n"
            "  hint: csr_from_dense(x) makes one of a dense matrix"
        )
    if formats and x.format not in formats:
        raise TypeError(
            f"{name} takes a matrix of format {' or '.join(formats)}, and got\n  {describe(x)}\n"
            "  hint: x.tocsr() and x.tocsc() change the format"
        )
    return x


def is_sparse(x: Any) -> bool:
    """Whether ``x`` is a sparse variable."""
    return isinstance(x, SparseVariable)
