import numpy as np
import pytest
from bitale_graph import function, pp
from bitale_graph import language as T
from bitale_graph.base import dtype as dtypes
from bitale_graph.base.errors import DtypeError, MissingRuleError, ShapeError
from bitale_graph.extend import Reduce, Reduction, reductions, scalar

X = np.random.default_rng(0).uniform(-2, 2, (2, 3, 4))
x = T.dtensor3("x")
AXES = [None, 0, 1, -1, (0, 2), (0, 1, 2), [1, -1], ()]


@pytest.mark.parametrize("axis", AXES, ids=str)
@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("name", ["sum", "prod", "mean", "var", "std", "max", "min", "all", "any"])
def test_reductions_mean_what_numpys_do(name, axis, keepdims):
    expression = getattr(T, name)(x, axis=axis, keepdims=keepdims)
    found = function([x], expression)(X)
    wanted = getattr(np, name)(
        X, axis=tuple(axis) if isinstance(axis, list) else axis, keepdims=keepdims
    )
    np.testing.assert_allclose(found, wanted, rtol=1e-12)
    assert found.dtype == expression.dtype
    if keepdims:
        assert all(b or n > 1 for b, n in zip(expression.broadcastable, found.shape, strict=True))


@pytest.mark.parametrize("name", ["sum", "prod", "mean", "var", "std", "max", "min", "all", "any"])
def test_reductions_are_methods_too(name):
    found = getattr(x, name)(axis=1).eval({x: X})
    np.testing.assert_allclose(found, getattr(T, name)(x, axis=1).eval({x: X}))


@pytest.mark.parametrize("axis", [None, 0, 2, -1])
@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("name", ["argmax", "argmin"])
@pytest.mark.parametrize("dtype", ["float64", "int8", "uint8", "bool"])
def test_arg_reductions_mean_what_numpys_do(name, axis, keepdims, dtype):
    array = (X * 20).astype("int8").astype(dtype)
    v = T.TensorType(dtype, (None,) * 3)()
    found = getattr(T, name)(v, axis=axis, keepdims=keepdims).eval({v: array})
    wanted = getattr(np, name)(array, axis=axis, keepdims=keepdims)
    np.testing.assert_array_equal(found, wanted)
    assert found.dtype == "int64"


def test_ties_give_the_first_and_nan_wins():
    v = T.dvector()
    assert T.argmax(v).eval({v: [1.0, 3.0, 3.0]}) == 1
    assert T.argmax(v).eval({v: [1.0, np.nan, 3.0]}) == 1
    assert T.argmin(v).eval({v: [1.0, np.nan, -3.0]}) == 1
    assert np.isnan(T.max(v).eval({v: [1.0, np.nan]}))
    assert np.isnan(T.min(v).eval({v: [np.nan, 1.0]}))


def test_the_smallest_integer_is_found():
    v = T.bvector()
    assert T.argmin(v).eval({v: [5, -128, 127]}) == 1
    values, places = T.max_and_argmax(v, axis=0)
    assert function([v], [values, places])([5, -128, 127]) == [127, 2]


@pytest.mark.parametrize("name", ["max", "min", "argmax", "argmin"])
def test_an_empty_axis_has_no_largest_element(name):
    m = T.dmatrix()
    with pytest.raises(ValueError, match="empty axis"):
        getattr(T, name)(m, axis=0).eval({m: np.zeros((0, 3))})
    assert getattr(T, name)(m, axis=1).eval({m: np.zeros((0, 3))}).shape == (0,)


def test_an_empty_sum_is_zero_and_an_empty_product_one():
    m = T.dmatrix()
    s, p, every, some = function([m], [m.sum(), m.prod(0), m.all(), m.any()])(np.zeros((0, 2)))
    assert s == 0
    assert (p == 1).all()
    assert every
    assert not some


def test_float32_is_summed_in_float64():
    v = T.fvector()
    values = np.full(10**6, 0.1, "float32")
    assert T.sum(v).eval({v: values}) == np.float32(values.astype("float64").sum())


def test_the_accumulator_may_be_chosen():
    v = T.fvector()
    values = np.array([1e8, 1, -1e8], "float32")
    assert T.sum(v, acc_dtype="float32").eval({v: values}) == 0
    assert T.sum(v).eval({v: values}) == 1
    assert T.sum(v, dtype="float64").dtype == "float64"
    assert T.sum(T.bvector(), dtype="int32").dtype == "int32"


def test_the_mean_of_float16_does_not_overflow():
    v = T.TensorType("float16", (None,))()
    ones = np.ones(70000, "float16")
    assert T.mean(v).eval({v: ones}) == 1
    assert T.var(v).eval({v: ones}) == 0
    assert T.var(v).dtype == "float16"


