"""When values count as equal: the relaxed comparisons of Theano's names."""

import numpy as np
import pytest
from bitale_graph import extend

X = np.array([1.0, np.inf, np.nan, 2.0])


@pytest.mark.parametrize(
    ("name", "other", "equal"),
    [
        ("values_eq_approx", X * (1 + 1e-9), True),
        ("values_eq_approx", np.array([1.0, 5.0, np.nan, 2.0]), False),
        ("values_eq_approx_remove_inf", np.array([1.0, 5.0, np.nan, 2.0]), True),
        ("values_eq_approx_remove_inf", np.array([1.0, np.inf, 5.0, 2.0]), False),
        ("values_eq_approx_remove_nan", np.array([1.0, np.inf, 5.0, 2.0]), True),
        ("values_eq_approx_remove_nan", np.array([1.0, 5.0, np.nan, 2.0]), False),
        ("values_eq_approx_remove_inf_nan", np.array([1.0, 5.0, 5.0, 2.0]), True),
        ("values_eq_approx_remove_inf_nan", np.array([1.1, 5.0, 5.0, 2.0]), False),
        ("values_eq_approx_remove_inf_nan", X[:3], False),
        ("values_eq_approx_remove_inf_nan", X.astype("float32"), False),
        ("values_eq_approx_always_true", np.zeros(2), True),
    ],
)
def test_values_are_compared_where_they_count(name, other, equal):
    assert getattr(extend, name)(X, other) is equal
    assert getattr(extend, name)(other, X) is equal


def test_whole_numbers_are_equal_or_not():
    assert extend.values_eq_approx_remove_nan(np.arange(3), np.arange(3))
    assert not extend.values_eq_approx_remove_nan(np.arange(3), np.arange(1, 4))
