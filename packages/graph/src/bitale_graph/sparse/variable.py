"""Sparse types and the variables of such types, which make each other."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any, NoReturn

import numpy as np

from ..base import dtype as dtypes
from ..base import late
from ..base.errors import DtypeError, describe
from ..core.graph import Constant, Type, Variable
from ..tensor.shared import SharedVariable, shared_classes
from .library import is_scipy, scipy_sparse

FORMATS = ("csr", "csc", "bsr")
DTYPES = tuple(d for d in dtypes.ALL if d != "float16")  # SciPy has no half precision


class SparseType(Type):
    """Sparse matrices of one format and dtype, as SciPy's ``csr_matrix`` and the like.

    Parameters
    ----------
    format : str
        ``"csr"``, ``"csc"`` or ``"bsr"``: rows, columns or blocks are stored together.
    dtype : str
        Any but float16; ``"floatX"`` means ``config.floatX``.
    """

    __slots__ = ("dtype", "format", "numpy_dtype")

    ndim = 2

    def __init__(self, format: str, dtype: Any = "floatX") -> None:
        if format not in FORMATS:
            raise ValueError(
                f"SparseType: the format is one of {', '.join(FORMATS)}, not {format!r}"
            )
        self.format = format
        self.dtype = dtypes.check(dtype)
        if self.dtype not in DTYPES:
            raise DtypeError(f"SparseType: SciPy has no sparse matrices of dtype {self.dtype}")
        self.numpy_dtype = np.dtype(self.dtype)

    def clone(self, format: str | None = None, dtype: str | None = None) -> SparseType:
        """A type with another format or dtype."""
        return SparseType(format or self.format, dtype or self.dtype)

    def __call__(self, name: str | None = None) -> SparseVariable:
        """Make a variable of this type."""
        return SparseVariable(self, name=name)

    def make_constant(self, value: Any, name: str | None = None) -> SparseConstant:
        """A constant of this type."""
        return SparseConstant(self, self.copied(self.filter(value)), name=name)

    def holds(self, value: Any) -> bool:
        """Whether ``value`` is a matrix of this type as it is, without a conversion."""
        return (
            is_scipy(value)
            and type(value) is getattr(scipy_sparse(), f"{self.format}_matrix")
            and value.dtype == self.numpy_dtype
        )

    def filter(self, value: Any, strict: bool = False, allow_downcast: bool | None = None) -> Any:
        """Convert ``value`` to a matrix of this format and dtype.

        Parameters
        ----------
        value : sparse matrix, sparse array or array_like
            Of any of SciPy's formats; dense values are converted.
        strict : bool
            Take only a sparse matrix or array of the exact format and dtype.
        allow_downcast : bool or None
            True admits any conversion of numbers; otherwise they must fit without a loss.

        Raises
        ------
        TypeError
            If ``value`` is symbolic, no matrix, or would lose precision.
        """
        if self.holds(value):
            return _pruned(value)
        if isinstance(value, Variable):
            raise TypeError(f"expected a value of {self}, but got the symbolic variable {value}")
        if strict and not (
            is_scipy(value) and value.format == self.format and value.dtype == self.numpy_dtype
        ):
            kind = f"{value.format} of {value.dtype}" if is_scipy(value) else type(value).__name__
            raise TypeError(
                f"strict mode takes only a sparse matrix of {self.format} and {self.dtype}, "
                f"and got {kind}"
            )
        found = value if is_scipy(value) else _as_matrix(self, value)
        if found.ndim != 2:
            raise TypeError(f"{self} holds matrices, and got a sparse array of rank {found.ndim}")
        if not allow_downcast and not np.can_cast(found.dtype, self.numpy_dtype, "safe"):
            raise TypeError(
                f"{self} cannot store numbers of dtype {found.dtype} without risking loss of "
                f"precision: cast the data yourself, by x.astype({self.dtype!r}), or set "
                "allow_input_downcast=True when calling function()"
            )
        return _pruned(self.as_value(found))

    def as_value(self, value: Any) -> Any:
        """A matrix of this format and dtype with the numbers of any sparse or dense one."""
        if self.holds(value):
            return value
        return getattr(scipy_sparse(), f"{self.format}_matrix")(value, dtype=self.numpy_dtype)

    def copied(self, value: Any) -> Any:
        """The same matrix in memory of its own."""
        return value.copy()

    def values_eq(self, a: Any, b: Any) -> bool:
        """Whether two matrices have one format, dtype and shape, and the same numbers."""
        return _alike(a, b) and not (a != b).nnz

    def values_eq_approx(
        self, a: Any, b: Any, rtol: float | None = None, atol: float | None = None
    ) -> bool:
        """Whether they have numbers equal but for rounding, by the tolerances of tensors."""
        if not _alike(a, b):
            return False
        largest = abs(b).max() if b.nnz else 0.0
        usual = 1e-4 if self.dtype in ("float32", "complex64") else 1e-5
        rtol, atol = (usual if t is None else t for t in (rtol, atol))
        far = abs(a - b)
        return not far.nnz or bool(far.max() <= atol + rtol * largest)

    def may_share_memory(self, a: Any, b: Any) -> bool:
        """Whether a write into the numbers of one matrix may be seen in the other."""
        if not (self.holds(a) and self.holds(b)):
            return False
        return bool(np.may_share_memory(a.data, b.data))

    def of_parts(self, variable: Any) -> Any:
        """A loop reads the vectors of a matrix, which it works on without SciPy."""
        return None if self.format == "bsr" else late.sparse.of_own_parts(variable)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SparseType) and (self.format, self.dtype) == (
            other.format,
            other.dtype,
        )

    def __hash__(self) -> int:
        return hash((self.format, self.dtype))

    def __reduce__(self) -> tuple[Any, ...]:
        return SparseType, (self.format, self.dtype)

    def __str__(self) -> str:
        return f"Sparse[{self.dtype}, {self.format}]"

    def __repr__(self) -> str:
        return str(self)


def _pruned(value: Any) -> Any:
    """A matrix without room behind what it stores, which SciPy sums up as well."""
    if value.format == "bsr" or len(value.data) == value.indptr[-1]:
        return value
    made = value.copy()
    made.prune()
    return made


def _alike(a: Any, b: Any) -> bool:
    kinds = [(type(x), x.dtype, x.shape) for x in (a, b) if is_scipy(x)]
    return len(kinds) == 2 and kinds[0] == kinds[1]


def _as_matrix(type: SparseType, value: Any) -> Any:
    """A dense value, as a matrix of numbers."""
    array = np.asarray(value)
    if array.ndim != 2 or array.dtype.kind not in "biufc":
        raise TypeError(
            f"{type} holds sparse matrices, and got {type_name(value)} of rank {array.ndim} and "
            f"dtype {array.dtype}"
        )
    return array


def type_name(value: Any) -> str:
    """The name of a value's class."""
    return type(value).__name__


