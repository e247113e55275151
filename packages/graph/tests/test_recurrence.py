"""The relatives of `scan`: map, folds, checkpoints, and the loop from carry to carry."""

from collections import namedtuple

import bitale_graph
import numpy as np
import pytest
from bitale_graph import carry_scan, foldl, foldr, function, scan, scan_checkpoints, shared, until
from bitale_graph import language as T
from bitale_graph.base.errors import ShapeError
from bitale_graph.core.order import toposort
from bitale_graph.ops.scan import Scan
from hypothesis import assume, given, settings
from hypothesis import strategies as st

x, y, m = T.dvector("x"), T.dvector("y"), T.dmatrix("m")
n = T.lscalar("n")
X = np.array([1.0, 2.0, 4.0, 8.0, 16.0])


def decayed(row, total):
    return total * 0.5 + row


def decayed_by_hand(rows):
    total = 0.0
    for row in rows:
        total = total * 0.5 + row
    return total


def loops(*outputs):
    return [node.op for node in toposort(outputs) if isinstance(node.op, Scan)]


# map and folds
def test_map():
    w = shared(2.0)
    outputs, updates = bitale_graph.map(
        lambda a, b, w: [a * w, {"b": b}["b"]], [x, y], w, go_backwards=True, name="map"
    )
    assert not updates
    found = function([x, y], outputs)(X, X + 1)
    np.testing.assert_array_equal(found, [X[::-1] * 2, X[::-1] + 1])


def test_folds_give_the_last_step():
    f = function([x], [fold(decayed, x, 0.0)[0] for fold in (foldl, foldr, bitale_graph.reduce)])
    wanted = [decayed_by_hand(X), decayed_by_hand(X[::-1]), decayed_by_hand(X)]
    np.testing.assert_array_equal(f(X), wanted)


def test_a_fold_of_nothing_is_its_first_value():
    assert function([x], foldl(decayed, x, 3.0)[0])([]) == 3.0


def test_a_fold_stacks_nothing():
    total, _ = foldl(decayed, x, 0.0)
    (op,) = loops(total)
    assert op.keeps == ()


def test_a_fold_of_several_outputs():
    def step(row, total, old, older):
        return {"total": total + row, "row": row, "old": old + older}, {k: k + 1}

    k = shared(0)
    old = {"initial": X[:2], "taps": [-1, -2]}
    info = {"row": None, "total": 0.0, "old": old}
    outputs, updates = foldr(step, x, info)
    found = function([x], outputs, updates=updates)(X)
    assert found == {"old": 21.0, "row": 1.0, "total": 31.0}
    assert k.get_value() == 5


def test_a_fold_may_stop():
    total, _ = foldl(lambda row, t: (t + row, until(row > 3)), x, 0.0)
    assert function([x], total)(X) == 7


# Checkpoints
@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 12),
    st.integers(1, 14),
    st.booleans(),
    st.sampled_from(["sequence", "n_steps", "both"]),
)
def test_checkpoints_give_what_scan_gives(length, every, is_known, by):
    assume(length or not is_known)
    rng = np.random.default_rng(length)
    rows, first = rng.normal(size=(length + 2, 3)), rng.normal(size=3)
    if by != "both":
        rows = rows[:length]
    k = shared(0)

    def step(*args):
        row = args[0] if by != "n_steps" else 1.0
        h, w = args[-2:]
        return [T.tanh(T.dot(h, w) + row), h.sum()], {k: k + 1}

    sequence = None if by == "n_steps" else T.constant(rows) if is_known else m
    count = None if by == "sequence" else length if is_known else n
    h, w = T.dvector("h"), T.dmatrix("w")
    outputs, updates = scan_checkpoints(
        step, sequence, [h, None], w, n_steps=count, save_every_N=every
    )
    outputs = [output[-1] if length else output for output in outputs]
    weights = rng.normal(size=(3, 3))
    f = function([m, h, w, n], outputs, updates=updates, on_unused_input="ignore")
    found = f(rows, first, weights, length)
    wanted = [first, None]
    for t in range(length):
        old = wanted[0]
        row = rows[t] if by != "n_steps" else 1.0
        wanted = [np.tanh(old @ weights + row), old.sum()]
    for got, value in zip(found, wanted, strict=True):
        if length:
            np.testing.assert_allclose(got, value, rtol=1e-12)
        else:
            assert len(got) == 0
    assert k.get_value() == length


def test_checkpoints_are_the_steps_that_are_kept():
    outputs, _ = scan_checkpoints(lambda row, s: s + row, x, 0.0, save_every_N=2)
    f = function([x], outputs)
    np.testing.assert_array_equal(f(np.arange(1.0, 6.0)), [3, 10, 15])
    np.testing.assert_array_equal(f(np.arange(1.0, 5.0)), [3, 10])
    assert f(np.zeros(0)).shape == (0,)


