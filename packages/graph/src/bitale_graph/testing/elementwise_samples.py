"""Samples of every scalar op: dtypes, ranks, layouts, broadcasting, and the edges of arithmetic."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..base import dtype as dtypes
from ..tensor.elementwise import Elementwise
from ..tensor.scalar import SCALAR_OPS, ScalarOp, is_cast
from .sample import LAYOUTS, Array, OpSample, laid_out, sample

SIGNED = ("int8", "int16", "int32", "int64")
INTEGERS = (*SIGNED, "uint8", "uint16", "uint32", "uint64")
REAL = ("float32", "float64")
COMPLEX = ("complex64", "complex128")
NUMBERS = ("float16", *REAL, *INTEGERS)
# Enough integers to meet every rule of promotion to floats.
SOME = ("bool", "int8", "uint8", "int16", "int64", "uint64")


@dataclass(frozen=True)
class Row:
    """What samples of one scalar op are made of.

    ``reference`` computes on arrays of the operand dtype. ``domain`` gives for each operand between
    what it lies; ``smooth`` which operands it can be differentiated by; ``kinks`` how to keep away
    from where it can not: "zero", "whole" (numbers) or "ties" (of two operands).
    """

    reference: Callable[..., Any]
    accepts: tuple[str, ...] = (*NUMBERS, "bool")
    domain: tuple[tuple[float, float], ...] = ((-3, 3),) * 3
    smooth: tuple[bool, ...] = (True,)
    kinks: str = ""
    arity: int = 1
    floats: bool = False
    huge: bool = True


def _function(reference: Callable[..., Any], low: float = -3, high: float = 3, **facts: Any) -> Row:
    accepts = (*REAL, *SOME) if low < 0 else (*REAL, "uint8", "int64")
    facts.setdefault("accepts", accepts)
    return Row(reference, domain=((low, high),) * 2, floats=True, **facts)


def _binary(reference: Callable[..., Any], **facts: Any) -> Row:
    return Row(reference, arity=2, **{"smooth": (True, True), **facts})


def _by_math(function: Callable[[float], float]) -> Callable[[Array], Array]:
    """Element by element in float64."""

    def compute(x: Array) -> Array:
        values = [function(float(v)) for v in x.ravel()]
        return np.array(values, np.float64).reshape(x.shape).astype(x.dtype)

    return compute


def _sigmoid(x: Array) -> Array:
    wide = x.astype(np.float64)
    return np.where(wide < 0, np.exp(wide) / (1 + np.exp(wide)), 1 / (1 + np.exp(-wide))).astype(
        x.dtype
    )


def _softplus(x: Array) -> Array:
    wide = x.astype(np.float64)
    positive = np.where(wide > 0, wide, 0)
    return np.where(np.isnan(wide), wide, positive + np.log1p(np.exp(-np.abs(wide)))).astype(
        x.dtype
    )


ARITHMETIC = ("float16", *REAL, *COMPLEX, *INTEGERS)
NONZERO = ((-9, 9), (1, 9))
ROWS: dict[str, Row] = {
    "add": _binary(np.add, accepts=(*ARITHMETIC, "bool")),
    "sub": _binary(np.subtract, accepts=ARITHMETIC),
    "mul": _binary(np.multiply, accepts=(*ARITHMETIC, "bool")),
    "true_div": _binary(
        np.true_divide, accepts=(*REAL, *COMPLEX, *SOME), domain=NONZERO, floats=True
    ),
    "int_div": _binary(np.floor_divide, accepts=(*REAL, *INTEGERS), domain=NONZERO, kinks="whole"),
    "mod": _binary(np.mod, accepts=(*REAL, *INTEGERS), domain=NONZERO, kinks="whole"),
    "pow": _binary(np.power, accepts=(*REAL, *INTEGERS), domain=((0.3, 3), (0, 3))),
    "maximum": _binary(np.maximum, kinks="ties"),
    "minimum": _binary(np.minimum, kinks="ties"),
    "neg": Row(np.negative, accepts=ARITHMETIC),
    "abs": Row(np.abs, accepts=(*ARITHMETIC, "bool"), kinks="zero"),
    "sgn": Row(np.sign, accepts=NUMBERS, kinks="zero"),
    "sqr": Row(np.square, accepts=ARITHMETIC),
    "identity": Row(np.array, accepts=(*ARITHMETIC, "bool")),
    "ceil": Row(np.ceil, accepts=(*REAL, *SOME), kinks="whole", floats=True),
    "floor": Row(np.floor, accepts=(*REAL, *SOME), kinks="whole", floats=True),
    "trunc": Row(np.trunc, accepts=(*REAL, *SOME), kinks="whole", floats=True),
    "round_half_to_even": Row(np.rint, accepts=(*REAL, *SOME), kinks="whole", floats=True),
    "sqrt": _function(np.sqrt, 0.3, 4),
    "inv": _function(lambda x: 1 / x, 0.4, 3),
    "exp": _function(np.exp, accepts=("float16", *REAL, *COMPLEX, *SOME)),
    "exp2": _function(np.exp2),
    "expm1": _function(np.expm1),
    "log": _function(np.log, 0.3, 4),
    "log2": _function(np.log2, 0.3, 4),
    "log10": _function(np.log10, 0.3, 4),
    "log1p": _function(np.log1p, 0, 4),
    "sin": _function(np.sin, huge=False),
    "cos": _function(np.cos, huge=False),
    "tan": _function(np.tan, -1.2, 1.2, huge=False),
    "arcsin": _function(np.arcsin, -0.9, 0.9),
    "arccos": _function(np.arccos, -0.9, 0.9),
    "arctan": _function(np.arctan),
    "arctan2": _function(np.arctan2, 0.3, 3, arity=2, smooth=(True, True)),
    "sinh": _function(np.sinh),
    "cosh": _function(np.cosh),
    "tanh": _function(np.tanh, accepts=("float16", *REAL, *SOME)),
    "arcsinh": _function(np.arcsinh, huge=False),
    "arccosh": _function(np.arccosh, 1.3, 5, huge=False),
    "arctanh": _function(np.arctanh, -0.9, 0.9),
    "sigmoid": _function(_sigmoid),
    "softplus": _function(_softplus),
    "erf": _function(_by_math(math.erf)),
    "erfc": _function(_by_math(math.erfc)),
    "eq": _binary(np.equal, smooth=(False, False), accepts=(*NUMBERS, *COMPLEX, "bool")),
    "neq": _binary(np.not_equal, smooth=(False, False), accepts=(*NUMBERS, *COMPLEX, "bool")),
    "lt": _binary(np.less, smooth=(False, False)),
    "gt": _binary(np.greater, smooth=(False, False)),
    "le": _binary(np.less_equal, smooth=(False, False)),
    "ge": _binary(np.greater_equal, smooth=(False, False)),
    "isnan": Row(np.isnan, smooth=(False,), accepts=(*NUMBERS, "bool")),
    "isinf": Row(np.isinf, smooth=(False,), accepts=(*NUMBERS, "bool")),
    "and": _binary(np.bitwise_and, smooth=(False, False), accepts=(*INTEGERS, "bool")),
    "or": _binary(np.bitwise_or, smooth=(False, False), accepts=(*INTEGERS, "bool")),
    "xor": _binary(np.bitwise_xor, smooth=(False, False), accepts=(*INTEGERS, "bool")),
    "invert": Row(np.invert, smooth=(False,), accepts=(*INTEGERS, "bool")),
    "switch": Row(
        np.where, arity=3, smooth=(False, True, True), accepts=(*NUMBERS, *COMPLEX, "bool")
    ),
    "second": _binary(
        lambda a, b: np.broadcast_to(b, np.broadcast_shapes(a.shape, b.shape)).copy(),
        smooth=(False, True),
        accepts=(*NUMBERS, *COMPLEX, "bool"),
    ),
}


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
        least = max(low, 0) if dtype.startswith("u") else low
        return rng.integers(math.ceil(least), math.floor(high), shape, endpoint=True).astype(dtype)
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


def _operands(
    op: ScalarOp, row: Row, tag: str, dtype: str, shapes: Any, smooth: bool
) -> list[Array]:
    arrays = []
    for i, shape in enumerate(shapes):
        low, high = row.domain[i]
        kind = "bool" if op.name == "switch" and i == 0 else dtype
        kinks = row.kinks if smooth else ""
        if kinks == "whole" and i == 1:
            arrays.append(np.ceil(values(f"{op.name}{tag}{i}", kind, shape, low, high)))
            continue
        x = values(f"{op.name}{tag}{i}", kind, shape, low, high, kinks)
        # Operands on two grids a quarter apart cannot be equal.
        arrays.append(np.asarray(x + 0.25) if kinks == "ties" and i == 1 else x)
    return arrays


def _reference(op: ScalarOp, row: Row) -> Callable[..., Any]:
    """The row's reference, on operands of the dtype that the op computes in."""

    def compute(*operands: Array) -> Any:
        if op.name in ("switch", "second"):
            return row.reference(*operands)
        common = np.result_type(*operands).name
        if row.floats and common in dtypes.DISCRETE:
            division = op.name in ("true_div", "inv")
            small = np.dtype(common).itemsize <= 2 and not division
            common = "float32" if small else "float64"
        elif common == "bool" and op.name in ("int_div", "mod", "pow", "sqr"):
            common = "int8"
        return row.reference(*(x.astype(common) for x in operands))

    return compute


