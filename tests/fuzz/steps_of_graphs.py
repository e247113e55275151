"""Lines with products, rows, loops, choices and derivatives."""

from __future__ import annotations

import random
from typing import Any

import numpy as np


def product(b: Any) -> None:
    """Dots of vectors and matrices."""
    rng = b.rng
    dtype = rng.choice(("float64", "float32", "float64", b.main))
    if dtype == "bool":
        dtype = "float64"
    x = b.pick(np.dtype(dtype).kind, 1, 2)
    value = b.values[x]
    inner, columns = value.shape[-1], rng.choice((1, 2, 3, 5))
    kind = rng.randrange(9)
    if kind == 0:
        b.add("T.dot({0}, {1})", x, b.input(value.dtype.name, (inner,)))
    elif kind in (1, 2):
        y = b.input(value.dtype.name, (inner, columns))
        b.add("T.dot({0}, {1})", x, y)
    elif kind == 3:
        y = b.input(value.dtype.name, (columns, inner))
        b.add("T.dot({0}, {1}.T)", x, y)
    elif kind == 4:
        b.add("T.dot({0}.T, {0})", x)
    elif kind == 5:
        b.add("T.outer({0}.flatten(), {0}.flatten())", x)
    elif kind == 6 and value.ndim == 2:
        y = b.input(value.dtype.name, (inner, columns))
        z = b.input(value.dtype.name, rng.choice(((value.shape[0], columns), (columns,))))
        number = rng.choice(("2", "0.5", "-1", "0"))
        b.add(f"{{2}} {rng.choice('+-')} {number} * T.dot({{0}}, {{1}})", x, y, z)
    elif kind == 7:
        y = b.input(value.dtype.name, (inner, columns))
        b.add("T.tensordot({0}, {1}, axes=1)", x, y)
    else:
        y = b.input(value.dtype.name, (inner, columns))
        b.add("T.matmul({0}, {1})", x, y)


def products(b: Any) -> None:
    """Products of stacks, and sums of products by subscripts."""
    rng = b.rng
    x = b.pick("f", 2, 3)
    value = b.values[x]
    dtype, stack, (rows, inner) = value.dtype.name, value.shape[:-2], value.shape[-2:]
    columns = rng.choice((1, 2, 3, 5))
    kind = rng.randrange(7)
    if kind == 0:
        b.add("{0} @ {1}", x, b.input(dtype, (*(stack or (2,)), inner, columns)))
    elif kind == 1:
        b.add("{0} @ {1}.mT", x, b.input(dtype, (*(stack or (2,)), columns, inner)))
    elif kind == 2:
        b.add("{0}.mT @ {0}", x)
    elif kind == 3:
        y = b.input(dtype, (rows, inner))
        b.add(rng.choice(("T.matvec({0}, {1}[0])", "T.vecdot({0}, {1})", "{0} @ {1}.T")), x, y)
    elif kind == 4:
        y = b.input(dtype, (inner, columns))
        text = rng.choice(("...ij,jk->...ik", "...ij,jk->k...", "...ij,jk->...i", "...ij,jk"))
        b.add(f"T.einsum('{text}', {{0}}, {{1}})", x, y)
    elif kind == 5:
        text = rng.choice(("...ij->...i", "...ij,...ij->j", "...ij,...kj->...ik", "...ij,...ij"))
        times = ", ".join("{0}" for _ in range(text.count(",") + 1))
        b.add(f"T.einsum('{text}', {times})", x)
    else:
        y = b.input(dtype, (inner, columns))
        b.add("T.einsum('...ij,jk,ik->...k', {0}, {1}, {2})", x, y, b.input(dtype, (rows, columns)))


