"""Samples of loops."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..ops import creation, loop
from ..tensor import scalar
from .elementwise_samples import values
from .sample import LAYOUTS, OpSample, laid_out, sample


def loop_samples() -> Iterator[OpSample]:
    """Loops that store, reduce, broadcast, and hold numbers."""
    half, two = loop.Literal.of(np.float64(0.5)), loop.Literal.of(np.float64(2.0))
    row = scalar.SCALAR_OPS
    steps = (
        loop.Step(row["mul"], (0, 1), "float64"),
        loop.Step(row["tanh"], (2,), "float64"),
        loop.Step(row["add"], (3, half), "float64"),
    )
    stored = loop.Result(4, "float64")

    def compute(x: Any, y: Any) -> Any:
        return np.tanh(x * y) + 0.5

    def summed(*axes: int) -> loop.Result:
        return loop.Result(4, "float64", row["add"], axes, "float64")

    largest = loop.Result(3, "float64", row["maximum"], (1,), "float64")
    shapes: dict[str, tuple[Any, Any, Any, Any]] = {
        "matrices": ((3, 5), (3, 5), (None, None), (None, None)),
        "column and row": ((3, 1), (1, 5), (None, 1), (1, None)),
        "0-d and matrix": ((), (3, 5), (), (None, None)),
        "matrix and vector": ((3, 5), (5,), (None, None), (None,)),
        "long rows": ((3, 131), (131,), (None, None), (None,)),
    }
    results: dict[str, tuple[tuple[loop.Result, ...], Any]] = {
        "store": ((stored,), lambda v: [v]),
        "store two": ((loop.Result(3, "float64"), stored), lambda v: [v - 0.5, v]),
        "sum rows": ((summed(1),), lambda v: [v.sum(1)]),
        "sum columns": ((summed(0),), lambda v: [v.sum(0)]),
        "sum all": ((summed(0, 1),), lambda v: [v.sum()]),
        "store and reduce": (
            (stored, summed(1), largest),
            lambda v: [v, v.sum(1), (v - 0.5).max(1)],
        ),
    }
    for where, (shape1, shape2, static1, static2) in shapes.items():
        x, y = values("loop1", "float64", shape1), values("loop2", "float64", shape2)
        for what, (wanted, outcome) in results.items():
            yield sample(
                f"Loop: {what} of {where}",
                loop.Loop,
                loop.Loop(2, steps, wanted),
                x,
                y,
                static=(static1, static2),
                reference=lambda x, y, outcome=outcome: outcome(compute(x, y)),
                atol=1e-13,
                core=True,
            )
    yield from _places(steps)
    x, y = values("loop1", "float64", (4, 6)), values("loop2", "float64", (4, 6))
    for layout in LAYOUTS:
        yield sample(
            f"Loop: {layout}",
            loop.Loop,
            loop.Loop(2, steps, (stored, summed(0))),
            laid_out(x, layout),
            laid_out(y, layout),
            reference=lambda x, y: [compute(x, y), compute(x, y).sum(0)],
            atol=1e-13,
            core=layout == "reversed",
        )
    yield sample(
        "Loop: empty",
        loop.Loop,
        loop.Loop(2, steps, (stored, summed(0))),
        x[:0],
        y[:0],
        reference=lambda x, y: [compute(x, y), compute(x, y).sum(0)],
        core=True,
    )
    yield from _mixed_loops(two)
    yield from _counting_loops()
    yield from _loads()
    yield from _writes()


def _places(steps: tuple[loop.Step, ...]) -> Iterator[OpSample]:
    """Where the largest value of a program stands, beside the value and a sum."""
    row = scalar.SCALAR_OPS
    for axis in (0, 1):
        wanted = (
            loop.Result(4, "int64", row["maximum"], (axis,), "float64", place=True),
            loop.Result(4, "float64", row["maximum"], (axis,), "float64"),
            loop.Result(4, "float64", row["add"], (axis,), "float64"),
        )
        for shape in ((3, 5), (2, 1500), (1500, 2)):
            x, y = values("loop1", "float64", shape), values("loop2", "float64", shape)
            for tag in ("numbers", "equal", "nan"):
                if tag == "equal":
                    x, y = np.round(x), np.ones_like(y)
                if tag == "nan":
                    x = np.where(np.arange(x.size).reshape(shape) % 7 == 5, np.nan, x)

                def compute(x: Any, y: Any, axis: int = axis) -> list[Any]:
                    v = np.tanh(x * y) + 0.5
                    return [v.argmax(axis), v.max(axis), v.sum(axis)]

                yield sample(
                    f"Loop: place of the largest along {axis} of {shape}, {tag}",
                    loop.Loop,
                    loop.Loop(2, steps, wanted),
                    x,
                    y,
                    reference=compute,
                    atol=1e-11,
                    core=True,
                )


def _mixed_loops(two: loop.Literal) -> Iterator[OpSample]:
    """Several dtypes in one loop, and an input that gives its shape alone."""
    row = scalar.SCALAR_OPS
    x, n = values("loop", "float32", (3, 9)), values("loop", "int64", (3, 9))
    steps = (
        loop.Step(row["cast{float64}"], (0,), "float64"),
        loop.Step(row["cast{float64}"], (1,), "float64"),
        loop.Step(row["lt"], (2, 3), "bool"),
        loop.Step(row["switch"], (4, 2, two), "float64"),
        loop.Step(row["cast{float32}"], (5,), "float32"),
    )
    counted = loop.Step(row["cast{int64}"], (4,), "int64")
    wanted = (
        loop.Result(6, "float32"),
        loop.Result(4, "bool"),
        loop.Result(7, "int64", row["add"], (0, 1), "int64"),
        loop.Result(6, "float32", row["add"], (1,), "float64"),
    )

    def mixed(x: Any, n: Any) -> Any:
        smaller = x.astype("float64") < n
        chosen = np.where(smaller, x.astype("float64"), 2.0).astype("float32")
        total = chosen.astype("float64").sum(1).astype("float32")
        return [chosen, smaller, np.int64(smaller.sum()), total]

    op = loop.Loop(2, (*steps, counted), wanted)
    yield sample("Loop: several dtypes", loop.Loop, op, x, n, reference=mixed, core=True)
    filled = loop.Loop(
        2,
        (loop.Step(row["second"], (0, 1), "float64"),),
        (loop.Result(2, "float64"), loop.Result(2, "float64", row["mul"], (0,), "float64")),
    )
    a, b = values("shape only", "float64", (3, 4)), values("read", "float64", (4,))
    yield sample(
        "Loop: an input that gives its shape",
        loop.Loop,
        filled,
        a,
        b,
        reference=lambda a, b: [np.broadcast_to(b, a.shape), b**3],
        core=True,
    )


def _loads() -> Iterator[OpSample]:
    """Reads of a table, at places that inputs and indices tell, beside other work."""
    row = scalar.SCALAR_OPS
    table = values("table", "float64", (4, 131))
    load = loop.Load(0, (1, loop.Index(1)), "float64")
    steps = (load, loop.Step(row["mul"], (4, 2), "float64"))
    results = (
        loop.Result(5, "float64"),
        loop.Result(5, "float64", row["add"], (0,), "float64"),
        loop.Result(4, "float64", row["add"], (1,), "float64"),
    )
    rows = loop.Loop(2, steps, results, (None, 3))

    def compute(table: Any, places: Any, x: Any, n: Any) -> list[Any]:
        read = table[places[:, 0]]
        return [read * x, (read * x).sum(0), read.sum(1)]

    for dtype in ("int64", "int8", "uint16"):
        places = np.array([[3], [0], [3], [-1 if dtype[0] == "i" else 1], [2]], dtype)
        for layout in ("plain", *LAYOUTS):
            yield sample(
                f"Loop: rows of a {layout} table by {dtype}",
                loop.Loop,
                rows,
                laid_out(table, layout),
                places,
                values("loop", "float64", (5, 131)),
                np.asarray(np.int64(131)),
                static=((None, None), (None, 1), (None, None), ()),
                reference=compute,
                atol=1e-12,
                core=dtype == "int64",
            )
    points = loop.Loop(2, (loop.Load(0, (1, 2), "float64"),), (loop.Result(3, "float64"),))
    yield sample(
        "Loop: points of a table",
        loop.Loop,
        points,
        table,
        np.array([[0], [-4], [3]]),
        np.array([[0, -131, 130, 7]]),
        static=((None, None), (None, 1), (1, None)),
        reference=lambda t, i, j: t[i, j],
        core=True,
    )


def _writes() -> Iterator[OpSample]:
    """Values of a program written into a table, repeats included."""
    row = scalar.SCALAR_OPS
    table, x = values("table", "float64", (4, 131)), values("loop", "float64", (6, 131))
    rows = np.array([[3], [0], [3], [-1], [2], [3]])
    step = loop.Step(row["sqr"], (1,), "float64")
    for name in ("set", "add"):
        combine = row["add"] if name == "add" else None

        def compute(table: Any, x: Any, places: Any, n: Any, name: str = name) -> Any:
            out = np.array(table)
            for at, value in zip(places.ravel(), np.broadcast_to(x, (6, 131)) ** 2, strict=True):
                out[at] = out[at] + value if name == "add" else value
            return out

        written = loop.Result(4, "float64", into=0, at=(2, loop.Index(1)), combine=combine)
        for tag, array, static in (("rows", x, (None, None)), ("one row", x[0], (None,))):
            yield sample(
                f"Loop: {name} {tag} of a table",
                loop.Loop,
                loop.Loop(2, (step,), (written,), (None, 3)),
                table,
                array,
                rows,
                np.asarray(np.int64(131)),
                static=((None, None), static, (None, 1), ()),
                reference=compute,
                core=True,
            )
        many = np.arange(3000) * 7919 % 50
        point = loop.Result(3, "float64", into=0, at=(2,), combine=combine)

        def scattered(table: Any, x: Any, places: Any, name: str = name) -> Any:
            out = np.array(table)
            for at, value in zip(places, x**2, strict=True):
                out[at] = out[at] + value if name == "add" else value
            return out

        yield sample(
            f"Loop: {name} elements of a table",
            loop.Loop,
            loop.Loop(1, (loop.Step(row["sqr"], (1,), "float64"),), (point,)),
            values("table", "float64", (50,)),
            values("loop", "float64", (3000,)),
            many,
            reference=scattered,
            atol=1e-11,
            core=True,
        )


def _counting_loops() -> Iterator[OpSample]:
    """Loops over lengths that are given, which compute with the indices."""
    row = scalar.SCALAR_OPS
    steps = (
        loop.Step(row["mul"], (loop.Index(0), 2), "int64"),
        loop.Step(row["add"], (4, loop.Index(1)), "int64"),
        loop.Step(row["cast{float64}"], (5,), "float64"),
        loop.Step(row["add"], (6, 3), "float64"),
    )
    stored = loop.Result(7, "float64")
    summed = loop.Result(7, "float64", row["add"], (0,), "float64")
    counted = loop.Loop(2, steps, (stored, summed), (0, 1))

    def compute(n: Any, m: Any, by: Any, x: Any) -> list[Any]:
        made = np.arange(int(n))[:, None] * by + np.arange(int(m)) + x
        return [made, made.sum(0)]

    numbers = [np.int64(3), np.int64(67), np.int64(100)]
    x = values("loop", "float64", (3, 67))
    for tag, array, static in (
        ("number", x[0, 0], ()),
        ("row", x[0], (None,)),
        ("column", x[:, :1], (None, 1)),
        ("matrix", x, (None, None)),
    ):
        yield sample(
            f"Loop: counting beside a {tag}",
            loop.Loop,
            counted,
            *map(np.asarray, (*numbers, array)),
            static=((), (), (), static),
            reference=compute,
            core=True,
        )
    yield sample(
        "Loop: counting to none",
        loop.Loop,
        counted,
        *map(np.asarray, (np.int64(0), *numbers[1:], x[0, 0])),
        reference=compute,
    )
    for bounds in ((0, 5, 1), (5, -3, -2), (3, 3, 1), (-(2**63), 2**63 - 1, 2**62)):
        yield sample(
            f"ArangeLength: {bounds}",
            creation.ArangeLength,
            creation.ArangeLength(),
            *(np.asarray(n, "int64") for n in bounds),
            reference=lambda *bounds: np.asarray(len(range(*map(int, bounds))), "int64"),
            core=True,
        )