def scalar_samples(op: ScalarOp, row: Row) -> Iterator[OpSample]:
    """All samples of one row."""
    reference = _reference(op, row)
    build = Elementwise(op)
    n = row.arity

    def one(tag: str, arrays: Any, **facts: Any) -> OpSample:
        return sample(f"{op.name}: {tag}", op, build, *arrays, reference=reference, **facts)

    def plain(tag: str, dtype: str, *shapes: Any, **facts: Any) -> OpSample:
        smooth = facts.pop("smooth", False)
        arrays = _operands(op, row, tag, dtype, shapes, smooth)
        return one(tag, arrays, smooth=row.smooth if smooth else False, **facts)

    for dtype in row.accepts:
        yield plain(f"{dtype} matrix", dtype, *((3, 4),) * n, core=True)
    base = "float64" if "float64" in row.accepts else "int64"
    differentiable = base == "float64" and any(row.smooth)
    yield plain(f"{base} 0-d", base, *((),) * n, smooth=differentiable, core=True)
    yield plain(f"{base} short matrix", base, *((2, 3),) * n, smooth=differentiable)
    # Lengths that no width of a vector register divides.
    yield plain(f"{base} vector of 67", base, *((67,),) * n, core=True)
    if "float32" in row.accepts:
        yield plain("float32 vector of 67", "float32", *((67,),) * n, core=True)
    yield plain(f"{base} vector of 1", base, *((1,),) * n)
    yield plain(f"{base} rank 3", base, *((2, 3, 5),) * n)
    yield plain(f"{base} empty vector", base, *((0,),) * n, core=True)
    yield plain(f"{base} empty axis", base, *((3, 0),) * n)
    yield plain(f"{base} known shape", base, *((3, 4),) * n, static=((3, 4),) * n)
    for layout in LAYOUTS:
        arrays = _operands(op, row, layout, base, ((4, 5),) * n, smooth=False)
        yield one(
            f"{base} {layout}", [laid_out(x, layout) for x in arrays], core=layout == "strided"
        )
    if n > 1:
        yield from _broadcast(op, row, base, plain, differentiable)
    yield from _edges(op, row, one)


