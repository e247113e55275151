"""Samples of the scalar ops that draw random numbers, against what NumPy computes of Philox."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..tensor.elementwise import Elementwise
from ..tensor.scalar import SCALAR_OPS
from .sample import LAYOUTS, OpSample, laid_out, sample

# Of each parameter numbers of every way to draw: small, at its end, large.
PARAMETERS: dict[str, tuple[Any, ...]] = {
    "random_bits": (),
    "more_random_bits": (),
    "random_below": (np.array([0, 1, 6, 2**33 + 5, 2**64 - 1], "uint64"),),
    "random_gamma": (np.array([0.05, 0.8, 1.0, 3.5, 1e4]),),
    "random_poisson": (np.array([0.0, 0.4, 9.5, 10.0, 1e5]),),
    "random_binomial": (np.array([0, 1, 40, 10**6, 7]), np.array([0.5, 0.2, 0.9, 1e-3, 1.0])),
}


def random_samples() -> Iterator[OpSample]:
    """Samples of every row that draws."""
    for name, parameters in PARAMETERS.items():
        yield from _draws(SCALAR_OPS[name], parameters)


def _draws(op: Any, parameters: tuple[Any, ...]) -> Iterator[OpSample]:
    key, draw = np.uint64(0x299F31D0A4093822), np.uint64(0x370734413198A2E)
    rtol = 1e-12 if op.name == "random_gamma" else None

    def one(tag: str, *inputs: Any, **facts: Any) -> OpSample:
        build = Elementwise(op)
        name = f"{op.name}: {tag}"
        return sample(name, op, build, *inputs, reference=op.compute, rtol=rtol, **facts)

    index = np.arange(60, dtype="uint64").reshape(12, 5)
    yield one("matrix", key, draw, index, *parameters, core=True)
    yield one("0-d", key, draw, np.uint64(3), *(p[2] for p in parameters), core=True)
    yield one("empty", key, draw, index[:0], *parameters)
    yield one("large numbers", ~key, ~draw, index[1] << np.uint64(40), *parameters, core=True)
    for layout in LAYOUTS:
        given = [laid_out(np.ones_like(index) * x, layout) for x in (*parameters, index)]
        yield one(layout, key, draw, given[-1], *given[:-1])
    keys = np.arange(5, dtype="uint64")
    yield one("keys and draws of their own", keys, keys + draw, keys, *parameters)
