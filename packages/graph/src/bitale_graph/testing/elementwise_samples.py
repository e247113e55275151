"""Samples of every scalar op: dtypes, ranks, layouts, broadcasting, and the edges of arithmetic."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ..base import dtype as dtypes
from ..base.errors import DtypeError
from ..tensor.draws import Draw
from ..tensor.elementwise import Elementwise
from ..tensor.rows import bool_as_int8
from ..tensor.scalar import SCALAR_OPS, ScalarOp, Select, is_cast
from .sample import LAYOUTS, Array, OpSample, laid_out, sample

SIGNED = ("int8", "int16", "int32", "int64")
INTEGERS = (*SIGNED, "uint8", "uint16", "uint32", "uint64")
REAL = ("float32", "float64")
COMPLEX = ("complex64", "complex128")
NUMBERS = ("float16", *REAL, *INTEGERS)
# Enough integers to meet every rule of promotion to floats.
SOME = ("bool", "int8", "uint8", "int16", "int64", "uint64")


# The meanings that bitale writes itself, written once more, in float64.
def _sigmoid(x: Array) -> Array:
    return np.where(x < 0, np.exp(x) / (1 + np.exp(x)), 1 / (1 + np.exp(-x)))


def _softplus(x: Array) -> Array:
    positive = np.where(x > 0, x, 0)
    return np.where(np.isnan(x), x, positive + np.log1p(np.exp(-np.abs(x))))


REFERENCES: dict[str, Callable[..., Any]] = {
    "sigmoid": _sigmoid,
    "softplus": _softplus,
    "erf": np.vectorize(math.erf, [np.float64]),
    "erfc": np.vectorize(math.erfc, [np.float64]),
}


def reference(op: ScalarOp) -> Callable[..., Any]:
    """What to compare ``op`` with: a function of arrays of any dtypes."""

    def compute(*given: Array) -> Any:
        names = [x.dtype.name for x in given]
        operands = [
            x.astype(dtype) for x, dtype in zip(given, op.operand_dtypes(names), strict=True)
        ]
        if op.name not in REFERENCES:
            return op.compute(*operands)
        wide = (x.astype(np.float64) for x in operands)
        return REFERENCES[op.name](*wide).astype(operands[0].dtype)

    return compute


def makes_floats(op: ScalarOp) -> bool:
    """Whether the op computes with floats alone: discrete operands are cast."""
    return op.operand in (dtypes.at_least_float, dtypes.quotient)


def accepted(op: ScalarOp) -> list[str]:
    """The dtypes that operands of samples have."""
    whole: tuple[str, ...] = (*INTEGERS, "bool")
    if makes_floats(op):
        whole = SOME if op.domain[0][0] < 0 else ("uint8", "int64")
    return [d for d in ("float16", *REAL, *COMPLEX, *whole) if _accepts(op, d)]


def _accepts(op: ScalarOp, dtype: str) -> bool:
    if dtype == "bool" and op.operand is bool_as_int8:
        return False  # computed as int8, which has samples
    try:
        operand = op.operand_dtypes([dtype] * op.arity)[-1]
    except DtypeError:
        return False
    in_order = op.name not in ("maximum", "minimum", "lt", "gt", "le", "ge")
    return in_order or not dtypes.is_complex(operand)


def smooth_operands(op: ScalarOp) -> tuple[bool, ...]:
    """For each operand whether the op can be differentiated by it, in float64."""
    try:
        operands = op.operand_dtypes(["float64"] * op.arity)
    except DtypeError:
        return (False,) * op.arity
    smooth = dtypes.is_float(op.result_dtype(operands))
    return tuple(
        smooth and op.reads[i] and i not in op.no_gradient and dtypes.is_float(dtype)
        for i, dtype in enumerate(operands)
    )


def generator(name: str) -> np.random.Generator:
    """A generator of its own for each name, so that new samples do not change old ones."""
    return np.random.default_rng(zlib.crc32(name.encode()))


def values(
    name: str, dtype: str, shape: tuple[int, ...], low: float = -3, high: float = 3, kinks: str = ""
) -> Array:
    """Arbitrary numbers between ``low`` and ``high``, always the same for one name."""
    rng = generator(f"{name} {dtype} {shape}")
    if dtype == "bool":
        return rng.random(shape) < 0.5
    if np.dtype(dtype).kind in "iu":
        least = math.ceil(max(low, 0) if dtype.startswith("u") else low)
        most = max(math.floor(high), least)
        return rng.integers(least, most, shape, endpoint=True).astype(dtype)
    if np.dtype(dtype).kind == "c":
        parts = rng.uniform(low, high, (2, *shape))
        return np.asarray(parts[0] + 1j * parts[1]).astype(dtype)
    x = rng.uniform(low, high, shape)
    if kinks == "zero":
        x = x + np.copysign(0.25, x)
    if kinks == "whole":
        x = np.floor(x) + 0.3
    if kinks == "ties":
        x = np.floor(2 * x) / 2
    return np.asarray(x).astype(dtype)


def operands(
    op: ScalarOp, tag: str, dtype: str, shapes: Sequence[tuple[int, ...]], smooth: bool = False
) -> list[Array]:
    """Arrays in the domain of ``op``; with ``smooth`` where it has derivatives."""
    arrays = []
    for i, shape in enumerate(shapes):
        low, high = op.domain[i]
        kind = op.operand_dtypes([dtype] * op.arity)[i] if isinstance(op, Select) else dtype
        kinks = op.kinks if smooth else ""
        if (kinks == "whole" and i == 1) or i in op.whole:
            arrays.append(np.ceil(values(f"{op.name}{tag}{i}", kind, shape, low, high)))
            continue
        x = values(f"{op.name}{tag}{i}", kind, shape, low, high, kinks)
        # Operands on two grids a quarter apart cannot be equal.
        arrays.append(np.asarray(x + 0.25) if kinks == "ties" and i == 1 else x)
    return arrays


def scalar_samples(op: ScalarOp) -> Iterator[OpSample]:
    """All samples of one row."""
    compute, accepts, smooth_in = reference(op), accepted(op), smooth_operands(op)
    build = Elementwise(op)
    n = op.arity

    def one(tag: str, arrays: Any, **facts: Any) -> OpSample:
        return sample(f"{op.name}: {tag}", op, build, *arrays, reference=compute, **facts)

    def plain(tag: str, dtype: str, *shapes: Any, **facts: Any) -> OpSample:
        smooth = facts.pop("smooth", False)
        arrays = operands(op, tag, dtype, shapes, smooth)
        return one(tag, arrays, smooth=smooth_in if smooth else False, **facts)

    for dtype in accepts:
        yield plain(f"{dtype} matrix", dtype, *((3, 4),) * n, core=True)
    base = "float64" if "float64" in accepts else "int64"
    differentiable = any(smooth_in)
    yield plain(f"{base} 0-d", base, *((),) * n, smooth=differentiable, core=True)
    yield plain(f"{base} short matrix", base, *((2, 3),) * n, smooth=differentiable)
    # Lengths that no width of a vector register divides.
    yield plain(f"{base} vector of 67", base, *((67,),) * n, core=True)
    if "float32" in accepts:
        yield plain("float32 vector of 67", "float32", *((67,),) * n, core=True)
    yield plain(f"{base} vector of 1", base, *((1,),) * n)
    yield plain(f"{base} rank 3", base, *((2, 3, 5),) * n)
    yield plain(f"{base} empty vector", base, *((0,),) * n, core=True)
    yield plain(f"{base} empty axis", base, *((3, 0),) * n)
    yield plain(f"{base} known shape", base, *((3, 4),) * n, static=((3, 4),) * n)
    for layout in LAYOUTS:
        arrays = operands(op, layout, base, ((4, 5),) * n)
        yield one(
            f"{base} {layout}", [laid_out(x, layout) for x in arrays], core=layout == "strided"
        )
    if n > 1:
        yield from _broadcast(op, base, plain, differentiable)
    yield from _edges(op, accepts, one)


def _broadcast(
    op: ScalarOp, base: str, plain: Callable[..., OpSample], differentiable: bool
) -> Iterator[OpSample]:
    rest: tuple[Any, ...] = ((3, 4),) * (op.arity - 2)
    free: tuple[Any, ...] = ((None, None),) * (op.arity - 2)
    shapes: tuple[Any, ...]
    static: tuple[Any, ...]
    cases: list[tuple[str, Any, Any, Any, Any]] = [
        ("column with row", (3, 1), (1, 4), (None, 1), (1, None)),
        ("matrix with row", (3, 4), (1, 4), (None, None), (1, None)),
        ("column with matrix", (3, 1), (3, 4), (None, 1), (None, None)),
        ("matrix with vector", (3, 4), (4,), (None, None), (None,)),
        ("0-d with matrix", (), (3, 4), (), (None, None)),
        ("length 1 that does not broadcast", (1, 4), (1, 4), (None, None), (None, None)),
        ("empty with 0-d", (0, 4), (), (None, None), ()),
    ]
    for tag, shape1, shape2, static1, static2 in cases:
        more, free_more = rest, free
        if "empty" in tag or "length" in tag:
            more, free_more = (shape2,) * len(rest), (static2,) * len(rest)
        shapes, static = (shape1, shape2, *more), (static1, static2, *free_more)
        yield plain(
            f"{base} {tag}",
            base,
            *shapes,
            static=static,
            smooth=differentiable and tag.startswith("column"),
            core="column" in tag,
        )


def _edges(
    op: ScalarOp, accepts: Sequence[str], one: Callable[..., OpSample]
) -> Iterator[OpSample]:
    for dtype in REAL:
        if dtype not in accepts:
            continue
        info = np.finfo(dtype)
        edge = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 0.5, -2.5]
        edge += [float(info.tiny), float(info.max)] if op.huge and op.arity == 1 else []
        yield one(f"{dtype} edges", _pairs(op, edge, dtype), core=True)
    if op.name in ("second", "pow", "inv") or (makes_floats(op) and op.name != "true_div"):
        return
    for dtype in ("int8", "int32", "int64", "uint8"):
        if dtype not in accepts:
            continue
        limits = np.iinfo(dtype)
        ends = [int(limits.min), int(limits.max), 0, 1, 7, *([-1, -7] if limits.min < 0 else [])]
        division = op.name in ("int_div", "mod", "true_div")
        notes = "NumPy gives 0 for integer division by 0, and wraps" if division else ""
        yield one(f"{dtype} edges", _pairs(op, ends, dtype), core=dtype == "int8", notes=notes)


def _pairs(op: ScalarOp, edge: list[Any], dtype: str) -> list[Array]:
    x = np.array(edge, dtype)
    if op.arity == 1:
        return [x]
    pairs = np.meshgrid(x, x, indexing="ij")
    arrays = [p.ravel() for p in pairs]
    return [*(np.arange(arrays[0].size) % n == 0 for n in range(2, op.arity)), *arrays]


MIXED = (
    *(("int8", "uint8"), ("int32", "float32"), ("int16", "float32"), ("uint64", "int64")),
    *(("bool", "int8"), ("bool", "float32"), ("float16", "float32"), ("float32", "float64")),
    *(("float32", "complex64"), ("int64", "complex64"), ("uint8", "int64")),
)


def mixed_samples() -> Iterator[OpSample]:
    """Operands of two dtypes, which are cast to a common one."""
    for name in ("add", "mul", "maximum", "true_div"):
        op = SCALAR_OPS[name]
        for first, second in MIXED:
            if name == "maximum" and "complex64" in (first, second):
                continue
            x, y = values(f"{name}1", first, (3, 4)), values(f"{name}2", second, (3, 4), 1, 3)
            tag = f"{name}: {first} with {second}"
            yield sample(tag, op, Elementwise(op), x, y, reference=reference(op))


def cast_samples(op: ScalarOp) -> Iterator[OpSample]:
    """Casts from every dtype, of values that the other dtype can hold."""
    target = op.name[5:-1]
    for source in ("bool", *INTEGERS, "float16", *REAL, *COMPLEX):
        if source == target or (source in COMPLEX and target not in COMPLEX):
            continue
        low = 0 if target.startswith("uint") else -99
        x = values(op.name, source, (3, 5), low, 99)
        yield sample(
            f"{op.name}: {source}",
            op,
            Elementwise(op),
            x,
            reference=lambda x: x.astype(target),
            core=source in ("int8", "uint8", "float32", "int64"),
        )
    source = "float32" if target == "float64" else "float64"
    if target not in INTEGERS:
        edge = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.5], source)
        yield sample(
            f"{op.name}: edges", op, Elementwise(op), edge, reference=lambda x: x.astype(target)
        )
    x = values(op.name, source, (4, 3), 0, 99)
    for shape, layout in (
        ((), "plain"),
        ((0,), "plain"),
        ((4, 3), "reversed"),
        ((4, 3), "strided"),
    ):
        array = laid_out(x if shape else np.asarray(x[0, 0]), layout) if shape != (0,) else x[:0, 0]
        tag = f"{op.name}: {layout} {shape}"
        yield sample(tag, op, Elementwise(op), array, reference=lambda x: x.astype(target))


def elementwise_samples() -> Iterator[OpSample]:
    """Samples of every row of the scalar table."""
    for op in SCALAR_OPS.values():
        if not isinstance(op, Draw):
            yield from cast_samples(op) if is_cast(op) else scalar_samples(op)
    yield from mixed_samples()
