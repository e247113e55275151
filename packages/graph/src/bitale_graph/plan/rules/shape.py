"""Lengths and views: arithmetic on lengths and strides."""

from __future__ import annotations

from collections.abc import Iterator

from ...core.graph import Apply, Variable
from ...ops.contiguous import CpuContiguous
from ...ops.shape import Dimshuffle, MakeVector, Reshape, ShapeI, SpecifyShape, Unbroadcast
from ...tensor.conversion import constant_int
from ..array import Array
from ..builder import Builder
from ..expressions import Bytes, Conversion, Expression, choose, number, product
from ..statements import Store
from ..target import Target, emits, supports


@supports.define(ShapeI)
def shape_i_is_supported(target: Target, node: Apply[ShapeI]) -> bool:
    """A length is known whatever the dtype."""
    return True


@emits.define(ShapeI)
def emit_shape_i(b: Builder, node: Apply[ShapeI]) -> Iterator[None]:
    """A length has a name already."""
    b.scalars[node.outputs[0]] = b.array(node.inputs[0]).lengths[node.op.axis]
    yield


@emits.define(MakeVector)
def emit_make_vector(b: Builder, node: Apply[MakeVector]) -> Iterator[None]:
    """Store the elements one by one."""
    out = b.result(node.outputs[0], [number(len(node.inputs))])
    yield
    for i, v in enumerate(node.inputs):
        b.put(Store(out.pointer, number(i), b.scalar(v)))


@emits.define(Dimshuffle)
def emit_dimshuffle(b: Builder, node: Apply[Dimshuffle]) -> Iterator[None]:
    """Another order of lengths and strides; to and from rank 0 a load or a one-element array."""
    x, out = node.inputs[0], node.outputs[0]
    pattern = node.op.pattern
    if x.type.ndim == 0:
        yield from _of_number(b, x, out)
        return
    source = b.array(x)
    if not pattern:
        yield
        b.show_element(out, source)
        return
    lengths = [source.lengths[p] if p != "x" else number(1) for p in pattern]
    kept = [p for p in pattern if p != "x"]
    strides: list[Expression] | None = None
    if source.strides is not None or kept != sorted(kept):
        strides = [b.let("s", source.stride(p)) if p != "x" else number(0) for p in pattern]
    b.arrays[out] = Array(
        source.pointer, source.dtype, lengths, strides, source.buffers, source.level
    )
    yield


def _of_number(b: Builder, x: Variable, out: Variable) -> Iterator[None]:
    """An array of one element, which shows it where it lies in memory."""
    lengths: list[Expression] = [number(1)] * out.type.ndim
    if b.is_kept(x):
        source = b.array(x)
        b.arrays[out] = Array(
            source.pointer, source.dtype, lengths, None, source.buffers, source.level
        )
        yield
        return
    made = b.result(out, lengths)
    yield
    b.put(Store(made.pointer, number(0), b.scalar(x)))


@emits.define(SpecifyShape)
def emit_specify_shape(b: Builder, node: Apply[SpecifyShape]) -> Iterator[None]:
    """A check; the array stays."""
    source = b.array(node.inputs[0])
    for n, wanted in zip(source.lengths, node.op.shape, strict=True):
        if wanted is not None:
            b.check_equal(n, number(int(wanted)))
    b.arrays[node.outputs[0]] = source
    yield


@emits.define(Unbroadcast)
def emit_unbroadcast(b: Builder, node: Apply[Unbroadcast]) -> Iterator[None]:
    """The array stays."""
    b.arrays[node.outputs[0]] = b.array(node.inputs[0])
    yield


@emits.define(CpuContiguous)
def emit_contiguous(b: Builder, node: Apply[CpuContiguous]) -> Iterator[None]:
    """The array if it is contiguous when it runs, else a copy."""
    x = node.inputs[0]
    if x.type.ndim == 0:
        b.scalars[node.outputs[0]] = b.scalar(x)
        yield
        return
    source = b.array(x)
    view = b.contiguous(source)
    if view is not source:
        b.adopt_temporaries(view)
    b.arrays[node.outputs[0]] = Array(
        view.pointer,
        source.dtype,
        source.lengths,
        None,
        view.buffers | source.buffers,
        source.level,
    )
    yield


@emits.define(Reshape)
def emit_reshape(b: Builder, node: Apply[Reshape]) -> Iterator[None]:
    """A view of the array if it is contiguous when it runs, else of a copy."""
    x, *sizes = node.inputs
    out = node.outputs[0]
    if x.type.ndim == 0:
        for n in sizes:
            if constant_int(n) != -1:
                b.check(b.scalar(n).equals(1))
        if not sizes:
            b.scalars[out] = b.scalar(x)
            yield
            return
        yield from _of_number(b, x, out)
        return
    source = b.array(x)
    lengths = _reshaped(b, node, source.count())
    view = b.contiguous(source)
    if view is not source:
        b.adopt_temporaries(view)
    buffers = view.buffers | source.buffers
    made = Array(view.pointer, source.dtype, lengths, None, buffers, source.level)
    if not lengths:
        yield
        b.show_element(out, made)
        return
    b.arrays[out] = made
    yield


def _reshaped(b: Builder, node: Apply[Reshape], total: Expression) -> list[Expression]:
    """The lengths asked for, of which one may follow from the others."""
    sizes = node.inputs[1:]
    static = node.outputs[0].type.shape
    deduced = [i for i, n in enumerate(sizes) if constant_int(n) == -1]
    given = [
        number(m) if m is not None else b.let("n", b.scalar(n))
        for m, n in zip(static, sizes, strict=True)
    ]
    lengths = list(given)
    for i in deduced:
        if static[i] is not None:
            continue
        rest = b.let("rest", product(g for k, g in enumerate(given) if k != i))
        if rest == number(1):
            lengths[i] = b.let("n", total)
            continue
        fits = rest.differs(0) & total.remainder(rest).equals(0)
        b.check(fits)
        lengths[i] = b.let("n", choose(rest.differs(0), total.divided_by(rest), 0))
    if product(lengths) != total:
        # Lengths whose product wraps around to the right number are wrong all the same.
        b.check(Bytes(lengths, "").equals(Conversion("uint64", (total,))))
    for length, size in zip(lengths, sizes, strict=True):
        if constant_int(size) is None:
            b.check(length >= 0)
    return lengths
