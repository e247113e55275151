import numpy as np
import pytest
from bitale_graph import TensorType, config, function
from bitale_graph import language as T
from bitale_graph.errors import DtypeError, ShapeError

n = T.lscalar("n")


def test_zeros_and_ones_of_mixed_lengths():
    found = function([n], [T.zeros((n, 2)), T.ones((2, n), dtype="int8"), T.zeros(n), T.ones(3)])(4)
    wanted = [np.zeros((4, 2)), np.ones((2, 4), "int8"), np.zeros(4), np.ones(3)]
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(one, other)
        assert one.dtype == other.dtype
    assert T.zeros((n, 2)).type.shape == (None, 2)


def test_their_dtype_is_floatx():
    with config.change_flags(floatX="float32"):
        assert T.zeros(2).dtype == T.ones(2).dtype == T.eye(2).dtype == "float32"


def test_zeros_of_the_shape_of_a_vector():
    v = T.dvector("v")
    assert T.zeros(v.shape).eval({v: [1.0, 2.0]}).shape == (2,)
    assert (
        function([v], [v.zeros_like(), v.ones_like("int8"), v.fill(7)])([1.0, 2.0])[1].dtype
        == "int8"
    )
    assert T.full_like(v, 2).dtype == "float64"
    assert T.zeros_like(T.dscalar("s"), "int8").eval() == 0


def test_alloc_stretches_known_ones_only():
    col, m = T.dcol("col"), T.dmatrix("m")
    assert T.alloc(col, 2, 3).eval({col: [[1], [2]]}).shape == (2, 3)
    with pytest.raises(ShapeError, match=r"cannot fill the shape \(2, 3\)"):
        T.alloc(m, 2, 3).eval({m: np.ones((2, 1))})
    with pytest.raises(ShapeError, match="higher rank"):
        T.alloc(m, 2)
    with pytest.raises(ShapeError, match="cannot fill the length 3"):
        T.alloc(np.ones(2), 3)
    with pytest.raises(ShapeError, match="negative"):
        T.alloc(1.0, -2)
    with pytest.raises(ShapeError, match="negative"):
        T.alloc(1.0, n).eval({n: -1})
    with pytest.raises(DtypeError, match="integer scalar"):
        T.alloc(1.0, 2.5)


@pytest.mark.parametrize(
    "arguments", [(5,), (2, 7), (2, 9, 3), (9, 2, -2), (3, 3), (0.0, 1.0, 0.25), (5, 0)]
)
def test_arange_follows_numpy(arguments):
    found, wanted = T.arange(*arguments).eval(), np.arange(*arguments)
    np.testing.assert_array_equal(found, wanted)
    assert found.dtype == wanted.dtype


@pytest.mark.parametrize(("start", "stop", "step"), [(0, 7, 1), (5, -6, -3), (3, 1, 1), (0, 10, 4)])
def test_arange_of_variables(start, stop, step):
    i, j, k = T.iscalars("ijk")
    values = T.arange(i, j, k)
    found, length = function([i, j, k], [values, values.shape[0]])(start, stop, step)
    np.testing.assert_array_equal(found, np.arange(start, stop, step))
    assert found.dtype == "int64"
    assert length == len(found)


def test_arange_widens_and_refuses():
    assert T.arange(TensorType("uint8", ())("u")).dtype == "uint64"
    assert T.arange(T.fscalar()).dtype == "float32"
    assert T.arange(5, dtype="int8").dtype == "int8"
    assert T.arange(5).type.shape == (5,)
    with pytest.raises(ValueError, match="step cannot be zero"):
        T.arange(0, 3, n).eval({n: 0})
    with pytest.raises(DtypeError, match="arange"):
        T.arange(T.zscalar())


def test_the_length_of_a_range_of_float32_is_told_rightly():
    a, b, c = T.fscalars("abc")
    values = T.arange(a, b, c)
    node = values.owner
    (length,) = node.op.infer_shape(node, [(), (), ()])[0]
    found, told = function([a, b, c], [values, length])(*np.float32([0, 0.3, 0.1]))
    assert len(found) == told


@pytest.mark.parametrize("arguments", [(3,), (2, 4), (4, 2, -1), (3, 3, 7), (0,)])
def test_eye_follows_numpy(arguments):
    np.testing.assert_array_equal(T.eye(*arguments).eval(), np.eye(*arguments))


def test_identity_like():
    m = T.fmatrix("m")
    found = T.identity_like(m).eval({m: np.zeros((2, 3), "float32")})
    np.testing.assert_array_equal(found, np.eye(2, 3, dtype="float32"))
    assert found.dtype == "float32"
