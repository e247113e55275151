"""Arrays of more axes than some functions of NumPy take, and lengths that are not plain numbers."""

import numpy as np
import pytest
from bitale_graph import function
from bitale_graph import language as T
from bitale_graph.compile.mode import Mode
from bitale_graph.ops.loop import Loop, Result, Step
from bitale_graph.ops.shape import SpecifyShape
from bitale_graph.tensor.scalar import common_shape, scalar_op
from bitale_graph.tensor.variable import TensorType

NUMPY = Mode(linker="numpy", optimizer="None")

many_axes = pytest.mark.skipif(
    np.lib.NumpyVersion(np.__version__) < "2.0.0", reason="NumPy 1 has 32 axes"
)


@pytest.mark.parametrize(
    "shapes",
    [
        [],
        [()],
        [(3,), ()],
        [(2, 1), (3,)],
        [(0,), (1,)],
        [(1, 0), (4, 1)],
        [(5, 1, 2), (1,), (4, 1)],
    ],
)
def test_the_common_shape_is_numpy_s(shapes):
    assert common_shape(*shapes) == np.broadcast_shapes(*shapes)


@many_axes
@pytest.mark.parametrize("rank", [33, 64])
def test_a_loop_runs_over_many_axes(rank):
    x, v = TensorType("float64", (None,) * rank)("x"), T.dvector("v")
    steps = (Step(scalar_op("mul"), (0, 1), "float64"),)
    add = scalar_op("add")
    results = (Result(2, "float64"), Result(2, "float64", add, (0, 2), "float64"))
    value = np.arange(12.0).reshape([2, 1, 3] + [1] * (rank - 4) + [2])
    f = function([x, v], Loop(rank, steps, results)(x, v), mode=NUMPY)
    full, reduced = f(value, np.array([2.0, 3.0]))
    np.testing.assert_array_equal(full, value * [2.0, 3.0])
    np.testing.assert_array_equal(reduced, (value * [2.0, 3.0]).sum(axis=(0, 2)))


@many_axes
@pytest.mark.parametrize("rank", [32, 33, 40, 64])
def test_adding_at_rows_and_places_of_many_axes(rank):
    x = TensorType("float64", (None,) * rank)("x")
    value = np.zeros([3, 2] + [1] * (rank - 3) + [2])
    rows = T.as_tensor(np.array([2, 0, 2]))
    outputs = [T.inc_subtensor(x[rows], 1.5), T.inc_subtensor(x[rows, :, ..., 1], 2.0)]
    outputs += [T.inc_subtensor(x[rows], x[0] + 1)]
    by_rows, by_places, stretched = function([x], outputs, mode=NUMPY)(value)
    flat = value.reshape(3, 2, 2)
    expected = [flat.copy() for _ in range(3)]
    np.add.at(expected[0], np.array([2, 0, 2]), 1.5)
    np.add.at(expected[1], (np.array([2, 0, 2]), slice(None), 1), 2.0)
    np.add.at(expected[2], np.array([2, 0, 2]), 1.0)
    for found, wanted in zip((by_rows, by_places, stretched), expected, strict=True):
        np.testing.assert_array_equal(found.reshape(3, 2, 2), wanted)


class Deceptive(int):
    """A number that says something else than its value."""

    def __repr__(self):
        return "1); import os; (1"

    __str__ = __repr__


def test_lengths_are_kept_as_plain_numbers():
    op = SpecifyShape((Deceptive(2), None))
    assert [type(n) for n in op.shape] == [int, type(None)]
    assert "import" not in str(op)
    assert op == SpecifyShape((2, None))


@pytest.mark.parametrize("name", ["\ud800", "\udc80*/", "x" * 100_000])
def test_every_name_has_a_place_in_the_key(name):
    x = T.dvector(name)
    f, g = (function([one], one + 1, mode=NUMPY) for one in (x, T.dvector("x")))
    assert f.maker.key() not in (None, g.maker.key())
