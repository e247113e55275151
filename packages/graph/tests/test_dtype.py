"""Which dtype comes out: NumPy's promotion, and weak Python numbers."""

import math

import numpy as np
import pytest
from bitale_graph import TensorType, config
from bitale_graph import language as T
from bitale_graph.base.errors import DtypeError

GRID = ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
FLOATS = ["float16", "float32", "float64", "complex64", "complex128"]


def vector(dtype):
    return TensorType(dtype, (None,))("x")


@pytest.mark.parametrize("first", GRID + FLOATS)
@pytest.mark.parametrize("second", GRID + FLOATS)
def test_arithmetic_promotes_as_numpy_does(first, second):
    x, y = vector(first), vector(second)
    a, b = np.ones(1, first), np.ones(1, second)
    assert (x + y).dtype == (a + b).dtype
    assert (x * y).dtype == (a * b).dtype
    assert T.maximum(x, y).dtype == np.maximum(a, b).dtype
    assert T.switch(T.bvector(), x, y).dtype == np.where([True], a, b).dtype
    assert T.lt(x, y).dtype == "bool"
    assert T.eq(x, y).dtype == "bool"
    assert T.concatenate([x, y]).dtype == np.concatenate([a, b]).dtype
    assert T.dot(x, y).dtype == np.dot(a, b).dtype


@pytest.mark.parametrize("first", GRID + FLOATS[:3])
@pytest.mark.parametrize("second", GRID + FLOATS[:3])
def test_division_promotes_as_numpy_does(first, second):
    x, y = vector(first), vector(second)
    a, b = np.ones(1, first), np.ones(1, second)
    assert (x // y).dtype == (a // b).dtype
    assert (x % y).dtype == (a % b).dtype
    assert (x**y).dtype == (a**b).dtype
    discrete = {first, second} <= set(GRID) and np.result_type(a, b).kind in "biu"
    assert (x / y).dtype == ("float64" if discrete else np.result_type(a, b))


@pytest.mark.parametrize("first", GRID)
@pytest.mark.parametrize("second", GRID)
def test_bits_combine_as_in_numpy(first, second):
    a, b = np.ones(1, first), np.ones(1, second)
    if np.result_type(a, b).kind == "f":
        with pytest.raises(DtypeError, match="does not take operands of dtype float64"):
            vector(first) & vector(second)
    else:
        assert (vector(first) & vector(second)).dtype == (a & b).dtype


def test_zero_dimensional_tensors_promote_as_arrays():
    assert (T.fvector() + T.dscalar()).dtype == "float64"
    assert (T.fvector() + np.float64(1)).dtype == "float64"
    assert (T.bvector() + np.int64(1)).dtype == "int64"


@pytest.mark.parametrize("dtype", GRID + FLOATS)
@pytest.mark.parametrize("number", [1, 2.5, 1j, True])
def test_python_numbers_are_weak(dtype, number):
    with np.errstate(all="ignore"):
        expected = (np.ones(1, dtype) + number).dtype
    assert (vector(dtype) + number).dtype == expected
    assert (number + vector(dtype)).dtype == expected


def test_a_weak_float_beside_integers_is_floatx():
    with config.change_flags(floatX="float32"):
        assert (T.wvector() * 0.5).dtype == "float32"
        # Which promotes with int64 as an array of float32 does.
        assert (T.lvector() * 0.5).dtype == "float64"
        assert (T.dvector() * 0.5).dtype == "float64"


def test_a_weak_integer_that_does_not_fit_is_refused():
    with pytest.raises(OverflowError, match="300 is out of bounds for int8"):
        T.bvector() + 300


def test_the_condition_of_a_switch_does_not_count():
    assert T.switch(T.bvector(), 300, 1).dtype == "int64"
    assert T.switch(T.lvector(), T.fvector(), 1.5).dtype == "float32"
    assert T.switch(T.gt(T.dvector(), 0), T.fvector(), 0).dtype == "float32"


def test_a_weak_integer_beside_bool_is_int64():
    assert (vector("bool") + 1).dtype == "int64"


def test_literals_alone():
    assert T.as_tensor(3).dtype == "int64"
    assert T.as_tensor(2**63).dtype == "uint64"
    assert T.as_tensor(2.5).dtype == "float64"
    assert T.constant(True).dtype == "bool"
    assert T.as_tensor(2j).dtype == "complex128"
    with config.change_flags(floatX="float32"):
        assert T.as_tensor(2.5).dtype == "float32"
        assert T.as_tensor([2.5, 1]).dtype == "float32"
        assert T.as_tensor(np.array([2.5])).dtype == "float64"


@pytest.mark.parametrize("name", ["exp", "sqrt", "sin", "log", "sigmoid", "tanh", "floor", "erf"])
def test_functions_make_floats_of_integers(name):
    function = getattr(T, name)
    for dtype in ("bool", "int8", "int16", "uint8", "uint16", "float32"):
        assert function(vector(dtype)).dtype == "float32"
    for dtype in ("int32", "int64", "uint32", "uint64", "float64"):
        assert function(vector(dtype)).dtype == "float64"
    assert function(vector("float16")).dtype == "float16"


def test_true_division_of_integers_gives_floatx():
    assert (T.bvector() / T.bvector()).dtype == "float64"
    with config.change_flags(floatX="float32"):
        assert (T.lvector() / 2).dtype == "float32"


@pytest.mark.parametrize("name", ["exp", "sin", "sqrt", "log1p", "tanh", "inv", "sqr"])
def test_functions_keep_complex_numbers(name):
    assert getattr(T, name)(T.zvector()).dtype == "complex128"


@pytest.mark.parametrize(
    "name", ["sigmoid", "softplus", "erf", "erfc", "ceil", "floor", "trunc", "round_half_to_even"]
)
def test_functions_that_have_no_complex_meaning_refuse_it(name):
    with pytest.raises(DtypeError, match="complex128"):
        getattr(T, name)(T.zvector())


@pytest.mark.parametrize("name", ["int_div", "mod", "arctan2", "and_"])
def test_binary_functions_that_have_no_complex_meaning_refuse_it(name):
    with pytest.raises(DtypeError, match="complex64"):
        getattr(T, name)(T.cvector(), T.cvector())


def test_bool_cannot_be_subtracted_or_negated():
    x = vector("bool")
    for build in (lambda: x - x, lambda: -x, lambda: T.sgn(x)):
        with pytest.raises(DtypeError, match="does not take operands of dtype bool"):
            build()


def test_the_absolute_value_of_complex_numbers_is_real():
    assert abs(T.zvector()).dtype == "float64"
    assert abs(T.cvector()).dtype == "float32"


def test_rounding_of_integers_gives_floats():
    assert T.ceil(T.lvector()).dtype == "float64"
    assert math.floor(T.ivector()).dtype == "float64"
    assert math.trunc(T.fvector()).dtype == "float32"


def test_cast_to_the_same_dtype_is_the_variable_itself():
    x = T.fvector()
    assert T.cast(x, "float32") is x
    with config.change_flags(floatX="float32"):
        assert x.astype("floatX") is x


def test_cast_does_not_drop_imaginary_parts():
    with pytest.raises(DtypeError, match="imaginary part"):
        T.cast(T.zvector(), "float64")


def test_sum_and_prod_widen_integers():
    for dtype in ("bool", "int8", "int32"):
        assert T.sum(vector(dtype)).dtype == "int64"
    for dtype in ("uint8", "uint32"):
        assert T.prod(vector(dtype)).dtype == "uint64"
    for dtype in FLOATS:
        assert T.sum(vector(dtype)).dtype == dtype
