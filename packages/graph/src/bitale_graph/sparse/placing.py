"""What indexing reads, put back where it was: the derivatives of indexing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.graph import Apply
from ..tensor.conversion import as_tensor
from ..tensor.elementwise import cast
from .indexing import GetItem2d, Pattern, as_index, checked
from .library import scipy_sparse
from .op import SparseOp, sparse_operand
from .variable import SparseType


class PlaceItem2d(SparseOp):
    """A matrix of given lengths with a sub-matrix where two slices name it, and nothing elsewhere.

    Parameters
    ----------
    rows, columns : tuples of bools
        As of `GetItem2d`.
    """

    is_safe = True
    __props__ = ("rows", "columns")

    def __init__(self, rows: Pattern, columns: Pattern) -> None:
        self.rows = rows
        self.columns = columns

    def make_node(self, x: Any, n: Any, m: Any, *bounds: Any) -> Apply:
        """Take a matrix, the lengths, and the bounds."""
        x = sparse_operand("PlaceItem2d", x, "csr", "csc")
        return Apply(self, [x, as_index(n), as_index(m), *map(as_index, bounds)], [x.type()])

    def compute(self, node: Apply, *values: Any) -> Any:
        x, *rest = values
        n, m, *bounds = map(int, rest)
        parts = GetItem2d(self.rows, self.columns).slices(bounds)
        places = [np.arange(k)[s] for k, s in zip((n, m), parts, strict=True)]
        found = x.tocoo()
        rows, columns = places[0][found.row], places[1][found.col]
        return scipy_sparse().coo_matrix((found.data, (rows, columns)), shape=(n, m))


class PlaceRows(SparseOp):
    """A matrix of ``n`` rows with those of ``x`` added at the rows that a vector names."""

    is_safe = True
    __props__ = ()

    def make_node(self, x: Any, rows: Any, n: Any) -> Apply:
        """Take a matrix, where its rows go, and the number of rows."""
        x = sparse_operand("PlaceRows", x, "csr", "csc")
        return Apply(self, [x, as_index(rows, 1), as_index(n)], [x.type()])

    def compute(self, node: Apply, *values: Any) -> Any:
        x, rows, n = values
        found = x.tocoo()
        shape = int(n), x.shape[1]
        places = (checked(rows, shape, 0)[found.row], found.col)
        return scipy_sparse().coo_matrix((found.data, places), shape=shape)


class PlaceNumbers(SparseOp):
    """A matrix with numbers added at places.

    Parameters
    ----------
    format : str
        Of the result.
    """

    is_safe = True
    __props__ = ("format",)

    def __init__(self, format: str) -> None:
        self.format = format

    def make_node(self, data: Any, rows: Any, columns: Any, n: Any, m: Any) -> Apply:
        """Take three vectors and the lengths."""
        data = as_tensor(data)
        rows, columns = as_index(rows, 1), as_index(columns, 1)
        out: Any = SparseType(self.format, data.type.dtype)()
        return Apply(self, [data, rows, columns, cast(n, "int64"), cast(m, "int64")], [out])

    def compute(self, node: Apply, *values: Any) -> Any:
        data, rows, columns, n, m = values
        shape = int(n), int(m)
        places = checked(rows, shape, 0), checked(columns, shape, 1)
        return scipy_sparse().coo_matrix((data, places), shape=shape)


def place_like(op: GetItem2d, part: Any, lengths: Sequence[Any], bounds: Sequence[Any]) -> Any:
    """What ``op`` read, back in a matrix of the lengths of what it was read from."""
    return PlaceItem2d(op.rows, op.columns)(part, *lengths, *bounds)
