"""Lines that compute element by element, and those that raise."""

from __future__ import annotations

from typing import Any

import numpy as np
from bitale_graph.tensor import scalar
from bitale_graph.testing.elementwise_samples import reference

from .idioms import IDIOMS, MISTAKES

SPELLED = {"abs": "abs_", "and": "and_", "or": "or_", "identity": "tensor_copy"}
WHOLE = ("and", "or", "xor", "invert", "left_shift", "right_shift", "gcd", "lcm")
CASTS = [name for name, op in scalar.SCALAR_OPS.items() if scalar.is_cast(op)]
NAMES = [
    name
    for name in scalar.SCALAR_OPS
    if name not in ("switch", "second", *CASTS) and "random" not in name
]
NUMBERS = ("0", "1", "-1", "2", "3", "0.5", "-0.5", "2.0", "1.0", "0.0", "1e-3", "7", "-2", "100.",
           "1e300", "1e-300", "nan", "inf", "-0.0")  # fmt: skip
SMOOTH = ("exp", "tanh", "sin", "cos", "log1p", "sqr", "sqrt", "sigmoid", "softplus", "expm1",
          "log", "abs_", "erf", "arctan", "neg", "sgn")  # fmt: skip


def elementwise(b: Any) -> None:
    """A row of the scalar table."""
    name = b.rng.choice(NAMES)
    op = scalar.SCALAR_OPS[name]
    logical = name in WHOLE
    x = b.pick("biu" if logical else "biufc")
    spelled = f"T.{SPELLED.get(name, name)}"
    if op.arity == 1:
        b.add(f"{spelled}({{0}})", x, reference=reference(op))
    elif op.arity == 2 and b.rng.random() < 0.2 and not logical:
        number = b.rng.choice(NUMBERS)
        order = f"{{0}}, {number}" if b.rng.random() < 0.7 else f"{number}, {{0}}"
        b.add(f"{spelled}({order})", x)
    else:
        others = [b.like(x, same_dtype=b.rng.random() < 0.7) for _ in range(op.arity - 1)]
        places = ", ".join(f"{{{i}}}" for i in range(op.arity))
        b.add(f"{spelled}({places})", x, *others, reference=reference(op))


def smooth(b: Any) -> None:
    """A function that keeps values moderate."""
    b.add(f"T.{b.rng.choice(SMOOTH)}({{0}})", b.pick("f"))


def arithmetic(b: Any) -> None:
    """An operator."""
    x = b.pick("iufc")
    y = b.like(x, same_dtype=b.rng.random() < 0.8)
    operator = b.rng.choice("+-*/")
    b.add(f"{{0}} {operator} {{1}}", x, y)


def cast(b: Any) -> None:
    """A conversion."""
    target = b.rng.choice(CASTS)[5:-1]
    b.add(f"T.cast({{0}}, {target!r})", b.pick())


def choice(b: Any) -> None:
    """Switch, second, clip, and functions of more operands."""
    rng = b.rng
    x = b.pick()
    kind = rng.randrange(6)
    if kind == 0:
        y = b.like(x)
        b.add("T.switch({0} > 0, {0}, {1})", x, y)
    elif kind == 1:
        c = b.input("bool", b.values[x].shape)
        b.add("T.switch({0}, {1}, {2})", c, x, b.like(x), reference=np.where)
    elif kind == 2:
        b.add("T.second({0}, {1})", x, b.like(x))
    elif kind == 3:
        low, high = rng.choice((("-1", "1"), ("0", "2"), ("-0.5", "inf"), ("0", "0")))
        b.add(f"T.clip({{0}}, {low}, {high})", x)
    elif kind == 4:
        function = rng.choice(("T.isclose({0}, {1})", "T.isclose({0}, {1}, equal_nan=True)",
                               "T.divmod({0}, {1})[0]", "T.divmod({0}, {1})[1]"))  # fmt: skip
        b.add(function, x, b.like(x))
    else:
        function = rng.choice(("deg2rad", "rad2deg", "round", "zeros_like", "ones_like"))
        b.add(f"T.{function}({{0}})", x)


def idiom(b: Any) -> None:
    """An expression that a rewrite may know."""
    x = b.pick("f", most=3)
    y = b.like(x)
    text = b.rng.choice(IDIOMS)
    b.add(text, x, y)


def mistake(b: Any) -> None:
    """A line that raises for most values: lengths, indices and numbers that do not fit."""
    rng = b.rng
    x = b.pick("biuf", least=1)
    value = b.values[x]
    longer = list(value.shape)
    longer[rng.randrange(value.ndim)] += rng.choice((1, 2, -1))
    y = b.input(value.dtype.name, tuple(max(n, 0) for n in longer), (None,) * value.ndim)
    n = value.shape[0]
    i = b.input("int64", (), values=(rng.choice((n, -n - 1, n + 7, -1, 0)),))
    m = b.input("int64", (), values=(rng.choice((-1, -5, 2, n, n + 1)),))
    template = rng.choice(MISTAKES).replace("ROWS", str(n))
    b.add(template, x, y, i, m)
