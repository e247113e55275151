"""Types that know of lengths only where they are 1."""

from collections.abc import Iterator

import numpy as np
import pytest
from bitale_graph import config, function
from bitale_graph import language as T


@pytest.fixture(autouse=True)
def only_ones() -> Iterator[None]:
    with config.change_flags(known_lengths="ones"):
        yield


def test_a_type_forgets_the_other_lengths() -> None:
    assert T.TensorType("int8", (1, 2, None)).shape == (1, None, None)
    assert T.constant(np.ones((1, 3))).type.shape == (1, None)
    assert T.zeros((2, 3)).type == T.TensorType("float64", (None, None))


def test_lengths_that_differ_raise_when_the_function_is_called() -> None:
    f = function([], T.zeros((2, 3)) + T.zeros((3, 2)))
    with pytest.raises(ValueError, match="Apply node"):
        f()


def test_the_length_of_a_vector_is_found_in_its_graph() -> None:
    n, x = T.lscalar(), T.matrix()
    for vector, length in (
        (T.stack([1, n]), 2),
        (T.concatenate([[1], x.shape]), 3),
        (x.shape[::-1] * 2 + 1, 2),
        (x.shape[1:], 1),
        (T.constant([1, 2, 3]), 3),
    ):
        assert T.get_vector_length(vector) == len(vector) == length
        assert T.zeros(vector).ndim == length
    with pytest.raises(ValueError, match="not known"):
        T.get_vector_length(T.lvector())
    with pytest.raises(TypeError, match="length"):
        len(x)


def test_a_constant_is_taken_apart_by_its_value() -> None:
    assert [row.eval().tolist() for row in T.constant(np.eye(2))] == [[1, 0], [0, 1]]


def test_what_is_written_fits_when_it_is_called() -> None:
    f = function([], T.set_subtensor(T.zeros(3)[:2], np.ones(3)))
    with pytest.raises(ValueError, match="shape"):
        f()
    assert function([], T.set_subtensor(T.zeros(3)[:2], np.ones(2)))().tolist() == [1, 1, 0]


def test_an_index_out_of_range_raises_when_the_function_is_called() -> None:
    x, row = T.dvector(), T.drow()
    wrong = [x.shape[1], row[-2], T.set_subtensor(row[1], 0.0), T.zeros((3,))[5]]
    for f in [function([x, row], v, on_unused_input="ignore") for v in wrong]:
        with pytest.raises(IndexError, match="out of bounds for axis 0 with size"):
            f(np.ones(2), np.ones((1, 2)))
