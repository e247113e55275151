"""The dtypes of Python numbers by Theano's rule, for programs that were written with it."""

import numpy as np
import pytest
from bitale_graph import config, function
from bitale_graph import language as T


@pytest.mark.parametrize(
    ("number", "dtype"),
    [
        (0, "int8"),
        (127, "int8"),
        (128, "int16"),
        (-129, "int16"),
        (2**15, "int32"),
        (2**31, "int64"),
        (2**63, "uint64"),
        (0.5, "float32"),
        (1.1, "float64"),
        (1e300, "float64"),
        (float("nan"), "float32"),
        (float("inf"), "float32"),
        (2j, "complex128"),
    ],
)
def test_a_number_has_the_smallest_dtype_that_holds_it(number, dtype):
    with config.change_flags(cast_policy="custom"):
        assert T.constant(number).dtype == dtype


def test_a_float_is_a_floatx_below_float64():
    with config.change_flags(cast_policy="custom", floatX="float32"):
        assert T.constant(1.1).dtype == "float32"
        assert (T.fvector() * 1.1).dtype == "float32"
        assert (T.lvector() * 1.1).dtype == "float64"


@pytest.mark.parametrize(
    ("policy", "dtypes"),
    [
        ("weak", ("float32", "float32", "int8", "int8")),
        ("custom", ("float64", "float32", "int8", "int16")),
        ("numpy+floatX", ("float64", "float64", "int64", "int64")),
    ],
)
def test_a_policy_tells_what_numbers_do_beside_tensors(policy, dtypes):
    x, i = T.fvector(), T.bvector()
    if policy == "weak":
        results = (x * 1.1, x * 0.5, i + 1, i + 100)
    else:
        with config.change_flags(cast_policy=policy):
            results = (x * 1.1, x * 0.5, i + 1, i + 1000)
    assert tuple(r.dtype for r in results) == dtypes


def test_a_function_keeps_the_dtypes_that_its_expression_has():
    x = T.fvector("x")
    with config.change_flags(cast_policy="custom"):
        y = [T.exp(x) / (1 + T.exp(x)), T.log(1 - T.sigmoid(x)), (x * 2 - x).sum(), x**3 / x]
        f = function([x], y)
        assert [v.dtype for v in y] == ["float32"] * 4
        for found in f(np.float32([0.5, 2])):
            assert found.dtype == np.float32
