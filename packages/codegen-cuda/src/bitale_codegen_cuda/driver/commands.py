"""What a device is asked to do, with real addresses and numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Launch:
    """Run a kernel.

    Attributes
    ----------
    kernel : str
        Its name, which no other kernel has.
    grid : pair of int
        Blocks along x and y.
    block : int
        Threads of a block.
    kinds : str
        For each argument a character of `struct`: "P" for an address, "q", "d", ...
    arguments : sequence
        Numbers and addresses.
    """

    kernel: str
    grid: tuple[int, int]
    block: int
    kinds: str
    arguments: Sequence[Any]


@dataclass(frozen=True)
class CopyBytes:
    """Copy ``size`` bytes inside the device; the two places may overlap only if they are one."""

    to: int
    source: int
    size: int


@dataclass(frozen=True)
class ClearBytes:
    """Write 0 to ``size`` bytes."""

    to: int
    size: int


@dataclass(frozen=True)
class Product:
    """``out = alpha * x @ y + beta * out`` for matrices of one dtype, or for many pairs of them.

    Attributes
    ----------
    dtype : str
    rows, columns, inner : int
        out is (rows, columns), x (rows, inner), y (inner, columns).
    alpha, beta : float or int
        Numbers, or with ``scales_lie`` addresses of numbers on the device.
    x, y, out : int
        Addresses.
    x_strides, y_strides : pair of int
        In elements; one of each pair is 1. The rows of out are contiguous.
    scales_lie : bool
    precision : str
        "ieee", or "tf32".
    batch : int
        How many pairs.
    steps : three of int
        How many elements are from one x to the next, from one y, and from one out; those of x and y
        may be 0.
    """

    dtype: str
    rows: int
    columns: int
    inner: int
    alpha: Any
    x: int
    x_strides: tuple[int, int]
    y: int
    y_strides: tuple[int, int]
    beta: Any
    out: int
    out_stride: int
    scales_lie: bool = False
    precision: str = "ieee"
    batch: int = 1
    steps: tuple[int, int, int] = (0, 0, 0)


Command = Launch | CopyBytes | ClearBytes | Product
