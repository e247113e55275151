"""Products: BLAS where it beats a plain loop, panels packed before a loop, kernels for integers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from bitale_graph.extend import Apply, BatchedDot, Dot, Variable
from bitale_graph.plan.array import Array
from bitale_graph.plan.builder import Builder
from bitale_graph.plan.calls import Routine
from bitale_graph.plan.expressions import TRUE, Called, Expression, choose, number
from bitale_graph.plan.rules.product import (
    call_batched_product,
    call_product,
    plain_batched_dot,
    plain_dot,
)

from ..base.ctype import SUFFIXES
from ..host.target import C
from ..kernel.c_file import Needs
from ..library.units import units

# Up to this many rows, products with what does not change from step to step of a loop use panels
# that are packed before the loop; BLAS packs both operands at every call.
PANEL_ROWS = 128


def _routine(name: str, dtype: str, file: str = "product") -> Routine:
    """A function of a support file, in its version for a float dtype."""
    return Routine(
        f"bt_{name}_{SUFFIXES[dtype]}", Needs(units(file, dtype), uses_blas=file != "dot")
    )


@C.emits.define(Dot)
def emit_dot(b: Builder, node: Apply[Dot]) -> Iterator[None]:
    """Choose by rank and dtype."""
    x, y = (b.array(v) for v in node.inputs)
    out = node.outputs[0]
    b.check_equal(x.lengths[-1], y.lengths[0])
    if x.dtype not in ("float32", "float64"):
        yield from plain_dot(b, node, x, y)
    elif x.rank == y.rank == 1:
        yield
        operands = [x.lengths[0], x.pointer, x.stride(0), y.pointer, y.stride(0)]
        b.call(_routine("dot", x.dtype, "dot"), operands, [], result=b.receive(out))
    elif x.rank == y.rank == 2:
        yield from (_panels(b, x, y, out) if b.is_fixed(y) else _gemm(b, x, y, out))
    else:
        fixed, moving = (y, x) if y.rank == 2 else (_transposed(x), y)
        is_fixed = b.is_fixed(fixed)
        yield from (_panels(b, moving, fixed, out) if is_fixed else _gemv(b, x, y, out))


@C.emits.define(BatchedDot)
def emit_batched_dot(b: Builder, node: Apply[BatchedDot]) -> Iterator[None]:
    """Choose by dtype."""
    is_float = node.inputs[0].type.dtype in ("float32", "float64")
    yield from (call_batched_product if is_float else plain_batched_dot)(b, node)


def _gemm(b: Builder, x: Array, y: Array, v: Variable) -> Iterator[None]:
    x, y = b.unit_some(x), b.unit_some(y)
    out = b.result(v, [x.lengths[0], y.lengths[1]])
    yield
    one, zero = number(1, x.dtype), number(0, x.dtype)
    call_product(b, x, y, out, one, zero)


def _gemv(b: Builder, x: Array, y: Array, v: Variable) -> Iterator[None]:
    matrix, vector = (x, y) if x.rank == 2 else (y, x)
    matrix = b.unit_some(matrix)
    rows, columns = (0, 1) if x.rank == 2 else (1, 0)
    out = b.result(v, [matrix.lengths[rows]])
    yield
    arguments = [
        *(matrix.lengths[rows], matrix.lengths[columns]),
        *(matrix.pointer, matrix.stride(rows), matrix.stride(columns)),
        *(vector.pointer, vector.stride(0), out.pointer),
    ]
    b.call(_routine("gemv", x.dtype), arguments, [out.pointer])


def _transposed(a: Array) -> Array:
    return replace(a, lengths=a.lengths[::-1], strides=[a.stride(1), a.stride(0)])


def _panels(b: Builder, x: Array, y: Array, v: Variable) -> Iterator[None]:
    """A product of a vector or few rows with a matrix that is packed before the loop."""
    is_vector = x.rank == 1
    dtype = y.dtype
    rows = number(1) if is_vector else x.lengths[0]
    k, n = y.lengths
    few = rows <= PANEL_ROWS
    packed = _packed_panels(b, y, few)
    if not is_vector:
        x, y = b.unit_some(x), b.unit_some(y)
    out = b.result(v, [n] if is_vector else [rows, n])
    yield
    row_stride = number(0) if is_vector else x.stride(0)
    operands = [x.pointer, row_stride, x.stride(x.rank - 1), packed.pointer, out.pointer, n]
    product = _routine("panel_product", dtype, "panel_product")
    b.call(product, [rows, n, k, *operands], [out.pointer], condition=few)
    if few != TRUE:
        one, zero = number(1, dtype), number(0, dtype)
        call_product(b, x, y, out, one, zero, ~few)


def _packed_panels(b: Builder, y: Array, few: Expression) -> Array:
    """A matrix in panels, once for all steps of the loop in which it stays the same."""
    # Where the number of rows changes from step to step, it is not known before the loop.
    is_packed = few if b.is_fixed(few) else TRUE
    key = ("panels", *y.expressions(), is_packed)
    if key in b.scope.packed:
        return b.scope.packed[key]
    k, n = y.lengths
    size = Called(_routine("packed", y.dtype, "panel_product"), "int64", [k, n])
    level = b.early(max(y.settled(), is_packed.level))
    room = choose(is_packed, size, 0)
    packed = b.allocate(f"{y.pointer!r}_panels", y.dtype, [room], level=level)
    operands = [k, n, y.pointer, y.stride(0), y.stride(1), packed.pointer]
    pack = _routine("pack", y.dtype, "panel_product")
    b.call(pack, operands, [packed.pointer], condition=is_packed, level=level)
    b.scope.packed[key] = packed
    return packed
