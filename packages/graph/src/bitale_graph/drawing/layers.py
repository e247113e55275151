"""Rows for the nodes of a picture: layers, so that arrows point down, and their order.

After Sugiyama, Tagawa and Toda, "Methods for visual understanding of hierarchical system
structures" (1981): nodes into layers, places where long arrows pass through layers, an order in
each layer by the barycentre of neighbours.
"""

from __future__ import annotations

import itertools
from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

SWEEPS = 12
# Fewer sweeps over what is so large that nobody follows single arrows.
LARGE = 4_000


@dataclass
class Rows:
    """Nodes and places of passage in rows.

    Attributes
    ----------
    rows : list of list of int
        From the top; items from ``n`` on are places where an arrow passes.
    n : int
        The number of nodes.
    ways : list of tuple of int
        For each arrow the items on its way, both ends among them.
    above, below : lists of list of int
        For each item those beside it in the rows above and below.
    """

    rows: list[list[int]]
    n: int
    ways: list[tuple[int, ...]]
    above: list[list[int]] = field(default_factory=list)
    below: list[list[int]] = field(default_factory=list)


def layers_of(n: int, arrows: Sequence[tuple[int, int]]) -> list[int]:
    """For each node its layer: under all that it reads, and near what reads it.

    Nodes are numbered so that arrows go from lower numbers to higher.
    """
    above: list[list[int]] = [[] for _ in range(n)]
    below: list[list[int]] = [[] for _ in range(n)]
    for a, b in arrows:
        above[b].append(a)
        below[a].append(b)
    layer = [0] * n
    for v in range(n):
        layer[v] = 1 + max((layer[u] for u in above[v]), default=-1)
    # What makes more arrows shorter than longer goes down.
    for v in reversed(range(n)):
        if below[v] and len(set(above[v])) <= len(set(below[v])):
            layer[v] = min(layer[w] for w in below[v]) - 1
    return layer


def in_rows(n: int, arrows: Sequence[tuple[int, int]]) -> Rows:
    """Put nodes into rows in which neighbours stand near each other."""
    layer = layers_of(n, arrows)
    rows: list[list[int]] = [[] for _ in range(max(layer, default=-1) + 1)]
    for v in range(n):
        rows[layer[v]].append(v)
    # Arrows of one value share their way as far as they go together.
    passages: dict[int, list[int]] = {}
    ways = []
    for a, b in arrows:
        chain = passages.setdefault(a, [])
        while len(chain) < layer[b] - layer[a] - 1:
            rows[layer[a] + 1 + len(chain)].append(n)
            chain.append(n)
            n += 1
        ways.append((a, *chain[: layer[b] - layer[a] - 1], b))
    found = Rows(rows, len(layer), ways, [[] for _ in range(n)], [[] for _ in range(n)])
    for a, b in {pair for way in ways for pair in itertools.pairwise(way)}:
        found.below[a].append(b)
        found.above[b].append(a)
    for beside in (*found.above, *found.below):
        beside.sort()
    _order(found)
    return found


def _order(found: Rows) -> None:
    """Order every row by the barycentres of what stands beside it; the best of several sweeps."""
    rows = found.rows
    size = sum(map(len, rows))
    place = [0] * len(found.above)
    _start(found, place)
    best, fewest = [list(row) for row in rows], _crossings(found, place)
    for sweep in range(SWEEPS if size <= LARGE else 2):
        if not fewest:
            break
        down = sweep % 2 == 0
        beside = found.above if down else found.below
        for row in rows if down else reversed(rows):
            _sort(row, beside, place)
        crossings = _crossings(found, place)
        if crossings < fewest:
            best, fewest = [list(row) for row in rows], crossings
    found.rows = best


def _start(found: Rows, place: list[int]) -> None:
    """Put what one result is made of side by side, by a walk up from the last rows."""
    seen: set[int] = set()
    order: list[int] = []
    for root in (v for row in reversed(found.rows) for v in row):
        stack = [root]
        while stack:
            v = stack.pop()
            if v not in seen:
                seen.add(v)
                order.append(v)
                stack.extend(reversed(found.above[v]))
    rank = {v: k for k, v in enumerate(order)}
    for row in found.rows:
        row.sort(key=rank.__getitem__)
        _number(row, place)


def _sort(row: list[int], beside: Sequence[Sequence[int]], place: list[int]) -> None:
    def centre(v: int) -> float:
        others = beside[v]
        return sum(place[u] for u in others) / len(others) if others else place[v]

    row.sort(key=centre)
    _number(row, place)


def _number(row: Iterable[int], place: list[int]) -> None:
    for k, v in enumerate(row):
        place[v] = k


def _crossings(found: Rows, place: Sequence[int]) -> int:
    """The number of pairs of arrows that cross."""
    crossings = 0
    for row in found.rows:
        ends = [place[w] for v in row for w in sorted(found.below[v], key=place.__getitem__)]
        if len(ends) > LARGE:
            crossings += _inversions(np.array(ends))
            continue
        before: list[int] = []
        for end in ends:
            crossings += len(before) - bisect_left(before, end + 1)
            insort(before, end)
    return crossings


def _inversions(ends: np.ndarray) -> int:
    """The number of pairs that stand in the wrong order; halves are counted, then put together."""
    total, width = 0, 1
    while width < len(ends):
        for start in range(0, len(ends) - width, 2 * width):
            left = ends[start : start + width]
            right = ends[start + width : start + 2 * width]
            at = np.searchsorted(left, right, side="right")
            total += int((len(left) - at).sum())
            ends[start : start + 2 * width] = np.sort(ends[start : start + 2 * width])
        width *= 2
    return total
