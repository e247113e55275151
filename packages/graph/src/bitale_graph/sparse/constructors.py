"""Sparse variables, constants and shared variables from what users write."""

from __future__ import annotations

from typing import Any

from ..core.graph import Apply, Variable
from ..tensor.state import Container
from .library import is_scipy
from .variable import (
    FORMATS,
    SparseConstant,
    SparseSharedVariable,
    SparseType,
    SparseVariable,
    type_name,
)


def as_sparse_variable(x: Any, name: str | None = None) -> SparseVariable:
    """Make ``x`` a sparse variable; a sparse variable stands for itself.

    Parameters
    ----------
    x : sparse variable, or sparse matrix or array of SciPy's
        A value becomes a constant.
    name : str, optional

    Raises
    ------
    TypeError
        If ``x`` is dense, or of a format that is not compiled (dok, lil...).
    """
    if isinstance(x, Apply):
        x = x.out
    if isinstance(x, SparseVariable):
        return x
    if isinstance(x, Variable):
        raise TypeError(
            f"expected a sparse matrix, and got {x} of {x.type}; csr_from_dense(x) makes one of a "
            "dense matrix"
        )
    return constant(x, name)


def constant(x: Any, name: str | None = None) -> SparseConstant:
    """A constant of a sparse matrix or array of SciPy's, whose numbers are copied."""
    return _type_of(x).make_constant(x, name)


def _type_of(x: Any) -> SparseType:
    if not is_scipy(x):
        raise TypeError(
            f"expected a sparse matrix of SciPy's, and got {type_name(x)}; "
            "scipy.sparse.csr_matrix(x) makes one of an array"
        )
    if x.format not in FORMATS or x.ndim != 2:
        raise TypeError(
            f"expected a sparse matrix of format {', '.join(FORMATS)}, and got {type_name(x)} of "
            f"rank {x.ndim}; x.tocsr() changes the format"
        )
    return SparseType(x.format, x.dtype.newbyteorder("=").name)


def sparse_constructor(
    value: Any, name: str | None = None, borrow: bool = False, **keywords: Any
) -> SparseSharedVariable:
    """A shared sparse matrix, which may become one of another shape and number of elements.

    One of a format that is not compiled (lil, say) becomes csr.
    """
    if keywords:
        raise TypeError(f"shared: a sparse matrix takes no {', '.join(map(repr, keywords))}")
    if value.format not in FORMATS:
        value = value.tocsr()
    type = _type_of(value)
    data = type.filter(value)
    return SparseSharedVariable(type, Container(data if borrow else type.copied(data)), name)


def matrix(format: str, name: str | None = None, dtype: str | None = None) -> SparseVariable:
    """A sparse matrix of a format, ``"csr"``, ``"csc"`` or ``"bsr"``.

    Parameters
    ----------
    format : str
    name : str, optional
    dtype : str, optional
        By default ``config.floatX``.
    """
    return SparseType(format, dtype or "floatX")(name)


def csr_matrix(name: str | None = None, dtype: str | None = None) -> SparseVariable:
    """A sparse matrix stored by rows; its dtype is by default ``config.floatX``."""
    return matrix("csr", name, dtype)


def csc_matrix(name: str | None = None, dtype: str | None = None) -> SparseVariable:
    """A sparse matrix stored by columns; its dtype is by default ``config.floatX``."""
    return matrix("csc", name, dtype)


def bsr_matrix(name: str | None = None, dtype: str | None = None) -> SparseVariable:
    """A sparse matrix stored by blocks; its dtype is by default ``config.floatX``."""
    return matrix("bsr", name, dtype)


# Called, they make variables, with an optional name.
csr_dmatrix = SparseType("csr", "float64")
csc_dmatrix = SparseType("csc", "float64")
bsr_dmatrix = SparseType("bsr", "float64")
csr_fmatrix = SparseType("csr", "float32")
csc_fmatrix = SparseType("csc", "float32")
bsr_fmatrix = SparseType("bsr", "float32")
