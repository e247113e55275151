"""Lines that pool by windows, take patches of images, and let filters go over them."""

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


FLOATS = ("float64", "float64", "float32")
SMALL = tuple(k / 4 - 2 for k in (0, 7, 15, 3, 12, 5, 16, 9, 1, 10, 14))


def convolved(b: Any) -> None:
    """Filters that go over series, images or volumes; their derivatives and transposes."""
    rng = b.rng
    n, groups, dtype = rng.choice((1, 2, 2, 2, 3)), rng.choice((1, 1, 2)), rng.choice(FLOATS)
    kernel, dilation, stride = ([rng.randint(1, most) for _ in range(n)] for most in (3, 2, 3))
    lengths = [(k - 1) * d + rng.randint(1, 3) for k, d in zip(kernel, dilation, strict=True)]
    channels, filters = (groups * rng.randint(1, 2) for _ in range(2))
    x = b.input(dtype, (rng.randint(0, 2), channels, *lengths), values=SMALL)
    w = b.input(dtype, (filters, channels // groups, *kernel), values=SMALL[3:])
    border = rng.choice(("'valid'", "'half'", "'full'", "1", str((*range(n),))))
    how = f"{border}, {tuple(stride)}, filter_flip={rng.random() < 0.5}, num_groups={groups}"
    text = f"bitale.tensor.nnet.conv{n}d({{0}}, {{1}}, None, None, {how}"
    text += f", filter_dilation={tuple(dilation)})"
    by = rng.choice("01")
    if rng.random() < 0.1:
        text = rng.choice(OF_IMAGES) if n == 2 else text
    elif rng.random() < 0.3:
        text = f"T.grad(T.sum(T.sqr({text})), {{{by}}})"
    elif rng.random() < 0.2:
        text = f"T.Rop({text}, {{{by}}}, T.cos({{{by}}}))"
    b.add(text, x, w)


OF_IMAGES = (
    "bitale.tensor.nnet.abstract_conv.bilinear_upsampling({0}, 2) + T.sum({1})",
    "bitale.tensor.nnet.abstract_conv.bilinear_upsampling({0}, frac_ratio=(7, 4)) + T.sum({1})",
    "bitale.tensor.signal.conv.conv2d({0}[:, 0], {1}[:, 0], border_mode='full')",
    "bitale.tensor.nnet.conv2d({0}, {1}[:, None, None], subsample=(9, 9), unshared=True)",
)
