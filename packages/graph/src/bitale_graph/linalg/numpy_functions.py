"""What functions of `numpy.linalg` mean for variables: rows of the table in `ops`."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..ops import contraction, diagonal, einsum, interpolation, matmul, reduction
from . import algebra, decompositions, eigen, inverse, matrix_functions
from .lstsq import lstsq
from .solve import solve


def _diagonal(x: Any, offset: Any = 0) -> Any:
    return diagonal.diagonal(x, offset, -2, -1)


def _trace(x: Any, offset: Any = 0, dtype: Any = None) -> Any:
    return diagonal.trace(x, offset, -2, -1, dtype)


def _norm_of_all(x: Any, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    """``vector_norm``: without an axis that of all elements."""
    return reduction.norm(x, ord, axis, keepdims)


def _matrix_norm(x: Any, keepdims: bool = False, ord: Any = "fro") -> Any:
    return algebra.norm(x, ord, (-2, -1), keepdims)


def _solve(a: Any, b: Any) -> Any:
    return solve(a, b)


def _cholesky(a: Any, upper: bool = False) -> Any:
    return decompositions.cholesky(a, not upper)


def _eigvalsh(a: Any, UPLO: str = "L") -> Any:
    return eigen.Eigvalsh(UPLO)(a)


def _pinv(a: Any, rcond: Any = None, hermitian: bool = False, rtol: Any = None) -> Any:
    found = rcond if rtol is None or rtol is np._NoValue else rtol
    return inverse.pinv(a, found, hermitian)


LINALG_ROWS: dict[str, tuple[Any, str]] = {
    "linalg.norm": (algebra.norm, "x | ord axis keepdims"),
    "linalg.vector_norm": (_norm_of_all, "x | axis keepdims ord"),
    "linalg.matrix_norm": (_matrix_norm, "x | keepdims ord"),
    "linalg.matmul": (matmul.matmul, "x1 x2"),
    "linalg.vecdot": (matmul.vecdot, "x1 x2 | axis"),
    "linalg.tensordot": (contraction.tensordot, "x1 x2 | axes"),
    "linalg.matrix_transpose": (matmul.matrix_transpose, "x"),
    "linalg.diagonal": (_diagonal, "x | offset"),
    "linalg.trace": (_trace, "x | offset dtype"),
    "linalg.cross": (interpolation.cross, "x1 x2 | axis"),
    "linalg.inv": (inverse.inv, "a"),
    "linalg.pinv": (_pinv, "a | rcond hermitian rtol"),
    "linalg.det": (inverse.det, "a"),
    "linalg.slogdet": (inverse.slogdet, "a"),
    "linalg.eig": (eigen.eig, "a"),
    "linalg.eigvals": (eigen.eigvals, "a"),
    "linalg.eigh": (eigen.eigh, "a | UPLO"),
    "linalg.eigvalsh": (_eigvalsh, "a | UPLO"),
    "linalg.qr": (decompositions.qr, "a | mode"),
    "linalg.svd": (decompositions.svd, "a | full_matrices compute_uv !hermitian"),
    "linalg.svdvals": (decompositions.svdvals, "x"),
    "linalg.cholesky": (_cholesky, "a | upper"),
    "linalg.solve": (_solve, "a b"),
    "linalg.lstsq": (lstsq, "a b | rcond"),
    "linalg.tensorinv": (algebra.tensorinv, "a | ind"),
    "linalg.tensorsolve": (algebra.tensorsolve, "a b | axes"),
    "linalg.matrix_power": (matrix_functions.matrix_power, "a n"),
    "linalg.matrix_rank": (algebra.matrix_rank, "A | tol !hermitian !rtol"),
    "linalg.cond": (algebra.cond, "x | p"),
    "linalg.multi_dot": (einsum.multi_dot, "arrays | !out"),
}
