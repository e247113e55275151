import numpy as np
import pytest
from bitale_graph import TensorType, config
from bitale_graph import language as T
from bitale_graph.base.dtype import ALL
from bitale_graph.base.errors import DtypeError, ShapeError


def test_types_compare_and_hash_by_value():
    assert TensorType("float64", (None, 1)) == TensorType("float64", (False, True))
    assert hash(TensorType("float64", (None,))) == hash(
        TensorType(np.float64, broadcastable=[False])
    )
    assert TensorType("float64", (None,)) != TensorType("float32", (None,))
    assert TensorType("float64", (3,)) != TensorType("float64", (None,))


def test_dtype_and_pattern_may_come_in_either_order():
    assert TensorType((True, False), "int8") == TensorType("int8", (True, False))


@pytest.mark.parametrize("dtype", ALL)
def test_every_dtype_makes_a_type(dtype):
    assert TensorType(dtype, (None,))("x").dtype == dtype


@pytest.mark.parametrize("dtype", ["object", "U3", "datetime64[s]", "nonsense", "longdouble", "O"])
def test_other_dtypes_are_refused(dtype):
    with pytest.raises(DtypeError, match="dtype"):
        TensorType(dtype, ())


def test_a_length_cannot_be_negative():
    with pytest.raises(ShapeError, match="cannot have the length -2"):
        TensorType("float64", (-2,))


def test_a_type_admits_what_is_known_better():
    loose, tight = TensorType("float64", (None, None)), TensorType("float64", (1, 3))
    assert loose.admits(tight)
    assert not tight.admits(loose)
    assert not loose.admits(TensorType("float32", (1, 3)))
    assert not loose.admits(TensorType("float64", (None,)))


@pytest.mark.parametrize(
    ("shape", "text"),
    [
        ((), "TensorType(float64, scalar)"),
        ((None,), "TensorType(float64, vector)"),
        ((None, None), "TensorType(float64, matrix)"),
        ((None,) * 3, "TensorType(float64, 3D)"),
        ((1, None), "TensorType(float64, row)"),
        ((None, 1), "TensorType(float64, col)"),
        ((1, None, None), "TensorType(float64, (1, ?, ?))"),
        ((4,), "TensorType(float64, (4,))"),
    ],
)
def test_the_text_of_a_type_tells_what_is_known(shape, text):
    assert str(TensorType("float64", shape)) == text


def test_floatx_is_read_when_the_variable_is_made():
    with config.change_flags(floatX="float32"):
        assert T.matrix().dtype == "float32"
        assert TensorType("floatX", ()).dtype == "float32"
    assert T.matrix().dtype == "float64"


@pytest.mark.parametrize(
    ("letter", "dtype"),
    [
        *(("b", "int8"), ("w", "int16"), ("i", "int32"), ("l", "int64")),
        *(("f", "float32"), ("d", "float64"), ("c", "complex64"), ("z", "complex128")),
    ],
)
@pytest.mark.parametrize(
    ("kind", "pattern"),
    [
        ("scalar", ()),
        ("vector", (False,)),
        ("row", (True, False)),
        ("col", (False, True)),
        ("matrix", (False, False)),
        *((f"tensor{n}", (False,) * n) for n in range(3, 8)),
    ],
)
def test_typed_constructors(letter, dtype, kind, pattern):
    x = getattr(T, letter + kind)("x")
    assert (x.name, x.dtype, x.broadcastable) == ("x", dtype, pattern)


def test_plurals_take_a_number_or_names():
    assert [v.name for v in T.vectors("xyz")] == ["x", "y", "z"]
    assert [v.name for v in T.dmatrices("one", "two")] == ["one", "two"]
    assert [v.name for v in T.iscalars(2)] == [None, None]


def test_the_name_of_a_variable_is_a_string():
    with pytest.raises(TypeError, match="must be a str"):
        T.vector(3)


