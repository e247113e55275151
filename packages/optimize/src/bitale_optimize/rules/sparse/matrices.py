"""Sparse matrices that need not be made: what is asked of them is had from their parts.

A matrix that was just made of its parts is worked on as vectors, by loops of ours; SciPy is left
with matrices that come from outside, and with what changes where numbers stand.
"""

from __future__ import annotations

from typing import Any

from bitale_graph import language as T
from bitale_graph import sparse as S
from bitale_graph.extend import Alloc, Apply, scalar

from ...engine.rewrite import Changes, RewriteContext, RuleSet
from ...facts.forms import made_by, operands, row_of

sparse = RuleSet("sparse", "sparse matrices as vectors")
places = RuleSet(
    "sparse_places", "matrices that are made share the places of those they are made of"
)

# What keeps where numbers stand, and how many there are.
_KEEPING = (S.Neg, S.Cast, S.Conj, S.MulSD)
_OTHER = {"csr": "csc", "csc": "csr"}
# What keeps the lengths of its first operand.
_AS_LONG = (
    *_KEEPING,
    S.AddSS,
    S.MulSS,
    S.SparseFromDense,
    S.AsFormat,
    S.EnsureSortedIndices,
    S.Remove0,
)


def _parts(x: Any) -> Apply[Any] | None:
    """The node that makes a matrix of its parts, if one does."""
    return made_by(x, S.CSM)


def _with_data(made: Apply[Any], data: Any) -> Any:
    return made.op(data, *made.inputs[1:])


@sparse.rule(
    tracks=[S.Stored],
    before="data(CSM(data, indices, indptr, n, m))",
    after="data",
    changes=Changes.DOMAIN,
)
def part_of_made_matrix(node: Apply[Any], context: RewriteContext) -> Any:
    """The parts of a matrix are those that it was made of."""
    made = _parts(node.inputs[0])
    if made is None:
        return None
    found: Any = made.inputs[S.PARTS.index(node.op.part)]
    return found if node.op.part == "data" else T.cast(found, "int32")


@sparse.rule(tracks=[S.Stored], before="indices(-x), indptr(x.T)", after="indices(x), indptr(x)")
def part_of_changed_matrix(node: Apply[Any], context: RewriteContext) -> Any:
    """What changes numbers leaves their places, and a transpose leaves all that is stored."""
    maker = node.inputs[0].owner
    if maker is None:
        return None
    x: Any = maker.inputs[0]
    keeps = type(maker.op) in _KEEPING and node.op.part != "data"
    if keeps or (type(maker.op) is S.Transpose and x.format != "bsr"):
        return node.op(x)
    return None


@sparse.rule(
    tracks=[S.SparseLength],
    before="length of CSM(data, indices, indptr, n, m), x.T, csr_from_dense(x), -x",
    after="n, and the lengths of x",
    changes=Changes.DOMAIN,
)
def length_of_matrix(node: Apply[Any], context: RewriteContext) -> Any:
    """Lengths are had without the matrix."""
    axis, maker = node.op.axis, node.inputs[0].owner
    if maker is None:
        return None
    kind, of = type(maker.op), maker.inputs[0]
    found: Any = None
    if kind is S.CSM:
        found = maker.inputs[3 + axis]
    elif kind is S.Transpose:
        found = S.length(of, 1 - axis)
    elif kind in _AS_LONG:
        found = S.length(of, axis)
    return found


@sparse.rule(
    tracks=[S.CSM], before="CSM(data(x), indices(x), indptr(x), *x.shape)", after="x or x.T"
)
def matrix_of_own_parts(node: Apply[Any], context: RewriteContext) -> Any:
    """A matrix taken apart and put together again is the matrix."""
    makers = [v.owner for v in node.inputs if v.owner is not None]
    data = made_by(node.inputs[0], S.Stored)
    if data is None or len(makers) < len(node.inputs):
        return None
    x: Any = data.inputs[0]
    same = x.format == node.op.format
    lengths = [S.SparseLength(axis) for axis in ((0, 1) if same else (1, 0))]
    if [m.op for m in makers] != [*map(S.Stored, S.PARTS), *lengths]:
        return None
    if any(m.inputs[0] is not x for m in makers):
        return None
    return x if same else S.transpose(x)


@sparse.rule(
    tracks=[S.Neg, S.Cast, S.Transpose],
    before="-CSM(data, ...), CSM(data, ...).T",
    after="CSM(-data, ...), CSM(data, ...) of the other format",
)
def change_of_made_matrix(node: Apply[Any], context: RewriteContext) -> Any:
    """Change the numbers, or the order of lengths, before the matrix is made."""
    made = _parts(node.inputs[0])
    if made is None:
        return None
    data, indices, indptr, n, m = made.inputs
    if type(node.op) is S.Neg:
        found: Any = _with_data(made, T.neg(data))
    elif type(node.op) is S.Cast:
        found = _with_data(made, T.cast(data, node.op.dtype))
    else:
        found = S.CSM(_OTHER[made.op.format])(data, indices, indptr, m, n)
    return found


