"""Lines that pool by windows, and take patches of images."""

from __future__ import annotations

from typing import Any

MODES = ("max", "max", "max", "sum", "average_inc_pad", "average_exc_pad")


def pooled(b: Any) -> None:
    """Pooling along the last axes, its derivatives either way, or patches."""
    rng = b.rng
    x = b.pick("f", 1)
    n = min(b.values[x].ndim, rng.choice((1, 2, 2, 3)))
    if rng.random() < 0.15:
        b.add(_patches(rng, b.values[x].ndim), x)
        return
    windows, steps = ([rng.randint(1, 3) for _ in range(n)] for _ in range(2))
    ignore_border = rng.random() < 0.6
    pads = [rng.randint(0, w - 1) if ignore_border else 0 for w in windows]
    mode = rng.choice(MODES)
    sizes = f"{tuple(windows)}, {ignore_border}, {tuple(steps)}, {tuple(pads)}, {mode!r}"
    names = [x]
    if rng.random() < 0.2:
        names.append(b.input("int64", (n,), (n,), tuple(windows)))
        sizes = f"{{1}}{sizes[len(str(tuple(windows))) :]}"
    text = f"bitale.tensor.signal.pool.pool_{n}d({{0}}, {sizes})"
    how = rng.random()
    if how < 0.3:
        text = f"T.grad(T.sum(T.sqr({text})), {{0}})"
    elif how < 0.5:
        text = f"T.Rop({text}, {{0}}, T.cos({{0}}))"
    b.add(text, *names)


def _patches(rng: Any, ndim: int) -> str:
    images = f"T.shape_padleft({{0}}, {4 - ndim})" if ndim < 4 else "{0}"
    mode = rng.choice(("valid", "ignore_borders", "half", "full", "wrap_centered"))
    shape = rng.choice(((1, 2), (2, 2), (1, 3), (3, 3)))
    steps = rng.choice(("None", "(1, 1)", "(2, 1)"))
    return f"bitale.tensor.nnet.neighbours.images2neibs({images}, {shape}, {steps}, {mode!r})"
