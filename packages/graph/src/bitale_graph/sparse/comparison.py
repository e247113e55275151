"""Comparisons of sparse matrices with each other or with dense operands, element by element."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ..base import dtype as dtypes
from ..base.errors import DtypeError, describe
from ..core.graph import Apply
from ..ops import math as tm
from ..tensor.elementwise import cast as cast_dense
from .arithmetic import alike, cast, operands, upcast
from .op import SparseOp, is_sparse
from .parts import same_shape_error
from .variable import SparseType

_PYTHON = {"neq": "ne"}
_MIRRORED = {"eq": "eq", "neq": "neq", "lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}


class Compare(SparseOp):
    """Where two sparse matrices are in a relation, as a sparse matrix of truth values.

    Parameters
    ----------
    relation : str
        ``"eq"``, ``"neq"``, ``"lt"``, ``"le"``, ``"gt"`` or ``"ge"``.
    """

    __props__ = ("relation",)

    def __init__(self, relation: str) -> None:
        self.relation = relation

    def make_node(self, x: Any, y: Any) -> Apply:
        """Cast to one dtype; the second takes the format of the first."""
        x, y = alike(x, y)
        if self.relation not in ("eq", "neq") and dtypes.is_complex(x.dtype):
            raise DtypeError(f"{self.relation}: complex numbers have no order\n  {describe(x)}")
        out: Any = SparseType(x.format, "bool")()
        return Apply(self, [x, y], [out])

    def compute(self, node: Apply, *values: Any) -> Any:
        x, y = values
        if x.shape != y.shape:
            raise same_shape_error(self.relation, x, y)
        compare = getattr(operator, _PYTHON.get(self.relation, self.relation))
        if x.dtype == bool or 0 in x.shape:  # of which SciPy leaves out some relations
            return np.asarray(compare(x.toarray(), y.toarray()))
        return compare(x, y)


def _comparison(name: str) -> Any:
    def compare(x: Any, y: Any) -> Any:
        x, y = operands(name, x, y)
        if is_sparse(x) and is_sparse(y):
            return Compare(name)(x, y)
        # Where nothing is stored zero is compared, which holds nearly everywhere or nowhere.
        relation = name if is_sparse(x) else _MIRRORED[name]
        x, y = (x, y) if is_sparse(x) else (y, x)
        dtype = upcast(x, y)
        return getattr(tm, relation)(cast(x, dtype).toarray(), cast_dense(y, dtype))

    compare.__name__ = compare.__qualname__ = name
    compare.__doc__ = (
        f"Where ``x {_SIGNS[name]} y``, for two matrices of which at least one is sparse.\n\n"
        "    A sparse matrix of truth values if both are sparse, else a dense one."
    )
    return compare


_SIGNS = {"eq": "==", "neq": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
eq = _comparison("eq")
neq = _comparison("neq")
lt = _comparison("lt")
le = _comparison("le")
gt = _comparison("gt")
ge = _comparison("ge")
