"""Samples of sums over processes, of which the other one always has the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..distributed import AllReduce, all_reduce
from ..ops import math as tm
from .elementwise_samples import values
from .sample import LAYOUTS, OpSample, laid_out, sample

DTYPES = ("int8", "uint16", "int64", "float16", "float32", "float64", "complex64", "complex128")


class TwoAlike:
    """A communicator of two processes that compute the same."""

    def Allreduce(self, sendbuf: Any, recvbuf: Any) -> None:
        """Add what is sent to itself."""
        assert sendbuf.flags.c_contiguous
        assert recvbuf.flags.c_contiguous
        with np.errstate(all="ignore"):
            np.add(sendbuf, sendbuf, out=recvbuf)

    def __eq__(self, other: object) -> bool:
        return type(other) is TwoAlike  # so that a graph that was stored is the same

    def __hash__(self) -> int:
        return hash(TwoAlike)


TWO = TwoAlike()


def distributed_samples() -> Iterator[OpSample]:
    """Dtypes, layouts, several at once, large ones beside small ones."""
    for dtype in DTYPES:
        yield sample(
            f"AllReduce: {dtype}",
            AllReduce,
            lambda x: all_reduce(x, TWO),
            values("reduced", dtype, (3, 4)),
            reference=lambda x: x + x,
            core=dtype == "float64",
        )
    for shape in ((), (0,), (1,), (2, 0, 3), (2, 1, 3, 2)):
        yield sample(
            f"AllReduce: shape {shape}",
            AllReduce,
            lambda x: all_reduce(x, TWO),
            values("reduced", "float32", shape),
            reference=lambda x: x + x,
        )
    for layout in LAYOUTS:
        yield sample(
            f"AllReduce: {layout}",
            AllReduce,
            lambda x, y: all_reduce([x, y], TWO),
            laid_out(values("reduced", "float64", (3, 4)), layout),
            laid_out(values("other", "float64", (5,)), layout),
            reference=lambda x, y: [x + x, y + y],
        )
    yield sample(
        "AllReduce: several of which one is large",
        AllReduce,
        lambda x, n, y, z: all_reduce([x, n, y, z], TWO),
        values("reduced", "float32", (2, 3)),
        values("reduced", "int64", ()),
        np.ones((300, 300), "float32"),
        values("reduced", "float16", (0, 2)),
        reference=lambda *given: [x + x for x in given],
    )
    yield sample(
        "AllReduce: smooth",
        AllReduce,
        lambda x, y: all_reduce([tm.sin(x), y, x * all_reduce(y, TWO)[0]], TWO),
        values("reduced", "float64", (2, 3)),
        values("other", "float64", (3,)),
        reference=lambda x, y: [2 * np.sin(x), 2 * y, 4 * x * y[0]],
        smooth=True,
    )