def test_means_of_integers_are_float64():
    v = T.bvector()
    assert T.mean(v).eval({v: [1, 2]}) == 1.5
    assert T.mean(v, dtype="float32").dtype == "float32"
    with pytest.raises(DtypeError, match="discrete"):
        T.mean(v, dtype="int32")


def test_the_variance_of_complex_numbers_is_real():
    z = T.zvector()
    values = np.array([1 + 2j, 3 - 1j, 0.5j])
    found = T.var(z).eval({z: values})
    assert found.dtype == "float64"
    assert found == pytest.approx(np.var(values))


def test_the_divisor_of_the_variance_may_be_less():
    assert T.var(x, ddof=1).eval({x: X}) == pytest.approx(np.var(X, ddof=1))
    with pytest.raises(TypeError, match="keepdims by keyword"):
        T.var(x, 0, True)


def test_sums_do_not_drop_imaginary_parts():
    with pytest.raises(DtypeError, match="imaginary"):
        T.sum(T.zvector(), dtype="float64")
    with pytest.raises(DtypeError, match="no order"):
        T.argmax(T.zvector())


@pytest.mark.parametrize("axis", [3, -4, (0, 0), (1, -2), 1.5, "a"])
def test_axes_are_checked(axis):
    with pytest.raises((ShapeError, TypeError)):
        T.sum(x, axis=axis)


def test_static_shapes_lose_the_axis():
    assert T.sum(T.TensorType("float64", (2, 3, None))(), axis=1).type.shape == (2, None)
    assert T.sum(T.drow(), axis=1, keepdims=True).type.shape == (1, 1)


def test_sums_add_up_in_the_accumulator_and_no_wider_dtype():
    m = T.matrix(dtype="uint8")
    values = np.array([[200, 100], [3, 0]], "uint8")
    outputs = [
        T.sum(m, dtype="int64", acc_dtype="uint8"),
        T.sum(m, axis=0, dtype="int64", acc_dtype="bool"),
        T.prod(m + 1, axis=1, dtype="int32", acc_dtype="uint8"),
        T.sum(m, dtype="int64"),
    ]
    total, logical, product, plain = function([m], outputs)(values)
    assert total == 303 % 256
    np.testing.assert_array_equal(logical, [1, 1])
    np.testing.assert_array_equal(product, [201 * 101 % 256, 4])
    assert plain == 303


# What a reduction is.
@pytest.mark.parametrize("op", list(reductions), ids=str)
@pytest.mark.parametrize("dtype", dtypes.ALL)
def test_the_identity_changes_no_element(op, dtype):
    if dtype in op.refuses or (dtypes.is_complex(dtype) and reductions[op].refuses_nothing):
        pytest.skip("the op does not take the dtype")
    elements = np.array([0, 1, 1, 0] if dtype == "bool" else [0, 1, 3, 100], dtype)
    identity = reductions[op].identity(dtype)
    assert identity.dtype == dtype
    np.testing.assert_array_equal(op(elements, identity), elements)


@pytest.mark.parametrize("op", list(reductions), ids=str)
def test_a_reduction_of_two_is_its_scalar_op(op):
    pair = np.array([6, 3])
    row = reductions[op]
    assert row.ufunc.reduce(pair) == op(pair[0], pair[1])
    assert callable(getattr(T, row.name))


@pytest.mark.parametrize("op", list(reductions), ids=str)
def test_no_elements_give_the_identity_or_an_error(op):
    row = reductions[op]
    v = T.lvector()
    reduced = Reduce(op, (0,), "int64", "int64")(v)
    if row.refuses_nothing:
        with pytest.raises(ValueError, match=f"{row.name} over an empty axis has no value"):
            reduced.eval({v: []})
        reduced = Reduce(op, (0,), "int64", "int64", allows_empty=True)(v)
    assert reduced.eval({v: np.array([], "int64")}) == row.identity("int64")


def test_what_is_no_reduction_is_refused_where_it_is_built():
    with pytest.raises(MissingRuleError, match="sub> has not a reduction"):
        Reduce(scalar.sub, (0,), "float64", "float64")


def test_a_row_is_all_that_a_reduction_needs(monkeypatch):
    row = Reduction("parity", np.bitwise_xor, identity=lambda dtype: np.zeros((), dtype)[()])
    monkeypatch.setitem(reductions._rules, scalar.xor, row)
    v = T.lmatrix()
    reduced = Reduce(scalar.xor, (1,), "int64", "int64")(v)
    assert pp(reduced).startswith("parity(")
    np.testing.assert_array_equal(reduced.eval({v: [[1, 2, 7], [5, 5, 5]]}), [4, 5])
    np.testing.assert_array_equal(reduced.eval({v: np.zeros((2, 0), "int64")}), [0, 0])
