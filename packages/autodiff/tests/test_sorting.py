"""Derivatives of orders."""

import numpy as np
import pytest
from bitale_autodiff import grad
from bitale_graph import function
from bitale_graph import language as T


@pytest.mark.parametrize("is_sorted", [True, False])
@pytest.mark.parametrize("k", [4, -4])
def test_what_flows_back_through_topk_reaches_the_element_it_belongs_to(k, is_sorted):
    x, w = T.dvectors("xw")
    y = T.topk(x, k, sorted=is_sorted)
    f = function([x, w], [y, grad(T.sum(w * y), x)])
    values, weights = np.random.default_rng(0).permutation(40.0 + np.arange(40)), np.arange(1.0, 5)
    found, gradient = f(values, weights)
    np.testing.assert_array_equal([gradient[values == v].item() for v in found], weights)
    assert gradient.sum() == weights.sum()
