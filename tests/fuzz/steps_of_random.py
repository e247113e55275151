"""Lines that draw random numbers; the state is a constant, so that every target draws the same."""

from __future__ import annotations

from typing import Any

_TEXTS = (
    "uniform({state}, {size})",
    "uniform({state}, {size}, low=-2, high=3, dtype='float32')",
    "normal({state}, {size})",
    "integers({state}, {size}, -3, 9)",
    "binomial({state}, {size}, p=0.3)",
    "binomial({state}, {size}, n=40, p=0.3)",
    "poisson({state}, {size}, lam=2.5)",
    "exponential({state}, {size})",
    "gamma({state}, {size}, shape=0.7, scale=2.0)",
    "beta({state}, {size}, a=2.0, b=0.5)",
    "truncated_normal({state}, {size}, std=2.0)",
    "random_integers({state}, {size}, low=2, high=9)",
    "permutation({state}, (), {n})",
    "choice({state}, {size}, 5)",
    "multinomial({state}, {size}, pvals=[0.2, 0.5, 0.3])",
)


def draw(b: Any) -> None:
    """Numbers of a small shape."""
    rng = b.rng
    size = tuple(rng.choice((0, 1, 2, 3, 5)) for _ in range(rng.randint(0, 2)))
    state = f"T.constant([{rng.randrange(2**32)}, {rng.randrange(9)}], dtype='uint64')"
    text = rng.choice(_TEXTS).format(state=state, size=size, n=rng.randint(0, 5))
    b.add(f"T.raw_random.{text}[1]")
