"""Lines that sort, count and solve."""

from __future__ import annotations

from typing import Any


def order(b: Any) -> None:
    """Sorting, the largest elements, counts."""
    rng = b.rng
    x = b.pick("biuf", least=1)
    value = b.values[x]
    axis = rng.randrange(-value.ndim, value.ndim)
    n = value.shape[axis]
    if rng.random() < 0.25:
        b.add(_of_numbers(rng), _numbers(b))
        return
    text = rng.choice(("sort", "sort", "argsort", "topk", "argtopk", "partition", "argpartition",
                       "median", "cumsum", "cumprod"))  # fmt: skip
    if text in ("sort", "argsort", "cumsum", "cumprod"):
        b.add(f"T.{text}({{0}}, axis={rng.choice((axis, None))})", x)
    elif text == "median" and n:
        b.add(f"T.median({{0}}, axis={axis})", x)
    elif n:
        k = rng.randrange(n) if "partition" in text else rng.choice((1, -1)) * rng.randint(1, n)
        b.add(f"T.{text}({{0}}, {k}, axis={axis})", x)


def _numbers(b: Any) -> str:
    """A vector of a few whole numbers, which no other rounding moves."""
    rng = b.rng
    count = rng.choice((0, 1, 4, 9))
    numbers = tuple(rng.randrange(5) for _ in range(9))
    name: str = b.input(rng.choice(("int64", "uint8", "float64")), (count,), values=numbers)
    return name


def _of_numbers(rng: Any) -> str:
    flag = rng.choice(("return_index", "return_inverse", "return_counts"))
    texts = (
        "T.unique({0})",
        f"T.unique({{0}}, {flag}=True)[1]",
        "T.bincount(T.cast({0}, 'int64'))",
        "T.isin({0}, [1, 3])",
        "T.histogram({0}, 3)[0]",
        "T.unique({0}, axis=0)",
    )
    text: str = rng.choice(texts)
    return text