@sparse.rule(tracks=[S.MulSD], before="x * y", after="CSM(data(x) * y[rows, columns], ...)")
def matrix_times_dense(node: Apply[Any], context: RewriteContext) -> Any:
    """Read the dense operand where numbers stand, in the loop that multiplies."""
    x, y = node.inputs
    return S.with_data(x, T.mul(S.csm_data(x), S.at_places(x, y)))


@sparse.rule(
    tracks=[S.AddSS],
    before="CSM(a, indices, indptr, n, m) + CSM(b, indices, indptr, n, m)",
    after="CSM(a + b, indices, indptr, n, m)",
)
def sum_with_the_same_places(node: Apply[Any], context: RewriteContext) -> Any:
    """Add the stored numbers."""
    one, other = map(_parts, node.inputs)
    if one is None or other is None or one.op != other.op or one.inputs[1:] != other.inputs[1:]:
        return None
    return _with_data(one, T.add(one.inputs[0], other.inputs[0]))


@sparse.rule(
    tracks=[S.StoredAt],
    before="CSM(data, indices, indptr, ...) at the places (indices, indptr)",
    after="data",
)
def made_matrix_at_its_places(node: Apply[Any], context: RewriteContext) -> Any:
    """The numbers that it was made of."""
    x, *places = node.inputs
    made = _parts(x)
    if made is None or made.inputs[1:3] != places:
        return None
    return made.inputs[0]


@sparse.rule(
    tracks=[S.StoredAt],
    before="x + y, -x or csr_from_dense(d) at the places (indices, indptr)",
    after="sums and signs of what is there, d[rows, columns]",
)
def derived_matrix_at_places(node: Apply[Any], context: RewriteContext) -> Any:
    """Look at the places of what a matrix is made of, which then need not be made."""
    x: Any = node.inputs[0]
    indices, indptr = node.inputs[1:]
    kind = None if x.owner is None else type(x.owner.op)
    of: Any = () if x.owner is None else x.owner.inputs
    if kind is S.AddSS:
        return T.add(*(node.op(v, indices, indptr) for v in of))
    if kind is S.Neg:
        return T.neg(node.op(of[0], indices, indptr))
    if kind is S.SparseFromDense:
        major = S.MajorOf()(indptr, indices)
        return _read(of[0], *((major, indices) if x.format == "csr" else (indices, major)))
    return None


def _read(d: Any, rows: Any, columns: Any) -> Any:
    """The numbers of a dense matrix at places; of one that repeats a row, say, those of the row."""
    fill = made_by(d, Alloc)
    source: Any = d if fill is None else fill.inputs[0]
    if source.ndim == 0:
        return T.alloc(source, T.shape_i(rows, 0))
    if source.ndim != 2:
        return d[rows, columns]
    place = [0 if n == 1 else k for n, k in zip(source.type.shape, (rows, columns), strict=True)]
    read = source[tuple(place)]
    return T.alloc(read, T.shape_i(rows, 0)) if read.ndim == 0 else read


@sparse.rule(
    tracks=[S.DenseFromSparse],
    before="dense_from_sparse(csr_from_dense(x)), dense_from_sparse(CSM(...))",
    after="x, and zeros with the numbers added where they stand",
)
def dense_form_of_made_matrix(node: Apply[Any], context: RewriteContext) -> Any:
    """Leave out the way to the sparse form and back; write numbers in a loop."""
    x: Any = node.inputs[0]
    dense = made_by(x, S.SparseFromDense)
    if dense is not None:
        return dense.inputs[0]
    made = _parts(x)
    if made is None:
        return None
    zeros = T.zeros(tuple(made.inputs[3:]), dtype=x.dtype)
    rows, columns = S.rows_and_columns(x)
    return T.inc_subtensor(zeros[rows, columns], made.inputs[0])


@sparse.rule(
    tracks=[S.AddSD],
    before="add(x, z) of a sparse and a dense matrix",
    after="inc_subtensor(z[rows, columns], data)",
)
def sum_of_sparse_and_dense(node: Apply[Any], context: RewriteContext) -> Any:
    """Add the stored numbers where they stand."""
    return S.sum_with_dense(*node.inputs)


@sparse.rule(
    tracks=[S.ConstructSparseFromList],
    before="construct_sparse_from_list(x, values, rows)",
    after="CSM(values.T, repeated rows, ...)",
)
def rows_as_matrix(node: Apply[Any], context: RewriteContext) -> Any:
    """Write the vectors of the matrix."""
    return S.list_as_matrix(*node.inputs)


