"""Linear equations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import numpy as np

from ..base.errors import ShapeError, describe
from ..core.graph import Apply, Storage
from ..ops.axes import shape_padleft
from ..ops.shape import dimshuffle
from ..tensor.array_type import Shape
from ..tensor.conversion import as_tensor
from ..tensor.elementwise import (
    broadcast_static_shapes,
    broadcast_symbolic_shape,
    stretched_together,
)
from ..tensor.op import TensorOp
from ..tensor.variable import TensorType, TensorVariable
from .matrices import (
    as_squares,
    check_square,
    common_dtype,
    from_scipy,
    quiet,
    regular,
    square_shape,
)

STRUCTURES = ("general", "symmetric", "positive", "lower_triangular", "upper_triangular")
TRANS = ("N", "T", "C")


class _OfEquations(TensorOp):
    """An op of square matrices and right-hand sides: a vector, or the columns of matrices.

    Axes before the last two are those of both, stretched where one is known to be of length 1.
    """

    keeps_nothing = True
    name = "solve"

    def operands(self, a: Any, b: Any) -> tuple[Any, Any]:
        """Operands of one dtype and rank, or a matrix and a vector."""
        a, b = common_dtype(self.name, a, b)
        a = as_squares(self.name, a)
        if b.ndim == 0 or (b.ndim == 1 and a.ndim > 2):
            raise ShapeError(
                f"{self.name}: the right-hand side is a vector for one matrix, or columns of "
                f"matrices\n  a  {describe(a)}\n  b  {describe(b)}"
            )
        if b.ndim > 1:
            rank = max(a.ndim, b.ndim)
            a, b = (shape_padleft(x, rank - x.ndim) if x.ndim < rank else x for x in (a, b))
        n, m = square_shape(a)[-1], b.type.shape[-min(b.ndim, 2)]
        if n is not None and m is not None and n != m:
            raise ShapeError(
                f"{self.name}: the matrix has {n} rows, and the right-hand side {m}\n"
                f"  a  {describe(a)}\n  b  {describe(b)}"
            )
        return a, b

    def make_node(self, a: Any, b: Any) -> Apply:
        """Find the shape of the solution, which is that of the right-hand side, stretched."""
        a, b = self.operands(a, b)
        shape: Shape = b.type.shape
        if b.ndim > 2:
            batches = [TensorType(x.type.dtype, x.type.shape[:-2])() for x in (a, b)]
            shape = (*broadcast_static_shapes(self.name, batches), *shape[-2:])
        return Apply(self, [a, b], [TensorType(b.type.dtype, shape)()])

    def check(self, node: Apply, a: Any, b: Any) -> None:
        """Raise `ShapeError` if arrays do not go together."""
        check_square(self.name, a)
        fits = a.shape[-1] == b.shape[-min(b.ndim, 2)] and all(
            n == m or 1 in static
            for n, m, *static in zip(
                a.shape[:-2], b.shape[:-2], *(v.type.shape[:-2] for v in node.inputs), strict=False
            )
        )
        if not fits:
            raise ShapeError(
                f"{self.name}: a matrix of shape {a.shape} and a right-hand side of shape "
                f"{b.shape} do not go together"
            )

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        b = input_shapes[1]
        batch = [shape[:-2] for shape in input_shapes]
        static = [v.type.shape[:-2] for v in node.inputs]
        return [(*broadcast_symbolic_shape(static, batch), *b[-min(len(b), 2) :])]

    def compared_lengths(
        self, node: Apply, input_shapes: Sequence[Sequence[Any]]
    ) -> Iterable[tuple[Any, Any]]:
        a, b = input_shapes
        batch = [shape[:-2] for shape in input_shapes]
        static = [v.type.shape[:-2] for v in node.inputs]
        return [(a[-2], a[-1]), (a[-1], b[-min(len(b), 2)]), *stretched_together(static, batch)]


class Solve(_OfEquations):
    """The solution of ``a x = b``.

    Parameters
    ----------
    A_structure : str
        ``"general"``; ``"symmetric"`` or ``"positive"`` (definite), which read one triangle; or
        ``"lower_triangular"`` or ``"upper_triangular"``, which are `SolveTriangular`.
    lower : bool
        Which triangle of a symmetric matrix is read.
    overwrite_A, overwrite_b : bool
        Theano's; memory is planned elsewhere.
    """

    __props__: ClassVar[tuple[str, ...] | None] = ("A_structure", "lower")

    def __init__(
        self,
        A_structure: str = "general",
        lower: bool = False,
        overwrite_A: bool = False,
        overwrite_b: bool = False,
    ) -> None:
        if A_structure not in STRUCTURES:
            known = ", ".join(map(repr, STRUCTURES))
            raise ValueError(f"solve: A_structure is one of {known}, not {A_structure!r}")
        self.A_structure = A_structure
        is_read = A_structure in ("symmetric", "positive")
        self.lower = bool(lower) if is_read else A_structure == "lower_triangular"

    def make_node(self, a: Any, b: Any) -> Apply:
        """Triangular matrices have an op of their own."""
        if self.A_structure.endswith("triangular"):
            return SolveTriangular(self.lower).make_node(a, b)
        return super().make_node(a, b)

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        a, b = inputs
        self.check(node, a, b)
        with regular("solve", "lstsq(a, b)"):
            if self.A_structure == "general":
                found = np.linalg.solve(a, b)
            else:
                found = _over_batch(self._solve_one, a, b)
        output_storage[0][0] = np.asarray(found)

    def _solve_one(self, a: Any, b: Any) -> Any:
        """By LAPACK, of one matrix: Cholesky's factors, or those of Bunch and Kaufman."""
        lapack = from_scipy("linalg.lapack")
        is_positive, lower = self.A_structure == "positive", self.lower
        if a.flags.c_contiguous and not (is_positive and a.dtype.kind == "c"):
            # A triangle of what lies by rows is the other one of what LAPACK takes by columns.
            a, lower = a.T, not lower
        if is_positive:
            posv = lapack.get_lapack_funcs("posv", (a, b))
            _, found, info = posv(a, b, lower=lower)
        else:
            sysv, work = lapack.get_lapack_funcs(("sysv", "sysv_lwork"), (a, b))
            _, _, found, info = sysv(a, b, lower=lower, lwork=int(work(len(a), lower)[0].real))
        if info > 0:
            problem = "not positive definite" if is_positive else "singular"
            raise np.linalg.LinAlgError(f"solve: the matrix is {problem}")
        return found