def softmax(b: Any) -> None:
    """Softmax and cross-entropies."""
    rng = b.rng
    kind = rng.randrange(6)
    if kind < 3:
        x = b.pick("f", least=1)
        axis = rng.choice((-1, -1, 0))
        b.add(f"T.{rng.choice(('softmax', 'log_softmax'))}({{0}}, axis={axis})", x)
        return
    x = b.pick("f", 2, 2)
    rows, classes = b.values[x].shape
    if not classes:
        return
    t = b.input(rng.choice(("int64", "int32", "uint8")), (rows,),
                values=tuple(rng.randrange(classes) for _ in range(5)))  # fmt: skip
    b.add(
        rng.choice(
            (
                "T.categorical_crossentropy(T.softmax({0}), {1})",
                "-T.log(T.softmax({0}))[T.arange({1}.shape[0]), {1}]",
                "T.mean(T.categorical_crossentropy(T.softmax({0}), {1}))",
                "T.binary_crossentropy(T.sigmoid({0}), T.cast({0} > 0, {0}.dtype))",
                "-T.log_softmax({0})[T.arange({1}.shape[0]), {1}]",
                "T.grad(T.categorical_crossentropy(T.softmax({0}), {1}).sum(), {0})",
            )
        ),
        x,
        t,
    )


def expression(rng: random.Random, names: list[str], depth: int) -> str:
    """Some smooth function of names of one dtype and shape."""
    if depth == 0 or rng.random() < 0.15:
        return rng.choice(names)
    a = expression(rng, names, depth - 1)
    kind = rng.random()
    if kind < 0.4:
        smooth = ("tanh", "sin", "sigmoid", "exp", "sqr", "abs_", "neg", "softplus")
        return f"T.{rng.choice(smooth)}({a})"
    if kind < 0.55:
        return f"({a} * {rng.choice(('0.5', '2', '-1'))})"
    if kind < 0.62:
        return f"T.switch({a} > 0, {a}, {expression(rng, names, depth - 1)})"
    other = expression(rng, names, depth - 1)
    if kind < 0.7:
        return f"T.maximum({a}, {other})"
    return f"({a} {rng.choice('+-*')} {other})"


def scan(b: Any) -> None:
    """A loop."""
    rng = b.rng
    x = b.pick("f", 1, 3)
    value = b.values[x]
    dtype = value.dtype.name
    if dtype == "float16":
        return
    kind = rng.randrange(9)
    state = b.input(dtype, value.shape[1:], values=b.numbers(dtype, 3))
    back = ", go_backwards=True" if rng.random() < 0.25 else ""
    tail = rng.choice(("", "[-1]", ".sum(0)", "[::2]", "[1:]", "[0]"))
    body = expression(rng, ["r", "s", "w"], 3)
    if kind <= 2:
        text = (
            f"bitale.scan(lambda r, s, w: {body}, sequences={{0}}, outputs_info={{1}}, "
            f"non_sequences={{2}}{back})[0]{tail}"
        )
        b.add(text, x, state, b.like(state))
    elif kind == 3:
        body = expression(rng, ["r", "w"], 3)
        b.add(
            f"bitale.map(lambda r, w: {body}, {{0}}, non_sequences={{1}}{back})[0]{tail}", x, state
        )
    elif kind == 4:
        steps = rng.choice((0, 1, 2, 5))
        b.add(
            f"bitale.scan(lambda s, w: {expression(rng, ['s', 'w'], 3)}, outputs_info={{0}}, "
            f"non_sequences={{1}}, n_steps={steps})[0]{tail}",
            state,
            b.like(state),
        )
    elif kind == 5:
        fold = rng.choice(("foldl", "foldr", "reduce"))
        b.add(
            f"bitale.{fold}(lambda r, s: {expression(rng, ['r', 's'], 3)}, {{0}}, {{1}})[0]",
            x,
            state,
        )
    elif kind == 6:
        start = b.input(dtype, (2, *value.shape[1:]))
        body = expression(rng, ["r", "s1", "s2"], 3)
        b.add(
            f"bitale.scan(lambda r, s1, s2: {body}, sequences={{0}}, "
            f"outputs_info=dict(initial={{1}}, taps=[-1, -2]){back})[0]{tail}",
            x,
            start,
        )
    elif kind == 7:
        body = expression(rng, ["r", "s"], 2)
        limit = rng.choice(("0.5", "3", "-9"))
        b.add(
            f"bitale.scan(lambda r, s: ({body}, until(T.sum(s) > {limit})), "
            f"sequences={{0}}, outputs_info={{1}})[0]{tail}",
            x,
            state,
        )
    else:
        first, second = (expression(rng, ["r0", "r1", "s"], 2) for _ in range(2))
        b.add(
            f"bitale.scan(lambda r0, r1, s: ({first}, {second}), "
            f"sequences=dict(input={{0}}, taps=[0, 1]), outputs_info=[{{1}}, None])"
            f"[0][{rng.randrange(2)}]{tail}",
            x,
            state,
        )


