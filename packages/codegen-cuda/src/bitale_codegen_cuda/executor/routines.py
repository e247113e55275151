"""What rules of this target call by name: products, and kernels of rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from math import prod
from typing import Any, Protocol

from bitale_graph.extend import Loop, Result, Step, config, scalar
from bitale_graph.plan.calls import Call
from bitale_graph.plan.expressions import Expression, converted
from bitale_graph.plan.kernel import Kernel, Operand

from ..driver.commands import Product
from ..kernel.dialect import computing
from ..kernel.nonzero_kernel import EACH, count_kernel, places_kernel
from ..kernel.recurrence_kernel import recurrence_text
from ..kernel.row_kernel import ROW_KERNELS, row_kernel
from ..kernel.search_kernel import search_kernel
from .geometry import BLOCKS
from .launching import Launcher
from .queue import Queue
from .values import Reducer, as_expression

# Products of so many multiplications are kernels of ours: to call a library takes as long.
SMALL = 32**3


class Asking(Protocol):
    """What a routine asks of the trace that calls it: `trace.Trace` has it all."""

    launcher: Launcher
    queue: Queue
    reduce: Reducer

    def number(self, e: Expression) -> int: ...

    def pointer(self, e: Expression) -> Any: ...

    def store(self, to: Any, value: Any, dtype: str) -> None: ...

    def scratch(self, shape: Sequence[int], dtype: str) -> int: ...

    def give_scratch(self) -> None: ...


def _gemm(trace: Asking, one: Call) -> None:
    rows, columns, inner, alpha, x, x0, x1, y, y0, y1, beta, out, stride = _expressions(one)
    dtype, number = x.dtype, trace.number
    m, n, k = number(rows), number(columns), number(inner)
    if m == 0 or n == 0:
        return
    scales, lie = _scales(trace, dtype, [alpha, beta])
    to, to_stride = trace.pointer(out), number(stride)
    if m * n * k <= SMALL and not lie and scales == [1, 0] and (to_stride == n or m == 1):
        layouts = [
            [trace.pointer(x), number(x0), number(x1)],
            [trace.pointer(y), number(y0), number(y1)],
            [to],
        ]
        trace.launcher.launch(_product_kernel(dtype), "product", [m, k, n], layouts, [])
        return
    places, strides = [], []
    for e, shape, steps in ((x, (m, k), (x0, x1)), (y, (k, n), (y0, y1))):
        place, layout = _fixed(trace, e, shape, (number(steps[0]), number(steps[1])))
        places.append(place)
        strides.append(layout)
    target = to
    guard = trace.launcher.guard
    if guard and (trace.queue.is_held or guard != trace.queue.status):
        # A library does not ask whether a check failed: what it writes is copied by who does.
        target = trace.scratch((m, n), dtype)
        trace.launcher.copy(dtype, (m, n), target, (n, 1), to, (to_stride, 1))
    trace.queue.put(
        Product(
            dtype, m, n, k, scales[0], places[0], strides[0], places[1], strides[1],
            scales[1], target, n if target != to else to_stride, scales_lie=lie,
            precision=config.cuda_precision,
        )
    )  # fmt: skip
    if target != to:
        trace.launcher.copy(dtype, (m, n), to, (to_stride, 1), target, (n, 1))
    trace.give_scratch()


@cache
def _product_kernel(dtype: str) -> Kernel:
    """A product as a sum along the second axis of (rows, inner, columns)."""
    work = computing(dtype)
    widened = tuple(Step(scalar.cast_to(work), (j,), work) for j in range(2) if work != dtype)
    factors = (2, 3) if widened else (0, 1)
    steps = (*widened, Step(scalar.mul, factors, work))
    loop = Loop(3, steps, (Result(1 + len(steps), dtype, scalar.add, (1,), work),))
    operands = (
        Operand("in", 0, dtype, ("d", "d", "0")),
        Operand("in", 1, dtype, ("0", "d", "d")),
        Operand("total", 0, dtype, ("0", "0", "0")),
    )
    return Kernel(loop, (dtype, dtype), operands, (), 3)


def _expressions(one: Call) -> list[Expression]:
    assert all(isinstance(a, Expression) for a in one.arguments)
    return one.arguments  # type: ignore[return-value]  # as was asserted


def _scales(trace: Asking, dtype: str, scales: list[Expression]) -> tuple[list[Any], bool]:
    """Two factors: as numbers if they are the same for every call, else where they lie."""
    # For matrices of 16 bits they are float32, too.
    dtype = computing(dtype)
    scales = [converted(e, dtype) for e in scales]
    values = [trace.reduce(e) for e in scales]
    if not any(isinstance(v, Expression) for v in values):
        return [float(v) for v in values], False
    places = []
    for value, e in zip(values, scales, strict=True):
        places.append(trace.scratch((), dtype))
        trace.store(places[-1], as_expression(value, e), dtype)
    return places, True


def _fixed(
    trace: Asking, e: Expression, shape: tuple[int, int], strides: tuple[int, int]
) -> tuple[int, tuple[int, int]]:
    """Where a matrix lies in every call: what a library was given is not changed in a graph."""
    place = trace.pointer(e)
    if not isinstance(place, Expression):
        return place, strides
    made = trace.scratch(shape, e.dtype)
    trace.launcher.copy(e.dtype, shape, made, (shape[1], 1), place, strides)
    return made, (shape[1], 1)


def _clear(trace: Asking, one: Call) -> None:
    to, _, size = _expressions(one)
    trace.launcher.clear(trace.pointer(to), trace.number(size))


def _over_rows(trace: Asking, one: Call) -> None:
    name = one.routine.name
    kinds = ROW_KERNELS[name].parameters
    rows, n, *rest = _expressions(one)
    arguments = [
        trace.number(e) if kind == "n" else trace.pointer(e)
        for kind, e in zip(kinds, rest, strict=True)
    ]
    text = row_kernel(name, one.routine.needs, is_guarded=trace.launcher.is_guarded)
    trace.launcher.launch_rows(text, trace.number(rows), trace.number(n), arguments)


def _recurrence(trace: Asking, one: Call) -> None:
    spec = one.routine.needs
    text = recurrence_text(spec, is_guarded=trace.launcher.is_guarded)
    kinds = text.kinds[text.is_guarded :]
    arguments = [
        trace.pointer(e) if kind == "P" else trace.number(e)
        for kind, e in zip(kinds, _expressions(one), strict=True)
    ]
    trace.launcher.launch_elements(text, arguments, prod(arguments[1 : 1 + spec.ndim]))


def _search(trace: Asking, one: Call) -> None:
    x, length, stride, keys, count, found = _expressions(one)
    if trace.number(count) == 0:
        return
    side, dtype = one.routine.needs
    text = search_kernel(side, dtype, is_guarded=trace.launcher.is_guarded)
    arguments = [
        *(trace.pointer(x), trace.number(length), trace.number(stride)),
        *(trace.pointer(keys), trace.number(count), trace.pointer(found)),
    ]
    trace.launcher.launch_elements(text, arguments, trace.number(count))


def _nonzero(trace: Asking, one: Call) -> None:
    rank, most = one.routine.needs
    mask, *rest = _expressions(one)
    lengths = [trace.number(n) for n in rest[:rank]]
    counts, count, *places = rest[rank:]
    size = prod(lengths)
    if size == 0:
        return
    launcher = trace.launcher
    block = launcher.device.threads
    tiles = -(-size // (EACH * block))
    blocks = min(tiles, launcher.device.multiprocessors * BLOCKS, most)
    given = [trace.pointer(mask), size, -(-size // blocks), trace.pointer(counts)]
    text = count_kernel(is_guarded=launcher.is_guarded)
    launcher.launch_text(text, given, (blocks, 1), block)
    text = places_kernel(rank, is_guarded=launcher.is_guarded)
    passed = [*given, trace.number(count), *lengths, *map(trace.pointer, places)]
    launcher.launch_text(text, passed, (blocks, 1), block)


ROUTINES: dict[str, Callable[[Any, Call], None]] = {
    "gemm": _gemm,
    "clear": _clear,
    "recurrence": _recurrence,
    "search": _search,
    "nonzero": _nonzero,
    **dict.fromkeys(ROW_KERNELS, _over_rows),
}
"""By their names."""