class SolveTriangular(_OfEquations):
    """The solution of ``a x = b`` with a triangular matrix, of which no more is read.

    Parameters
    ----------
    lower : bool
    trans : {"N", "T", "C"}
        Whether the matrix, its transpose, or its conjugate transpose stands in the equation.
    unit_diagonal : bool
        Whether the diagonal is not read, and counts as ones.
    """

    __props__ = ("lower", "trans", "unit_diagonal")
    name = "solve_triangular"

    def __init__(self, lower: bool = False, trans: Any = "N", unit_diagonal: bool = False) -> None:
        trans = TRANS[trans] if trans in (0, 1, 2) else trans
        if trans not in TRANS:
            raise ValueError(f"solve_triangular: trans is 'N', 'T' or 'C', not {trans!r}")
        self.lower = bool(lower)
        self.trans = trans
        self.unit_diagonal = bool(unit_diagonal)

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        a, b = inputs
        self.check(node, a, b)
        if not self.unit_diagonal and (np.diagonal(a, axis1=-2, axis2=-1) == 0).any():
            raise np.linalg.LinAlgError(
                "solve_triangular: the matrix is singular: there is a zero on its diagonal"
            )
        with quiet():
            output_storage[0][0] = _over_batch(self._solve_one, a, b)

    def _solve_one(self, a: Any, b: Any) -> Any:
        """By BLAS, without a transposition of what lies by rows.

        Columns are solved for as rows of the transposed equation, ``x.T a.T = b.T``.
        """
        is_transposed = self.trans != "N"
        if self.trans == "C":
            a = a.conj()
        lower = self.lower
        if not a.flags.f_contiguous:
            a, lower, is_transposed = a.T, not lower, not is_transposed
        try:
            find = from_scipy("linalg.blas").get_blas_funcs
        except ImportError:
            return self._solve_by_numpy(a, b, lower, is_transposed)
        facts = {"lower": lower, "diag": self.unit_diagonal}
        if b.ndim == 1:
            return find("trsv", (a, b))(a, b, trans=is_transposed, **facts)
        return find("trsm", (a, b))(1.0, a, b.T, side=1, trans_a=not is_transposed, **facts).T

    def _solve_by_numpy(self, a: Any, b: Any, lower: bool, is_transposed: bool) -> Any:
        """As any equations: right without SciPy, and slower."""
        triangle = np.tril(a) if lower else np.triu(a)
        if self.unit_diagonal:
            np.fill_diagonal(triangle, 1)
        return np.linalg.solve(triangle.T if is_transposed else triangle, b)


