"""Kernels of convolutions: products of matrices whose elements are found where they lie.

A block has a tile of the result. It goes along what is summed up, brings a slice of both factors
into shared memory, and each thread sums 16 elements up in its registers. No matrix of patches is
ever written (implicit GEMM: Chetlur et al., cuDNN: Efficient Primitives for Deep Learning,
arXiv:1410.0759, section 3.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from .dialect import DIALECT, computing
from .text import KernelText, kernel_text

# Each thread sums up EACH by EACH elements; a slice is DEPTH long.
EACH = 4
DEPTH = 16


@dataclass(frozen=True)
class ConvolutionSpec:
    """What decides the text of a kernel.

    Attributes
    ----------
    part : "forward", "inputs" or "weights"
        The convolution, or the gradient of its inputs or weights.
    stride, before, dilation : tuple of int
        By axis; ``before`` is what is padded before the first element.
    is_padded : tuple of bool
        By axis, whether places outside may be asked for.
    groups : int
    dtype : str
    """

    part: str
    stride: tuple[int, ...]
    before: tuple[int, ...]
    dilation: tuple[int, ...]
    is_padded: tuple[bool, ...]
    groups: int
    dtype: str

    @property
    def axes(self) -> range:
        """The axes of space."""
        return range(len(self.stride))


def tile_of(threads: int) -> tuple[int, int]:
    """How many rows and columns of the result a block of so many threads has, a power of 2."""
    rows = 1 << ((threads.bit_length() - 1) // 2)
    return EACH * rows, EACH * (threads // rows)


@cache
def convolution_kernel(
    spec: ConvolutionSpec, threads: int, index: str, *, is_guarded: bool
) -> KernelText:
    """The text of a kernel whose blocks have ``threads`` threads.

    A launch passes the addresses of both factors and of the result; rows, columns and depth of the
    product of a group; how many elements of the result lie in a channel; the channels of a group in
    x and in y; by axis the lengths of x, of the kernel and of y. ``index`` is the C type that holds
    all places.
    """
    stored = DIALECT.c_type(spec.dtype)
    work = DIALECT.c_type(computing(spec.dtype))
    result = work if spec.part == "weights" else stored
    names = [
        *("rows", "columns", "depth", "pixels", "x_channels", "y_channels"),
        *(f"{letter}{a}" for letter in "nrm" for a in spec.axes),
    ]
    parameters = [
        (f"const {stored} *left", "P"),
        (f"const {stored} *right", "P"),
        (f"{result} *out", "P"),
        *((f"int64_t given_{name}", "q") for name in names),
    ]
    tall, wide = tile_of(threads)
    lanes = min(threads, wide)
    lines = [
        f"typedef {work} T;",
        f"typedef {index} I;",
        *(f"const I {name} = (I)given_{name};" for name in names),
        f"(void)pixels, (void)x_channels, (void)y_channels{_unused(spec)};",
        f"const int tall = {tall}, wide = {wide}, deep = {DEPTH}, each = {EACH}, lanes = {lanes};",
        f"const int own = {wide // lanes};",
        f"__shared__ T a_tile[{DEPTH}][{tall + EACH}];",
        f"__shared__ T b_tile[{DEPTH}][{wide + EACH}];",
        "const int at = threadIdx.x, threads = blockDim.x;",
        f"const int row = at / {wide // EACH} * each, column = at % {wide // EACH} * each;",
        "const I down = (rows + tall - 1) / tall, across = (columns + wide - 1) / wide;",
        "const I part = (depth + gridDim.y - 1) / gridDim.y;",
        "const I from = part * blockIdx.y, to = from + part < depth ? from + part : depth;",
        f"for (I tile = blockIdx.x; tile < {spec.groups} * down * across; tile += gridDim.x) {{",
        "const I group = tile / (down * across);",
        "const I top = tile / across % down * tall, start = tile % across * wide;",
        *_columns(spec),
        "T sum[each][each] = {};",
        "for (I slice = from; slice < to; slice += deep) {",
        "__syncthreads();",
        *_left(spec),
        *_right(spec),
        "__syncthreads();",
        "#pragma unroll",
        "for (int k = 0; k < deep; k++) {",
        "T a[each], b[each];",
        "#pragma unroll",
        "for (int i = 0; i < each; i++) a[i] = a_tile[k][row + i], b[i] = b_tile[k][column + i];",
        "#pragma unroll",
        "for (int i = 0; i < each; i++)",
        "for (int j = 0; j < each; j++) sum[i][j] += a[i] * b[j];",
        "}",
        "}",
        "#pragma unroll",
        "for (int i = 0; i < each; i++)",
        "for (int j = 0; j < each; j++) {",
        "const I m = top + row + i, e = start + column + j;",
        f"if (m < rows && e < columns) out[{_place(spec)}] = sum[i][j];",
        "}",
        "}",
    ]
    return kernel_text(f"convolution_{spec.part}", parameters, lines, is_guarded=is_guarded)


def _unused(spec: ConvolutionSpec) -> str:
    return "".join(f", (void){letter}{a}" for letter in "nrm" for a in spec.axes)


def _place(spec: ConvolutionSpec) -> str:
    """Where element (m, e) of a group's product lies in the result."""
    if spec.part == "weights":
        return f"((I)blockIdx.y * {spec.groups} * rows + group * rows + m) * columns + e"
    channels = f"{spec.groups} * rows"
    return f"(e / pixels * {channels} + group * rows + m) * pixels + e % pixels"


