"""Lengths, views and joins: mostly arithmetic on lengths and strides in the entry point."""

from __future__ import annotations

from collections.abc import Iterator

from bitale_graph.extend import (
    Alloc,
    Apply,
    Arange,
    Dimshuffle,
    Eye,
    Join,
    MakeVector,
    Reshape,
    ShapeI,
    SpecifyShape,
    Variable,
    constant_int,
)

from ..base.array import Array, product, size_of
from ..base.ctype import C_TYPES
from ..host.builder import Builder
from ..host.rules import emits, supports


@supports.define(ShapeI)
def shape_i_is_supported(node: Apply[ShapeI]) -> bool:
    """A length is known whatever the dtype."""
    return True


@emits.define(ShapeI)
def emit_shape_i(b: Builder, node: Apply[ShapeI]) -> Iterator[None]:
    """A length is a name in C already."""
    b.scalars[node.outputs[0]] = b.array(node.inputs[0]).lengths[node.op.axis]
    yield


@emits.define(MakeVector)
def emit_make_vector(b: Builder, node: Apply[MakeVector]) -> Iterator[None]:
    """Store the elements one by one."""
    out = b.result(node.outputs[0], [str(len(node.inputs))])
    yield
    for i, v in enumerate(node.inputs):
        b.put(f"{out.name}[{i}] = {b.scalar(v)};")


@emits.define(Dimshuffle)
def emit_dimshuffle(b: Builder, node: Apply[Dimshuffle]) -> Iterator[None]:
    """Another order of lengths and strides; to and from rank 0 a load or a one-element array."""
    x, out = node.inputs[0], node.outputs[0]
    pattern = node.op.pattern
    if x.type.ndim == 0:
        made = b.result(out, ["1"] * len(pattern))
        yield
        b.put(f"{made.name}[0] = {b.scalar(x)};")
        return
    source = b.array(x)
    if not pattern:
        yield
        b.define_scalar(out, f"{source.name}[0]")
        return
    lengths = [source.lengths[p] if p != "x" else "1" for p in pattern]
    kept = [p for p in pattern if p != "x"]
    strides = None
    if source.strides is not None or kept != sorted(kept):
        strides = [source.stride(p) if p != "x" else "0" for p in pattern]
        strides = [b.length(f"{source.name}_s", s) for s in strides]
    b.arrays[out] = Array(source.name, source.dtype, lengths, strides, source.slots)
    yield


@emits.define(SpecifyShape)
def emit_specify_shape(b: Builder, node: Apply[SpecifyShape]) -> Iterator[None]:
    """A check; the array stays."""
    source = b.array(node.inputs[0])
    for n, wanted in zip(source.lengths, node.op.shape, strict=True):
        if wanted is not None:
            b.check_equal(n, str(int(wanted)))
    b.arrays[node.outputs[0]] = source
    yield


@emits.define(Reshape)
def emit_reshape(b: Builder, node: Apply[Reshape]) -> Iterator[None]:
    """A view of the array if it is contiguous when it runs, else of a copy."""
    x, *sizes = node.inputs
    out = node.outputs[0]
    if x.type.ndim == 0:
        for n in sizes:
            if constant_int(n) != -1:
                b.check(f"{b.scalar(n)} == 1")
        if not sizes:
            b.scalars[out] = b.scalar(x)
            yield
            return
        made = b.result(out, ["1"] * len(sizes))
        yield
        b.put(f"{made.name}[0] = {b.scalar(x)};")
        return
    source = b.array(x)
    total = source.count()
    static = out.type.shape
    deduced = [i for i, n in enumerate(sizes) if constant_int(n) == -1]
    given = [str(m) if m is not None else b.scalar(n) for m, n in zip(static, sizes, strict=True)]
    lengths = list(given)
    for i in deduced:
        if static[i] is None:
            rest = b.length("rest", product(g for k, g in enumerate(given) if k != i))
            b.check(f"{rest} != 0 && ({total}) % {rest} == 0" if rest != "1" else "1")
            lengths[i] = b.length("n", f"{rest} ? ({total}) / {rest} : 0" if rest != "1" else total)
    if product(lengths) != total:
        # Lengths whose product wraps around to the right number are wrong all the same.
        b.check(f"{size_of(lengths)} == (size_t)({total})")
    for length, size in zip(lengths, sizes, strict=True):
        if constant_int(size) is None:
            b.check(f"{length} >= 0")
    view = b.contiguous(source)
    if view is not source:
        b.adopt_temporaries(view)
    if not lengths:
        yield
        b.define_scalar(out, f"{view.name}[0]")
        return
    b.arrays[out] = Array(view.name, source.dtype, lengths, None, view.slots | source.slots)
    yield


