import numpy as np
import pytest
from bitale_autodiff import DisconnectedInputError, grad
from bitale_graph import function
from bitale_graph import language as T
from bitale_graph.core.order import toposort
from bitale_graph.ops.indexing import IncSubtensor
from hypothesis import given, settings
from hypothesis import strategies as st

READS = {
    "element": lambda x: x[1, 2],
    "negative element": lambda x: x[-1, -2],
    "row": lambda x: x[1],
    "column": lambda x: x[:, 1],
    "slice": lambda x: x[1:3],
    "steps": lambda x: x[::2, ::-1],
    "backward": lambda x: x[::-2, 3:0:-1],
    "empty": lambda x: x[2:2],
    "symbolic bounds": lambda x: x[: x.shape[0] - 1, x.shape[1] - 3 :],
    "new axis": lambda x: x[:, None, 1:],
    "rows": lambda x: x[[0, 2]],
    "repeated rows": lambda x: x[[0, 2, 0, 0]],
    "negative rows": lambda x: x[[-1, 2, 0]],
    "no rows": lambda x: x[T.constant(np.array([], "int64"))],
    "matrix of rows": lambda x: x[T.constant(np.array([[0, 1], [2, 0]]))],
    "columns": lambda x: x[:, [1, 1, 3]],
    "pairs": lambda x: x[[0, 1, 0], [2, 3, 2]],
    "rows and slice": lambda x: x[[0, 1, 0], 1:3],
    "take": lambda x: x.take([5, 0, 5]),
}


@pytest.mark.parametrize("name", READS)
def test_reading(name, rng, verify_orders):
    verify_orders(lambda x: T.sqr(READS[name](T.sin(x))), [rng.random((3, 4))])


WRITES = {
    "element": (lambda x: x[1, 2], ()),
    "row": (lambda x: x[1], (4,)),
    "rows by a slice": (lambda x: x[1:3], (2, 4)),
    "broadcast": (lambda x: x[1:3], (4,)),
    "a number": (lambda x: x[1:3], ()),
    "a column": (lambda x: x[:, 1:3], (3, 1)),
    "steps": (lambda x: x[::2, ::-1], (2, 4)),
    "rows": (lambda x: x[[0, 2]], (2, 4)),
    "repeated rows": (lambda x: x[[0, 2, 0]], (3, 4)),
    "rows that mean one": (lambda x: x[[0, 2, -1]], (3, 4)),
    "rows, broadcast": (lambda x: x[[0, 2, 0]], (4,)),
    "pairs": (lambda x: x[[0, 1], [2, 3]], (2,)),
    "repeated pairs": (lambda x: x[[0, 1, 0], [2, 3, 2]], (3,)),
    "repeated columns": (lambda x: x[:, [1, 3, 1]], (3, 3)),
}


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize("write", [T.set_subtensor, T.inc_subtensor])
def test_writing(name, write, rng, verify_orders):
    select, shape = WRITES[name]

    def expression(x, y):
        return T.sqr(write(select(T.sin(x)), T.exp(y)))

    verify_orders(expression, [rng.random((3, 4)), rng.random(shape)])


@given(st.lists(st.integers(-3, 2), max_size=6))
@settings(max_examples=30, deadline=None)
def test_overwritten_rows_receive_nothing(rows):
    x, y = T.dvector(), T.dvector()
    index = T.lvector()
    out = T.set_subtensor(x[index], y)
    weights = np.array([1.0, 10.0, 100.0])
    by_x, by_y = function(
        [x, y, index], grad(T.sum(out * T.constant(weights)), [x, y]), on_unused_input="ignore"
    )(np.zeros(3), np.zeros(len(rows)), np.array(rows, "int64"))
    last = {r % 3: i for i, r in enumerate(rows)}
    expected = [weights[r % 3] if last[r % 3] == i else 0 for i, r in enumerate(rows)]
    assert by_y.tolist() == expected
    assert by_x.tolist() == [0 if r in last else w for r, w in enumerate(weights)]


def test_indices_are_not_connected():
    x, i = T.dvector(), T.lscalar()
    with pytest.raises(DisconnectedInputError):
        grad(x[i], i)
    with pytest.raises(DisconnectedInputError):
        grad(T.sum(T.set_subtensor(x[i], 2.0)), i)
    assert grad(x[i], x).eval({x: [1.0, 2.0, 3.0], i: 1}).tolist() == [0, 1, 0]


def test_symbolic_rows(rng):
    x, rows = T.dmatrix(), T.lvector()
    f = function([x, rows], grad(T.sum(x[rows]), x))
    assert f(np.ones((3, 2)), [0, 0, 2]).tolist() == [[2, 2], [0, 0], [1, 1]]


def test_slices_of_one_tensor_fill_one_array():
    x = T.dvector()
    g = grad(T.add(*(x[i] * x[i + 1] for i in range(8))), x)
    writes = [n for n in toposort([g]) if isinstance(n.op, IncSubtensor)]
    # Each write but the first goes into the array of another, so that no two arrays are added.
    assert len(writes) == 16
    assert sum(isinstance(n.inputs[0].owner.op, IncSubtensor) for n in writes) == 15
    v = np.arange(1.0, 10.0)
    expected = np.concatenate([v[1:], [0]]) + np.concatenate([[0], v[:-1]])
    assert g.eval({x: v}).tolist() == expected.tolist()


def test_float32_stays_float32():
    x, y = T.fmatrix(), T.fvector()
    cost = T.sum(T.inc_subtensor(x[0], y)[:, [1, 1]])
    assert [g.dtype for g in grad(cost, [x, y])] == ["float32", "float32"]
