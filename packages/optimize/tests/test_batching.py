"""Expressions of one step, for all steps at once."""

import numpy as np
import pytest
from bitale_graph import Mode, function
from bitale_graph import language as T
from bitale_graph.core.order import toposort
from bitale_graph.extend import BatchedDot
from bitale_optimize.loops.batching import Batch, can_batch

STACK = BatchedDot()


def one(x):
    """A stack of one matrix."""
    return x.dimshuffle("x", 0, 1)


# Rows: a number, a vector of 3, a matrix of (2, 3); the same at every step: w of (3, 3), b of 3.
BATCHED = {
    "numbers and vectors": lambda s, v, m, w, b: v * b,
    "rows of fewer axes": lambda s, v, m, w, b: m + v,
    "number and matrix": lambda s, v, m, w, b: m * s - T.exp(m),
    "turned": lambda s, v, m, w, b: m.T + v.dimshuffle(0, "x"),
    "sum": lambda s, v, m, w, b: m.sum(axis=0) + m.sum(),
    "max": lambda s, v, m, w, b: m.max(axis=1),
    "vector by matrix": lambda s, v, m, w, b: T.dot(v, w),
    "matrix by vector": lambda s, v, m, w, b: T.dot(w, v),
    "matrix by matrix": lambda s, v, m, w, b: T.dot(m, w),
    "matrix by rows": lambda s, v, m, w, b: T.dot(w, m.T),
    "rows by vector": lambda s, v, m, w, b: T.dot(m, b),
    "vector by rows": lambda s, v, m, w, b: T.dot(b, m.T),
    "two matrices": lambda s, v, m, w, b: T.dot(m, m.T),
    "vector by matrix of the step": lambda s, v, m, w, b: T.dot(m, v),
    "stacks": lambda s, v, m, w, b: STACK(one(T.dot(m, w)), one(m.T)),
    "stack and what is fixed": lambda s, v, m, w, b: STACK(one(m), one(w)),
    "fixed and stack": lambda s, v, m, w, b: STACK(one(w), m.dimshuffle(0, 1, "x")),
    "inner": lambda s, v, m, w, b: T.dot(v, v * b),
    "inner with what is fixed": lambda s, v, m, w, b: T.dot(b, v),
    "reshape": lambda s, v, m, w, b: m.reshape((3, 2)),
    "part": lambda s, v, m, w, b: m[1:, 0],
    "element": lambda s, v, m, w, b: v[-1] + m[0, 1],
    "row of a table": lambda s, v, m, w, b: w[T.cast(s, "int64")],
    "joined": lambda s, v, m, w, b: T.concatenate([v, m[0]]),
    "fixed inside": lambda s, v, m, w, b: v * T.exp(b) + T.dot(w, b),
}
NOT_BATCHED = {
    "column and row": lambda s, v, m, w, b: T.dot(v.dimshuffle(0, "x"), v.dimshuffle("x", 0)),
    "stretched": lambda s, v, m, w, b: T.exp(v * w),
    "length deduced": lambda s, v, m, w, b: m.reshape((3, -1)),
    "place told by a row": lambda s, v, m, w, b: v[T.cast(s, "int64")],
    "joined with what is fixed": lambda s, v, m, w, b: T.concatenate([v, b]),
}


def variables():
    rows = [T.dscalar("s"), T.dvector("v"), T.dmatrix("m")]
    return rows, [T.dmatrix("w"), T.dvector("b")]


def computed(inputs, output, values):
    mode = Mode(linker="numpy", optimizer="None")
    return function(inputs, output, mode=mode, on_unused_input="ignore")(*values)


def is_possible(out, rows, fixed):
    moving = set(rows)
    for node in toposort([out]):
        if any(v in moving for v in node.inputs):
            if not can_batch(node, moving):
                return False
            moving.update(node.outputs)
    return True


@pytest.mark.parametrize("length", [0, 1, 4])
@pytest.mark.parametrize("name", BATCHED)
def test_all_rows_are_what_each_is(name, length):
    rows, fixed = variables()
    out = BATCHED[name](*rows, *fixed)
    assert is_possible(out, rows, fixed)
    stacked = [T.dvector("ss"), T.dmatrix("vs"), T.dtensor3("ms")]
    outer = [T.dmatrix("w"), T.dvector("b")]
    batch = Batch(dict(zip(fixed, outer, strict=True)), dict(zip(rows, stacked, strict=True)))
    whole = batch(out)
    rng = np.random.default_rng(0)
    values = [rng.integers(0, 3, length).astype(float)]
    values += [rng.normal(size=(length, *shape)) for shape in [(3,), (2, 3)]]
    given = [rng.normal(size=(3, 3)), rng.normal(size=3)]
    found = computed([*stacked, *outer], whole, [*values, *given])
    assert len(found) == length
    for i in range(length):
        parts = [np.asarray(v[i]) for v in values]
        wanted = computed([*rows, *fixed], out, [*parts, *given])
        np.testing.assert_allclose(found[i], wanted, rtol=1e-12)


@pytest.mark.parametrize("name", NOT_BATCHED)
def test_what_would_take_more_memory_is_not(name):
    rows, fixed = variables()
    assert not is_possible(NOT_BATCHED[name](*rows, *fixed), rows, fixed)
