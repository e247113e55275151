"""Products: BLAS where it beats a plain loop, plain loops for small operands and for integers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from bitale_graph.extend import Apply, Dot, Gemm, Variable

from ..base.array import Array
from ..base.ctype import SUFFIXES
from ..host.builder import Builder
from ..host.rules import emits, reuses
from ..library.units import unit

# Up to this many rows, products with what does not change from step to step of a loop use panels
# that are packed before the loop; BLAS packs both operands at every call.
PANEL_ROWS = 128


def _library(b: Builder, dtype: str) -> str:
    """Add the product functions of a float dtype; the suffix of their names."""
    b.units.add(unit("product", dtype))
    b.uses_blas = True
    return SUFFIXES[dtype]


@emits.define(Dot)
def emit_dot(b: Builder, node: Apply[Dot]) -> Iterator[None]:
    """Choose by rank and dtype."""
    x, y = (b.array(v) for v in node.inputs)
    b.check_equal(x.lengths[-1], y.lengths[0])
    if x.dtype not in ("float32", "float64"):
        yield from _plain_dot(b, node, x, y)
        return
    if x.rank == y.rank == 1:
        b.units.add(unit("dot", x.dtype))
        yield
        operands = f"{x.name}, {x.stride(0)}, {y.name}, {y.stride(0)}"
        product = f"bt_dot_{SUFFIXES[x.dtype]}(rt, {x.lengths[0]}, {operands})"
        b.put(f"{b.set_scalar_name(node.outputs[0])} = {product};")
        return
    suffix = _library(b, x.dtype)
    if x.rank == y.rank == 2:
        if b.scope.is_fixed_memory(y):
            yield from _panels(b, suffix, x, y, node.outputs[0])
            return
        x, y = b.unit_some(x), b.unit_some(y)
        out = b.result(node.outputs[0], [x.lengths[0], y.lengths[1]])
        yield
        b.put(gemm_text(suffix, x, y, out, "1", "0"))
        return
    fixed, moving = (y, x) if y.rank == 2 else (_transposed(x), y)
    if b.scope.is_fixed_memory(fixed):
        yield from _panels(b, suffix, moving, fixed, node.outputs[0])
        return
    matrix, vector = (x, y) if x.rank == 2 else (y, x)
    matrix = b.unit_some(matrix)
    rows, columns = (0, 1) if x.rank == 2 else (1, 0)
    out = b.result(node.outputs[0], [matrix.lengths[rows]])
    yield
    b.put(
        _call(
            f"bt_gemv_{suffix}",
            *(matrix.lengths[rows], matrix.lengths[columns]),
            *(matrix.name, matrix.stride(rows), matrix.stride(columns)),
            *(vector.name, vector.stride(0), out.name),
        )
    )


def _transposed(a: Array) -> Array:
    return replace(a, lengths=a.lengths[::-1], strides=[a.stride(1), a.stride(0)])


def _panels(b: Builder, suffix: str, x: Array, y: Array, v: Variable) -> Iterator[None]:
    """A product of a vector or few rows with a matrix that is packed before the loop."""
    is_vector = x.rank == 1
    rows = "1" if is_vector else x.lengths[0]
    k, n = y.lengths
    few = f"{rows} <= {PANEL_ROWS}"
    # Where the number of rows changes from step to step, it is not known before the loop.
    is_packed = few if b.scope.is_fixed(rows) else "1"
    key = ("panels", y.name, *y.lengths, *(y.strides or ()), is_packed)
    packed = b.scope.packed.get(key)
    if packed is None:
        b.units.add(unit("panel_product", y.dtype))
        size = f"({is_packed} ? bt_packed_{suffix}({k}, {n}) : 0)"
        packed = b.scope.packed[key] = b.allocate(f"{y.name}_panels", y.dtype, [size])
        operand = f"{y.name}, {y.stride(0)}, {y.stride(1)}"
        b.scope.before.append(
            f"if ({b.scope.steps} > 0 && {is_packed}) "
            f"bt_pack_{suffix}(rt, {k}, {n}, {operand}, {packed.name});"
        )
    if not is_vector:
        x, y = b.unit_some(x), b.unit_some(y)
    out = b.result(v, [n] if is_vector else [rows, n])
    yield
    row_stride = "0" if is_vector else x.stride(0)
    operand = f"{x.name}, {row_stride}, {x.stride(x.rank - 1)}"
    panels = (
        f"bt_panel_product_{suffix}(rt, {rows}, {n}, {k}, {operand}, {packed.name}, "
        f"{out.name}, {n});"
    )
    if is_vector:
        b.put(panels)
        return
    b.put(f"if ({few}) {panels}")
    b.put(f"else {gemm_text(suffix, x, y, out, '1', '0')}")


def _call(function: str, *arguments: str) -> str:
    return f"{function}(rt, {', '.join(arguments)});"


def gemm_text(suffix: str, x: Array, y: Array, out: Array, alpha: str, beta: str) -> str:
    """A call of gemm."""
    return _call(
        f"bt_gemm_{suffix}",
        *(x.lengths[0], y.lengths[1], x.lengths[1], alpha),
        *(x.name, x.stride(0), x.stride(1)),
        *(y.name, y.stride(0), y.stride(1)),
        *(beta, out.name, out.stride(0)),
    )


def _plain_dot(b: Builder, node: Apply, x: Array, y: Array) -> Iterator[None]:
    """Integers and bools: three loops (sums of bools are or)."""
    rows = x.lengths[0] if x.rank == 2 else "1"
    columns = y.lengths[1] if y.rank == 2 else "1"
    lengths = ([rows] if x.rank == 2 else []) + ([columns] if y.rank == 2 else [])
    out = b.result(node.outputs[0], lengths) if lengths else None
    yield
    row = f"i * ({x.stride(0)}) + " if x.rank == 2 else ""
    column = f" + j * ({y.stride(1)})" if y.rank == 2 else ""
    left = f"{x.name}[{row}p * ({x.stride(x.rank - 1)})]"
    right = f"{y.name}[p * ({y.stride(0)}){column}]"
    combine = f"s = s | ({left} & {right})" if x.dtype == "bool" else f"s += {left} * {right}"
    target = (
        f"{out.name}[i * ({columns}) + j]"
        if out is not None
        else b.set_scalar_name(node.outputs[0])
    )
    b.put(f"for (int64_t i = 0; i < {rows}; i++) for (int64_t j = 0; j < {columns}; j++) {{")
    b.put(f"    {x.c_type} s = 0;")
    b.put(f"    for (int64_t p = 0; p < {x.lengths[-1]}; p++) {combine};")
    b.put(f"    {target} = s;")
    b.put("}")


@reuses.define(Gemm)
def gemm_reuses(node: Apply[Gemm]) -> list[tuple[int, int]]:
    """The product is added where z lies."""
    return [(0, 0)]


@emits.define(Gemm)
def emit_gemm(b: Builder, node: Apply[Gemm]) -> Iterator[None]:
    """Copy z, unless its buffer was taken over; then let BLAS add to it."""
    z, alpha, x, y, beta = node.inputs
    left, right, base = b.array(x), b.array(y), b.array(z)
    b.check_equal(left.lengths[1], right.lengths[0])
    b.check_equal(base.lengths[0], left.lengths[0])
    b.check_equal(base.lengths[1], right.lengths[1])
    suffix = _library(b, left.dtype)
    left, right = b.unit_some(left), b.unit_some(right)
    out = b.result(node.outputs[0], base.lengths)
    yield
    if node.outputs[0] not in b.plan.reused:
        b.put(b.copy_text(out, base))
    b.put(gemm_text(suffix, left, right, out, b.scalar(alpha), b.scalar(beta)))
