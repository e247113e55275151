"""Matrix products, single or of stacks: by cuBLAS, or as kernels where they are small."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import product as places_along
from math import prod
from typing import Any

import numpy as np
from bitale_graph.extend import config
from bitale_graph.plan.calls import Call
from bitale_graph.plan.expressions import Expression, converted
from bitale_graph.plan.kernel import Kernel, Operand
from bitale_graph.plan.rules.product import product_loop

from ..driver.commands import Product
from ..kernel.dialect import computing
from .asking import Asking
from .values import as_expression

# Products of so many multiplications are kernels of ours: to call a library takes as long.
SMALL = 32**3
# Stacks with several axes, which do not lie as one, are multiplied in so many calls at most; else
# they are copied first.
CALLS = 16


@dataclass(frozen=True)
class _Stack:
    """Where matrices lie: an address, the steps along the axes of the stack, and their own."""

    place: Any
    steps: tuple[int, ...]
    strides: tuple[int, int]


@dataclass(frozen=True)
class _Task:
    """Products that are to be computed: the lengths of stacks, and (rows, columns, inner)."""

    dtype: str
    stack: tuple[int, ...]
    lengths: tuple[int, int, int]
    x: _Stack
    y: _Stack
    out: _Stack


def gemm(trace: Asking, one: Call) -> None:
    """One product, scaled and added to what is there."""
    rows, columns, inner, alpha, x, x0, x1, y, y0, y1, beta, out, stride = _plain(one.arguments)
    number, pointer = trace.number, trace.pointer
    task = _Task(
        x.dtype,
        (),
        (number(rows), number(columns), number(inner)),
        _Stack(pointer(x), (), (number(x0), number(x1))),
        _Stack(pointer(y), (), (number(y0), number(y1))),
        _Stack(pointer(out), (), (number(stride), 1)),
    )
    _multiply(trace, task, [alpha, beta])


def batched_gemm(trace: Asking, one: Call) -> None:
    """A product for each pair of matrices of two stacks."""
    number, pointer = trace.number, trace.pointer
    _, stack, rows, columns, inner, x, xs, x0, x1, y, ys, y0, y1, out = one.arguments
    along, steps_x, steps_y = (tuple(map(number, _plain(e))) for e in (stack, xs, ys))
    m, n, k, *strides = map(number, _plain((rows, columns, inner, x0, x1, y0, y1)))
    x, y, out = _plain((x, y, out))
    apart = [prod(along[a + 1 :]) * m * n for a in range(len(along))]
    task = _Task(
        x.dtype,
        along,
        (m, n, k),
        _Stack(pointer(x), steps_x, (strides[0], strides[1])),
        _Stack(pointer(y), steps_y, (strides[2], strides[3])),
        _Stack(pointer(out), tuple(apart), (n, 1)),
    )
    _multiply(trace, _as_one(_merged(task)), None)


def _plain(arguments: Any) -> list[Expression]:
    assert all(isinstance(a, Expression) for a in arguments)
    return list(arguments)


def _multiply(trace: Asking, task: _Task, scales: Sequence[Expression] | None) -> None:
    m, n, k = task.lengths
    count = prod(task.stack)
    if m == 0 or n == 0 or count == 0:
        return
    factors, lie = ([1.0, 0.0], False) if scales is None else _scales(trace, task.dtype, scales)
    is_plain = not lie and factors == [1, 0] and (task.out.strides[0] == n or m == 1)
    if count * m * n * k <= SMALL and is_plain:
        _launch(trace, task)
        return
    if len(task.stack) > 1 and count // max(task.stack) > CALLS:
        task = _merged(_packed(trace, task))
    task = replace(
        task,
        x=_fixed(trace, task, task.x, (m, k)),
        y=_fixed(trace, task, task.y, (k, n)),
    )
    out = task.out
    guard, whole = trace.launcher.guard, (*task.stack, m, n)
    if guard and (trace.queue.is_held or guard != trace.queue.status):
        # A library does not ask whether a check failed: what it writes is copied by who does.
        made = _Stack(trace.scratch(whole, task.dtype), _contiguous(whole)[:-2], (n, 1))
        _copy(trace, task.dtype, whole, made, out)
        task = replace(task, out=made)
    for one in _products(task):
        one = replace(one, alpha=factors[0], beta=factors[1], scales_lie=lie)
        trace.queue.put(replace(one, precision=config.cuda_precision))
    if task.out is not out:
        _copy(trace, task.dtype, whole, out, task.out)
    trace.give_scratch()


def _launch(trace: Asking, task: _Task) -> None:
    m, n, k = task.lengths
    layouts = [
        *([one.place, *one.steps, *one.strides] for one in (task.x, task.y)),
        [task.out.place],
    ]
    kernel = _kernel(task.dtype, len(task.stack))
    trace.launcher.launch(kernel, "product", [*task.stack, m, k, n], layouts, [])


@cache
def _kernel(dtype: str, ndim: int) -> Kernel:
    """Products as sums along the second last axis of (stack, rows, inner, columns)."""
    each = ("d",) * ndim
    operands = (
        Operand("in", 0, dtype, (*each, "d", "d", "0")),
        Operand("in", 1, dtype, (*each, "0", "d", "d")),
        Operand("total", 0, dtype, ("0",) * (ndim + 3)),
    )
    return Kernel(product_loop(dtype, ndim + 3, ndim + 1), (dtype, dtype), operands, (), 3)


def _products(task: _Task) -> Iterator[Product]:
    """A command for all pairs along the longest axis of stacks, at each place along the others."""
    m, n, k = task.lengths
    every = range(len(task.stack))
    longest = max(every, key=lambda a: task.stack[a], default=None)
    others = [a for a in every if a != longest]
    size = np.dtype(task.dtype).itemsize
    operands = (task.x, task.y, task.out)
    steps = (0, 0, 0)
    if longest is not None:
        steps = (task.x.steps[longest], task.y.steps[longest], task.out.steps[longest])
    for at in places_along(*(range(task.stack[a]) for a in others)):
        x, y, out = (
            one.place + size * sum(i * one.steps[a] for i, a in zip(at, others, strict=True))
            for one in operands
        )
        yield Product(
            task.dtype, m, n, k, 1.0, x, task.x.strides, y, task.y.strides, 0.0, out,
            task.out.strides[0],
            batch=1 if longest is None else task.stack[longest],
            steps=steps,
        )  # fmt: skip


def _merged(task: _Task) -> _Task:
    """Axes of stacks that lie one behind the other in all operands are one."""
    stack: list[int] = []
    steps: list[tuple[int, ...]] = []
    operands = (task.x, task.y, task.out)
    for a, n in enumerate(task.stack):
        mine = tuple(one.steps[a] for one in operands)
        if n == 1:
            continue
        if stack and steps[-1] == tuple(n * s for s in mine):
            stack[-1] *= n
            steps[-1] = mine
        else:
            stack.append(n)
            steps.append(mine)
    x, y, out = (replace(one, steps=tuple(s[i] for s in steps)) for i, one in enumerate(operands))
    return replace(task, stack=tuple(stack), x=x, y=y, out=out)


def _as_one(task: _Task) -> _Task:
    """One product, if one y is multiplied with rows that lie at one distance."""
    (m, n, k), x = task.lengths, task.x
    if len(task.stack) != 1 or task.y.steps != (0,):
        return task
    step = x.steps[0] if m == 1 else x.strides[0]
    if x.steps[0] != m * step or not (x.strides[1] == 1 or k == 1) or step < k:
        return task
    return replace(
        task,
        stack=(),
        lengths=(m * task.stack[0], n, k),
        x=replace(x, steps=(), strides=(step, x.strides[1])),
        y=replace(task.y, steps=()),
        out=replace(task.out, steps=()),
    )


def _contiguous(shape: Sequence[int]) -> tuple[int, ...]:
    return tuple(prod(shape[a + 1 :]) for a in range(len(shape)))


def _copy(trace: Asking, dtype: str, shape: Sequence[int], to: _Stack, source: _Stack) -> None:
    layouts = [(one.place, (*one.steps, *one.strides)) for one in (to, source)]
    trace.launcher.copy(dtype, shape, *layouts[0], *layouts[1])


def _made(trace: Asking, dtype: str, shape: Sequence[int], source: _Stack) -> _Stack:
    """A copy that is contiguous; along an axis with steps of 0 in one piece."""
    once = [1 if a < len(source.steps) and source.steps[a] == 0 else n for a, n in enumerate(shape)]
    apart = _contiguous(once)
    steps = tuple(s and t for s, t in zip(source.steps, apart, strict=False))
    made = _Stack(trace.scratch(once, dtype), steps, (apart[-2], apart[-1]))
    _copy(trace, dtype, once, made, source)
    return made


def _packed(trace: Asking, task: _Task) -> _Task:
    m, n, k = task.lengths
    x = _made(trace, task.dtype, (*task.stack, m, k), task.x)
    return replace(task, x=x, y=_made(trace, task.dtype, (*task.stack, k, n), task.y))


def _fixed(trace: Asking, task: _Task, one: _Stack, shape: tuple[int, int]) -> _Stack:
    """Where matrices lie in every call: what a library was given is not changed in a graph."""
    if not isinstance(one.place, Expression):
        return one
    return _made(trace, task.dtype, (*task.stack, *shape), one)


def _scales(trace: Asking, dtype: str, scales: Sequence[Expression]) -> tuple[list[Any], bool]:
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