def _broadcast(
    op: ScalarOp, row: Row, base: str, plain: Callable[..., OpSample], differentiable: bool
) -> Iterator[OpSample]:
    rest: tuple[Any, ...] = ((3, 4),) * (row.arity - 2)
    free: tuple[Any, ...] = ((None, None),) * (row.arity - 2)
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
        if row.arity == 3:
            last = (shape2, static2) if "empty" in tag or "length" in tag else (rest[0], free[0])
            shapes, static = (shape1, shape2, last[0]), (static1, static2, last[1])
        else:
            shapes, static = (shape1, shape2), (static1, static2)
        yield plain(
            f"{base} {tag}",
            base,
            *shapes,
            static=static,
            smooth=differentiable and tag.startswith("column"),
            core="column" in tag,
        )


def _edges(op: ScalarOp, row: Row, one: Callable[..., OpSample]) -> Iterator[OpSample]:
    for dtype in REAL:
        if dtype not in row.accepts:
            continue
        info = np.finfo(dtype)
        edge = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 0.5, -2.5]
        edge += [float(info.tiny), float(info.max)] if row.huge and row.arity == 1 else []
        yield one(f"{dtype} edges", _pairs(op, edge, dtype), core=True)
    if op.name in ("second", "pow", "inv") or (row.floats and op.name != "true_div"):
        return
    for dtype in ("int8", "int32", "int64", "uint8"):
        if dtype not in row.accepts:
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
    return [np.arange(arrays[0].size) % 2 == 0, *arrays] if op.arity == 3 else arrays


MIXED = (
    *(("int8", "uint8"), ("int32", "float32"), ("int16", "float32"), ("uint64", "int64")),
    *(("bool", "int8"), ("bool", "float32"), ("float16", "float32"), ("float32", "float64")),
    *(("float32", "complex64"), ("int64", "complex64"), ("uint8", "int64")),
)


def mixed_samples() -> Iterator[OpSample]:
    """Operands of two dtypes, which are cast to a common one."""
    for name in ("add", "mul", "maximum", "true_div"):
        op, row = SCALAR_OPS[name], ROWS[name]
        for first, second in MIXED:
            if name == "maximum" and "complex64" in (first, second):
                continue
            x, y = values(f"{name}1", first, (3, 4)), values(f"{name}2", second, (3, 4), 1, 3)
            tag = f"{name}: {first} with {second}"
            yield sample(tag, op, Elementwise(op), x, y, reference=_reference(op, row))


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
    """Samples of every row of the scalar table that has some."""
    for op in SCALAR_OPS.values():
        if is_cast(op):
            yield from cast_samples(op)
        elif op.name in ROWS:
            yield from scalar_samples(op, ROWS[op.name])
    yield from mixed_samples()
