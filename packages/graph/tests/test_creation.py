import numpy as np
import pytest
from bitale_graph import TensorType, config, function
from bitale_graph import language as T
from bitale_graph.base.errors import DtypeError, MissingInputError, ShapeError

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
    s = T.dscalar("s")
    assert T.zeros_like(s, "int8").eval({s: 3.0}) == 0


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


@pytest.mark.parametrize(
    "kind",
    [TensorType(d, s) for d in ("float64", "int32") for s in ((), (3,), (1, 2), (0,))],
    ids=str,
)
@pytest.mark.parametrize(
    "made",
    [
        pytest.param(T.zeros_like, id="zeros_like"),
        pytest.param(T.ones_like, id="ones_like"),
        pytest.param(lambda x: T.full_like(x, 7), id="full_like"),
        pytest.param(lambda x: x.shape, id="shape"),
        pytest.param(lambda x: x.size, id="size"),
        pytest.param(lambda x: T.specify_shape(x, x.type.shape).shape, id="specify_shape"),
    ],
)
def test_what_is_made_of_a_known_shape_depends_on_what_has_it(kind, made):
    x = kind("x")
    found = function([x], made(x))(np.ones(kind.shape, kind.dtype))
    expected = made(T.constant(np.ones(kind.shape, kind.dtype))).eval()
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == expected.dtype
    with pytest.raises(MissingInputError):
        made(x).eval()


def test_a_promised_shape_that_is_read_depends_on_what_was_promised_of():
    x = T.dvector("x")
    assert function([x], T.specify_shape(x, (2,)).shape)([1.0, 2.0]).tolist() == [2]
    lengths = T.specify_shape(x, (2,)).shape
    assert T.zeros(lengths).type.shape == (2,)
    assert T.arange(lengths[0]).type.shape == (2,)
    assert T.reshape(T.dvector(), (lengths[0], 3)).type.shape == (2, 3)


def test_a_filling_of_higher_rank_is_refused():
    with pytest.raises(ShapeError, match="higher rank"):
        T.full_like(TensorType("float64", (2,))(), np.ones((2, 2)))


FLOAT32 = [(0, 1, 0.01), (0, 0.3, 0.1), (1, 0, -0.1), (0, 1, -0.1), (5, 5, 1)]


@pytest.mark.parametrize("arguments", FLOAT32)
def test_a_range_of_float32_has_the_length_that_numpy_finds(arguments):
    given = np.float32(arguments)
    a, b, c = T.fscalars("abc")
    found = function([a, b, c], [T.arange(a, b, c), T.arange(a, b, c).shape[0]])(*given)
    np.testing.assert_array_equal(found[0], np.arange(*given, dtype="float32"))
    assert found[0].dtype == "float32"
    assert found[1] == len(found[0])


@pytest.mark.parametrize("arguments", FLOAT32)
def test_a_range_of_numbers_under_floatX_float32_has_the_length_that_numpy_finds(arguments):
    with config.change_flags(floatX="float32"):
        found = T.arange(*map(float, arguments)).eval()
        np.testing.assert_array_equal(found, np.arange(*arguments, dtype="float32"))
        assert found.dtype == "float32"


@pytest.mark.parametrize(
    ("dtype", "start", "stop", "step"),
    [
        ("uint8", 20, 10, -1),
        ("uint8", 3, 300, 50),
        ("int8", -100, 300, 50),
        ("uint16", 5, -5, -3),
        ("uint64", 10, 3, -2),
        ("int64", -(2**63), 2**63 - 1, 2**62),
        ("int64", 2**63 - 1, -(2**63), -(2**62)),
        ("int64", 2**63 - 1, -(2**63), 1),
    ],
)
def test_a_range_goes_beyond_the_dtype_of_its_start(dtype, start, stop, step):
    x = TensorType(dtype, ())("x")
    values = T.arange(x, stop, step)
    found, length = function([x], [values, values.shape[0]])(np.array(start, dtype))
    assert found.tolist() == list(range(start, stop, step))
    assert length == len(found)


def test_a_range_of_integers_from_floats_is_that_of_numpy():
    found = T.arange(0.5, 5.5, 1.5, dtype="int32").eval()
    np.testing.assert_array_equal(found, np.arange(0.5, 5.5, 1.5, dtype="int32"))
    assert T.arange(3.5, dtype="int64").eval().tolist() == [0, 1, 2, 3]