@sparse.rule(
    tracks=[S.SpSum], before="sp_sum(CSM(data, ...))", after="data.sum(), or a sum by places"
)
def sum_of_made_matrix(node: Apply[Any], context: RewriteContext) -> Any:
    """Sum the stored numbers, each at its row or column."""
    x: Any = node.inputs[0]
    output: Any = node.outputs[0]
    made = _parts(x)
    if made is None:
        return None
    data = T.cast(made.inputs[0], output.dtype)
    found: Any
    if node.op.axis is None:
        found = T.sum(data, dtype=output.dtype)
    else:
        zeros = T.zeros((made.inputs[4 - node.op.axis],), dtype=output.dtype)
        place = S.rows_and_columns(x)[1 - node.op.axis]
        found = T.inc_subtensor(zeros[place], data)
    return found


@sparse.rule(
    tracks=[S.Dot, S.StructuredDot],
    before="dot(CSM(data, indices, indptr, n, m), y)",
    after="StoredProduct(data, indices, indptr, n, m, y)",
)
def product_of_made_matrix(node: Apply[Any], context: RewriteContext) -> Any:
    """Multiply the vectors of a matrix, or of a constant one, with a dense operand."""
    x: Any = node.inputs[0]
    y: Any = node.inputs[1]
    if S.is_sparse(x) and S.is_sparse(y):
        return None
    if S.is_sparse(x):
        vectors = _vectors(x)
        return None if vectors is None else S.StoredProduct(x.format)(*vectors, y)
    vectors = _vectors(y)
    if vectors is None:
        return None
    data, indices, indptr, n, m = vectors
    turned = S.StoredProduct(_OTHER[y.format])(data, indices, indptr, m, n, T.transpose(x))
    return T.transpose(turned)


def _vectors(x: Any) -> list[Any] | None:
    """What a matrix, or one that it is the transpose of, was made of; None where it was not."""
    turned = made_by(x, S.Transpose)
    of = x if turned is None else turned.inputs[0]
    made = _parts(of)
    vectors: list[Any] | None = None
    if made is not None:
        vectors = made.inputs
    elif isinstance(of, S.SparseConstant) and of.format != "bsr":
        lengths = (T.constant(k, dtype="int64") for k in of.data.shape)
        vectors = [*(S.Stored(p)(of) for p in S.PARTS), *lengths]
    if vectors is None or turned is None:
        return vectors
    data, indices, indptr, n, m = vectors
    return [data, indices, indptr, m, n]


@sparse.rule(
    tracks=[scalar.add, scalar.sub],
    before="z + alpha * StoredProduct(x, y), z - StoredProduct(x, y)",
    after="Usmm(x, y, alpha, z)",
    changes=Changes.ACCURACY,
)
def scaled_product_that_is_added(node: Apply[Any], context: RewriteContext) -> Any:
    """Add to what is there, without a place for the product alone."""
    output: Any = node.outputs[0]
    for place, v in enumerate(node.inputs):
        rest = [u for k, u in enumerate(node.inputs) if k != place]
        found = _scaled_product(v, context)
        is_subtracted = row_of(node) is scalar.sub and place == 1
        if found is None or (row_of(node) is scalar.sub and not is_subtracted):
            continue
        product, alpha = found
        z = rest[0] if len(rest) == 1 else T.add(*rest)
        if z.type.dtype == output.dtype == v.type.dtype and context.shapes.same(z, output):
            sign = T.neg(alpha) if is_subtracted else alpha
            return S.Usmm(product.op.format)(*product.inputs, sign, z)
    return None


def _scaled_product(v: Any, context: RewriteContext) -> tuple[Apply[Any], Any] | None:
    """The node of a product that nothing else reads, and the number that it is multiplied by."""
    if not context.has_one_reader(v) or v.type.dtype not in ("float32", "float64"):
        return None
    made = made_by(v, S.StoredProduct)
    if made is not None:
        return made, T.constant(1, dtype=v.type.dtype)
    factors = operands(v, scalar.mul)
    if factors is None or len(factors) != 2:
        return None
    for product, number in (factors, factors[::-1]):
        made = made_by(product, S.StoredProduct)
        is_alone = made is not None and context.has_one_reader(product)
        if made is not None and is_alone and all(n == 1 for n in number.type.shape):
            return made, T.dimshuffle(number)
    return None


@places.rule(
    tracks=[S.CSM],
    before="CSM(data, indices(x), indptr(x), *x.shape)",
    after="WithData(x, data)",
)
def matrix_with_other_numbers(node: Apply[Any], context: RewriteContext) -> Any:
    """Places that only pass from one matrix to the next are not copied."""
    data, *others = node.inputs
    indices = made_by(others[0], S.Stored)
    if indices is None:
        return None
    x: Any = indices.inputs[0]
    wanted = [S.Stored("indices"), S.Stored("indptr"), S.SparseLength(0), S.SparseLength(1)]
    for v, op in zip(others, wanted, strict=True):
        if v.owner is None or v.owner.op != op or v.owner.inputs[0] is not x:
            return None
    return S.WithData()(x, data) if x.format == node.op.format else None
