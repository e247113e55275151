"""Samples of reductions, products and the softmax family."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..ops import product, reduction, softmax
from ..tensor import scalar
from ..tensor.reductions import reductions
from .elementwise_samples import INTEGERS, values
from .sample import LAYOUTS, OpSample, laid_out, sample

AXES: tuple[tuple[int, ...], ...] = ((), (0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2))
ACCUMULATORS = {"float16": "float32", "float32": "float64", "complex64": "complex128"}


def reduction_samples() -> Iterator[OpSample]:
    """Every reduction over every choice of axes, and argmax."""
    for op in reductions:
        assert isinstance(op, scalar.ScalarOp)
        yield from _reductions(op)
    for dtype in ("bool", "int8", "uint8", "int64", "uint64", "float32", "float64"):
        x = values("argmax", dtype, (5, 7))
        for axis in (0, 1):
            yield _argmax(f"{dtype} axis {axis}", x, axis, core=True)
    x = values("argmax", "float64", (2, 3, 4))
    for axis in (0, 1, 2):
        yield _argmax(f"rank 3 axis {axis}", x, axis)
    yield _argmax("vector", x[0, 0], 0, core=True)
    yield _argmax("ties", np.array([1.0, 3.0, 3.0, 2.0]), 0)
    yield _argmax(
        "NaN", np.array([[1.0, np.nan, np.inf], [-np.inf, -np.inf, np.nan]]), 1, core=True
    )
    yield _argmax("no rows", x[:0, 0], 1)
    for layout in LAYOUTS:
        yield _argmax(layout, laid_out(x[0], layout), 0)


def _argmax(tag: str, x: Any, axis: int, **facts: Any) -> OpSample:
    return sample(
        f"Argmax: {tag}",
        reduction.Argmax,
        reduction.Argmax(axis),
        x,
        reference=lambda x: np.argmax(x, axis=axis),
        **facts,
    )


def _reductions(op: scalar.ScalarOp) -> Iterator[OpSample]:
    name, row = op.name, reductions[op]

    def one(tag: str, x: Any, axes: tuple[int, ...], **facts: Any) -> OpSample:
        dtype = x.dtype.name
        out = reduction.sum_dtype(dtype) if row.widens else dtype
        acc = ACCUMULATORS.get(out, out) if row.widens else dtype

        def reference(x: Any) -> Any:
            wide = x.astype(acc)
            return row.ufunc.reduce(wide, axis=axes).astype(out) if axes else x.astype(out)

        # Sums may cancel: their error is relative to the terms.
        scale = float(np.nansum(np.abs(np.where(np.isfinite(x), x, 0)))) if name == "add" else 0.0
        atol = {"float16": 1e-3, "float32": 1e-7, "complex64": 1e-7}.get(out, 1e-15) * scale
        reduce = reduction.Reduce(op, axes, acc, out)
        tag = f"Reduce: {name} {tag}"
        return sample(tag, reduction.Reduce, reduce, x, reference=reference, atol=atol, **facts)

    bits = "float64" in op.refuses
    many = ("bool", "int64", "uint8") if bits else ("float32", "float64", *INTEGERS)
    if row.widens:
        many = (*many, "bool", "float16", "complex64", "complex128")
    for dtype in many:
        yield one(f"{dtype} matrix", values(name, dtype, (5, 7), 0.5, 2), (1,), core=True)
    base = "bool" if bits else "float64"
    smooth = not bits
    x = values(name, base, (2, 3, 4), 0.5, 2)
    for axes in AXES:
        wanted = smooth and axes in ((1,), (0, 2), (0, 1, 2))
        yield one(f"{base} axes {axes}", x, axes, smooth=wanted, core=axes in ((0,), (0, 1, 2)))
    yield one(f"{base} vector of 1003", values(name, base, (1003,), 0.9, 1.1), (0,), core=True)
    yield one(f"{base} tall", values(name, base, (130, 3), 0.9, 1.1), (0,), core=True)
    yield one(f"{base} wide", values(name, base, (3, 130), 0.9, 1.1), (1,))
    yield one(f"{base} 0-d", values(name, base, ()), ())
    yield one(f"{base} length 1", x[:1, :1, 0], (0,))
    yield one(f"{base} no result", x[:0, 0], (1,))
    if not row.refuses_nothing:
        yield one(f"{base} empty", x[:0, 0], (0,), core=True)
        yield one(f"{base} all empty", x[:0], (0, 1, 2))
    else:
        for axes in ((0,), (0, 1)):
            op_of_none = reduction.Reduce(op, axes, base, base, allows_empty=True)
            kept = tuple(n for a, n in enumerate((0, 4)) if a not in axes)
            yield sample(
                f"Reduce: {name} of none, axes {axes}",
                reduction.Reduce,
                op_of_none,
                x[0, :0],
                reference=lambda x, kept=kept: np.full(kept, row.identity(base)),
                core=axes == (0,),
            )
    for layout in LAYOUTS:
        yield one(f"{base} {layout}", laid_out(x[0], layout), (0,), core=layout == "reversed")
        yield one(f"{base} {layout}, last axis", laid_out(x[0], layout), (1,))
    if not bits:
        edge = np.array(
            [[1.0, np.nan, 2.0], [np.inf, 1.0, 3.0], [np.inf, -np.inf, 1.0], [-0.0, 0, -0.0]]
        )
        yield one("float64 edges", edge, (1,), core=True)
        yield one("float32 edges", edge.astype("float32"), (0,), core=True)


def product_samples() -> Iterator[OpSample]:
    """Dot of vectors and matrices, and gemm."""

    def one(tag: str, x: Any, y: Any, **facts: Any) -> OpSample:
        scale = float(x.shape[-1])
        atol = {"float16": 2e-2, "float32": 1e-6, "complex64": 2e-6}.get(
            x.dtype.name, 1e-14
        ) * scale
        build = product.Dot()
        tag = f"Dot: {tag}"
        return sample(tag, product.Dot, build, x, y, reference=np.dot, atol=atol, **facts)

    for dtype in (
        "float32",
        "float64",
        "int32",
        "int64",
        "uint8",
        "bool",
        "complex64",
        "complex128",
    ):
        x, y = values("dot1", dtype, (3, 4), -2, 2), values("dot2", dtype, (4, 5), -2, 2)
        yield one(f"{dtype} matrices", x, y, core=True)
    x, y = values("dot1", "float64", (3, 4), -2, 2), values("dot2", "float64", (4, 2), -2, 2)
    yield one("float64 and float32", x, y.astype("float32"), rtol=1e-6)
    yield one("matrix and vector", x, y[:, 0], smooth=True, core=True)
    yield one("vector and matrix", y[:, 0], x.T, smooth=True, core=True)
    yield one("vectors", x[0], y[:, 0], smooth=True, core=True)
    yield one("matrices", x, y, smooth=True)
    yield one("one row", x[:1], y)
    yield one("one column", x, y[:, :1])
    yield one("nothing summed", x[:, :0], y[:0], core=True)
    yield one("no rows", x[:0], y)
    yield one("no columns", x, y[:, :0])
    yield one("empty vectors", x[0, :0], y[:0, 0])
    yield one("empty matrix and vector", x[:, :0], y[:0, 0])
    for layout in LAYOUTS:
        yield one(layout, laid_out(x, layout), laid_out(y, layout), core=layout != "read-only")
        yield one(f"{layout} and vector", laid_out(x, layout), laid_out(y[:, 0], layout))
    yield one("transposed", x.T, laid_out(x, "plain"))
    yield from _gemms()
    yield from _batched()


def _batched() -> Iterator[OpSample]:
    """Products of stacks: dtypes, lengths, layouts, and what stretches."""

    def one(tag: str, x: Any, y: Any, **facts: Any) -> OpSample:
        scale = float(x.shape[-1])
        atol = {"float16": 2e-2, "float32": 1e-6, "complex64": 2e-6}.get(
            x.dtype.name, 1e-14
        ) * scale
        op = product.BatchedDot
        tag = f"BatchedDot: {tag}"
        return sample(tag, op, op(), x, y, reference=np.matmul, atol=atol, **facts)

    for dtype in ("float16", "float32", "float64", "int32", "uint8", "bool", "complex64"):
        x = values("batched1", dtype, (2, 3, 4), -2, 2)
        y = values("batched2", dtype, (2, 4, 5), -2, 2)
        yield one(f"{dtype}", x, y, core=True)
    x = values("batched1", "float64", (2, 3, 4), -2, 2)
    y = values("batched2", "float64", (2, 4, 5), -2, 2)
    yield one("smooth", x, y, smooth=True, core=True)
    yield one("float64 and float32", x, y.astype("float32"), rtol=1e-6)
    lone = ((1, None, None), (None, None, None))
    yield one("stretched left", x[:1], y, static=lone, smooth=True, core=True)
    yield one("stretched right", x, y[:1], static=lone[::-1], smooth=True, core=True)
    yield one("both of one", x[:1], y[:1], static=(lone[0], lone[0]))
    for m, k, n in ((0, 4, 5), (3, 0, 5), (3, 4, 0), (1, 4, 5), (3, 1, 5), (3, 4, 1), (1, 4, 1)):
        yield one(f"of {m} by {k} by {n}", x[:, :m, :k], y[:, :k, :n], core=0 in (m, k, n))
    yield one("none", x[:0], y[:0])
    for layout in LAYOUTS:
        yield one(layout, laid_out(x, layout), laid_out(y, layout), core=layout != "read-only")
    yield one(
        "both transposed", laid_out(y, "plain").swapaxes(1, 2), laid_out(x, "plain").swapaxes(1, 2)
    )
    for dtype in ("float32", "float64"):
        a = values("batched3", dtype, (3, 2, 33, 20), -2, 2)
        b = values("batched4", dtype, (20, 3, 2, 9), -2, 2)
        inner = b.transpose(1, 2, 0, 3)
        yield one(f"{dtype} two axes", a, inner, core=True)
        static = ((None, 1, None, None), (1, None, None, None))
        yield one(f"{dtype} two axes stretched", a[:, :1], inner[:1], static=static, smooth=True)
        yield one(
            f"{dtype} rows of all", a[:, 0], laid_out(inner[:1, 0], "plain"), static=lone[::-1]
        )


def _gemms() -> Iterator[OpSample]:
    for dtype in ("float32", "float64"):
        x, y = values("gemm1", dtype, (3, 4), -2, 2), values("gemm2", dtype, (4, 2), -2, 2)
        z = values("gemm3", dtype, (3, 2), -2, 2)
        for alpha, beta in ((1.0, 1.0), (-0.5, 2.0), (1.0, 0.0), (0.0, 1.0)):
            yield sample(
                f"Gemm: {dtype} alpha {alpha} beta {beta}",
                product.Gemm,
                product.Gemm(),
                z,
                np.asarray(alpha, dtype),
                x,
                y,
                np.asarray(beta, dtype),
                reference=_gemm,
                atol=1e-5 if dtype == "float32" else 1e-13,
                smooth=(alpha, beta) == (-0.5, 2.0),
                core=True,
            )
        for layout in LAYOUTS:
            yield sample(
                f"Gemm: {dtype} {layout}",
                product.Gemm,
                product.Gemm(),
                laid_out(z, layout),
                np.asarray(1, dtype),
                laid_out(x, layout),
                laid_out(y, layout),
                np.asarray(1, dtype),
                reference=_gemm,
                atol=1e-5 if dtype == "float32" else 1e-13,
                core=layout == "fortran",
            )
        for rows, inner in ((0, 4), (3, 0)):
            yield sample(
                f"Gemm: {dtype} {rows} rows, {inner} summed",
                product.Gemm,
                product.Gemm(),
                z[:rows],
                np.asarray(1, dtype),
                x[:rows, :inner],
                y[:inner],
                np.asarray(1, dtype),
                reference=_gemm,
            )


def _gemm(z: Any, alpha: Any, x: Any, y: Any, beta: Any) -> Any:
    return (beta * z + alpha * np.dot(x, y)).astype(z.dtype)


def _softmax(x: Any) -> Any:
    wide = x.astype(np.float64)
    e = np.exp(wide - wide.max(axis=-1, keepdims=True)) if x.shape[-1] else wide
    return (e / e.sum(axis=-1, keepdims=True)).astype(x.dtype)


def _log_softmax(x: Any) -> Any:
    wide = x.astype(np.float64)
    shifted = wide - wide.max(axis=-1, keepdims=True) if x.shape[-1] else wide
    return (shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))).astype(x.dtype)


def _row_gradient(ct: Any, y: Any) -> Any:
    return (ct - (ct * y).sum(axis=-1, keepdims=True)) * y


def _cross_entropy(p: Any, t: Any) -> Any:
    return -np.log(p[np.arange(len(t)), t])


def _cross_entropy_gradient(p: Any, ct: Any, t: Any) -> Any:
    out = np.zeros_like(p)
    out[np.arange(len(t)), t] = -ct / p[np.arange(len(t)), t]
    return out


def _both(x: Any, t: Any) -> Any:
    return [-_log_softmax(x)[np.arange(len(t)), t], _softmax(x)]


def _both_gradient(y: Any, ct: Any, t: Any) -> Any:
    hot = np.zeros_like(y)
    hot[np.arange(len(t)), t] = 1
    hot[: len(t)] = (y - hot)[: len(t)] * ct[:, None]
    return hot


def softmax_samples() -> Iterator[OpSample]:
    """Softmax, cross-entropy with integer targets, and their adjoints."""
    for dtype in ("float32", "float64"):
        loose: dict[str, Any] = {"atol": 1e-6 if dtype == "float32" else 1e-14}
        x = values("softmax", dtype, (5, 7), -4, 4)
        ct = values("softmax cotangent", dtype, (5, 7), -2, 2)
        p, weight = _softmax(x), values("row cotangent", dtype, (5,), 0.5, 2)
        t = np.array([0, 6, 3, 5, 2])
        cases: list[tuple[Any, tuple[Any, ...], Any, tuple[bool, ...]]] = [
            (softmax.Softmax, (x,), _softmax, (True,)),
            (softmax.LogSoftmax, (x,), _log_softmax, (True,)),
            (softmax.SoftmaxGrad, (ct, p), _row_gradient, (True, True)),
            (softmax.Crossentropy1Hot, (p, t), _cross_entropy, (True, False)),
            (
                softmax.Crossentropy1HotGrad,
                (p, weight, t),
                _cross_entropy_gradient,
                (True, True, False),
            ),
            (softmax.SoftmaxCrossentropy, (x, t), _both, (True, False)),
            (softmax.SoftmaxCrossentropyGrad, (p, weight, t), _both_gradient, (True, True, False)),
        ]
        for op, arrays, reference, smooth in cases:
            facts: dict[str, Any] = {"reference": reference, **loose}
            name = f"{op.__name__}: {dtype}"
            wanted = smooth if dtype == "float64" else False
            yield sample(f"{name} matrix", op, op(), *arrays, smooth=wanted, core=True, **facts)
            yield sample(f"{name} no rows", op, op(), *(a[:0] for a in arrays), core=True, **facts)
            yield sample(f"{name} one row", op, op(), *(a[:1] for a in arrays), **facts)
            for layout in LAYOUTS:
                moved = [laid_out(a, layout) for a in arrays]
                yield sample(
                    f"{name} {layout}", op, op(), *moved, core=layout == "reversed", **facts
                )
            if arrays[-1] is t:
                narrow = [*arrays[:-1], t.astype("int32")]
                yield sample(f"{name} int32 targets", op, op(), *narrow, **facts)
            else:
                one, deep = [a[0] for a in arrays], [np.stack([a, a[::-1]]) for a in arrays]
                yield sample(f"{name} vector", op, op(), *one, core=True, **facts)
                yield sample(f"{name} rank 3", op, op(), *deep, **facts)
        large = np.array([[1e4, 0, -1e4], [80, 800, 8000], [-90, -95, -1e3]], dtype)
        edge = np.array([[np.nan, 1, 2], [-np.inf, 0, 1], [np.inf, 0, 1], [-np.inf] * 3], dtype)
        for op, reference in ((softmax.Softmax, _softmax), (softmax.LogSoftmax, _log_softmax)):
            for tag, array in (("large", large), ("edges", edge)):
                facts = {"reference": reference, "core": True, **loose}
                yield sample(f"{op.__name__}: {dtype} {tag}", op, op(), array, **facts)
        at = np.array([2, 0, 1])
        op2 = softmax.SoftmaxCrossentropy
        name = f"{op2.__name__}: {dtype} large"
        yield sample(name, op2, op2(), large, at, reference=_both, core=True, **loose)
        back = np.array([0, 6, -7, -1, 2])
        name = f"{op2.__name__}: {dtype} from the end"
        yield sample(name, op2, op2(True), x, back, reference=_both, core=True, **loose)
        op3 = softmax.SoftmaxCrossentropyGrad
        name = f"{op3.__name__}: {dtype} from the end"
        arrays = p, weight, back
        yield sample(name, op3, op3(True), *arrays, reference=_both_gradient, core=True, **loose)
        for n in (3, 0):
            name, whole = f"{dtype} {n} targets of 5 rows", dtype == "float64"
            facts = {"core": True, **loose, "reference": _both}
            of: Any = (True, False) if whole else False
            yield sample(
                f"{op2.__name__}: {name}", op2, op2(True, True), x, back[:n], smooth=of, **facts
            )
            facts["reference"], of = _both_gradient, (True, True, False) if whole else False
            arrays = p, weight[:n], back[:n]
            yield sample(
                f"{op3.__name__}: {name}", op3, op3(True, True), *arrays, smooth=of, **facts
            )
