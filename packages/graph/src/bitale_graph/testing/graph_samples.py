"""Samples of graphs and Python functions used as ops, and of ops that give what they are given."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..debug.watching import PdbBreakpoint, Print
from ..ops import math as tm
from ..ops.contraction import dot
from ..ops.from_graph import OpFromGraph
from ..ops.identity import DeepCopyOp, OutputGuard, ViewOp
from ..ops.ifelse import ifelse
from ..ops.python_function import FromFunctionOp
from ..tensor.variable import TensorType
from .elementwise_samples import values
from .sample import LAYOUTS, OpSample, laid_out, sample


def _op(dtype: str, *ranks: int, inline: bool = False) -> Any:
    """A decorator: the op of a function of tensors of these ranks."""

    def made(build: Any) -> OpFromGraph:
        inputs = [TensorType(dtype, (None,) * n)() for n in ranks]
        built = build(*inputs)
        return OpFromGraph(inputs, built if isinstance(built, list) else [built], inline=inline)

    return made


def from_graph_samples() -> Iterator[OpSample]:
    """Elementwise work, several outputs, an input that comes out, ops in others."""
    x, y = values("graph1", "float64", (3, 4)), values("graph2", "float64", (3, 4))
    for dtype in ("bool", "int8", "uint64", "float32", "float64", "complex128"):
        yield sample(
            f"OpFromGraph: {dtype}",
            OpFromGraph,
            _op(dtype, 2, 2)(lambda x, y: x * y + x),
            values("graph1", dtype, (3, 4)),
            values("graph2", dtype, (3, 4)),
            reference=lambda x, y: x * y + x,
            core=dtype == "float64",
        )
    for inline in (False, True):
        yield sample(
            f"OpFromGraph: smooth{', inline' if inline else ''}",
            OpFromGraph,
            lambda x, y, inline=inline: _op("float64", 2, 2, inline=inline)(
                lambda a, b: tm.exp(a) * tm.tanh(b)
            )(x, y),
            x,
            y,
            reference=lambda x, y: np.exp(x) * np.tanh(y),
            smooth=True,
            core=inline,
        )
    yield sample(
        "OpFromGraph: several, of which one is an input",
        OpFromGraph,
        _op("float64", 2, 2, 0)(lambda a, b, c: [a, tm.sqr(a).sum(axis=0), dot(a, b.T)]),
        x,
        y,
        np.float64(1.5),
        reference=lambda x, y, unused: [x, (x**2).sum(axis=0), x @ y.T],
        smooth=(True, True, False),
    )
    twice = _op("float64", 2)(lambda a: tm.sin(a) * 2)
    yield sample(
        "OpFromGraph: one in another",
        OpFromGraph,
        _op("float64", 2)(lambda a: twice(twice(a)) + twice(a)),
        x,
        reference=lambda x: 2 * np.sin(2 * np.sin(x)) + 2 * np.sin(x),
        smooth=True,
    )
    yield sample(
        "OpFromGraph: a choice inside",
        OpFromGraph,
        _op("float64", 2, 2)(lambda a, b: ifelse(a[0, 0] > -1e9, tm.exp(a) * b, b[1:])),
        x,
        y,
        reference=lambda x, y: np.exp(x) * y,
        smooth=True,
    )
    yield sample(
        "OpFromGraph: known lengths",
        OpFromGraph,
        _op("float64", 1, 1)(lambda a, b: a + b),
        y[0],
        x[0],
        static=((4,), (None,)),
        reference=lambda x, y: x + y,
        smooth=True,
    )
    for shape in ((0, 4), (1, 1)):
        yield sample(
            f"OpFromGraph: of shape {shape}",
            OpFromGraph,
            _op("float64", 2)(lambda a: tm.exp(a).sum(axis=0)),
            values("graph1", "float64", shape),
            reference=lambda x: np.exp(x).sum(axis=0),
        )
    for layout in LAYOUTS:
        yield sample(
            f"OpFromGraph: {layout}",
            OpFromGraph,
            _op("float64", 2)(lambda a: a[::2] * 3),
            laid_out(x, layout),
            reference=lambda x: x[::2] * 3,
        )


def _say_nothing(op: Any, value: Any) -> None:
    """In the place of printing."""


def _product(x: Any, y: Any) -> Any:
    with np.errstate(all="ignore"):
        return np.dot(x, y)


def identity_samples() -> Iterator[OpSample]:
    """Ops that only show, copy or look, and a Python function."""
    x = values("identity", "float64", (3, 4))
    ops: list[tuple[Any, Any]] = [
        (ViewOp, ViewOp()),
        (OutputGuard, OutputGuard()),
        (DeepCopyOp, DeepCopyOp()),
        (Print, Print("a sample", global_fn=_say_nothing)),
        (PdbBreakpoint, lambda x: PdbBreakpoint("a sample")(x[0, 0] > np.inf, x)),
    ]
    for subject, op in ops:
        name = subject.__name__
        for dtype in ("bool", "int8", "float32", "float64", "complex128"):
            given = values("identity", dtype, (3, 4))
            if subject is PdbBreakpoint and dtype == "complex128":
                continue
            yield sample(f"{name}: {dtype}", subject, op, given, reference=lambda x: x)
        for layout in LAYOUTS:
            yield sample(
                f"{name}: {layout}", subject, op, laid_out(x, layout), reference=lambda x: x
            )
        yield sample(
            f"{name}: in the middle",
            subject,
            lambda x, op=op: op(tm.exp(x)),
            x,
            reference=np.exp,
            smooth=True,
            core=subject is Print,
        )
    op = FromFunctionOp(_product, [_matrix()] * 2, [_matrix()])
    yield sample(
        "FromFunctionOp: a product", FromFunctionOp, op, x, x.T, reference=np.dot, core=True
    )
    lengths = FromFunctionOp(_product, [_matrix()] * 2, [_matrix()], _product_shape)
    yield sample("FromFunctionOp: with lengths", FromFunctionOp, lengths, x, x.T, reference=np.dot)


def _matrix() -> TensorType:
    return TensorType("float64", (None, None))


def _product_shape(node: Any, shapes: Any) -> Any:
    return [(shapes[0][0], shapes[1][1])]
