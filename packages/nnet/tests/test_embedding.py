import numpy as np
import pytest
from bitale_autodiff import grad
from bitale_graph import function
from bitale_graph import language as T
from bitale_nnet import Embedding, load_arrays, save_arrays, sgd
from bitale_nnet.initializers import Constant


@pytest.fixture
def rng():
    return np.random.default_rng(2)


@pytest.fixture
def table(rng):
    layer = Embedding(6, 3)
    layer.build((None, None), rng, "float64")
    return layer


@pytest.mark.parametrize("shape", [(), (4,), (0,), (2, 5), (2, 0), (2, 1, 3)], ids=str)
def test_the_rows_are_those_of_the_table(table, shape, rng):
    x = T.tensor("int32", (None,) * len(shape))
    places = rng.integers(0, 6, shape).astype("int32")
    found = function([x], table(x))(places)
    assert np.array_equal(found, table.get_values()["W"][places])


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int64"])
def test_any_integers_do(table, dtype):
    x = T.vector("x", dtype=dtype)
    found = function([x], table(x))(np.array([5, 0], dtype))
    assert np.array_equal(found, table.get_values()["W"][[5, 0]])


def test_the_shape_rule_adds_an_axis():
    assert Embedding(6, 3).output_shape((None, 9)) == (None, 9, 3)


def test_the_default_has_a_standard_deviation_of_a_tenth(rng):
    layer = Embedding(1000, 20)
    layer.build((None,), rng)
    assert np.std(layer.get_values()["W"]) == pytest.approx(0.1, rel=0.05)


@pytest.mark.parametrize("shape", [(4,), (2, 2)], ids=str)
def test_a_row_has_the_gradient_of_all_its_uses(table, shape):
    x, ct = T.tensor("int32", (None,) * len(shape)), T.tensor("float64", (None,) * (len(shape) + 1))
    gradient = function([x, ct], grad(T.sum(table(x) * ct), table.variable("W")))
    places = np.array([4, 1, 4, 4], "int32").reshape(shape)
    cts = np.arange(12.0).reshape(*shape, 3)
    wanted = np.zeros((6, 3))
    np.add.at(wanted, places, cts)
    assert np.array_equal(gradient(places, cts), wanted)


def test_a_step_of_descent_leaves_the_other_rows(table):
    x = T.ivector("x")
    before = table.get_values()["W"]
    loss = T.sum(T.sqr(table(x)))
    function([x], loss, updates=sgd(loss, table.parameters(), 0.1))(np.array([2, 5], "int32"))
    after = table.get_values()["W"]
    assert np.array_equal(np.flatnonzero(np.any(after != before, axis=1)), [2, 5])
    assert np.allclose(after[[2, 5]], 0.8 * before[[2, 5]])


@pytest.mark.parametrize("dtype", ["float64", "bool"])
def test_other_than_integers_are_refused(table, dtype):
    with pytest.raises(TypeError, match="Embedding looks rows up by integers"):
        table(T.vector("x", dtype=dtype))


def test_a_symbol_outside_the_vocabulary_is_an_error(table):
    x = T.ivector("x")
    with pytest.raises(IndexError):
        function([x], table(x))(np.array([6], "int32"))


@pytest.mark.parametrize("sizes", [(0, 3), (3, 0)])
def test_sizes_are_at_least_one(sizes):
    with pytest.raises(ValueError, match="must be at least 1"):
        Embedding(*sizes)


def test_the_table_is_saved_and_loaded(tmp_path, rng):
    first, second = Embedding(6, 3), Embedding(6, 3, weights=Constant(0.0))
    for layer in (first, second):
        layer.build((None,), rng)
    save_arrays(tmp_path / "table.npz", first.get_values())
    second.set_values(load_arrays(tmp_path / "table.npz"))
    assert np.array_equal(second.get_values()["W"], first.get_values()["W"])
