"""Lines that go by way of sparse matrices; what comes out is dense."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

_ALONE = (
    *(f"S.{name}({{m}})" for name in ("neg", "sqr", "sin", "tanh", "structured_sigmoid", "sgn")),
    *("S.structured_exp({m})", "S.structured_maximum({m}, 0.5)", "S.structured_add({m}, 1.5)"),
    *("S.structured_minimum({m}, 0.5)", "S.structured_pow({m}, 2.0)", "{m} * 2", "{m} / 4"),
    *("S.transpose(S.transpose({m}))", "S.clean({m})", "S.ensure_sorted_indices({m})"),
    *("{m}.tocsc()", "{m}.tocsr()", "S.remove0({m})", "S.sp_ones_like({m})", "{m}[::-1]"),
    *("S.mul({m}, {0})", "S.col_scale({m}, {0}[0])", "S.row_scale({m}, {0}[:, 0])", "{m}[:, :]"),
    *("S.cast({m}, 'float64')", "{m}[list(range(ROWS))[::-1]]", "S.conj({m})"),
    "S.sampling_dot({0}[:, :2], {1}[:, :2].T[:, :1].T.repeat(COLUMNS, 0), {m})",
)
_TOGETHER = ("S.add({m}, {n})", "{m} - {n}", "S.mul({m}, {n})", "S.add({n}, {m})")
_ENDS = (
    *("{m}.toarray()", "{m}.toarray()", "S.sp_sum({m})", "S.sp_sum({m}, 0)", "S.sp_sum({m}, 1)"),
    *("S.sp_sum({m}, 1, True)", "S.dot({m}, {0}.T)", "S.structured_dot({m}, {0}.T)"),
    *("S.dot({0}.T, {m})", "S.dot({m}, {0}[0])", "S.dot({m}, {n}.T)", "S.add({m}, {1})"),
    *("{1} - {m}", "S.true_dot({m}, {n}.T).toarray()", "S.structured_dot({m}, {n}.T).toarray()"),
    *("S.hstack([{m}, {n}]).toarray()", "S.vstack([{m}, {n}]).toarray()", "S.csm_data({m})"),
    *("S.lt({m}, {n}).toarray()", "S.ge({m}, {1})", "S.eq({m}, {n}).toarray()"),
    *(
        "S.csm_indices({m}.tocsr())",
        "S.csm_indptr({m})",
        "{m}[0, COLUMNS - 1]",
        "{m}[1:].toarray()",
    ),
    *("{m}[:, ::2].toarray()", "{m}[[0, -1]].toarray()", "{m}[[0, -1], [0, 0]]"),
    *("T.grad(S.sp_sum(S.sqr({m})), {0}, disconnected_inputs='ignore')",),
    *("T.grad(T.sum(S.dot({m}, {0}.T)), {0}, disconnected_inputs='ignore')",),
    *("T.grad(T.sum(T.tanh({m}.toarray())), {0}, disconnected_inputs='ignore')",),
)


def sparse(b: Any) -> None:
    """A few functions of sparse matrices of a shape."""
    rng = b.rng
    x = b.pick("f", 2, 2)
    value = b.values[x]
    if value.dtype == "float16" or not value.size or value.shape[1] < 2:
        return
    rows, columns = value.shape
    numbers = tuple(rng.choice((0.0, 0.0, 0.0, 1.0, -2.5, 0.5)) for _ in range(11))
    y = b.input(value.dtype.name, value.shape, values=numbers)
    stored = b.input(value.dtype.name, (rows * 2,), (rows * 2,))
    text = rng.choice(_ENDS)
    if "{m}.toarray()" not in text and rows == columns and rng.random() < 0.1:
        text = "S.diag({m})"
    for hole in ("{m}", "{n}"):
        text = text.replace(hole, f"({_matrix(rng, rows, columns, 3)})")
    text = text.replace("ROWS", str(rows)).replace("COLUMNS", str(columns))
    text = text.replace("S.", "bitale.sparse.")
    names = (x, y, stored)
    used = [i for i in range(3) if f"{{{i}}}" in text]
    for new, old in enumerate(used):
        text = text.replace(f"{{{old}}}", f"{{{new}}}")
    b.add(text, *(names[i] for i in used))


def _matrix(rng: random.Random, rows: int, columns: int, depth: int) -> str:
    kind = rng.random()
    if depth == 0 or kind < 0.25:
        if rng.random() < 0.3:
            # Two of each row, in any order and maybe of one place.
            places = [rng.randrange(columns) for _ in range(2 * rows)]
            ends = np.arange(rows + 1) * 2
            return f"S.CSR({{2}}, {places}, {ends.tolist()}, [{rows}, {columns}])"
        return f"S.{rng.choice(('csr', 'csc'))}_from_dense({{{rng.choice((0, 1, 1))}}})"
    text = rng.choice(_ALONE if kind < 0.7 else _TOGETHER)
    for hole in ("{m}", "{n}"):
        if hole in text:
            text = text.replace(hole, f"({_matrix(rng, rows, columns, depth - 1)})")
    return text
