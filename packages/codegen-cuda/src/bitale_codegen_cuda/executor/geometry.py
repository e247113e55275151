"""How a kernel is spread over a device: blocks, threads, groups of threads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from bitale_graph.plan.expressions import Expression

from ..driver.driver import TICKETS, Properties
from ..kernel.loop_kernel import LoopKernel

# Blocks for each multiprocessor: enough to hide the latency of memory.
BLOCKS = 8
# A sum shorter than this is not worth a group of threads.
SHORT = 8
# How many elements a thread of a group sums up at least before others take a share.
SHARE = 4
MOST_Y = 65535


@dataclass(frozen=True)
class Spread:
    """How a sum is spread.

    Attributes
    ----------
    blocks : int
        Along x.
    block : int
        Threads of a block.
    lanes : int
        Threads that sum up together.
    splits : int
        Blocks that sum up together.
    """

    blocks: int
    block: int
    lanes: int
    splits: int


def power_of_2(n: int) -> int:
    """The least power of 2 that is not below a number."""
    return 1 << max(n - 1, 0).bit_length()


def spread_sum(count: int, length: int, *, inner: bool, device: Properties) -> Spread:
    """Spread sums.

    Parameters
    ----------
    count : int
        How many sums.
    length : int
        Of how many numbers each.
    inner : bool
        Whether neighbours in memory belong to one sum; else threads side by side take sums side
        by side.
    device : Properties
    """
    lanes = 1
    if length > SHORT and (inner or count < device.multiprocessors * device.threads // SHARE):
        lanes = min(power_of_2(-(-length // SHARE)), device.threads)
        if not inner:
            # Threads side by side read what lies side by side.
            lanes = min(lanes, max(device.threads // power_of_2(count), 1))
    block = max(lanes, device.threads)
    groups = block // lanes
    chunks = max(-(-count // groups), 1)
    wanted = device.multiprocessors * BLOCKS
    splits = 1
    if chunks * 2 <= wanted and chunks <= TICKETS:
        most = max(length // (lanes * SHARE * 4), 1)
        splits = min(max(wanted // chunks, 1), most, MOST_Y)
    return Spread(min(chunks, wanted if splits == 1 else chunks), block, lanes, splits)


def merged(
    shape: LoopKernel, lengths: Sequence[int], layouts: Sequence[Sequence[Any]]
) -> list[int]:
    """The lengths of the range with axes made one where every operand lets them.

    What is left of an axis has length 1, so that its index is 0.
    """
    kernel = shape.kernel
    lengths = list(lengths)
    if kernel.indexed and kernel.loop.ndim > 1:
        return lengths
    moves: list[list[Any]] = []
    for o, layout in zip(kernel.operands, layouts, strict=True):
        numbers = iter(layout)
        moves.append([next(numbers) if m == "d" else int(m) for m in o.moves])
    end = kernel.loop.ndim - 1
    for a in range(end - 1, -1, -1):
        if lengths[a] == 1:
            continue
        is_same_kind = (a in shape.parallel) == (end in shape.parallel)
        if is_same_kind and all(_fits(one, a, end, lengths[end]) for one in moves):
            lengths[end] *= lengths[a]
            lengths[a] = 1
        else:
            end = a
    return lengths


def _fits(moves: Sequence[Any], outer: int, inner: int, length: int) -> bool:
    if isinstance(moves[outer], Expression) or isinstance(moves[inner], Expression):
        return False
    return bool(moves[outer] == moves[inner] * length)


def is_one_row(lengths: Sequence[int]) -> bool:
    """Whether all axes but the last have length 1."""
    return prod(lengths[:-1]) == 1
