import numpy as np
import pytest
from bitale_graph import language as T
from bitale_graph.ops.indexing import AdvancedIncSubtensor1, IncSubtensor

table, other, rows, lr = T.matrix("table"), T.matrix("other"), T.lvector("rows"), T.scalar("lr")
TABLE, OTHER = np.random.default_rng(2).uniform(0.5, 1, (2, 6, 4))
ROWS = np.array([4, 1, 4, 4, -1])
INPUTS = [table, other, rows, lr]
ARGS = [TABLE, OTHER, ROWS, np.array(0.3)]
ZEROS = T.zeros_like(table)
READ = T.exp(other[rows])

LINEAR = {
    "added": lambda written: other + written,
    "added first": lambda written: written + other,
    "added a vector": lambda written: written + lr * other[0],
    "subtracted": lambda written: other - written,
    "subtracted from": lambda written: written - other,
    "negated": lambda written: -written,
    "multiplied": lambda written: written * lr,
    "multiplied by a matrix of one number": lambda written: written * lr.dimshuffle("x", "x"),
    "divided": lambda written: written / lr,
    "cast down": lambda written: T.cast(written, "float32"),
    "cast up": lambda written: T.cast(T.cast(written, "float32"), "float64"),
    "a whole update": lambda written: table - lr * (written * 2 + 0.1 * table),
    "two": lambda written: written + T.inc_subtensor(T.zeros_like(table)[rows], READ * 2),
}
NOT_LINEAR = {
    "multiplied by a matrix": lambda written: written * other,
    "divisor": lambda written: other / written,
    "squared": lambda written: T.sqr(written),
    "read twice": lambda written: other + written + T.exp(written),
}


def last(rewritten):
    return rewritten.output.owner


@pytest.mark.parametrize("base", [ZEROS, table], ids=["zeros", "dense"])
@pytest.mark.parametrize("name", LINEAR)
def test_rows_are_added_last(rewriting, name, base):
    out = LINEAR[name](T.inc_subtensor(base[rows], READ))
    done = rewriting.whole(INPUTS, out)
    assert isinstance(last(done).op, AdvancedIncSubtensor1)
    tolerance = 1e-5 if "cast" in name else 1e-12
    rewriting.assert_same(done, INPUTS, out, ARGS, rtol=tolerance)


@pytest.mark.parametrize("name", NOT_LINEAR)
def test_other_arithmetic_stays_after(rewriting, name):
    out = NOT_LINEAR[name](T.inc_subtensor(ZEROS[rows], READ))
    done = rewriting.whole(INPUTS, out)
    assert not isinstance(last(done).op, AdvancedIncSubtensor1)
    rewriting.assert_same(done, INPUTS, out, ARGS)


def test_what_is_stretched_after_is_not_increased_where_it_was(rewriting):
    row = T.drow("row")
    out = other + T.inc_subtensor(row[T.constant([0, 0])], lr)
    inputs = [row, other, lr]
    done = rewriting.whole(inputs, out)
    assert not isinstance(last(done).op, AdvancedIncSubtensor1)
    rewriting.assert_same(done, inputs, out, [TABLE[:1], OTHER, np.array(0.3)])


def test_overwriting_is_not_linear(rewriting):
    out = other + T.set_subtensor(table[rows], READ)
    done = rewriting.whole(INPUTS, out)
    assert not isinstance(last(done).op, AdvancedIncSubtensor1)
    rewriting.assert_same(done, INPUTS, out, ARGS)


def test_slices_are_added_last_too(rewriting):
    out = other - lr * T.inc_subtensor(table[1:3], other[2:4])
    done = rewriting.whole([table, other, lr], out)
    assert isinstance(last(done).op, IncSubtensor)
    rewriting.assert_same(done, [table, other, lr], out, [TABLE, OTHER, np.array(0.3)])


def test_numbers_that_are_stretched_into_rows(rewriting):
    out = other - lr * T.inc_subtensor(ZEROS[rows], other[0, 0])
    done = rewriting.whole(INPUTS, out)
    assert isinstance(last(done).op, AdvancedIncSubtensor1)
    rewriting.assert_same(done, INPUTS, out, ARGS)


def test_integers_stay_as_they_are(rewriting):
    m = T.lmatrix("m")
    out = m - 2 * T.inc_subtensor(T.zeros_like(m)[rows], 3)
    done = rewriting.whole([m, rows], out)
    rewriting.assert_same(done, [m, rows], out, [np.arange(24).reshape(6, 4), ROWS])