def _over_batch(solve_one: Any, a: Any, b: Any) -> Any:
    """Solutions for each matrix in the axes before the last two."""
    if not b.size or not a.size:
        batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2]) if b.ndim > 1 else ()
        return np.zeros((*batch, *b.shape[-min(b.ndim, 2) :]), b.dtype)
    if a.ndim == 2:
        return solve_one(a, b)
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    a = np.broadcast_to(a, (*batch, *a.shape[-2:]))
    b = np.broadcast_to(b, (*batch, *b.shape[-2:]))
    found = np.empty(b.shape, b.dtype)
    for i in np.ndindex(batch):
        found[i] = solve_one(a[i], b[i])
    return found


def _as_columns(a: Any, b: Any) -> tuple[Any, bool]:
    """Right-hand sides, a vector for many matrices as a column, and whether it is one."""
    a, b = as_tensor(a), as_tensor(b)
    is_column = b.ndim == 1 and a.ndim > 2
    return (dimshuffle(b, 0, "x") if is_column else b), is_column


def _solved(op: Any, a: Any, b: Any) -> TensorVariable:
    b, is_column = _as_columns(a, b)
    found: TensorVariable = op(a, b)
    return dimshuffle(found, *range(found.ndim - 1)) if is_column else found


def solve(a: Any, b: Any, assume_a: str = "general", lower: bool = False) -> TensorVariable:
    """The solution of ``a x = b``.

    Parameters
    ----------
    a : tensor_like
        A square matrix, or a tensor of them in its last two axes.
    b : tensor_like
        A vector, or a matrix whose columns are right-hand sides; axes before the last two go with
        those of ``a``.
    assume_a : str
        One of ``"general"``, ``"symmetric"``, ``"positive"``, ``"lower_triangular"``,
        ``"upper_triangular"`` or of the short names of `scipy.linalg.solve`. All but the first
        need SciPy when it runs.
    lower : bool
        Which triangle of a symmetric matrix is read; the derivative by the other one is zero.

    Raises
    ------
    ShapeError
        If lengths do not go together: now where they are known, else when it runs.
    numpy.linalg.LinAlgError
        When it runs, if a matrix is singular.
    """
    return _solved(Solve(_SHORT.get(assume_a, assume_a), lower), a, b)


_SHORT = {
    "gen": "general",
    "sym": "symmetric",
    "pos": "positive",
    "positive definite": "positive",
    "lower triangular": "lower_triangular",
    "upper triangular": "upper_triangular",
}


def solve_triangular(
    a: Any, b: Any, trans: Any = 0, lower: bool = False, unit_diagonal: bool = False
) -> TensorVariable:
    """The solution of ``a x = b`` with a triangular matrix, as `scipy.linalg.solve_triangular`.

    Parameters
    ----------
    a, b : tensor_like
        As of `solve`; only one triangle of ``a`` is read.
    trans : {0, 1, 2, "N", "T", "C"}
        Whether ``a``, its transpose, or its conjugate transpose stands in the equation.
    lower : bool
    unit_diagonal : bool
        Whether the diagonal is not read, and counts as ones.
    """
    return _solved(SolveTriangular(lower, trans, unit_diagonal), a, b)


def solve_lower_triangular(a: Any, b: Any) -> TensorVariable:
    """`solve_triangular` with the lower triangle of ``a``."""
    return solve_triangular(a, b, lower=True)


def solve_upper_triangular(a: Any, b: Any) -> TensorVariable:
    """`solve_triangular` with the upper triangle of ``a``."""
    return solve_triangular(a, b)


def solve_symmetric(a: Any, b: Any) -> TensorVariable:
    """`solve` with a symmetric matrix, of which the upper triangle is read."""
    return solve(a, b, "symmetric")


def cho_solve(c_and_lower: tuple[Any, bool], b: Any) -> TensorVariable:
    """The solution of ``a x = b`` by the Cholesky factor of ``a``, as `scipy.linalg.cho_solve`.

    Parameters
    ----------
    c_and_lower : (tensor_like, bool)
        The factor, and whether it is the lower one.
    b : tensor_like
    """
    factor, lower = c_and_lower
    first, second = ("N", "C") if lower else ("C", "N")
    half = solve_triangular(factor, b, first, lower)
    return solve_triangular(factor, half, second, lower)
