"""Samples of loops."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..core.body import Body
from ..ops import contraction, math, reduction
from ..ops.scan import Scan
from ..tensor.variable import TensorType
from .elementwise_samples import values
from .sample import LAYOUTS, OpSample, laid_out, sample

VECTOR, MATRIX, SCALAR = (TensorType("float64", (None,) * n) for n in (1, 2, 0))


def scan_samples() -> Iterator[OpSample]:
    """Loops with and without state, in both directions, cut short, nested."""
    yield from _sums()
    yield from _recurrent()
    yield from _kept()
    yield from _while_loops()
    yield from _discrete()
    yield _nested()


def _sum_body(type: Any = VECTOR) -> Body:
    """The state plus the row; stacked are the new state, and what the step read."""
    row, state = type("row"), type("state")
    new = math.add(state, row)
    return Body([row, state], [new, new, state])


def _sums() -> Iterator[OpSample]:
    """A running sum over rows: layouts, lengths, directions."""
    x, s = values("scan rows", "float64", (5, 3)), values("scan state", "float64", (3,))

    def forward(n: Any, x: Any, s: Any) -> list[Any]:
        sums = s + np.cumsum(np.concatenate([np.zeros((1, *x.shape[1:])), x[: int(n)]]), 0)
        return [sums[-1], sums[1:], sums[:-1]]

    def backward(n: Any, x: Any, s: Any) -> list[Any]:
        last, new, old = forward(n, x[: int(n)][::-1], s)
        return [last, new[::-1], old[::-1]]

    op = Scan(_sum_body(), 1, 1)
    yield sample("Scan: sums", Scan, op, np.int64(5), x, s, reference=forward, core=True, **_SMOOTH)
    yield sample(
        "Scan: a longer sequence", Scan, op, np.int64(3), x, s, reference=forward, **_SMOOTH
    )
    yield sample("Scan: one step", Scan, op, np.int64(1), x, s, reference=forward, **_SMOOTH)
    yield sample("Scan: no step", Scan, op, np.int64(0), x, s, reference=forward, core=True)
    yield sample("Scan: no rows", Scan, op, np.int64(0), x[:0], s, reference=forward)
    yield sample("Scan: empty rows", Scan, op, np.int64(5), x[:, :0], s[:0], reference=forward)
    yield sample(
        "Scan: reverse",
        Scan,
        op.changed(reverse=True),
        np.int64(4),
        x,
        s,
        reference=backward,
        core=True,
        **_SMOOTH,
    )
    yield sample(
        "Scan: checkpoint",
        Scan,
        op.changed(checkpoint=True),
        np.int64(5),
        x,
        s,
        reference=forward,
        **_SMOOTH,
    )
    for layout in LAYOUTS:
        yield sample(
            f"Scan: {layout}",
            Scan,
            op,
            np.int64(5),
            laid_out(x, layout),
            laid_out(s, layout),
            reference=forward,
        )
    yield sample(
        "Scan: scalars",
        Scan,
        Scan(_sum_body(SCALAR), 1, 1),
        np.int64(5),
        x[:, 0].copy(),
        s[0],
        reference=forward,
        core=True,
        **_SMOOTH,
    )
    yield sample(
        "Scan: matrices, lengths known",
        Scan,
        Scan(_sum_body(TensorType("float64", (5, 3))), 1, 1),
        np.int64(2),
        values("scan matrices", "float64", (2, 5, 3)),
        values("scan matrix", "float64", (5, 3)),
        reference=forward,
        static=((), (2, 5, 3), (5, 3)),
        **_SMOOTH,
    )


# The number of steps is no float64.
_SMOOTH: dict[str, Any] = {"smooth": (False, True, True)}


def _recurrent() -> Iterator[OpSample]:
    """Products with weights, for a vector and for a batch; several states; no sequence."""
    w, u = values("scan w", "float64", (3, 4)), values("scan u", "float64", (4, 4))

    def network(n: Any, x: Any, h: Any, w: Any, u: Any) -> list[Any]:
        hidden = []
        for row in x[: int(n)]:
            h = np.tanh(row @ w + h @ u)
            hidden.append(h)
        return [h, np.array(hidden), np.array([np.sum(v) for v in hidden])]

    for name, type, lengths in (("vector", VECTOR, ()), ("batch", MATRIX, (2,))):
        row, state = type("row"), type("state")
        win, uin = MATRIX("w"), MATRIX("u")
        new = math.tanh(math.add(contraction.dot(row, win), contraction.dot(state, uin)))
        body = Body([row, state, win, uin], [new, new, reduction.sum(new)])
        yield sample(
            f"Scan: recurrent network, {name}",
            Scan,
            Scan(body, 1, 1, name="rnn"),
            np.int64(4),
            values(f"scan x {name}", "float64", (4, *lengths, 3)),
            values(f"scan h {name}", "float64", (*lengths, 4)),
            w,
            u,
            reference=network,
            smooth=(False, True, True, True, True),
            rtol=1e-12,
            core=True,
        )
    yield sample(
        "Scan: map",
        Scan,
        _map(),
        np.int64(4),
        values("scan map", "float64", (4, 3)),
        values("scan map, same", "float64", (3,)),
        reference=lambda n, x, y: [np.sin(x) * y, np.sum(x * x, 1)],
        core=True,
        **_SMOOTH,
    )
    yield _fibonacci()


def _map() -> Scan:
    row, same = VECTOR("row"), VECTOR("same")
    outputs = [math.mul(math.sin(row), same), reduction.sum(math.mul(row, row))]
    return Scan(Body([row, same], outputs), 1, 0)


def _fibonacci() -> OpSample:
    """Two states of which one takes over the other, and no sequence."""
    a, b = SCALAR("a"), SCALAR("b")
    new = math.add(math.mul(a, b), b)

    def run(n: Any, a: Any, b: Any) -> list[Any]:
        rows = []
        for _ in range(int(n)):
            a, b = a * b + b, a
            rows.append(a)
        return [a, b, np.array(rows)]

    return sample(
        "Scan: a state that takes over another",
        Scan,
        Scan(Body([a, b], [new, a, new]), 0, 2),
        np.int64(6),
        np.float64(0.7),
        np.float64(0.3),
        reference=run,
        core=True,
        **_SMOOTH,
    )


def _kept() -> Iterator[OpSample]:
    """Stacks of which only the rows of the last steps are kept."""
    x, s = values("scan rows", "float64", (5, 3)), values("scan state", "float64", (3,))
    sums = s + np.cumsum(x, 0)
    before = np.concatenate([s[None], sums])

    def kept(n: int, first: int | None, second: int | None) -> Any:
        new, old = before[1 : n + 1], before[:n]
        return lambda *_: [before[n], new[-(first or n) :], old[-(second or n) :]]

    for keeps, n in (((1, None), 5), ((2, 1), 5), ((4, 3), 2), ((None, 2), 5)):
        yield sample(
            f"Scan: {n} steps, keeps {keeps}",
            Scan,
            Scan(_sum_body(), 1, 1, keeps=keeps),
            np.int64(n),
            x,
            s,
            reference=kept(n, *keeps),
            core=keeps == (2, 1),
            **_SMOOTH,
        )
    backwards = s + np.cumsum(x[::-1], 0)
    yield sample(
        "Scan: reverse, keeps (2, 1)",
        Scan,
        Scan(_sum_body(), 1, 1, keeps=(2, 1), reverse=True),
        np.int64(5),
        x,
        s,
        reference=lambda *_: [backwards[4], backwards[3:][::-1], backwards[3:4]],
        **_SMOOTH,
    )


def _while_loops() -> Iterator[OpSample]:
    """Loops that stop by a condition, or run out of steps."""
    row, state, limit = SCALAR("row"), SCALAR("state"), SCALAR("limit")
    new = math.add(state, math.mul(row, row))
    body = Body([row, state, limit], [new, new, math.mul(new, row), math.gt(new, limit)])
    x = np.array([0.5, 1.5, 1.0, 2.0, 0.25])

    def run(keep: bool) -> Any:
        def reference(n: Any, x: Any, s: Any, limit: Any) -> list[Any]:
            rows: list[tuple[Any, Any]] = []
            for value in x[: int(n)]:
                s = s + value * value
                rows.append((s, s * value))
                if s > limit:
                    break
            pairs = np.array(rows).reshape(-1, 2)
            return [s, pairs[-1:, 0] if keep else pairs[:, 0], pairs[:, 1], np.int64(len(rows))]

        return reference

    for name, n, limit_value, keep in (
        ("stops", 5, 3.5, False),
        ("stops at once", 5, 0.1, False),
        ("runs out", 4, 99.0, False),
        ("no step", 0, 3.5, False),
        ("keeps one row", 5, 3.5, True),
    ):
        yield sample(
            f"Scan: while, {name}",
            Scan,
            Scan(body, 1, 1, keeps=(1 if keep else None, None), is_while=True),
            np.int64(n),
            x,
            np.float64(0.5),
            np.float64(limit_value),
            reference=run(keep),
            core=name == "stops",
            smooth=(False, bool(n), bool(n), False),
        )


def _discrete() -> Iterator[OpSample]:
    """States of other dtypes than float64."""
    for dtype in ("int8", "int64", "uint64", "bool", "float32", "complex128"):
        type = TensorType(dtype, (None,))
        row, state = type("row"), type("state")
        new = math.xor(state, row) if dtype == "bool" else math.mul(state, row)
        x, s = values("scan rows", dtype, (4, 3)), values("scan state", dtype, (3,))

        def run(n: Any, x: Any, s: Any) -> list[Any]:
            rows: Sequence[Any] = []
            for row in x[: int(n)]:
                s = s ^ row if s.dtype == bool else s * row
                rows = [*rows, s]
            return [s, np.array(rows)]

        yield sample(
            f"Scan: {dtype}",
            Scan,
            Scan(Body([row, state], [new, new]), 1, 1),
            np.int64(4),
            x,
            s,
            reference=run,
            core=dtype == "int64",
        )
    n, total = TensorType("int32", ())("n"), SCALAR("total")
    mixed = math.add(total, math.mul(n, 0.5))
    yield sample(
        "Scan: several dtypes",
        Scan,
        Scan(Body([n, total, n.clone()], [mixed, math.gt(mixed, 2), n]), 1, 1),
        np.int32(3),
        np.array([1, 5, -2], "int32"),
        np.float64(1.0),
        np.int32(4),
        reference=lambda *_: [
            np.float64(3.0),
            np.array([0, 1, 1], bool),
            np.array([1, 5, -2], "int32"),
        ],
        smooth=(False, False, True, False),
    )


def _nested() -> OpSample:
    """A loop in every step of a loop."""
    entry, inner_state, factor = SCALAR("entry"), SCALAR("inner"), SCALAR("factor")
    inner_new = math.add(math.mul(inner_state, factor), entry)
    inner = Scan(Body([entry, inner_state, factor], [inner_new, inner_new]), 1, 1, name="inner")
    row, state, n = VECTOR("row"), SCALAR("state"), TensorType("int64", ())("n")
    last, steps = inner(n, row, math.sin(state), state)
    body = Body([row, state, n], [last, steps])

    def run(n: Any, x: Any, s: Any, m: Any) -> list[Any]:
        stacks = []
        for row in x[: int(n)]:
            inner, found = np.sin(s), []
            for entry in row[: int(m)]:
                inner = inner * s + entry
                found.append(inner)
            s = inner
            stacks.append(found)
        return [s, np.array(stacks)]

    return sample(
        "Scan: nested",
        Scan,
        Scan(body, 1, 1, name="outer"),
        np.int64(3),
        values("scan nested", "float64", (3, 4)),
        np.float64(0.3),
        np.int64(4),
        reference=run,
        smooth=(False, True, True, False),
        rtol=1e-12,
        core=True,
    )
