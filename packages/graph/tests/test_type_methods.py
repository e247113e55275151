"""What a type does for those who write ops and types of their own."""

import numpy as np
import pytest
from bitale_graph import Type, function, shared
from bitale_graph import language as T
from bitale_graph.base.errors import AsTensorError


class Celsius(Type):
    """Numbers of degrees."""

    def filter(self, value, strict=False, allow_downcast=None):
        if not isinstance(value, (int, float)) or value < -273.15:
            raise TypeError(f"{value!r} is no temperature")
        return value

    def __eq__(self, other):
        return type(self) is type(other)

    def __hash__(self):
        return hash(Celsius)


def test_a_constructor_of_one_dtype_is_the_type_of_what_it_makes():
    assert T.dmatrix("x").type is T.dmatrix
    assert T.iscalar is not T.dscalar
    assert T.fvector.make_variable("v").type == T.fvector


def test_a_clone_has_another_dtype_or_pattern():
    assert T.dmatrix.clone(dtype="float32") == T.fmatrix
    assert T.dmatrix.clone(broadcastable=(True, False)) == T.drow
    assert T.dmatrix.clone(shape=(None, 3)).shape == (None, 3)


def test_a_value_is_valid_if_it_needs_no_conversion():
    assert T.dvector.is_valid_value(np.zeros(3))
    assert not T.dvector.is_valid_value([1.0, 2.0])
    assert T.dvector.is_valid_value([1.0, 2.0], strict=False)
    assert "float32" in T.dvector.value_validity_msg(np.zeros(3, "float32"))
    assert Celsius().is_valid_value(20.5)
    assert "no temperature" in Celsius().value_validity_msg(-300)


def test_values_are_compared_by_dtype_shape_and_numbers():
    x = np.array([1.0, np.nan])
    assert T.dvector.values_eq(x, x.copy())
    assert not T.dvector.values_eq(x, x.astype("float32"))
    assert not T.dvector.values_eq(x, x * (1 + 1e-9))
    assert T.dvector.values_eq_approx(x, x * (1 + 1e-9))
    assert not T.dvector.values_eq_approx(x, x * (1 + 1e-3))
    assert T.dvector.values_eq_approx(x, x * (1 + 1e-3), rtol=1e-2)
    assert not T.lvector.values_eq_approx(np.arange(3), np.arange(1, 4))
    assert Celsius().values_eq_approx(3, 3.0)


def test_arrays_share_memory_if_one_shows_the_other():
    x = np.zeros(4)
    assert T.dvector.may_share_memory(x, x[::2])
    assert not T.dvector.may_share_memory(x, x.copy())
    assert not T.dvector.may_share_memory(x, None)
    assert not Celsius().may_share_memory(3.5, 4.5)


def test_a_type_tells_zeros_and_bytes():
    zeros = T.fmatrix.value_zeros((2, 3))
    assert zeros.shape == (2, 3)
    assert zeros.dtype == np.float32
    assert T.fmatrix.get_size(T.fmatrix.get_shape_info(zeros)) == zeros.nbytes


def test_a_variable_is_filtered_by_its_type():
    x = T.dmatrix("x")
    assert T.dmatrix.filter_variable(x) is x
    row = T.drow.filter_variable(x)
    assert row.type == T.drow
    f = function([x], row)
    assert f(np.ones((1, 3))).shape == (1, 3)
    with pytest.raises((AssertionError, ValueError)):
        f(np.ones((2, 3)))
    with pytest.raises(TypeError, match="cannot make"):
        T.drow.filter_variable(x, allow_convert=False)
    with pytest.raises(TypeError, match="cannot make"):
        T.fmatrix.filter_variable(x)
    assert T.dmatrix.filter_variable(np.ones((1, 2))).data.tolist() == [[1.0, 1.0]]


def test_a_truth_value_is_no_tensor():
    x, y = shared(np.zeros(3)), T.dvector()
    with pytest.raises(AsTensorError, match=r"eq\(x, y\)"):
        T.as_tensor(x == y)
    with pytest.raises(TypeError, match=r"eq\(x, y\)"):
        T.switch(x == y, x, y)
    assert T.constant(True).dtype == "bool"


def test_a_rank_is_reached_by_axes_of_length_one():
    assert T.as_tensor(T.dvector(), ndim=3).broadcastable == (True, True, False)
    assert T.as_tensor(T.drow(), ndim=1).ndim == 1
    assert T.as_tensor([[[4.0]]], ndim=0).eval() == 4
    with pytest.raises(ValueError, match="length 1"):
        T.as_tensor(T.dmatrix(), ndim=1)
