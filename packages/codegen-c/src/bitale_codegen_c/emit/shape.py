"""Lengths, views and joins: mostly arithmetic on lengths and strides in the entry point."""

from __future__ import annotations

from collections.abc import Iterator

from bitale_graph.extend import (
    Apply,
    Dimshuffle,
    MakeVector,
    Reshape,
    ShapeI,
    SpecifyShape,
    constant_int,
)

from ..base.array import Array, product, size_of
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