# What calls give: G45 to G53.
def test_an_array_of_the_exact_dtype_is_taken_as_it_is():
    x = np.zeros(3)
    assert TensorType("float64", (None,)).filter(x) is x


def test_a_memory_map_is_taken_without_copying(tmp_path):
    x = np.memmap(tmp_path / "x", "float64", "w+", shape=3)
    assert np.shares_memory(TensorType("float64", (None,)).filter(x), x)


@pytest.mark.parametrize(
    ("dtype", "given"),
    [
        ("float64", np.zeros(2, "float32")),
        ("float64", np.zeros(2, "int32")),
        ("int64", np.zeros(2, "uint32")),
        ("int8", [True, False]),
        ("int8", [1, -128]),
        ("uint8", [0, 255]),
        ("float32", [0.5, 20.0]),
        ("float64", [1, 2]),
        ("complex128", [1.5, 2j]),
        ("float32", [np.float64(0.5), 2]),
        ("float32", [np.float32(0.1), np.float32(0.2)]),
        ("float64", np.zeros(2, ">f8")),
        ("float64", (1.0, 2.5)),
    ],
)
def test_what_loses_nothing_is_converted(dtype, given):
    found = TensorType(dtype, (None,)).filter(given)
    assert found.dtype == dtype
    assert found.dtype.isnative
    np.testing.assert_array_equal(found, given)


@pytest.mark.parametrize(
    ("dtype", "given"),
    [
        ("float32", np.zeros(2)),
        ("int32", np.zeros(2, "int64")),
        ("int64", np.zeros(2)),
        ("uint8", [1, 256]),
        ("uint8", [-1, 1]),
        ("int8", [0.5, 1.5]),
        ("float32", np.array([0.1, 0.2])),
        ("float32", [np.float64(0.1), np.float64(0.2)]),
        ("float32", [np.float64(0.1), 0.2]),
        ("int64", [1.0, 2.0]),
        ("int64", [1, 2.0]),
        ("bool", [0, 1]),
        ("bool", np.zeros(2, "int8")),
    ],
)
def test_what_loses_something_is_refused_unless_it_may(dtype, given):
    type = TensorType(dtype, (None,))
    with pytest.raises(TypeError, match=dtype):
        type.filter(given)
    with pytest.raises(TypeError, match=dtype):
        type.filter(given, allow_downcast=False)
    assert type.filter(given, allow_downcast=True).dtype == dtype


@pytest.mark.parametrize(
    ("dtype", "given"),
    [
        ("float32", 0.1),
        ("float32", [0.1, 1.0]),
        ("float32", [[0.1], [True]]),
        ("float32", ([0.1, 2], (3, 1e-300))),
        ("float32", [16777217, 1]),
        ("float32", [float("inf"), -float("inf"), float("nan")]),
        ("float16", [0.1, 60000]),
        ("float64", [2**70, 1]),
        ("float64", [1e308, -5e-324]),
        ("complex64", [0.1, 1 + 0.1j, True]),
        ("int8", [[-128, 127], [True, False]]),
        ("uint64", [2**64 - 1, 0]),
        ("bool", [[True], [False]]),
        ("float32", []),
        ("float32", [[], []]),
    ],
)
def test_python_numbers_take_the_dtype_that_is_wanted(dtype, given):
    expected = np.array(given, dtype=dtype)
    found = TensorType(dtype, (None,) * expected.ndim).filter(given)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("dtype", "given"),
    [
        ("int64", 2.0),
        ("int64", [1, 0.5]),
        ("int8", [1, 128]),
        ("uint8", [[-1]]),
        ("int64", 2**70),
        ("uint64", [-1]),
        ("float32", 1e39),
        ("float32", [[1.0, -1e300]]),
        ("float16", [70000]),
        ("float64", [10**400]),
        ("float64", [1j]),
        ("complex64", 1e300j),
        ("bool", 1),
        ("bool", [True, 0.0]),
        ("float32", [[0.1], [0.1, 0.2]]),
        ("float32", [0.1, "0.1"]),
        ("float32", [0.1, None]),
    ],
)
def test_python_numbers_that_do_not_fit_are_refused(dtype, given):
    type = TensorType(dtype, (None,) * min(np.ndim(np.array(given, dtype=object)), 2))
    for allow_downcast in (None, False):
        with pytest.raises(TypeError, match=dtype):
            type.filter(given, allow_downcast=allow_downcast)


