"""Convolutions and their adjoints: which product a kernel computes, and over how many blocks."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

from bitale_graph.plan.calls import Call
from bitale_graph.plan.expressions import Expression

from ..kernel.convolution_kernel import (
    DEPTH,
    ConvolutionSpec,
    convolution_kernel,
    sum_of_parts_kernel,
    tile_of,
)
from .asking import Asking
from .geometry import BLOCKS

# What is summed up over images is cut into parts of so many slices at least, and so many parts at
# most, which are then summed up in their order.
LEAST_SLICES = 8
MOST_PARTS = 64
_PARTS = {"conv": "forward", "conv_grad_inputs": "inputs", "conv_grad_weights": "weights"}


@dataclass(frozen=True)
class _Product:
    """What is multiplied for each group, and by axis the lengths of input, filters and result."""

    spec: ConvolutionSpec
    rows: int
    columns: int
    depth: int
    pixels: int
    channels: tuple[int, int]
    lengths: list[int]


def convolve(trace: Asking, one: Call) -> None:
    """One of the three products, by the name of the routine."""
    addresses, (images, channels, filters, groups), by_axis = _passed(trace, one)
    x_n, w_n, y_n, stride, before, dilation = by_axis
    part = _PARTS[one.routine.name]
    is_padded = tuple(
        p > 0 or (m - 1) * s + (k - 1) * d - p >= n
        for n, k, m, s, p, d in zip(x_n, w_n, y_n, stride, before, dilation, strict=True)
    )
    spec = ConvolutionSpec(part, stride, before, dilation, is_padded, groups, one.routine.needs)
    each, own = channels // groups, filters // groups
    inner = prod(w_n)
    rows, columns, depth, pixels = {
        "forward": (own, images * prod(y_n), each * inner, prod(y_n)),
        "inputs": (each, images * prod(x_n), own * inner, prod(x_n)),
        "weights": (own, each * inner, images * prod(y_n), 0),
    }[part]
    if rows == 0 or columns == 0:
        return
    made = _Product(spec, rows, columns, depth, pixels, (each, own), [*x_n, *w_n, *y_n])
    _launch(trace, made, addresses)


def _passed(trace: Asking, one: Call) -> tuple[list[Any], list[int], list[tuple[int, ...]]]:
    """The addresses, the counts after that of the axes, and the lists of numbers by axis."""
    plain = [e for e in one.arguments if isinstance(e, Expression)]
    lists = [tuple(map(trace.number, e)) for e in one.arguments if isinstance(e, tuple)]
    return list(map(trace.pointer, plain[:3])), list(map(trace.number, plain[4:])), lists


def _launch(trace: Asking, made: _Product, pointers: list[Any]) -> None:
    launcher, spec = trace.launcher, made.spec
    device = launcher.device
    tall, wide = tile_of(device.threads)
    groups = spec.groups
    tiles = groups * -(-made.rows // tall) * -(-made.columns // wide)
    most = device.multiprocessors * BLOCKS
    x, w, y = pointers
    left, right, out = {"forward": (w, x, y), "inputs": (w, y, x), "weights": (y, x, w)}[spec.part]
    sizes = [made.rows, made.columns, made.depth, made.pixels, *made.channels, *made.lengths]
    largest = max(made.rows * made.columns * groups, made.columns * made.depth, *made.lengths)
    index = "int" if largest < 2**30 else "int64_t"
    text = convolution_kernel(spec, device.threads, index, is_guarded=launcher.is_guarded)
    if spec.part != "weights":
        grid = (min(tiles, most), 1)
        launcher.launch_text(text, [left, right, out, *sizes], grid, device.threads)
        return
    parts = max(1, min(MOST_PARTS, most // tiles, made.depth // (LEAST_SLICES * DEPTH)))
    count = groups * made.rows * made.columns
    work = "float64" if spec.dtype == "float64" else "float32"
    partial = trace.scratch([parts, count], work)
    grid = (min(tiles, most), parts)
    launcher.launch_text(text, [left, right, partial, *sizes], grid, device.threads)
    text = sum_of_parts_kernel(spec.dtype, is_guarded=launcher.is_guarded)
    launcher.launch_elements(text, [count, parts, partial, out], count)
    trace.give_scratch()