def _decoded(spec: ConvolutionSpec, place: str, lengths: str, name: str, first: str) -> list[str]:
    """Statements that take a place apart: ``first``, and along the axes ``name`` with a number."""
    lines = [f"I {first} = {place};"]
    for a in reversed(spec.axes):
        lines += [f"const I {name}{a} = {first} % {lengths}{a};", f"{first} /= {lengths}{a};"]
    return lines


def _columns(spec: ConvolutionSpec) -> list[str]:
    """What this thread's columns stand for, found once for a tile."""
    lengths = {"forward": "m", "inputs": "n", "weights": "r"}[spec.part]
    kept = [f"c{a}" for a in spec.axes]
    lines = [f"I first[own], {', '.join(f'{name}[own]' for name in kept)};", "#pragma unroll"]
    lines += [
        "for (int u = 0; u < own; u++) {",
        *_decoded(spec, "start + at % lanes + u * lanes", lengths, "t", "f"),
        "first[u] = f;",
        *(f"c{a}[u] = t{a};" for a in spec.axes),
        "}",
    ]
    return lines


def _left(spec: ConvolutionSpec) -> list[str]:
    """Bring a slice of the left factor: filters, or derivatives by results."""
    element = {
        "forward": ["left[(group * rows + m) * depth + k]"],
        "inputs": [
            "const I size = " + " * ".join(f"r{a}" for a in spec.axes) + ";",
            "left[((group * y_channels + k / size) * rows + m) * size + k % size]",
        ],
        "weights": [
            "const I size = " + " * ".join(f"m{a}" for a in spec.axes) + ";",
            f"left[(k / size * {spec.groups} * rows + group * rows + m) * size + k % size]",
        ],
    }[spec.part]
    return [
        "for (int e = at; e < deep * tall; e += threads) {",
        "const I k = slice + e % deep, m = top + e / deep;",
        *element[:-1],
        f"a_tile[e % deep][e / deep] = k < to && m < rows ? T({element[-1]}) : T(0);",
        "}",
    ]


def _right(spec: ConvolutionSpec) -> list[str]:
    """Bring a slice of the right factor: elements of images."""
    apart = {
        "forward": _decoded(spec, "k", "r", "s", "g"),
        "inputs": _decoded(spec, "k", "r", "s", "g"),
        "weights": _decoded(spec, "k", "m", "s", "g"),
    }[spec.part]
    return [
        "for (int i = at / lanes; i < deep; i += threads / lanes) {",
        "const I k = slice + i;",
        *apart,
        "#pragma unroll",
        "for (int u = 0; u < own; u++) {",
        "bool is_there = k < to && start + at % lanes + u * lanes < columns;",
        *(line for a in spec.axes for line in _position(spec, a)),
        f"b_tile[i][at % lanes + u * lanes] = is_there ? T(right[{_source(spec)}]) : T(0);",
        "}",
        "}",
    ]


def _position(spec: ConvolutionSpec, a: int) -> list[str]:
    """Where along an axis an element is read, and whether it is there."""
    stride, before, dilation = spec.stride[a], spec.before[a], spec.dilation[a]
    if spec.part == "inputs":
        lines = [f"I p{a} = c{a}[u] + {before} - s{a} * {dilation};"]
        lines.append(f"is_there = is_there && p{a} >= 0;")
        if stride > 1:
            lines += [f"is_there = is_there && p{a} % {stride} == 0;", f"p{a} /= {stride};"]
        return [*lines, f"is_there = is_there && p{a} < m{a};"]
    y, r = (f"c{a}[u]", f"s{a}") if spec.part == "forward" else (f"s{a}", f"c{a}[u]")
    lines = [f"const I p{a} = {y} * {stride} - {before} + {r} * {dilation};"]
    if spec.is_padded[a]:
        lines.append(f"is_there = is_there && p{a} >= 0 && p{a} < n{a};")
    return lines


def _source(spec: ConvolutionSpec) -> str:
    """The place of an element in the right factor."""
    image, channel = {
        "forward": ("first[u]", "g"),
        "inputs": ("first[u]", "g"),
        "weights": ("g", "first[u]"),
    }[spec.part]
    channels, lengths = ("y_channels", "m") if spec.part == "inputs" else ("x_channels", "n")
    place = f"{image} * {spec.groups} * {channels} + group * {channels} + {channel}"
    for a in spec.axes:
        place = f"({place}) * {lengths}{a} + p{a}"
    return place


@cache
def sum_of_parts_kernel(dtype: str, *, is_guarded: bool) -> KernelText:
    """The text of the kernel that sums partial results up, in their order."""
    stored, work = DIALECT.c_type(dtype), DIALECT.c_type(computing(dtype))
    parameters = [
        ("int64_t count", "q"),
        ("int64_t parts", "q"),
        (f"const {work} *partial", "P"),
        (f"{stored} *out", "P"),
    ]
    thread, threads = "(int64_t)blockIdx.x * blockDim.x + threadIdx.x", "gridDim.x * blockDim.x"
    lines = [
        f"for (int64_t e = {thread}; e < count; e += (int64_t){threads}) {{",
        f"{work} sum = 0;",
        "for (int64_t part = 0; part < parts; part++) sum += partial[part * count + e];",
        "out[e] = sum;",
        "}",
    ]
    return kernel_text("sum_of_parts", parameters, lines, is_guarded=is_guarded)
