"""Where the memory of a plan lies: one piece for all that never lives at the same time."""

from __future__ import annotations

from bisect import insort
from collections.abc import Sequence
from dataclasses import dataclass

from .recorder import Region

ALIGNMENT = 256


@dataclass(frozen=True)
class Arena:
    """Places of regions.

    Attributes
    ----------
    offsets : dict
        From the number of a region to where it begins.
    size : int
    bound : int
        How much lives at the same time at most: no arena can be smaller.
    """

    offsets: dict[int, int]
    size: int
    bound: int


def rounded(size: int) -> int:
    """The least multiple of the alignment that is not below a size."""
    return -(-size // ALIGNMENT) * ALIGNMENT


def placed(regions: Sequence[tuple[int, Region]], end: int) -> Arena:
    """Find places, largest regions first: each at the lowest place where it fits.

    Parameters
    ----------
    regions : sequence of (number, Region)
    end : int
        The number of commands.
    """
    offsets: dict[int, int] = {}
    size = 0
    laid: list[tuple[int, int, int, int]] = []  # begins, ends, first, last
    spans = {number: _span(one, end) for number, one in regions}
    order = sorted(regions, key=lambda item: (-rounded(max(item[1].size, 1)), spans[item[0]]))
    for number, region in order:
        first, last = spans[number]
        room, at = rounded(max(region.size, 1)), 0
        for begins, ends, other_first, other_last in laid:
            if other_first >= last or other_last <= first:
                continue
            if begins - at >= room:
                break
            at = max(at, ends)
        offsets[number] = at
        insort(laid, (at, at + room, first, last))
        size = max(size, at + room)
    return Arena(offsets, size, _most_alive(regions, spans))


def _span(region: Region, end: int) -> tuple[int, int]:
    """The commands that a region lives for: one at least."""
    last = end if region.last is None or region.lasts else region.last
    return region.first, max(last, region.first + 1)


def _most_alive(regions: Sequence[tuple[int, Region]], spans: dict[int, tuple[int, int]]) -> int:
    changes: dict[int, int] = {}
    for number, region in regions:
        first, last = spans[number]
        room = rounded(max(region.size, 1))
        changes[first] = changes.get(first, 0) + room
        changes[last] = changes.get(last, 0) - room
    alive = most = 0
    for at in sorted(changes):
        alive += changes[at]
        most = max(most, alive)
    return most