def test_checkpoints_are_two_loops():
    kept, _ = scan_checkpoints(decayed, x, 0.0, save_every_N=2, name="long")
    (outer,) = loops(kept)
    assert outer.checkpoint
    assert str(outer) == "Scan{long}"
    (inner,) = loops(*outer.body.outputs)
    assert not inner.checkpoint
    assert inner.keeps == ()


def test_checkpoints_take_first_values_as_scan_does():
    kept, _ = scan_checkpoints(lambda row, t: T.cast(t + row, "float32"), x, 0, save_every_N=2)
    assert kept.dtype == "float32"
    assert function([x], kept[-1])(X) == 31


def test_without_padding_every_piece_is_whole():
    rows = T.constant(X)
    with pytest.raises(ValueError, match="save_every_N=2 does not divide the 5 steps"):
        scan_checkpoints(decayed, rows, 0.0, save_every_N=2, padding=False)
    f = function([x], scan_checkpoints(decayed, x, 0.0, save_every_N=2, padding=False)[0][-1])
    assert f(X[:4]) == decayed_by_hand(X[:4])
    with pytest.raises(AssertionError, match="save_every_N=2 does not divide"):
        f(X)


def test_checkpoints_refuse_what_they_cannot():
    for every in (0, 1.5, True):
        with pytest.raises(ValueError, match="save_every_N must be a positive int"):
            scan_checkpoints(decayed, x, 0.0, save_every_N=every)
    with pytest.raises(ValueError, match="sequence 0 has taps"):
        scan_checkpoints(decayed, {"input": x, "taps": [1]}, 0.0)
    with pytest.raises(ValueError, match=r"output 0 has taps \[-2\]"):
        scan_checkpoints(decayed, x, {"initial": y, "taps": [-2]})
    with pytest.raises(ValueError, match="may not return until"):
        scan_checkpoints(lambda row, t: (t + row, until(t > 1)), x, 0.0)
    with pytest.raises(ShapeError, match="scan_checkpoints: the lengths of the sequences disagree"):
        scan_checkpoints(lambda a, b: a + b, [T.constant(X), T.constant(X[1:])])
    f = function([x, y], scan_checkpoints(lambda a, b: a + b, [x, y])[0])
    with pytest.raises(ValueError, match=r"mis-match|reshape|rows"):
        f(X, X[1:])


# From carry to carry
def test_the_carry_goes_on_and_outputs_are_stacked():
    total, sums = carry_scan(lambda t, row: (t + row, t * row), 0.0, x)
    total, sums = function([x], [total, sums])(X)
    assert total == 31
    np.testing.assert_array_equal(sums, (np.cumsum(X) - X) * X)


def test_reverse_keeps_the_order_of_outputs():
    total, sums = carry_scan(lambda t, row: (t * 0.5 + row, t), 0.0, x, reverse=True)
    total, sums = function([x], [total, sums])(X)
    assert total == decayed_by_hand(X[::-1])
    np.testing.assert_array_equal(sums[:3], [decayed_by_hand(X[:k:-1]) for k in range(3)])


Pair = namedtuple("Pair", ["a", "b"])


def test_forms_are_kept():
    def step(carry, row):
        assert isinstance(carry["pair"], Pair)
        assert list(row) == ["x", "others"]
        assert isinstance(row["others"], list)
        pair = Pair(carry["pair"].b, carry["pair"].a)
        total = carry["total"][0] + row["x"] + row["others"][0].sum()
        return {"total": (total,), "pair": pair, "none": None}, [total, {"b": pair.b}, None]

    carry = {"pair": Pair(1.0, T.constant(2.0)), "total": (0,), "none": None}
    last, outputs = carry_scan(step, carry, {"x": x, "others": [m]})
    assert list(last) == ["pair", "total", "none"]
    assert last["none"] is None
    assert isinstance(last["pair"], Pair)
    assert outputs[2] is None
    f = function([x, m], [*last["pair"], *last["total"], outputs[0], outputs[1]["b"]])
    a, b, total, totals, swapped = f(X[:3], np.ones((3, 2)))
    assert (a, b, total) == (2, 1, 13)
    np.testing.assert_array_equal(totals, [3, 7, 13])
    np.testing.assert_array_equal(swapped, [1, 2, 1])


