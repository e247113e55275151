"""What the gradient is where several elements are the largest: by `config.gradient_at_ties`."""

import numpy as np
import pytest
from bitale_autodiff import Rop, grad
from bitale_graph import config, function
from bitale_graph import language as T

X, Y = [2.0, 1.0, 2.0], [2.0, 2.0, 1.0]


def slopes(make, *values):
    given = [T.vector() for _ in values]
    return [v.tolist() for v in function(given, grad(make(*given).sum(), given))(*values)]


@pytest.mark.parametrize("larger", [T.maximum, T.fmax])
def test_of_two_equal_operands_the_first_has_it_whole_if_asked(larger):
    assert slopes(larger, X, Y) == [[0.5, 0, 1], [0.5, 1, 0]]
    with config.change_flags(gradient_at_ties="whole"):
        assert slopes(larger, X, Y) == [[1, 0, 1], [0, 1, 0]]


@pytest.mark.parametrize("smaller", [T.minimum, T.fmin])
def test_of_two_equal_operands_the_first_is_the_smaller_if_asked(smaller):
    assert slopes(smaller, X, Y) == [[0.5, 1, 0], [0.5, 0, 1]]
    with config.change_flags(gradient_at_ties="whole"):
        assert slopes(smaller, X, Y) == [[1, 1, 0], [0, 0, 1]]


def test_each_of_the_largest_has_it_whole_if_asked():
    assert slopes(T.max, X) == [[0.5, 0, 0.5]]
    with config.change_flags(gradient_at_ties="whole"):
        assert slopes(T.max, X) == [[1, 0, 1]]
        assert slopes(T.min, Y) == [[0, 0, 1]]


def test_a_nan_passes_what_it_would_without_ties():
    nan = float("nan")
    with config.change_flags(gradient_at_ties="whole"):
        assert slopes(T.maximum, [nan, 1.0], [1.0, nan]) == [[0, 0], [1, 1]]
        assert slopes(T.fmax, [nan, 1.0], [1.0, nan]) == [[0, 1], [1, 0]]


@pytest.mark.parametrize("ties", ["shared", "whole"])
def test_forward_the_largest_share(ties):
    x = T.vector()
    with config.change_flags(gradient_at_ties=ties):
        tangent = Rop(T.max(x), x, T.as_tensor(np.array([1.0, 5.0, 3.0])))
    assert tangent.eval({x: X}) == 2
