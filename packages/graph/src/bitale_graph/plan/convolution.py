"""Convolutions and their adjoints: checks and lengths are the host's, the work a routine's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..convolution import Conv, ConvGradInputs, ConvGradWeights, Geometry
from ..core.graph import Apply
from .array import Array
from .builder import Builder
from .expressions import Expression, number, product


def emit_conv(b: Builder, node: Apply[Conv]) -> Iterator[None]:
    """Check that input and filters fit, and correlate."""
    x, w = (b.array(v) for v in node.inputs)
    geometry = node.op.geometry
    b.check_equal(x.lengths[1], w.lengths[1] * geometry.groups)
    before, found = _checked(b, geometry, x.lengths[2:], w.lengths)
    x, w = b.contiguous(x), b.contiguous(w)
    y = b.result(node.outputs[0], [x.lengths[0], w.lengths[0], *found])
    yield
    _call(b, "conv", geometry, (x, w, y), before, y)


def emit_conv_grad_inputs(b: Builder, node: Apply[ConvGradInputs]) -> Iterator[None]:
    """Check that the gradient is one of such filters on such an input; then the adjoint."""
    y, w = (b.array(v) for v in node.inputs[:2])
    geometry = node.op.geometry
    lengths = [b.let("n", b.scalar(v)) for v in node.inputs[2:]]
    b.check_equal(y.lengths[1], w.lengths[0])
    before, found = _checked(b, geometry, lengths, w.lengths)
    _check_all_equal(b, y.lengths[2:], found)
    y, w = b.contiguous(y), b.contiguous(w)
    channels = w.lengths[1] * geometry.groups
    x = b.result(node.outputs[0], [y.lengths[0], channels, *lengths])
    yield
    _call(b, "conv_grad_inputs", geometry, (x, w, y), before, x)


def emit_conv_grad_weights(b: Builder, node: Apply[ConvGradWeights]) -> Iterator[None]:
    """Check that the gradient is one of such filters on that input; then the adjoint."""
    x, y = (b.array(v) for v in node.inputs[:2])
    geometry = node.op.geometry
    kernel = [b.let("k", b.scalar(v)) for v in node.inputs[2:]]
    groups = number(geometry.groups)
    b.check_equal(x.lengths[0], y.lengths[0])
    b.check(x.lengths[1].remainder(groups).equals(0))
    each = b.let("channels", x.lengths[1].divided_by(groups))
    before, found = _checked(b, geometry, x.lengths[2:], [y.lengths[1], each, *kernel])
    _check_all_equal(b, y.lengths[2:], found)
    x, y = b.contiguous(x), b.contiguous(y)
    w = b.result(node.outputs[0], [y.lengths[1], each, *kernel])
    yield
    _call(b, "conv_grad_weights", geometry, (x, w, y), before, w)


EMITS: dict[type, Callable[[Builder, Apply[Any]], Iterator[None]]] = {
    Conv: emit_conv,
    ConvGradInputs: emit_conv_grad_inputs,
    ConvGradWeights: emit_conv_grad_weights,
}
"""Rules for targets that have the routines of those names.

A routine is passed the addresses of input, filters and result of the correlation, of which it
writes the one it is named after; how many axes there are, images, channels, filters and groups; and
by axis the lengths of input, filters and result, the stride, what is padded before the input, and
the dilation.
"""


def _checked(
    b: Builder, geometry: Geometry, lengths: Sequence[Expression], filters: Sequence[Expression]
) -> tuple[list[Expression], list[Expression]]:
    """By axis what is padded before the input, and how often the filters apply."""
    groups = number(geometry.groups)
    if geometry.groups > 1:
        b.check(filters[0].remainder(groups).equals(0))
    padded, found = [], []
    for a, (n, k) in enumerate(zip(lengths, filters[2:], strict=True)):
        b.check((k >= 1) & (n >= 0))
        before, after = _pads(b, geometry, a, k)
        span = (k - 1) * geometry.dilation[a] + 1
        reach = n + before + after - span + geometry.stride[a]
        b.check(reach >= 0)
        padded.append(before)
        found.append(b.let("n", reach.divided_by(number(geometry.stride[a]))))
    return padded, found


def _pads(b: Builder, geometry: Geometry, axis: int, k: Expression) -> tuple[Expression, ...]:
    padding = geometry.padding[axis]
    reach = (k - 1) * geometry.dilation[axis]
    if padding == "full":
        return (b.let("pad", reach),) * 2
    if padding == "half":
        return (b.let("pad", (reach + 1).divided_by(number(2))),) * 2
    return number(padding[0]), number(padding[1])


def _check_all_equal(b: Builder, given: Sequence[Expression], found: Sequence[Expression]) -> None:
    for n, m in zip(given, found, strict=True):
        b.check_equal(n, m)


def _call(
    b: Builder,
    name: str,
    geometry: Geometry,
    arrays: tuple[Array, Array, Array],
    before: Sequence[Expression],
    written: Array,
) -> None:
    x, w, _ = arrays
    passed: list[Expression | tuple[Expression, ...]] = [
        *(one.pointer for one in arrays),
        *(number(geometry.ndim), x.lengths[0], x.lengths[1], w.lengths[0]),
        number(geometry.groups),
        *(tuple(one.lengths[2:]) for one in arrays),
        *(tuple(map(number, geometry.stride)), tuple(before)),
        tuple(map(number, geometry.dilation)),
    ]
    # What nothing is summed up for is cleared by the routine.
    count = product(written.lengths)
    b.call(b.target.routine(name, x.dtype), passed, [written.pointer], condition=count.differs(0))