def test_a_carry_alone_and_outputs_alone():
    last, outputs = carry_scan(lambda c, row: (c * 2, None), 1.0, n_steps=n)
    assert outputs is None
    assert function([n], last)(5) == 32
    last, outputs = carry_scan(lambda c, row: (None, row * 2), None, x)
    assert last is None
    np.testing.assert_array_equal(function([x], outputs)(X), X * 2)


def test_n_steps_read_the_first_rows():
    total, _ = carry_scan(lambda t, row: (t + row[0] + row[1], None), 0.0, (x, y), n_steps=n)
    f = function([x, y, n], total)
    assert f(X, X[:3], 2) == 6
    with pytest.raises(ShapeError, match="4 steps, but sequence 1 has only 3 rows"):
        f(X, X[:3], 4)


def test_no_step_gives_the_first_carry():
    f = function([x], list(carry_scan(lambda t, row: (t + row, t), 3.0, x)))
    total, sums = f([])
    assert total == 3
    assert sums.shape == (0,)


def test_lengths_that_disagree_are_refused():
    def step(_, row):
        return None, row[0] + row[1]

    with pytest.raises(ShapeError, match=r"lengths of the sequences disagree\n  sequences\[0\]: "):
        carry_scan(step, None, (T.constant(X), T.constant(X[1:])))
    f = function([x, y], carry_scan(step, None, (x, y))[1])
    for lengths in ((2, 3), (3, 2)):
        with pytest.raises(ShapeError, match=r"3 steps, but sequence . has only 2 rows"):
            f(*(X[:k] for k in lengths))
    f = function([y], carry_scan(step, None, (T.constant(X), y))[1])
    with pytest.raises(ShapeError):
        f(np.ones(6))
    np.testing.assert_array_equal(f(X), X * 2)


def test_options_reach_the_op():
    total, _ = carry_scan(decayed_pair, 0.0, x, truncate=4, checkpoint=True, name="c")
    (op,) = loops(total)
    assert (op.truncate, op.checkpoint, str(op)) == (4, True, "Scan{c}")


def decayed_pair(total, row):
    return decayed(row, total), None


def test_variables_from_outside_are_found():
    outside = T.exp(y)
    total, _ = carry_scan(lambda t, row: (t + row * outside, None), T.zeros((2,)), x)
    found = function([x, y], total)(X, np.zeros(2))
    np.testing.assert_array_equal(found, [31, 31])


@pytest.mark.parametrize(
    ("step", "text"),
    [
        (lambda c, row: c, "must return a pair"),
        (lambda c, row: (c["a"], None), r"old: \{'a': \*, 'b': \(\*,\)\}\n  new: \*"),
        (lambda c, row: ({"a": c["a"], "b": [row]}, None), r"new: \{'a': \*, 'b': \[\*\]\}"),
        (lambda c, row: ({"a": c["a"], "b": (row, row)}, None), r"new: .*\(\*, \*\)"),
        (lambda c, row: ({"a": c["a"], "b": (None,)}, None), r"new: .*\(None,\)"),
        (
            lambda c, row: ({"a": T.cast(row, "float32"), "b": c["b"]}, None),
            r"carry\['a'\] changes",
        ),
        (lambda c, row: ({"a": c["a"], "b": (x,)}, None), r"carry\['b'\]\[0\] changes its type"),
    ],
)
def test_a_new_carry_that_differs_is_refused(step, text):
    with pytest.raises(TypeError, match=text):
        carry_scan(step, {"a": T.dscalar("a"), "b": (T.dscalar("b"),)}, x)


def test_what_makes_no_loop_is_refused():
    with pytest.raises(TypeError, match="n_steps must be given"):
        carry_scan(lambda c, row: (c, None), 0.0)
    with pytest.raises(TypeError, match=r"sequences\['a'\] is 0-d"):
        carry_scan(lambda c, row: (c, None), 0.0, {"a": T.dscalar()})
    with pytest.raises(TypeError, match="neither a carry nor an output"):
        carry_scan(lambda c, row: (None, None), None, x)
    with pytest.raises(ValueError, match="truncate must be a positive int"):
        carry_scan(lambda c, row: (c, None), 0.0, x, truncate=0)
    k = shared(0.0)
    k.default_update = k + 1
    with pytest.raises(TypeError, match="carry_scan gives no updates"):
        carry_scan(lambda c, row: (c + k, None), 0.0, x)


def test_loops_in_loops():
    def outer(carry, row):
        last, sums = carry_scan(lambda c, e: (c + e * carry, c), 0.0, row)
        return last + scan(lambda e: e * carry, row)[0].sum(), sums

    f = function([m], list(carry_scan(outer, 1.0, m)))
    last, sums = f(np.ones((2, 3)))
    assert last == 36
    np.testing.assert_array_equal(sums, [[0, 1, 2], [0, 6, 12]])