@emits.define(Alloc)
def emit_alloc(b: Builder, node: Apply[Alloc]) -> Iterator[None]:
    """Fill: by a plain loop with one number, else by a copy that broadcasts."""
    value, *sizes = node.inputs
    lengths = [b.scalar(n) for n in sizes]
    for n in lengths:
        if not n.startswith("INT64_C"):
            b.check(f"{n} >= 0")
    shape = value.type.shape
    if not lengths:
        b.scalars[node.outputs[0]] = b.scalar(value)
        yield
        return
    source = b.array(value) if shape else None
    if source is not None:
        for a, known in enumerate(shape):
            if known != 1:
                b.check_equal(source.lengths[a], lengths[a - len(shape)])
    out = b.result(node.outputs[0], lengths)
    yield
    if source is None:
        b.put(f"for (int64_t e = 0; e < {out.count()}; e++) {out.name}[e] = {b.scalar(value)};")
        return
    b.put(b.copy_text(out, stretched(source, value, len(lengths))))


def stretched(source: Array, v: Variable, rank: int) -> Array:
    """``source`` with ``rank`` axes, standing still along those that it broadcasts over."""
    shape = v.type.shape
    shift = rank - len(shape)
    strides = [
        "0" if a < shift or shape[a - shift] == 1 else source.stride(a - shift) for a in range(rank)
    ]
    lengths = ["1" if a < shift else source.lengths[a - shift] for a in range(rank)]
    return Array(source.name, source.dtype, lengths, strides, source.slots)


@supports.define(Arange)
def arange_is_supported(node: Apply[Arange]) -> bool:
    """Float ranges go through NumPy, whose way of counting the elements is its own."""
    kinds = {v.type.dtype for v in (*node.inputs, *node.outputs)}
    return kinds == {"int64"}


@emits.define(Arange)
def emit_arange(b: Builder, node: Apply[Arange]) -> Iterator[None]:
    """Count the elements, then store them."""
    start, stop, step = (b.scalar(v) for v in node.inputs)
    b.check(f"{step} != 0")
    one = b.declare("int64_t", "step", step)
    # The distance may be any uint64; the quotient by a step other than 1 fits int64.
    up, down = (
        f"(uint64_t){last} - (uint64_t){first} - 1"
        for first, last in ((start, stop), (stop, start))
    )
    distance = b.declare("uint64_t", "distance", f"{one} > 0 ? {up} : {down}")
    size = f"{distance} / ({one} > 0 ? (uint64_t){one} : -(uint64_t){one})"
    some = f"{one} > 0 ? {start} < {stop} : {one} && {stop} < {start}"
    count = b.declare("int64_t", "count", f"({some}) ? (int64_t)({size}) + 1 : 0")
    b.check(f"{count} >= 0")
    out = b.result(node.outputs[0], [count])
    yield
    b.put(f"for (int64_t e = 0; e < {count}; e++) {out.name}[e] = {start} + e * {one};")


@emits.define(Eye)
def emit_eye(b: Builder, node: Apply[Eye]) -> Iterator[None]:
    """Compare row and column."""
    n, m, k = (b.scalar(v) for v in node.inputs)
    b.check(f"{n} >= 0 && {m} >= 0")
    out = b.result(node.outputs[0], [n, m])
    yield
    b.put(f"for (int64_t i = 0; i < {n}; i++)")
    b.put(f"for (int64_t j = 0; j < {m}; j++)")
    b.put(f"    {out.name}[i * {m} + j] = ({C_TYPES[out.dtype]})(j - i == {k});")


@emits.define(Join)
def emit_join(b: Builder, node: Apply[Join]) -> Iterator[None]:
    """Copy each part to its place."""
    axis = node.op.axis
    parts = [b.array(v) for v in node.inputs]
    for p in parts[1:]:
        for a in range(p.rank):
            if a != axis:
                b.check_equal(parts[0].lengths[a], p.lengths[a])
    lengths = list(parts[0].lengths)
    lengths[axis] = b.length("joined", " + ".join(p.lengths[axis] for p in parts))
    out = b.result(node.outputs[0], lengths)
    yield
    offset = b.variable("int64_t", "offset", "0")
    for p in parts:
        place = Array(
            f"{out.name} + {offset} * ({out.stride(axis)})",
            out.dtype,
            p.lengths,
            [out.stride(a) for a in range(out.rank)],
        )
        b.put(b.copy_text(place, p))
        b.put(f"{offset} += {p.lengths[axis]};")
