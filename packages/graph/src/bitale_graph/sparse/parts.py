"""A sparse matrix in parts: its stored numbers, where they stand, and its lengths.

Most functions of sparse matrices are expressions of these, so they are compiled, rewritten and
differentiated as all tensors are; SciPy is called for what changes where numbers stand.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import numpy as np

from ..base import dtype as dtypes
from ..base.errors import DtypeError, ShapeError, describe
from ..core.graph import Apply, Storage
from ..ops.join import stacklists
from ..ops.shape import INT64_SCALAR, as_lengths, shape_i
from ..tensor.conversion import as_tensor
from ..tensor.elementwise import cast
from ..tensor.op import TensorOp
from ..tensor.variable import TensorType
from .constructors import as_sparse_variable
from .library import scipy_sparse
from .op import SparseOp, sparse_operand
from .variable import SparseType, SparseVariable

PARTS = ("data", "indices", "indptr")
_TURNED = {"csr": "csc", "csc": "csr", "bsr": "bsr"}


class SparseLength(SparseOp):
    """The length of an axis, as a 0-d int64."""

    is_safe = True
    __props__ = ("axis",)

    def __init__(self, axis: int) -> None:
        self.axis = axis

    def make_node(self, x: Any) -> Apply:
        """Take a sparse matrix."""
        return Apply(self, [sparse_operand("shape", x)], [INT64_SCALAR()])

    def compute(self, node: Apply, *values: Any) -> Any:
        return values[0].shape[self.axis]

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [()]


def length(x: Any, axis: int) -> Any:
    """The length of an axis of a sparse or dense matrix, as a 0-d int64."""
    return SparseLength(axis)(x) if isinstance(x, SparseVariable) else shape_i(x, axis)


def lengths(x: Any) -> tuple[Any, Any]:
    """Both lengths of a sparse or dense matrix."""
    return length(x, 0), length(x, 1)


def shape(x: Any) -> Any:
    """The lengths of both axes of a sparse matrix, as an int64 vector."""
    return stacklists(list(lengths(as_sparse_variable(x))))


class Stored(SparseOp):
    """One of the vectors that a matrix of format csr or csc is stored as.

    Parameters
    ----------
    part : str
        ``"data"``, the stored numbers; ``"indices"``, for each of them the column (of csr; of csc
        the row); ``"indptr"``, where each row (or column) begins, and last where all end.
    """

    is_safe = True
    __props__ = ("part",)

    def __init__(self, part: str) -> None:
        if part not in PARTS:
            raise ValueError(f"a sparse matrix has the parts {', '.join(PARTS)}, not {part!r}")
        self.part = part

    def make_node(self, x: Any) -> Apply:
        """Numbers have the dtype of the matrix, and places int32."""
        x = sparse_operand(f"csm_{self.part}", x, "csr", "csc")
        dtype = x.dtype if self.part == "data" else "int32"
        return Apply(self, [x], [TensorType(dtype, (None,))()])

    def compute(self, node: Apply, *values: Any) -> Any:
        (x,) = values
        found = getattr(x, self.part)
        if self.part != "indptr":
            found = found[: x.indptr[-1]]
        elif x.indptr[-1] > np.iinfo(np.int32).max:
            raise ValueError(
                f"{self}: the matrix stores {x.indptr[-1]} numbers, and int32 counts up to "
                f"{np.iinfo(np.int32).max}"
            )
        shown = found.view()
        shown.flags.writeable = False  # it is the matrix's own, and copied where it is kept
        return shown


def csm_data(x: Any) -> Any:
    """The stored numbers of a sparse matrix, as a vector."""
    return Stored("data")(as_sparse_variable(x))


def csm_indices(x: Any) -> Any:
    """For each stored number its column (in format csr) or row (csc), as an int32 vector."""
    return Stored("indices")(as_sparse_variable(x))


def csm_indptr(x: Any) -> Any:
    """Where each row (in format csr) or column (csc) begins, and where all end; an int32 vector."""
    return Stored("indptr")(as_sparse_variable(x))


def csm_shape(x: Any) -> Any:
    """The lengths of both axes, as an int64 vector."""
    return shape(x)


def csm_properties(x: Any) -> list[Any]:
    """Numbers, places, beginnings and lengths: what `CSR` or `CSC` makes the matrix of again."""
    return [csm_data(x), csm_indices(x), csm_indptr(x), csm_shape(x)]


class CSM(SparseOp):
    """A matrix of its stored numbers, of where they stand, and of its lengths.

    Parameters
    ----------
    format : str
        ``"csr"`` or ``"csc"``.
    """

    is_safe = True
    __props__ = ("format",)

    def __init__(self, format: str) -> None:
        if format not in ("csr", "csc"):
            raise ValueError(f"CSM: the format is csr or csc, not {format!r}")
        self.format = format

    def make_node(self, data: Any, indices: Any, indptr: Any, shape: Any, *more: Any) -> Apply:
        """Take three vectors, and the lengths: a vector of two, or two numbers."""
        data = as_tensor(data)
        places = [_as_places(name, v) for name, v in (("indices", indices), ("indptr", indptr))]
        if data.ndim != 1:
            raise ShapeError(f"CSM: the stored numbers are a vector\n  data  {describe(data)}")
        sizes = as_lengths("CSM", [shape, *more] if more else shape, ndim=2)
        if len(sizes) != 2:
            raise ShapeError(f"CSM: a matrix has two lengths, and {len(sizes)} are given")
        out: Any = SparseType(self.format, data.type.dtype)()
        n, m = data.type.shape[0], places[0].type.shape[0]
        if n is not None and m is not None and n != m:
            raise ShapeError(f"CSM: {n} numbers are given with {m} indices")
        return Apply(self, [data, *places, *sizes], [out])

    def compute(self, node: Apply, *values: Any) -> Any:
        data, indices, indptr, rows, columns = values
        check_parts(self.format, data, indices, indptr, (int(rows), int(columns)))
        kind = getattr(scipy_sparse(), f"{self.format}_matrix")
        # It is handed out, and the vectors may be others' memory.
        return kind((data, indices, indptr), shape=(int(rows), int(columns)), copy=True)

    def compared_lengths(
        self, node: Apply, input_shapes: Sequence[Sequence[Any]]
    ) -> Iterable[tuple[Any, Any]]:
        return [(input_shapes[0][0], input_shapes[1][0])]


def _as_places(name: str, v: Any) -> Any:
    v = as_tensor(v)
    if v.ndim != 1 or not dtypes.is_discrete(v.type.dtype) or v.type.dtype == "bool":
        raise DtypeError(f"CSM: {name} is a vector of integers\n  {name}  {describe(v)}")
    return v if v.type.dtype in ("int32", "int64") else cast(v, "int64")


def check_parts(format: str, data: Any, indices: Any, indptr: Any, shape: tuple[int, int]) -> None:
    """Raise unless vectors are a matrix: what SciPy does not look at may be read out of bounds."""
    major, minor = shape if format == "csr" else shape[::-1]
    if min(shape) < 0:
        raise ShapeError(f"CSM: lengths cannot be negative: {shape}")
    if len(data) != len(indices):
        raise ShapeError(f"CSM: {len(data)} numbers are given with {len(indices)} indices")
    if len(indptr) != major + 1:
        raise ShapeError(
            f"CSM: indptr of a {format} matrix of shape {shape} has length {major + 1}, not "
            f"{len(indptr)}"
        )
    if indptr[0] != 0 or indptr[-1] != len(data) or (np.diff(indptr) < 0).any():
        raise ValueError(
            f"CSM: indptr begins with 0, does not fall and ends with the number of stored numbers, "
            f"{len(data)}; it is {indptr!r:.60}"
        )
    if len(indices) and not (indices.min() >= 0 and indices.max() < minor):
        raise IndexError(
            f"CSM: indices of a {format} matrix of shape {shape} lie between 0 and {minor - 1}, "
            f"and go from {indices.min()} to {indices.max()}"
        )


CSR = CSM("csr")
CSC = CSM("csc")


class MajorOf(TensorOp):
    """For each stored number the row (in format csr) or column (csc) that it belongs to."""

    __props__ = ()

    def make_node(self, indptr: Any, indices: Any) -> Apply:
        """Take the beginnings, and the places for their number and dtype."""
        indptr, indices = as_tensor(indptr), as_tensor(indices)
        return Apply(self, [indptr, indices], [indices.type()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Storage) -> None:
        indptr, indices = inputs
        dtype = node.outputs[0].type.dtype
        counts = np.diff(indptr)
        if len(indptr) == 0 or indptr[0] != 0 or (counts < 0).any() or indptr[-1] != len(indices):
            raise ValueError(
                f"the indptr of a sparse matrix begins with 0, does not fall and ends with the "
                f"number of stored numbers, {len(indices)}; it is {indptr!r:.60}"
            )
        output_storage[0][0] = np.repeat(np.arange(len(counts), dtype=dtype), counts)

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [input_shapes[1]]


def rows_and_columns(x: Any) -> tuple[Any, Any]:
    """The row and the column of each stored number of a csr or csc matrix."""
    indices = csm_indices(x)
    major = MajorOf()(csm_indptr(x), indices)
    return (major, indices) if x.format == "csr" else (indices, major)


def with_data(x: Any, data: Any) -> Any:
    """A matrix that stores other numbers at the places of ``x``."""
    return CSM(x.format)(data, csm_indices(x), csm_indptr(x), *lengths(x))


class WithData(SparseOp):
    """A matrix that stores other numbers at the places of ``x``, which both then have in common.

    Rewriting makes it, where places are not looked at.
    """

    __props__ = ()
    keeps_nothing = True
    is_safe = True
    view_map: ClassVar = {0: [0]}

    def make_node(self, x: Any, data: Any) -> Apply:
        """Take a matrix and a vector."""
        x, data = sparse_operand("WithData", x, "csr", "csc"), as_tensor(data)
        return Apply(self, [x, data], [x.type.clone(dtype=data.type.dtype)()])

    def compute(self, node: Apply, *values: Any) -> Any:
        x, data = values
        places = x.indices[: x.indptr[-1]]
        if len(data) != len(places):
            raise ShapeError(f"CSM: {len(data)} numbers are given with {len(places)} indices")
        return type(x)((data.copy(), places, x.indptr), shape=x.shape, copy=False)


def of_own_parts(x: Any) -> Any:
    """A matrix taken apart and put together again."""
    return with_data(x, csm_data(x))


class StoredAt(SparseOp):
    """The numbers that a matrix has at the places of another one, zero where it stores none."""

    is_safe = True
    __props__ = ()

    def make_node(self, x: Any, indices: Any, indptr: Any) -> Apply:
        """Take a matrix, and the places in its format."""
        x = sparse_operand("StoredAt", x, "csr", "csc")
        indices, indptr = as_tensor(indices), as_tensor(indptr)
        out = TensorType(x.dtype, indices.type.shape)()
        return Apply(self, [x, indices, indptr], [out])

    def compute(self, node: Apply, *values: Any) -> Any:
        x, indices, indptr = values
        if np.array_equal(x.indptr, indptr) and np.array_equal(x.indices, indices):
            return x.data.copy()
        if not x.has_canonical_format:
            x = x.copy()
            x.sum_duplicates()
        width = np.int64(max(x.shape[1] if x.format == "csr" else x.shape[0], 1))
        known = _places(x.indptr, width) + x.indices
        asked = _places(indptr, width) + indices
        if not known.size:
            return np.zeros(asked.shape, x.dtype)
        at = np.minimum(np.searchsorted(known, asked), known.size - 1)
        return np.where(known[at] == asked, x.data[at], x.dtype.type(0))

    def infer_shape(self, node: Apply, input_shapes: Sequence[Sequence[Any]]) -> list[Any]:
        return [input_shapes[1]]


def _places(indptr: Any, width: np.int64) -> Any:
    """The number of the place where the row of each stored number begins."""
    return np.repeat(np.arange(len(indptr) - 1, dtype="int64") * width, np.diff(indptr))


def stored_at(x: Any, places_of: Any) -> Any:
    """The numbers of a matrix at the places of another of its format, as a vector.

    Those of one that is made with the places of the other are there already.
    """
    indices, indptr = csm_indices(places_of), csm_indptr(places_of)
    node = x.owner
    if node is not None and isinstance(node.op, CSM) and node.op.format == places_of.format:
        places = [(indices, indptr)]
        if places_of.owner is not None and isinstance(places_of.owner.op, CSM):
            places.append(tuple(places_of.owner.inputs[1:3]))
        for pair in places:
            if all(map(_is_same_part, node.inputs[1:3], pair)):
                return node.inputs[0]
    return StoredAt()(x, indices, indptr)


def _is_same_part(a: Any, b: Any) -> bool:
    """Whether two vectors are one, or the same part of one matrix; a transpose keeps them all."""
    if a is b or a.owner is None or b.owner is None:
        return a is b
    same = isinstance(a.owner.op, Stored) and a.owner.op == b.owner.op
    return same and _unturned(a.owner.inputs[0]) is _unturned(b.owner.inputs[0])


def _unturned(x: Any) -> Any:
    while x.owner is not None and isinstance(x.owner.op, Transpose):
        x = x.owner.inputs[0]
    return x


def have_same_places(x: Any, y: Any) -> bool:
    """Whether two matrices were made with the same places, in one order."""
    one, other = x.owner, y.owner
    if one is None or other is None or not isinstance(one.op, CSM) or one.op != other.op:
        return False
    return all(map(_is_same_part, one.inputs[1:3], other.inputs[1:3]))


class Transpose(SparseOp):
    """Rows as columns: csr becomes csc, and csc becomes csr."""

    is_safe = True
    __props__ = ()

    def make_node(self, x: Any) -> Apply:
        """Take a sparse matrix."""
        x = sparse_operand("transpose", x)
        return Apply(self, [x], [x.type.clone(format=_TURNED[x.format])()])

    def compute(self, node: Apply, *values: Any) -> Any:
        return values[0].transpose(copy=True)


def transpose(x: Any) -> SparseVariable:
    """The transpose of a sparse matrix; csr becomes csc, and csc becomes csr."""
    made: SparseVariable = Transpose()(as_sparse_variable(x))
    return made


def same_shape_error(name: str, *operands: Any) -> ShapeError:
    """Tell that matrices of different shapes came together."""
    shapes = " and ".join(str(x.shape) for x in operands)
    return ShapeError(f"{name}: shapes do not match: {shapes}")
