"""The order of stored numbers, and zeros among them."""

from __future__ import annotations

from typing import Any

from ..core.graph import Apply
from .constructors import as_sparse_variable
from .op import SparseOp, sparse_operand


class EnsureSortedIndices(SparseOp):
    """The same matrix with the indices of each row (of csc each column) in order."""

    is_safe = True
    __props__ = ()

    def make_node(self, x: Any) -> Apply:
        """Take a sparse matrix."""
        x = sparse_operand("ensure_sorted_indices", x)
        return Apply(self, [x], [x.type()])

    def compute(self, node: Apply, *values: Any) -> Any:
        return values[0].sorted_indices()


class Remove0(SparseOp):
    """The same matrix without stored zeros."""

    is_safe = True
    __props__ = ()

    def make_node(self, x: Any) -> Apply:
        """Take a sparse matrix."""
        x = sparse_operand("remove0", x)
        return Apply(self, [x], [x.type()])

    def compute(self, node: Apply, *values: Any) -> Any:
        made = values[0].copy()
        made.eliminate_zeros()
        return made


def ensure_sorted_indices(x: Any) -> Any:
    """The same matrix with the indices of each row (of csc each column) in order."""
    return EnsureSortedIndices()(as_sparse_variable(x))


def remove0(x: Any) -> Any:
    """The same matrix without stored zeros."""
    return Remove0()(as_sparse_variable(x))


def clean(x: Any) -> Any:
    """The same matrix without stored zeros, and with indices in order."""
    return ensure_sorted_indices(remove0(x))
