"""What rules of this target call by name."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from bitale_graph.plan.calls import Call
from bitale_graph.plan.expressions import Expression

from ..kernel.nonzero_kernel import EACH, count_kernel, places_kernel
from ..kernel.pool_kernel import MODES, POOL_KERNELS, pool_kernel
from ..kernel.recurrence_kernel import recurrence_text
from ..kernel.repeat_kernel import repeat_kernel
from ..kernel.row_kernel import ROW_KERNELS, row_kernel
from ..kernel.search_kernel import search_kernel
from .asking import Asking
from .convolutions import convolve
from .geometry import BLOCKS
from .products import batched_gemm, gemm


def _expressions(one: Call) -> list[Expression]:
    assert all(isinstance(a, Expression) for a in one.arguments)
    return one.arguments  # type: ignore[return-value]  # as was asserted


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


def _repeat(trace: Asking, one: Call) -> None:
    count, n, total, inner, *pointers = _expressions(one)
    size = trace.number(count)
    if size == 0:
        return
    text = repeat_kernel(one.routine.needs, is_guarded=trace.launcher.is_guarded)
    lengths = [trace.number(e) for e in (n, total, inner)]
    trace.launcher.launch_elements(text, [size, *lengths, *map(trace.pointer, pointers)], size)


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


def _windows(trace: Asking, one: Call) -> None:
    """Pooling: planes, sizes of windows, the mode where there are several, then addresses."""
    name = one.routine.name
    sizes = one.arguments[1]
    assert isinstance(sizes, tuple)
    planes, *rest = [e for e in one.arguments if isinstance(e, Expression)]
    mode = "max"
    if not name.startswith("max"):
        mode = MODES[trace.number(rest.pop(0))]
    numbers = [trace.number(e) for e in sizes]
    written = numbers[:3] if name.endswith("grad") else numbers[3:6]
    count = trace.number(planes) * prod(written)
    if count == 0:
        return
    text = pool_kernel(name, mode, one.routine.needs, is_guarded=trace.launcher.is_guarded)
    trace.launcher.launch_elements(text, [count, *numbers, *map(trace.pointer, rest)], count)


ROUTINES: dict[str, Callable[[Any, Call], None]] = {
    "gemm": gemm,
    "batched_gemm": batched_gemm,
    "clear": _clear,
    "recurrence": _recurrence,
    "search": _search,
    "nonzero": _nonzero,
    "repeat": _repeat,
    **dict.fromkeys(("conv", "conv_grad_inputs", "conv_grad_weights"), convolve),
    **dict.fromkeys(ROW_KERNELS, _over_rows),
    **dict.fromkeys(POOL_KERNELS, _windows),
}
"""By their names."""
