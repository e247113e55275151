"""From kernels, copies and checks of host code to commands."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from bitale_graph.extend import Loop, Result
from bitale_graph.plan.expressions import Expression
from bitale_graph.plan.kernel import Kernel, Operand

from ..driver.commands import ClearBytes, CopyBytes, Launch
from ..driver.driver import Properties
from ..kernel.loop_kernel import LoopKernel, parts_of
from ..kernel.number_kernel import NumberKernel
from ..kernel.text import KernelText
from .geometry import BLOCKS, SHARE, is_one_row, merged, power_of_2, spread_sum
from .queue import Queue

# The bytes of a number that no type of kernels holds: it is copied as two.
WIDE = 16


class Launcher:
    """Puts commands on a queue.

    Parameters
    ----------
    queue : Queue
    device : Properties

    Attributes
    ----------
    guard : int
        The address of a number; unless that is 0, kernels do nothing. 0 for none.
    checks : int
        How many checks were put.
    """

    def __init__(self, queue: Queue, device: Properties) -> None:
        self.queue, self.device = queue, device
        self.guard = self.checks = 0
        self._shapes: dict[tuple[Kernel, bool], LoopKernel] = {}

    @property
    def is_guarded(self) -> bool:
        """Whether kernels are to ask if they shall do anything."""
        return bool(self.guard)

    def launch_text(
        self, text: KernelText, arguments: Sequence[Any], grid: tuple[int, int], block: int
    ) -> None:
        """Launch a kernel; one that is guarded has the guard before its arguments."""
        if text.is_guarded:
            arguments = [self.guard, *arguments]
        self.queue.define(text)
        self.queue.put(Launch(text.name, grid, block, text.kinds, tuple(arguments)))

    def launch(
        self,
        kernel: Kernel,
        hint: str,
        lengths: Sequence[int],
        layouts: Sequence[Sequence[Any]],
        numbers: Sequence[Any],
    ) -> None:
        """Launch the kernel of a loop.

        Parameters
        ----------
        kernel : Kernel
        hint : str
        lengths : sequence of int
            The range.
        layouts : sequence
            For each operand its address and what its layout asks for.
        numbers : sequence
            Those passed by value.
        """
        for part in parts_of(kernel):
            chosen = [layouts[i] for i in part.operands]
            self._launch_part(part.kernel, hint, lengths, chosen, numbers)

    def _launch_part(
        self,
        kernel: Kernel,
        hint: str,
        lengths: Sequence[int],
        layouts: Sequence[Sequence[Any]],
        numbers: Sequence[Any],
    ) -> None:
        shape = self._shape(kernel, hint)
        if 0 in lengths and not shape.sums:
            return
        found = merged(shape, lengths, [layout[1:] for layout in layouts])
        passed = [*found, *(e for layout in layouts for e in layout), *numbers]
        if shape.sums:
            self._launch_sums(shape, found, passed)
            return
        count = prod(found[a] for a in shape.parallel)
        packs = 0
        if shape.width > 1 and is_one_row(found) and self._is_aligned(shape, layouts):
            packs = count // shape.width
        turns = packs or count
        blocks = -(-turns // self.device.threads)
        most = self.device.multiprocessors * BLOCKS
        grid = (max(min(blocks, most), 1), 1)
        self.launch_text(shape.text, [*passed, packs], grid, self.device.threads)

    def _shape(self, kernel: Kernel, hint: str) -> LoopKernel:
        key = (kernel, self.is_guarded)
        if key not in self._shapes:
            self._shapes[key] = LoopKernel(kernel, hint, is_guarded=self.is_guarded)
        return self._shapes[key]

    def _is_aligned(self, shape: LoopKernel, layouts: Sequence[Sequence[Any]]) -> bool:
        """Whether whole packs lie at the addresses; those that vary are not asked."""
        for o, layout in zip(shape.kernel.operands, layouts, strict=True):
            if o in shape.packed:
                size = np.dtype(o.dtype).itemsize * shape.width
                if isinstance(layout[0], Expression) or layout[0] % size:
                    return False
        return True

    def _launch_sums(self, shape: LoopKernel, lengths: Sequence[int], passed: list[Any]) -> None:
        count = prod(lengths[a] for a in shape.parallel)
        if count == 0:
            return
        length = prod(lengths[a] for a in shape.walked)
        inner = bool(shape.walked) and shape.walked[-1] == shape.kernel.inner
        if shape.parallel and not inner and lengths[shape.kernel.inner] == 1:
            inner = True
        spread = spread_sum(count, length, inner=inner, device=self.device)
        parts: list[int] = []
        for _, r in shape.sums:
            for dtype in (r.acc_dtype, "int64")[: 1 + r.place]:
                size = spread.splits * count * np.dtype(dtype).itemsize
                parts.append(self.queue.take(size) if spread.splits > 1 else 0)
        arguments = [*passed, spread.lanes, spread.splits, *parts, self.queue.tickets]
        grid = (spread.blocks, spread.splits)
        self.launch_text(shape.text, arguments, grid, spread.block)
        for part in parts:
            if spread.splits > 1:
                self.queue.give(part)

    def launch_rows(self, text: KernelText, rows: int, n: int, arguments: Sequence[Any]) -> None:
        """Launch a kernel over rows of ``n`` numbers."""
        if rows == 0 or n == 0:
            return
        # Long rows have larger blocks, whose registers hold all of them.
        lanes = min(power_of_2(-(-n // SHARE)), 4 * self.device.threads)
        block = max(lanes, self.device.threads)
        chunks = -(-rows // (block // lanes))
        grid = (min(chunks, self.device.multiprocessors * BLOCKS), 1)
        self.launch_text(text, [rows, n, *arguments, lanes], grid, block)

    def launch_elements(self, text: KernelText, arguments: Sequence[Any], count: int) -> None:
        """Launch a kernel with a thread for each of so many elements, one at least."""
        # Few elements are spread over many multiprocessors: each goes a long way alone.
        block = min(self.device.threads, max(32, power_of_2(-(-count // 64))))
        blocks = -(-max(count, 1) // block)
        grid = (min(blocks, self.device.multiprocessors * BLOCKS), 1)
        self.launch_text(text, arguments, grid, block)

    def clear(self, to: Any, size: int) -> None:
        """Write 0 to so many bytes."""
        if self.is_guarded or isinstance(to, Expression):
            zero = self.queue.take(1)
            self.queue.put(ClearBytes(zero, 1))
            self.copy("uint8", [size], to, [1], zero, [0])
            self.queue.give(zero)
        elif size:
            self.queue.put(ClearBytes(to, size))

    # Copies
    def copy_bytes(self, to: int, source: int, size: int) -> None:
        """Copy what is contiguous; after a check by a kernel, which does nothing if it failed."""
        if self.is_guarded:
            self.copy("uint8", [size], to, [1], source, [1])
        elif size:
            self.queue.put(CopyBytes(to, source, size))

    def move_bytes(self, to: Any, source: Any, size: int) -> None:
        """Copy to a place that may overlap."""
        if size == 0 or to == source:
            return
        spare = self.queue.take(size)
        self.copy("uint8", [size], spare, [1], source, [1])
        self.copy("uint8", [size], to, [1], spare, [1])
        self.queue.give(spare)

    def copy(
        self,
        dtype: str,
        shape: Sequence[int],
        to: Any,
        to_strides: Sequence[int],
        source: Any,
        strides: Sequence[int],
    ) -> None:
        """Copy an array to another place; strides of 0 repeat numbers."""
        if 0 in shape:
            return
        size = np.dtype(dtype).itemsize
        packed = [prod(shape[k + 1 :]) for k in range(len(shape))]
        is_packed = all(
            n == 1 or (s == p and t == p)
            for n, s, t, p in zip(shape, strides, to_strides, packed, strict=True)
        )
        varies = isinstance(to, Expression) or isinstance(source, Expression)
        if is_packed and not varies and not self.is_guarded:
            self.queue.put(CopyBytes(to, source, prod(shape) * size))
            return
        # Bits are copied, whatever the numbers are.
        shape, to_strides, strides = list(shape), list(to_strides), list(strides)
        if size == WIDE or not shape:
            to_strides, strides = ([2 * s for s in one] + [1] for one in (to_strides, strides))
            shape.append(size // 8 if size == WIDE else 1)
        moves = [_moves(one, shape) for one in (strides, to_strides)]
        kernel = _copying(f"uint{min(8 * size, 64)}", *moves)
        layouts = [
            [place, *(s for s, m in zip(one, move, strict=True) if m == "d")]
            for place, one, move in zip((source, to), (strides, to_strides), moves, strict=True)
        ]
        self.launch(kernel, "copy", shape, layouts, [])

    # Checks
    def check(self, node: int, condition: Expression) -> None:
        """Let nothing happen from here on unless a condition holds on the device."""
        kernel = NumberKernel(condition)
        text = kernel.checking()
        self.checks += 1
        self.guard = self.guard or self.queue.status
        self.launch_text(text, [self.queue.status, node + 1, *kernel.arguments], (1, 1), 1)


def _moves(strides: Sequence[int], shape: Sequence[int]) -> tuple[str, ...]:
    last = "1" if strides[-1] == 1 or shape[-1] == 1 else "0" if strides[-1] == 0 else "d"
    return (*("d" for _ in strides[1:]), last)


def _copying(dtype: str, moves: tuple[str, ...], to_moves: tuple[str, ...]) -> Kernel:
    """The kernel that copies one array to another."""
    loop = Loop(len(moves), (), (Result(0, dtype),))
    operands = (Operand("in", 0, dtype, moves), Operand("out", 0, dtype, to_moves))
    return Kernel(loop, (dtype,), operands, (), 2)
