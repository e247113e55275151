"""Coordinates for what stands in rows.

In every row each item wants to stand under (or over) its neighbours, and as far from the items
beside it as they are wide. Of all such places those with the least squares of distances from where
items want to be are found exactly, by pooling neighbours that push each other (isotonic
regression); sweeps down and up make rows agree. Long arrows want to be straight the most, as in
Gansner et al., "A technique for drawing directed graphs" (1993), whose weights these are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .layers import LARGE, Rows, in_rows

BESIDE, BETWEEN, PASSAGE = 18.0, 34.0, 10.0
"""Room between nodes of a row, between rows, and between arrows that pass."""
SWEEPS = 10


@dataclass
class Layout:
    """Where everything is; ``x`` and ``y`` are of centres.

    Attributes
    ----------
    rows : Rows
    x, y : list of float
        Of every item.
    widths, heights : list of float
    tall : list of float
        For each row its height.
    width, height : float
        Of all together.
    """

    rows: Rows
    x: list[float]
    y: list[float]
    widths: list[float]
    heights: list[float]
    tall: list[float]
    width: float
    height: float


def laid_out(sizes: Sequence[tuple[float, float]], arrows: Sequence[tuple[int, int]]) -> Layout:
    """Lay out nodes of the given widths and heights."""
    rows = in_rows(len(sizes), arrows)
    passages = len(rows.above) - len(sizes)
    widths = [w for w, _ in sizes] + [0.0] * passages
    heights = [h for _, h in sizes] + [0.0] * passages
    x = _across(rows, widths)
    y = [0.0] * len(x)
    top, tall = 0.0, []
    for row in rows.rows:
        tall.append(max((heights[v] for v in row), default=0.0))
        for v in row:
            y[v] = top + tall[-1] / 2
        top += tall[-1] + BETWEEN
    left = min((a - w / 2 for a, w in zip(x, widths, strict=True)), default=0.0)
    x = [a - left for a in x]
    width = max((a + w / 2 for a, w in zip(x, widths, strict=True)), default=0.0)
    return Layout(rows, x, y, widths, heights, tall, width, max(top - BETWEEN, 0.0))


def _across(rows: Rows, widths: Sequence[float]) -> list[float]:
    x = [0.0] * len(widths)
    offsets = [_offsets(row, widths, rows.n) for row in rows.rows]
    for row, offset in zip(rows.rows, offsets, strict=True):
        middle = (offset[-1] if offset else 0.0) / 2
        for v, at in zip(row, offset, strict=True):
            x[v] = at - middle
    count = SWEEPS if len(x) <= LARGE else 3
    for sweep in range(2 * count):
        down = sweep % 2 == 0
        # At last both sides have a say, or the top would hang together and the bottom not.
        both = sweep >= 2 * count - 4
        order = range(len(rows.rows)) if down else reversed(range(len(rows.rows)))
        for k in order:
            row = rows.rows[k]
            beside = rows.above if down else rows.below
            wanted, weights = [], []
            for v in row:
                others = [*rows.above[v], *rows.below[v]] if both else beside[v]
                at, weight = _wish(v, others, x, rows.n)
                wanted.append(at)
                weights.append(weight)
            for v, at in zip(row, _apart(wanted, weights, offsets[k]), strict=True):
                x[v] = at
    return x


def _wish(v: int, others: Sequence[int], x: Sequence[float], n: int) -> tuple[float, float]:
    """Where an item wants to be, and how much."""
    if not others:
        return x[v], 0.01
    total = weights = 0.0
    for u in others:
        weight = (1.0, 2.0, 8.0)[(v >= n) + (u >= n)]
        total += weight * x[u]
        weights += weight
    return total / weights, weights


def _offsets(row: Sequence[int], widths: Sequence[float], n: int) -> list[float]:
    """Where items are that stand as close as they may."""
    offsets, at = [], 0.0
    for k, v in enumerate(row):
        if k:
            u = row[k - 1]
            gap = PASSAGE if u >= n and v >= n else BESIDE
            at += (widths[u] + widths[v]) / 2 + gap
        offsets.append(at)
    return offsets


def _apart(
    wanted: Sequence[float], weights: Sequence[float], offsets: Sequence[float]
) -> list[float]:
    """The places nearest to those wanted, in order, with room between them."""
    # Each pool: its mean, its weight, and how many items it has.
    pools: list[tuple[float, float, int]] = []
    for a, w, offset in zip(wanted, weights, offsets, strict=True):
        mean, weight, count = a - offset, w, 1
        while pools and pools[-1][0] >= mean:
            other, more, many = pools.pop()
            mean = (mean * weight + other * more) / (weight + more)
            weight += more
            count += many
        pools.append((mean, weight, count))
    means = (mean for mean, _, count in pools for _ in range(count))
    return [mean + offset for mean, offset in zip(means, offsets, strict=True)]
