"""Lines that read and write at places that are computed."""

from __future__ import annotations

from typing import Any

import numpy as np


def masked(b: Any) -> None:
    """A read by a mask, or a write."""
    rng = b.rng
    x = b.pick(least=1)
    value = b.values[x]
    width = rng.randint(1, value.ndim)
    first = rng.randint(0, value.ndim - width)
    lengths = value.shape[first : first + width]
    mask = b.input("bool", lengths, values=tuple(rng.random() < 0.5 for _ in range(7)))
    key = ":, " * first + "{1}"
    kind = rng.randrange(7)
    if kind == 0:
        b.add(f"{{0}}[{key}]", x, mask, reference=_reading(key))
    elif kind == 1:
        b.add(f"{{0}}[{key}].sum()", x, mask)
    elif kind == 2:
        function = rng.choice(("set", "inc"))
        b.add(f"T.{function}_subtensor({{0}}[{key}], {rng.choice(('0', '1'))})", x, mask)
    elif kind == 3:
        part = eval(f"v[{key}]".replace("{1}", "m"), {"v": value, "m": b.values[mask]})
        y = b.input(value.dtype.name, part.shape)
        function = rng.choice(("set", "inc"))
        b.add(f"T.{function}_subtensor({{0}}[{key}], {{2}})", x, mask, y)
    elif kind == 4:
        b.add(f"T.set_subtensor({{0}}[{key}], {{0}}[{key}] * 2)", x, mask)
    elif kind == 5:
        b.add(f"T.nonzero({{0}})[{rng.randrange(width)}]", mask)
    else:
        text = "T.flatnonzero({0})" if rng.random() < 0.5 else "T.nonzero({0}, True)"
        b.add(text, mask)


def _reading(key: str) -> Any:
    text = f"v[{key}]".replace("{1}", "m")
    return lambda v, m: eval(text, {"v": v, "m": m})


def along_axis(b: Any) -> None:
    """A read or a write along an axis, or by a mode."""
    rng = b.rng
    x = b.pick(least=1)
    value = b.values[x]
    axis = rng.randrange(value.ndim)
    n = value.shape[axis]
    if not n:
        return
    shape = list(value.shape)
    shape[axis] = rng.choice((n, 1, 2))
    numbers = tuple(rng.randrange(-n, n) for _ in range(5))
    at = b.input(
        rng.choice(("int64", "int32", "int8" if n < 128 else "int16")), tuple(shape), values=numbers
    )
    kind = rng.randrange(4)
    if kind == 0:
        b.add(f"T.take_along_axis({{0}}, {{1}}, {axis})", x, at,
              reference=lambda x, at: np.take_along_axis(x, at, axis))  # fmt: skip
    elif kind == 1:
        y = b.input(value.dtype.name, tuple(shape))
        b.add(f"T.put_along_axis({{0}}, {{1}}, {{2}}, {axis})", x, at, y)
    elif kind == 2:
        b.add(f"T.take_along_axis({{0}}, {{1}}, {axis}).inc(1)", x, at)
    else:
        mode = rng.choice(("wrap", "clip", "raise"))
        b.add(f"T.take({{0}}, {{1}}, {axis}, {mode!r})", x, at)
