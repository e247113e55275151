"""Samples of elements in other places: repeated, rolled, padded, diagonals, triangles, grids."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from .. import language as T
from ..ops import contiguous, creation, diagonal, repeat, shape
from ..tensor.elementwise import Elementwise
from .elementwise_samples import values
from .sample import LAYOUTS, OpSample, laid_out, sample

DTYPES = ("bool", "int8", "int64", "float32", "float64", "complex128")


def _of_function(
    name: str,
    tag: str,
    call: Callable[..., Any],
    *arrays: Any,
    reference: Callable[..., Any] | None = None,
    **facts: Any,
) -> OpSample:
    """A function beside NumPy's of the same name, called in the same way unless told.

    What it is a sample of is the op that the function ends with; behind one that goes element by
    element stands an axis more, since samples of these are that op alone.
    """
    numpy_name = getattr(np, name, None)

    def ours(*v: Any) -> Any:
        return call(getattr(T, name), *v)

    def theirs(*v: Any) -> Any:
        return call(numpy_name, *v) if reference is None else reference(*v)

    made = sample(f"{name}: {tag}", None, ours, *arrays, reference=theirs, **facts)
    op: Any = made.graph()[1][0].owner.op  # type: ignore[union-attr]  # it computes something
    if not isinstance(op, Elementwise):
        return replace(made, subject=type(op))
    return replace(
        made,
        subject=shape.Dimshuffle,
        build=lambda *v: T.shape_padleft(ours(*v)),
        reference=lambda *v: np.asarray(theirs(*v))[None],
    )


def arrangement_samples() -> Iterator[OpSample]:
    """Tile, repeat, roll, split, pad, and what changes nothing but a type or a layout."""
    x = values("arrangement", "float64", (3, 4))
    yield from _repeats(x)
    for reps in (2, (2, 3), (2, 1, 3), (0, 2)):
        call = lambda f, x, reps=reps: f(x, reps)
        yield _of_function("tile", f"{reps}", call, x, smooth=True, core=reps == 2)
    yield _of_function("tile", "known", lambda f, x: f(x, (2, 2)), x, static=((3, 4),))
    yield _of_function(
        "tile",
        "symbolic",
        lambda f, x, n, m: f(x, [n, m]),
        x,
        np.int64(2),
        np.int64(3),
        smooth=True,
    )
    for axis in (None, 0, -1, (0, 1)):
        call = lambda f, x, axis=axis: f(x, 2, axis)
        yield _of_function("roll", f"axis {axis}", call, x, smooth=True, core=axis == 0)
    symbolic = lambda f, x, n: f(x, n, 0)
    for n in (0, 1, -4, 7):
        yield _of_function("roll", f"symbolic {n}", symbolic, x, np.int64(n), smooth=True)
    yield _of_function("roll", "empty", symbolic, x[:0], np.int64(2))
    for axis in (None, 0, 1):
        call = lambda f, x, axis=axis: f(x, axis)
        yield _of_function("flip", f"axis {axis}", call, x, smooth=True)
    yield _of_function(
        "split",
        "symbolic",
        lambda f, x, n, m: f(x, [n, m], 2, 1),
        x,
        np.int64(1),
        np.int64(3),
        reference=lambda x, n, m: np.split(x, [int(n)], 1),
        smooth=True,
        core=True,
    )
    yield from _pads(x)
    row = x[:1]
    yield sample(
        "Unbroadcast",
        shape.Unbroadcast,
        shape.Unbroadcast((0,)),
        row,
        static=((1, None),),
        reference=lambda x: x,
        smooth=True,
        core=True,
    )
    for layout in ("plain", *LAYOUTS):
        yield sample(
            f"CpuContiguous: {layout}",
            contiguous.CpuContiguous,
            contiguous.CpuContiguous(),
            laid_out(x, layout),
            reference=lambda x: x,
            smooth=layout == "strided",
            core=layout == "plain",
        )
    yield sample(
        "CpuContiguous: number",
        contiguous.CpuContiguous,
        contiguous.CpuContiguous(),
        np.float64(2.0),
        reference=lambda x: x,
    )


def _repeats(x: Any) -> Iterator[OpSample]:
    for count, axis in ((2, None), (2, 0), (2, 1), (5, 1), (0, 0)):
        call = lambda f, x, count=count, axis=axis: f(x, count, axis)
        yield _of_function("repeat", f"{count} along {axis}", call, x, smooth=True, core=axis == 1)
    by_constant = lambda f, x: f(x, [2, 0, 1], 0)
    yield _of_function("repeat", "constant", by_constant, x)

    def one(tag: str, axis: int, x: Any, counts: Any, **facts: Any) -> OpSample:
        return sample(
            f"Repeat: {tag}",
            repeat.Repeat,
            repeat.Repeat(axis),
            x,
            np.asarray(counts),
            reference=lambda x, n: np.repeat(x, n, axis),
            **facts,
        )

    for dtype in DTYPES:
        yield one(dtype, 0, values("repeat", dtype, (3, 2)), [2, 0, 3], core=True)
    yield one("last axis", 1, x, [1, 0, 2, 4], smooth=True, core=True)
    yield one("middle axis", 1, x[:, :, None] + x[0], [1, 0, 2, 4], smooth=True)
    yield one("nothing", 0, x, [0, 0, 0], smooth=True)
    yield one("empty", 0, x[:0], np.zeros(0, "int64"))
    yield one("int8 counts", 0, x, np.array([1, 2, 0], "int8"), smooth=True)
    for layout in LAYOUTS:
        yield one(layout, 1, laid_out(x, layout), [1, 0, 2, 1])


def _pads(x: Any) -> Iterator[OpSample]:
    modes = ("constant", "edge", "linear_ramp", "maximum", "mean", "minimum", "reflect",
             "symmetric", "wrap")  # fmt: skip
    for mode in modes:
        call = lambda f, x, mode=mode: f(x, [(1, 2), (0, 3)], mode)
        yield _of_function(
            "pad",
            mode,
            call,
            x,
            smooth=True,
            core=mode in ("constant", "reflect"),
        )
    for mode in ("reflect", "symmetric"):
        call = lambda f, x, mode=mode: f(x, 7, mode, reflect_type="odd")
        yield _of_function("pad", f"{mode}, odd, wide", call, x, rtol=1e-12)
    yield _of_function(
        "pad",
        "symbolic",
        lambda f, x, n: f(x, n, "edge"),
        x,
        np.int64(2),
        smooth=True,
    )
    yield _of_function("pad", "empty", lambda f, x: f(x, 1, constant_values=2.0), x[:0])


def diagonal_samples() -> Iterator[OpSample]:
    """Diagonals read and written, and triangles."""

    def read(tag: str, axes: tuple[int, int], x: Any, k: int, **facts: Any) -> OpSample:
        return sample(
            f"Diagonal: {tag}",
            diagonal.Diagonal,
            diagonal.Diagonal(*axes),
            x,
            np.int64(k),
            reference=lambda x, k: np.diagonal(x, int(k), *axes),
            **facts,
        )

    def write(tag: str, axes: tuple[int, int], x: Any, y: Any, k: int, **facts: Any) -> OpSample:
        def reference(x: Any, y: Any, k: Any) -> Any:
            out = x.copy()
            part = np.moveaxis(out, axes, (-2, -1))
            rows = np.arange(np.diagonal(part, int(k), -2, -1).shape[-1]) + max(-int(k), 0)
            part[..., rows, rows + int(k)] = y if op.set else part[..., rows, rows + int(k)] + y
            return out

        op = diagonal.IncDiagonal(*axes, tag.startswith("set"))
        return sample(
            f"IncDiagonal: {tag}",
            diagonal.IncDiagonal,
            op,
            x,
            y,
            np.int64(k),
            reference=reference,
            **facts,
        )

    for dtype in DTYPES:
        m = values("diagonal", dtype, (3, 4))
        yield read(dtype, (0, 1), m, 1, core=True)
        yield write(f"set {dtype}", (0, 1), m, values("diagonal", dtype, (3,)), 1, core=True)
        if dtype != "bool":
            yield write(f"inc {dtype}", (1, 0), m, values("diagonal", dtype, (2,)), 1)
    x = values("diagonal", "float64", (3, 4))
    for k in (0, -1, -3, 4, -100, 100):
        y = np.ones(np.diagonal(x, k).shape)
        yield read(f"offset {k}", (0, 1), x, k, smooth=True)
        yield write(f"set offset {k}", (0, 1), x, y, k, smooth=True)
    cube = values("diagonal", "float64", (2, 3, 4))
    yield read("axes 2 and 0", (2, 0), cube, -1, smooth=True, core=True)
    yield write("set axes 2 and 0", (2, 0), cube, values("d", "float64", (3, 2)), -1, smooth=True)
    yield write("inc a number", (0, 1), x, np.float64(2.0), 0, smooth=True)
    yield read("empty", (0, 1), x[:0], 0)
    yield write("set empty", (0, 1), x[:, :0], x[0, :0], 0)
    for layout in LAYOUTS:
        yield read(layout, (0, 1), laid_out(x, layout), 1)
        yield write(f"inc {layout}", (0, 1), laid_out(x, layout), laid_out(x[:, 0], layout), 1)
    yield from _triangles(x)


def _triangles(x: Any) -> Iterator[OpSample]:
    for name in ("tril", "triu"):
        for k in (0, 1, -2):
            call = lambda f, x, k=k: f(x, k)
            yield _of_function(name, f"{k}", call, x, smooth=True, core=k == 1)
        yield _of_function(name, "symbolic", lambda f, x, k: f(x, k), x, np.int64(1))
        yield _of_function(name, "a batch", lambda f, x: f(x), x + x[:, :1, None])
        yield _of_function(name, "empty", lambda f, x: f(x), x[:, :0])
    yield _of_function("diag", "vector", lambda f, v: f(v, -1), x[0], smooth=True)
    yield _of_function("trace", "matrix", lambda f, x: f(x, 1), x, smooth=True)


def made_samples() -> Iterator[OpSample]:
    """What is made of few numbers."""
    # Of what is not empty no numbers are known.
    for dtype in ("float64", "int8", "bool"):
        yield sample(
            f"AllocEmpty: {dtype}",
            creation.AllocEmpty,
            lambda n, dtype=dtype: creation.AllocEmpty(dtype)(n, 3),
            np.int64(0),
            reference=lambda n, dtype=dtype: np.zeros((0, 3), dtype),
            core=True,
        )
    ends = (np.float64(0.5), np.float64(3.0))
    for name in ("linspace", "logspace", "geomspace"):
        call = lambda f, a, b: f(a, b, 7)
        yield _of_function(name, "numbers", call, *ends, smooth=True, rtol=1e-12)
        counted = lambda f, a, b, n: f(a, b, n)
        yield _of_function(name, "symbolic", counted, *ends, np.int64(5), rtol=1e-12, core=True)
    yield _of_function("bartlett", "symbolic", lambda f, n: f(n), np.int64(7))
    v = values("vander", "float64", (4,))
    yield _of_function("vander", "vector", lambda f, v: f(v), v, smooth=True, rtol=1e-12)
    m = values("cov", "float64", (3, 6))
    yield _of_function("cov", "matrix", lambda f, m: f(m), m, smooth=True, rtol=1e-11)
    yield _of_function("corrcoef", "matrix", lambda f, m: f(m), m, rtol=1e-11)
    yield _of_function("diff", "second", lambda f, m: f(m, 2, 0), m, smooth=True)
    yield _of_function(
        "to_one_hot",
        "classes",
        lambda f, y: f(y, 4),
        np.array([0, 3, 1, -1]),
        reference=lambda y: np.eye(4)[y],
        core=True,
    )