def ifelse(b: Any) -> None:
    """A choice that computes one branch."""
    rng = b.rng
    x = b.pick("f")
    y = b.like(x)
    then, other = expression(rng, ["{0}", "{1}"], 2), expression(rng, ["{0}", "{1}"], 2)
    condition = rng.choice(("T.sum({0}) > 0", "{2}", "T.eq({2}, 1)", "{2} + 0"))
    flag = b.input("int64", (), values=(rng.randint(0, 1),))
    b.add(f"ifelse({condition}, {then}, {other})", x, y, flag)


def from_graph(b: Any) -> None:
    """A graph used as an op, twice now and then, and inlined."""
    rng = b.rng
    x = b.pick("f")
    y = b.like(x)
    inner = expression(rng, ["{0}", "{1}"], 3)
    inline = rng.random() < 0.3
    op = f"bitale.OpFromGraph([{{0}}, {{1}}], [{inner}], inline={inline})"
    if x == y:
        op, call = op.replace(", {1}]", "]", 1), "({0})"
    else:
        call = rng.choice(("({0}, {1})", "(T.exp({0}), {1})", "({0}, -{1})"))
    b.add(f"{op}{call}", x, y)


def assertion(b: Any) -> None:
    """A condition that holds, mostly."""
    x = b.pick()
    condition = "T.ge({0}.size, 0)" if b.rng.random() < 0.9 else "T.all({0} > 0)"
    b.add(f"Assert('must hold')({{0}}, {condition})", x)


def gradient(b: Any) -> None:
    """The derivative of a sum of a line with respect to a line before it."""
    rng = b.rng
    x = b.pick("f")
    earlier = [n for n, v in b.values.items() if v.dtype.kind == "f" and n != x]
    if not earlier:
        return
    y = rng.choice(earlier)
    cost = rng.choice(("T.sum({0})", "T.sum(T.sqr({0}))", "T.mean({0})", "T.sum(T.tanh({0}))"))
    b.add(f"T.grad({cost}, {{1}}, disconnected_inputs='ignore')", x, y)


def jacobian_product(b: Any) -> None:
    """A line differentiated forwards, or backwards along itself, by a line before it."""
    x = b.pick("f")
    earlier = [n for n, v in b.values.items() if v.dtype.kind == "f" and n != x]
    if not earlier:
        return
    y = b.rng.choice(earlier)
    ways = [
        "T.Rop({0}, {1}, T.cos({1}), 'ignore')",
        "T.Rop({0}, {1}, T.ones_like({1}), 'ignore')",
        "T.Lop({0}, {1}, {0}, disconnected_inputs='ignore')",
        "T.Lop({0}, {1}, T.ones_like({0}), disconnected_inputs='ignore')",
    ]
    if b.values[x].size * b.values[y].size <= 300:
        ways.append("T.jacobian({0}, {1}, disconnected_inputs='ignore')")
    if b.values[y].size <= 20:
        ways.append("T.hessian(T.sum(T.tanh({0})), {1}, disconnected_inputs='ignore')")
    b.add(b.rng.choice(ways), x, y)
