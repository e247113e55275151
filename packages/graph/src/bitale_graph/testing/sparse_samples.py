"""Samples of functions of sparse matrices, each against SciPy or NumPy.

They stand beside the table, since they need SciPy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from .. import sparse as S
from ..ops import math as tm
from ..sparse.library import scipy_sparse

# How stored numbers may lie: each gives a matrix, which has them so in csr and csc.
KINDS = ("plain", "empty rows", "unsorted", "duplicates", "zeros stored", "0 x n", "n x 0")
DTYPES = ("float64", "float32", "int32", "int64", "uint8", "complex128", "bool")


@dataclass(frozen=True, eq=False)
class SparseSample:
    """A function of sparse and dense matrices, on given values.

    Parameters
    ----------
    name : str
        Unique.
    build : callable
        From input variables to an output variable.
    inputs : tuple of arrays and matrices
        Not to be written to.
    reference : callable
        From the values to the array, or the matrix, that SciPy gives.
    smooth : {"", "structured", "regular"}
        Whether it can be differentiated twice: by the stored numbers, or by all.
    """

    name: str
    build: Callable[..., Any]
    inputs: tuple[Any, ...]
    reference: Callable[..., Any]
    smooth: str = ""

    def __str__(self) -> str:
        return self.name

    def variables(self) -> list[Any]:
        """New input variables."""
        made: list[Any] = []
        for i, x in enumerate(self.inputs):
            if hasattr(x, "format"):
                made.append(S.matrix(x.format, f"x{i}", x.dtype.name))
            else:
                made.append(tm.cast(x, x.dtype.name).type.clone(shape=(None,) * x.ndim)(f"x{i}"))
        return made

    def difference(self, got: Any) -> str:
        """Tell how a result differs from what must come out; empty if it is right."""
        wanted = self.reference(*(x.copy() for x in self.inputs))  # SciPy sorts in place
        wanted_dense = wanted.toarray() if hasattr(wanted, "toarray") else np.asarray(wanted)
        if hasattr(wanted, "toarray") != hasattr(got, "toarray"):
            return f"expected {type(wanted).__name__}, and got {type(got).__name__}"
        dense = got.toarray() if hasattr(got, "toarray") else got
        if dense.shape != wanted_dense.shape:
            return f"expected the shape {wanted_dense.shape}, and got {dense.shape}"
        if dense.dtype != wanted_dense.dtype:
            return f"expected the dtype {wanted_dense.dtype}, and got {dense.dtype}"
        rtol = 1e-5 if dense.dtype in (np.float32, np.complex64) else 1e-12
        if not np.allclose(dense, wanted_dense, rtol=rtol, atol=rtol, equal_nan=True):
            return f"expected {wanted_dense!r}, and got {dense!r}"
        return ""


def matrix_of(kind: str, format: str = "csr", dtype: str = "float64", seed: int = 0) -> Any:
    """A 5 x 4 matrix (but for those without rows or columns) stored as ``kind`` says."""
    sp = scipy_sparse()
    rng = np.random.default_rng(seed)
    shape = {"0 x n": (0, 4), "n x 0": (5, 0)}.get(kind, (5, 4))
    dense = rng.integers(1, 9, shape) * (rng.random(shape) < 0.6)
    if kind == "empty rows":
        dense[[0, 2]] = 0
        dense[:, 1] = 0
    values = (dense / 4 if dtype[0] in "fc" else dense).astype(dtype)
    made = getattr(sp, f"{format}_matrix")(values)
    if kind == "unsorted":
        for a, b in zip(made.indptr, made.indptr[1:], strict=False):
            made.indices[a:b], made.data[a:b] = made.indices[a:b][::-1], made.data[a:b][::-1]
        made.has_sorted_indices = False
    if kind == "zeros stored":
        made.data[::2] = 0
    if kind == "duplicates" and dtype != "bool":
        twice = made.tocoo()
        kinds = getattr(sp, f"{format}_matrix")
        indices = np.repeat(made.indices, 2)
        made = kinds((np.repeat(made.data, 2), indices, made.indptr * 2), shape=twice.shape)
    return made


def _dense(shape: tuple[int, ...], dtype: str = "float64", seed: int = 1) -> Any:
    numbers = np.random.default_rng(seed).integers(1, 9, shape)
    return (numbers / 8 if dtype[0] in "fc" else numbers).astype(dtype)


def _stored(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def of_matrix(x: Any) -> Any:
        made = x.copy()
        with np.errstate(all="ignore"):
            made.data = function(x.data)
        return made

    return of_matrix


_NUMPY_NAMES = (
    *("sin", "tan", "arcsin", "arctan", "sinh", "arcsinh", "tanh", "arctanh", "rint", "ceil"),
    *("floor", "trunc", "log1p", "expm1", "deg2rad", "rad2deg", "sqrt"),
)
_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "structured_sigmoid": lambda d: 1 / (1 + np.exp(-d)),
    "structured_exp": np.exp,
    "structured_log": np.log,
    **{name: getattr(np, name) for name in _NUMPY_NAMES},
    "sgn": np.sign,
    "sqr": np.square,
}
_FLAT = ("rint", "ceil", "floor", "trunc", "sgn")


def _samples_of_functions() -> list[SparseSample]:
    made = []
    for name, function in _FUNCTIONS.items():
        for format in ("csr", "csc"):
            x = matrix_of("plain", format)
            x.data /= 4
            smooth = "" if name in _FLAT else "structured"
            build = getattr(S, name)
            made.append(SparseSample(f"{name} {format}", build, (x,), _stored(function), smooth))
    for name, pair in {
        "pow": (2.0, lambda d: d**2),
        "minimum": (0.9, lambda d: np.minimum(d, 0.9)),
        "maximum": (0.9, lambda d: np.maximum(d, 0.9)),
        "add": (1.5, lambda d: d + 1.5),
    }.items():
        number, function = pair
        build = getattr(S, f"structured_{name}")
        made.append(
            SparseSample(
                f"structured_{name}",
                lambda x, build=build, number=number: build(x, number),
                (matrix_of("empty rows"),),
                _stored(function),
                "structured",
            )
        )
    return made


def _samples_of_kinds() -> list[SparseSample]:
    """Every function on every way in which numbers may lie, in both formats."""
    made = []
    for kind in KINDS:
        for format in ("csr", "csc"):
            x = matrix_of(kind, format)
            y = matrix_of(kind, "csc" if format == "csr" else "csr", seed=2)
            n, m = x.shape
            d, by_right, by_left = _dense((n, m)), _dense((m, 3)), _dense((3, n))
            row, column = _dense((m,)), _dense((n,))
            plain = kind not in ("duplicates", "unsorted", "zeros stored")
            cases: list[tuple[str, Any, tuple[Any, ...], Any, str]] = [
                ("neg", S.neg, (x,), lambda x: -x, "regular"),
                ("transpose", S.transpose, (x,), lambda x: x.T, "regular"),
                ("toarray", lambda x: x.toarray(), (x,), lambda x: x.toarray(), "structured"),
                ("tocsc", lambda x: x.tocsc(), (x,), lambda x: x.tocsc(), "regular"),
                ("add", S.add, (x, y), lambda x, y: (x + y).tocsr(), "regular"),
                ("sub", lambda x, y: x - y, (x, y), lambda x, y: (x - y).tocsr(), "regular"),
                ("add dense", S.add, (x, d), lambda x, d: np.asarray(x + d), "structured"),
                ("dense less sparse", lambda d, x: d - x, (d, x),
                 lambda d, x: np.asarray(d - x), "structured"),
                ("mul", S.mul, (x, y), lambda x, y: x.multiply(y).tocsr(), "regular"),
                ("mul dense", lambda d, x: d * x, (d, x),
                 lambda d, x: x.multiply(d).tocsr(), "regular"),
                ("col_scale", S.col_scale, (x, row),
                 lambda x, s: x.multiply(s[None]).tocsr(), "regular"),
                ("row_scale", S.row_scale, (x, column),
                 lambda x, s: x.multiply(s[:, None]).tocsr(), "regular"),
                ("times number", lambda x: 3 * x, (x,), lambda x: 3 * x, "structured"),
                ("over number", lambda x: x / 4, (x,), lambda x: x / 4, "structured"),
                ("sum", S.sp_sum, (x,), lambda x: x.sum(), "regular"),
                ("sum of columns", lambda x: S.sp_sum(x, 0, True), (x,),
                 lambda x: np.asarray(x.sum(0)).ravel(), "structured"),
                ("sum of rows", lambda x: x.sum(axis=-1), (x,),
                 lambda x: np.asarray(x.sum(1)).ravel(), "regular"),
                ("dot", S.dot, (x, by_right), lambda x, y: x @ y, "regular"),
                ("dot of dense", S.dot, (by_left, x), lambda y, x: y @ x, "regular"),
                ("dot of vector", S.dot, (x, row), lambda x, v: x @ v, "regular"),
                ("dot of sparse", lambda x, y: S.dot(x, y.T), (x, y),
                 lambda x, y: (x @ y.T).toarray(), "regular"),
                ("structured_dot", S.structured_dot, (x, by_right),
                 lambda x, y: x @ y, "structured"),
                ("structured_dot of vector", lambda x, v: x @ v, (x, row),
                 lambda x, v: x @ v, "structured"),
                ("structured_dot of dense", S.structured_dot, (by_left, x),
                 lambda y, x: y @ x, "structured"),
                ("structured_dot of sparse", lambda x, y: x.dot(y.T), (x, y),
                 lambda x, y: (x @ y.T).tocsr(), "structured" if plain else ""),
                ("true_dot", S.true_dot, (x, by_right),
                 lambda x, y: scipy_sparse().csr_matrix(x @ y), "regular"),
                ("true_dot of sparse", lambda x, y: S.true_dot(x, y.T, False), (x, y),
                 lambda x, y: (x @ y.T).tocsr(), "regular"),
                ("sampling_dot", S.sampling_dot, (_dense((n, 3)), _dense((m, 3)), x),
                 lambda a, b, x: x.multiply(a @ b.T).tocsr(), "structured"),
                ("hstack", lambda x, y: S.hstack([x, y], "csr"), (x, y),
                 lambda x, y: scipy_sparse().hstack([x, y]).tocsr(), "regular"),
                ("vstack", lambda x, y: S.vstack([x, y]), (x, y),
                 lambda x, y: scipy_sparse().vstack([x, y]).tocsr(), "regular"),
                ("rows", lambda x: x[:0:-1], (x,), lambda x: x[:0:-1], "regular"),
                ("sub-matrix", lambda x: x[1:4, ::2], (x,), lambda x: x[1:4, ::2], "regular"),
                ("sorted", S.ensure_sorted_indices, (x,), lambda x: x, "regular"),
                ("clean", S.clean, (x,), lambda x: x, "regular"),
                ("ones_like", S.sp_ones_like, (x,), _stored(np.ones_like), ""),
                ("zeros_like", S.sp_zeros_like, (x,), lambda x: 0 * x, ""),
                ("from_dense", S.csr_from_dense, (d,),
                 lambda d: scipy_sparse().csr_matrix(d), "regular"),
                ("lt", S.lt, (x, y),
                 lambda x, y: scipy_sparse().csr_matrix(x.toarray() < y.toarray()), ""),
                ("ge dense", S.ge, (x, d), lambda x, d: x.toarray() >= d, ""),
                ("eq", S.eq, (x, y),
                 lambda x, y: scipy_sparse().csr_matrix(x.toarray() == y.toarray()), ""),
            ]  # fmt: skip
            if n and m:
                cases += [
                    ("named rows", lambda x: x[[2, 2, -1]], (x,), lambda x: x[[2, 2, -1]],
                     "regular"),
                    ("places", lambda x: x[[2, 2, -1], [0, 0, 3]], (x,),
                     lambda x: np.asarray(x[[2, 2, -1], [0, 0, 3]]).ravel(), "regular"),
                    ("number", lambda x: x[1, -1], (x,),
                     lambda x: np.asarray(x.toarray()[1, -1]), "regular"),
                    ("diag", lambda x: S.diag(x[:4]), (x,), lambda x: x[:4].diagonal(), "regular"),
                ]  # fmt: skip
            for name, build, inputs, reference, smooth in cases:
                called = f"{name}, {kind}, {format}"
                made.append(SparseSample(called, build, inputs, reference, smooth))
    return made


def _samples_of_dtypes() -> list[SparseSample]:
    made = []
    for dtype in DTYPES:
        x, y = matrix_of("plain", dtype=dtype), matrix_of("plain", "csc", dtype, seed=2)
        v = _dense((4,), dtype)
        made += [
            SparseSample(f"add {dtype}", S.add, (x, y), lambda x, y: (x + y).tocsr()),
            SparseSample(f"mul {dtype}", S.mul, (x, y), lambda x, y: x.multiply(y).tocsr()),
            SparseSample(f"dot {dtype}", S.dot, (x, v), lambda x, v: x @ v),
            SparseSample(f"transpose {dtype}", S.transpose, (x,), lambda x: x.T),
            SparseSample(
                f"cast {dtype}", lambda x: S.cast(x, "complex64"), (x,),
                lambda x: x.astype("complex64"),
            ),
            SparseSample(
                f"wide sum {dtype}", S.sp_sum, (x,),
                lambda x: np.asarray(x.toarray().sum()),
            ),
        ]  # fmt: skip
    return made


@cache
def _table() -> tuple[SparseSample, ...]:
    return (*_samples_of_functions(), *_samples_of_kinds(), *_samples_of_dtypes())


def sparse_samples() -> list[SparseSample]:
    """All of them; `ImportError` without SciPy."""
    return list(_table())