def test_python_numbers_keep_all_their_digits_where_none_may_be_lost():
    for dtype, given in (("float32", [0.1, 1.0]), ("float32", 16777217)):
        type = TensorType(dtype, (None,) * np.ndim(given))
        assert type.filter(given).dtype == dtype
        with pytest.raises(TypeError, match="loss of precision"):
            type.filter(given, allow_downcast=False)
    exact = TensorType("float32", (None,)).filter([0.5, 20, float("nan")], allow_downcast=False)
    np.testing.assert_array_equal(exact, [0.5, 20, np.nan])


def test_a_list_that_holds_itself_is_refused():
    endless = [1.0]
    endless.append(endless)
    with pytest.raises(TypeError):
        TensorType("float32", (None,)).filter(endless)


def test_numpy_scalars_are_taken_where_the_conversion_is_exact():
    assert TensorType("int8", ()).filter(np.int64(3)) == 3
    assert TensorType("float32", ()).filter(np.float64(0.5)) == 0.5
    with pytest.raises(TypeError, match="loss of precision"):
        TensorType("float32", ()).filter(np.float64(0.1))


def test_complex_numbers_are_not_taken_as_real_ones():
    with pytest.raises(TypeError, match="loss of precision"):
        TensorType("float32", (None,)).filter(np.zeros(2, "complex64"))


def test_strict_takes_only_arrays_of_the_exact_dtype():
    type = TensorType("float64", (None,))
    assert type.filter(np.zeros(2), strict=True).shape == (2,)
    for given in (np.zeros(2, "float32"), [1.0, 2.0], 3.0):
        with pytest.raises(
            TypeError, match="strict mode takes only a NumPy array of dtype float64"
        ):
            type.filter(given, strict=True)


def test_another_rank_is_refused():
    with pytest.raises(TypeError, match="Wrong number of dimensions: expected 1"):
        TensorType("float64", (None,)).filter(np.zeros((2, 2)))


def test_a_known_length_is_checked():
    with pytest.raises(TypeError, match="axis 0 is broadcastable"):
        TensorType("float64", (1, None)).filter(np.zeros((2, 2)))
    with pytest.raises(TypeError, match="axis 1 is of length 3"):
        TensorType("float64", (None, 3)).filter(np.zeros((2, 2)))


def test_a_symbolic_variable_is_no_value():
    with pytest.raises(TypeError, match="symbolic variable x"):
        TensorType("float64", ()).filter(T.dscalar("x"))


@pytest.mark.parametrize("given", ["text", None, object(), [1, "a"], [[1], [1, 2]], {1: 2}])
def test_what_is_no_number_is_refused(given):
    with pytest.raises(TypeError):
        TensorType("float64", (None,)).filter(given)


def test_an_unaligned_array_is_copied():
    raw = np.zeros(17, "uint8")
    unaligned = raw[1:].view("float64")
    found = TensorType("float64", (None,)).filter(unaligned)
    assert found.flags.aligned


def test_infinity_and_nan_convert_exactly():
    found = TensorType("float32", (None,)).filter([np.inf, float("nan"), -0.0])
    assert np.isinf(found[0])
    assert np.isnan(found[1])
    assert np.signbit(found[2])


def test_loosened_leaves_out_lengths_that_another_type_does_not_know():
    known = TensorType("float64", (2, 3))
    assert known.loosened(TensorType("float64", (None, 5))) == TensorType("float64", (None, 3))
    for other in ((2, 3), (None,)):
        assert known.loosened(TensorType("float64", other)) is known
    assert known.loosened(TensorType("float32", (None, None))) is known
