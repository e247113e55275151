"""Samples of the ops that move, join and make elements."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..ops import creation, join, shape
from .elementwise_samples import values
from .sample import LAYOUTS, OpSample, laid_out, sample

DTYPES = ("bool", "int8", "int32", "int64", "uint8", "uint64", "float32", "float64", "complex128")


def shape_samples() -> Iterator[OpSample]:
    """Lengths, dimshuffle, reshape, vectors of scalars, promised shapes."""
    x = values("shape", "float64", (3, 4))
    for axis in (0, 1):
        yield sample(
            f"ShapeI: axis {axis}",
            shape.ShapeI,
            shape.ShapeI(axis),
            x,
            reference=lambda x, axis=axis: np.asarray(x.shape[axis]),
            core=axis == 0,
        )
    yield sample(
        "ShapeI: empty", shape.ShapeI, shape.ShapeI(0), x[:0], reference=lambda x: np.int64(0)
    )
    yield from _dimshuffles()
    yield from _reshapes()
    for dtype in ("int64", "int8", "float32", "bool"):
        elements = [values(f"MakeVector{i}", dtype, ()) for i in range(3)]
        yield sample(
            f"MakeVector: {dtype}",
            shape.MakeVector,
            shape.MakeVector(dtype),
            *elements,
            reference=lambda *v: np.array(v),
            core=True,
        )
    pair = [values(f"MakeVector{i}", "float64", ()) for i in range(2)]
    yield sample(
        "MakeVector: float64",
        shape.MakeVector,
        shape.MakeVector("float64"),
        *pair,
        reference=lambda *v: np.array(v),
        smooth=True,
    )
    yield sample(
        "MakeVector: two dtypes",
        shape.MakeVector,
        shape.MakeVector("float64"),
        np.int8(3),
        np.float32(0.5),
        reference=lambda *v: np.array(v, "float64"),
    )
    for promise in ((3, None), (3, 4), (None, None)):
        yield sample(
            f"SpecifyShape: {promise}",
            shape.SpecifyShape,
            shape.SpecifyShape(promise),
            x,
            reference=lambda x: x,
            smooth=promise == (3, None),
            core=promise == (3, None),
        )


def _dimshuffles() -> Iterator[OpSample]:
    def one(tag: str, pattern: Any, x: Any, **facts: Any) -> OpSample:
        kept = [p for p in pattern if p != "x"]
        dropped = [a for a in range(x.ndim) if a not in kept]
        added = tuple(i for i, p in enumerate(pattern) if p == "x")

        def reference(x: Any) -> Any:
            return np.expand_dims(np.transpose(np.squeeze(x, tuple(dropped)), order), added)

        order = [sorted(kept).index(a) for a in kept]
        op = shape.Dimshuffle(pattern)
        return sample(f"Dimshuffle: {tag}", shape.Dimshuffle, op, x, reference=reference, **facts)

    for dtype in DTYPES:
        yield one(f"{dtype} transpose", (1, 0), values("dimshuffle", dtype, (3, 4)), core=True)
    x = values("dimshuffle", "float64", (2, 3, 4))
    for pattern in ((2, 0, 1), (0, "x", 1, 2), ("x", 2, "x", 1, 0, "x"), (0, 1, 2)):
        yield one(str(pattern), pattern, x, smooth=pattern == (0, "x", 1, 2), core="x" in pattern)
    yield one("drop", (1,), x[:1, :, 0], static=((1, None),), smooth=True)
    yield one("0-d to matrix", ("x", "x"), np.float64(3.0))
    yield one("matrix to 0-d", (), np.full((1, 1), 2.0), static=((1, 1),))
    yield one("empty", (1, 0), x[0, :0])
    for layout in LAYOUTS:
        yield one(layout, (1, "x", 0), laid_out(x[0], layout))


def _reshapes() -> Iterator[OpSample]:
    def one(tag: str, x: Any, lengths: tuple[int, ...], **facts: Any) -> OpSample:
        return sample(
            f"Reshape: {tag}",
            shape.Reshape,
            lambda v: shape.Reshape()(v, *lengths),
            x,
            reference=lambda v: v.reshape(lengths),
            **facts,
        )

    for dtype in DTYPES:
        yield one(f"{dtype}", values("reshape", dtype, (3, 4)), (2, 6), core=True)
    x = values("reshape", "float64", (3, 4))
    for lengths in ((12,), (-1,), (2, -1), (1, 12, 1), (3, 4)):
        yield one(str(lengths), x, lengths, smooth=lengths == (2, -1), core=lengths == (-1,))
    yield one("0-d to vector", np.float64(2.0), (1,))
    yield one("vector to 0-d", np.array([2.0]), ())
    yield one("empty", x[:0], (4, 0))
    yield one("empty, deduced", x[:0], (-1, 4))
    for layout in LAYOUTS:
        yield one(layout, laid_out(x, layout), (6, 2), core=layout == "fortran")
    yield sample(
        "Reshape: symbolic lengths",
        shape.Reshape,
        shape.Reshape(),
        x,
        np.int64(6),
        np.int64(2),
        reference=lambda x, n, m: x.reshape((n, m)),
        smooth=True,
        core=True,
    )


def creation_samples() -> Iterator[OpSample]:
    """Alloc, arange and eye."""
    for dtype in DTYPES:
        yield sample(
            f"Alloc: {dtype}",
            creation.Alloc,
            lambda v: creation.Alloc()(v, 3, 4),
            values("alloc", dtype, ()),
            reference=lambda v: np.full((3, 4), v),
            core=True,
        )
    x = values("alloc", "float64", (3, 1))
    cases: list[tuple[str, Any, Any]] = [
        ("0-d", x[0, 0], ()),
        ("column", x, (None, 1)),
        ("vector", x[:, 0], (None,)),
        ("row of length 1", x[:1], (1, 1)),
    ]
    for tag, value, static in cases:
        value = np.asarray(value)
        yield (
            sample(
                f"Alloc: {tag}",
                creation.Alloc,
                creation.Alloc(),
                value,
                np.int64(2),
                np.int64(3),
                *([np.int64(3)] if tag == "vector" else []),
                static=(static, *((),) * (3 if tag == "vector" else 2)),
                reference=lambda v, *n: np.array(np.broadcast_to(v, n)),
                smooth=(True, *(False,) * (3 if tag == "vector" else 2)),
                core=tag == "0-d",
            )
            if tag != "column"
            else sample(
                "Alloc: column",
                creation.Alloc,
                creation.Alloc(),
                value,
                np.int64(3),
                np.int64(4),
                static=(static, (), ()),
                reference=lambda v, *n: np.array(np.broadcast_to(v, n)),
                smooth=(True, False, False),
            )
        )
    yield sample(
        "Alloc: empty",
        creation.Alloc,
        creation.Alloc(),
        np.float64(1.0),
        np.int64(0),
        np.int64(3),
        reference=lambda v, n, m: np.full((n, m), v),
    )
    ranges = [
        ("int64", 0, 7, 1),
        ("int64", 5, -6, -3),
        ("int64", 3, 3, 1),
        ("int64", 4, 1, 2),
        ("float64", 0.5, 3.0, 0.25),
        ("float64", 0.0, 0.3, 0.1),
        ("float32", 0.0, 0.3, 0.1),
        ("float64", 2.0, -1.0, -0.75),
        ("int8", 0, 5, 2),
        ("uint64", 2, 9, 3),
        ("float32", 0.0, 1.0, 0.01),
        ("int64", -(2**63), 2**63 - 1, 2**61),
        ("int64", 2**63 - 1, -(2**63), -(2**62)),
    ]
    for dtype, start, stop, step in ranges:
        arrays = [np.asarray(v, dtype) for v in (start, stop, step)]
        yield sample(
            f"Arange: {dtype} {start} {stop} {step}",
            creation.Arange,
            creation.Arange(dtype),
            *arrays,
            reference=lambda *v, dtype=dtype: np.arange(
                *(x[()] if x.dtype.kind == "f" else x.item() for x in v), dtype=dtype
            ),
            core=True,
        )
    for n, m, k in ((3, 3, 0), (2, 4, 1), (4, 2, -1), (0, 3, 0), (3, 3, 5)):
        for dtype in ("float64", "int32"):
            yield sample(
                f"Eye: {dtype} {n} {m} {k}",
                creation.Eye,
                creation.Eye(dtype),
                *(np.int64(v) for v in (n, m, k)),
                reference=lambda n, m, k, dtype=dtype: np.eye(n, m, int(k), dtype=dtype),
                core=n == 2,
            )


def join_samples() -> Iterator[OpSample]:
    """Tensors put together along each axis, of several dtypes and layouts."""

    def one(tag: str, axis: int, *arrays: Any, **facts: Any) -> OpSample:
        return sample(
            f"Join: {tag}",
            join.Join,
            join.Join(axis),
            *arrays,
            reference=lambda *v: np.concatenate(v, axis=axis),
            **facts,
        )

    for dtype in DTYPES:
        parts = [values(f"join{i}", dtype, (2 + i, 3)) for i in range(2)]
        yield one(f"{dtype}", 0, *parts, core=True)
    x, y = values("join", "float64", (2, 3)), values("join", "float64", (2, 1))
    yield one("axis 1", 1, x, y, x, smooth=True, core=True)
    yield one("one tensor", 0, x)
    yield one("an empty part", 0, x, x[:0])
    yield one("all empty", 1, x[:0], y[:0])
    yield one("vectors", 0, x[0], y[0], smooth=True)
    yield one("rank 3", 2, x[:, :, None], x[:, :, None], static=((None, None, 1), (None,) * 3))
    yield one("two dtypes", 0, x[0], np.arange(3, dtype="int8"))
    for layout in LAYOUTS:
        yield one(layout, 1, laid_out(x, layout), y)