class SparseVariable(Variable[SparseType]):
    """A sparse matrix that an expression will have."""

    type: SparseType

    __array_priority__ = 1000
    __array_ufunc__ = None  # NumPy leaves its operators to ours
    # Operators of tensors leave those with such a variable to it.
    answers_tensors = True

    # Attributes
    @property
    def dtype(self) -> str:
        """Name of the dtype."""
        return self.type.dtype

    @property
    def format(self) -> str:
        """``"csr"``, ``"csc"`` or ``"bsr"``."""
        return self.type.format

    @property
    def ndim(self) -> int:
        """2."""
        return 2

    @property
    def shape(self) -> Any:
        """The lengths of both axes, as an int64 vector."""
        return late.sparse.shape(self)

    @property
    def T(self) -> Any:  # noqa: N802 (SciPy's name)
        """The transpose, of the other format."""
        return late.sparse.transpose(self)

    # Methods
    def transpose(self) -> Any:
        """The transpose, of the other format."""
        return late.sparse.transpose(self)

    def toarray(self) -> Any:
        """The same numbers as a dense matrix."""
        return late.sparse.dense_from_sparse(self)

    def astype(self, dtype: str) -> Any:
        """The same matrix in another dtype."""
        return late.sparse.cast(self, dtype)

    def tocsr(self) -> Any:
        """The same matrix stored by rows."""
        return late.sparse.as_format(self, "csr")

    def tocsc(self) -> Any:
        """The same matrix stored by columns."""
        return late.sparse.as_format(self, "csc")

    def sum(self, axis: int | None = None, sparse_grad: bool = False) -> Any:
        """The sum of all numbers, or that along an axis, which is dense; see `sp_sum`."""
        return late.sparse.sp_sum(self, axis, sparse_grad)

    def dot(self, other: Any) -> Any:
        """`structured_dot`: dense beside a dense operand, else sparse."""
        return late.sparse.structured_dot(self, other)

    def zeros_like(self) -> Any:
        """A matrix of the same shape that stores nothing."""
        return late.sparse.sp_zeros_like(self)

    def ones_like(self) -> Any:
        """A matrix with ones where this one stores numbers."""
        return late.sparse.sp_ones_like(self)

    def conj(self) -> Any:
        """The complex conjugate."""
        return late.sparse.conj(self)

    # Operators; ``==`` stays identity.
    def __neg__(self) -> Any:
        return late.sparse.neg(self)

    def __abs__(self) -> Any:
        return late.sparse.absolute(self)

    def __add__(self, other: Any) -> Any:
        return late.sparse.add(self, other)

    def __radd__(self, other: Any) -> Any:
        return late.sparse.add(other, self)

    def __sub__(self, other: Any) -> Any:
        return late.sparse.sub(self, other)

    def __rsub__(self, other: Any) -> Any:
        return late.sparse.sub(other, self)

    def __mul__(self, other: Any) -> Any:
        return late.sparse.mul(self, other)

    def __rmul__(self, other: Any) -> Any:
        return late.sparse.mul(other, self)

    def __truediv__(self, other: Any) -> Any:
        return late.sparse.true_div(self, other)

    def __matmul__(self, other: Any) -> Any:
        return late.sparse.structured_dot(self, other)

    def __rmatmul__(self, other: Any) -> Any:
        return late.sparse.structured_dot(other, self)

    def __lt__(self, other: Any) -> Any:
        return late.sparse.lt(self, other)

    def __le__(self, other: Any) -> Any:
        return late.sparse.le(self, other)

    def __gt__(self, other: Any) -> Any:
        return late.sparse.gt(self, other)

    def __ge__(self, other: Any) -> Any:
        return late.sparse.ge(self, other)

    def __getitem__(self, key: Any) -> Any:
        return late.sparse.index(self, key)

    def __setitem__(self, key: Any, value: Any) -> NoReturn:
        raise TypeError("sparse variables cannot be assigned to, since expressions never change")

    def __iter__(self) -> Iterator[Any]:
        raise TypeError(f"cannot iterate over {describe(self)}: its number of rows is not known")

    def __len__(self) -> int:
        raise TypeError(
            f"the length of {describe(self)} is not known before it is computed; use its symbolic "
            "x.shape[0]"
        )

    def __bool__(self) -> bool:
        """True; old programs ask with it whether a variable was given."""
        warnings.warn(
            f"a symbolic variable ({self}) is always true, whatever its value will be: write "
            "`is not None` to ask whether it was given",
            UserWarning,
            stacklevel=2,
        )
        return True


class SparseConstant(SparseVariable, Constant[SparseType]):
    """A sparse matrix whose value is known."""

    type: SparseType

    def __str__(self) -> str:
        if self.name is not None:
            return self.name
        rows, columns = self.data.shape
        return f"SparseConstant{{{rows} x {columns}, {self.data.nnz} stored}}"


class SparseSharedVariable(SparseVariable, SharedVariable[SparseType]):
    """A shared variable that holds a sparse matrix."""

    type: SparseType


shared_classes[SparseType] = SparseSharedVariable
