"""Lines that repeat, roll, cut, pad, and read and write diagonals."""

from __future__ import annotations

from typing import Any

import numpy as np

PADS = ("constant", "edge", "reflect", "symmetric", "wrap", "maximum", "minimum", "mean",
        "linear_ramp")  # fmt: skip


def arranged(b: Any) -> None:
    """Elements in other places, against NumPy."""
    rng = b.rng
    x = b.pick(least=1)
    value = b.values[x]
    axis = rng.randrange(-value.ndim, value.ndim)
    n = value.shape[axis]
    kind = rng.randrange(7)
    if kind == 0:
        b.add(f"T.tile({{0}}, {rng.choice((2, (2, 1), (1, 3), 0))})", x)
    elif kind == 1:
        count = rng.choice((0, 1, 2, 3, 5))
        b.add(f"T.repeat({{0}}, {count}, {axis})", x,
              reference=lambda v: np.repeat(v, count, axis))  # fmt: skip
    elif kind == 2:
        counts = b.input("int64", (n,), values=tuple(rng.randint(0, 2) for _ in range(5)))
        b.add(f"T.repeat({{0}}, {{1}}, {axis})", x, counts,
              reference=lambda v, c: np.repeat(v, c, axis))  # fmt: skip
    elif kind == 3:
        by = rng.randint(-4, 4)
        b.add(f"T.roll({{0}}, {by}, {axis})", x, reference=lambda v: np.roll(v, by, axis))
    elif kind == 4:
        by = b.input("int64", (), values=(rng.randint(-4, 4),))
        b.add(f"T.roll({{0}}, {{1}}, {axis})", x, by)
    elif kind == 5:
        cut = rng.randint(0, n)
        b.add(f"T.split({{0}}, [{cut}, {n - cut}], 2, {axis})[{rng.randint(0, 1)}]", x)
    elif value.dtype.kind == "f":
        width = rng.choice(("1", "(0, 2)", "3"))
        b.add(f"T.pad({{0}}, {width}, {rng.choice(PADS)!r})", x)


def diagonal(b: Any) -> None:
    """A diagonal read or written, and triangles."""
    rng = b.rng
    x = b.pick(least=2)
    value = b.values[x]
    k = rng.randint(-3, 3)
    axes = rng.sample(range(value.ndim), 2)
    y = b.input(value.dtype.name, np.diagonal(value, k, *axes).shape)
    b.add(
        rng.choice(
            (
                f"T.diagonal({{0}}, {k}, {axes[0]}, {axes[1]})",
                f"T.set_subtensor({{0}}.diagonal({k}, {axes[0]}, {axes[1]}), {{1}})",
                f"T.inc_subtensor({{0}}.diagonal({k}, {axes[0]}, {axes[1]}), {{1}})",
                f"T.tril({{0}}, {k})",
                f"T.triu({{0}}, {k})",
            )
        ),
        x,
        y,
    )


def same(b: Any) -> None:
    """The elements as they are."""
    x = b.pick(least=1)
    b.add(b.rng.choice(("T.unbroadcast({0}[:1], 0)", "T.cpu_contiguous({0}.T)")), x)
