import numpy as np
import pytest
from bitale_graph import TensorType, function
from bitale_graph import language as T
from bitale_graph.base.errors import ShapeError

x, y = T.dmatrices("xy")
X, Y = np.arange(6.0).reshape(2, 3), np.ones((2, 3))


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_concatenate(axis):
    outputs = [T.concatenate([x, y, X], axis), T.join(axis, x, y)]
    first, second = function([x, y], outputs)(X, Y)
    np.testing.assert_array_equal(first, np.concatenate([X, Y, X], axis))
    np.testing.assert_array_equal(second, np.concatenate([X, Y], axis))


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
def test_stack(axis):
    outputs = [T.stack([x, y], axis), T.stack(x, y, axis=axis)]
    for found in function([x, y], outputs)(X, Y):
        np.testing.assert_array_equal(found, np.stack([X, Y], axis))


def test_stacks_of_numbers():
    a, b = T.dscalar("a"), T.iscalar("b")
    found = function([a, b], T.stack([a, b, 3, 2.5]))(1.5, 2)
    np.testing.assert_array_equal(found, [1.5, 2, 3, 2.5])
    assert T.stack([b, 1]).dtype == "int32"
    assert T.stacklists([[a, b], [b, a]]).type.shape == (2, 2)


def test_beside_and_above():
    left, right = function([x, y], [T.horizontal_stack(x, y), T.vertical_stack(x, y)])(X, Y)
    np.testing.assert_array_equal(left, np.hstack([X, Y]))
    np.testing.assert_array_equal(right, np.vstack([X, Y]))


def test_one_tensor_stands_for_itself():
    assert T.concatenate([x]) is x


def test_static_lengths_add_up():
    a, b = TensorType("float64", (2, 3))(), TensorType("float64", (4, None))()
    assert T.concatenate([a, b]).type.shape == (6, 3)
    assert T.concatenate([a, T.dmatrix()]).type.shape == (None, 3)


def test_what_does_not_go_together_is_refused():
    a, b = TensorType("float64", (2, 3))("a"), TensorType("float64", (2, 4))("b")
    with pytest.raises(ShapeError, match="lengths of axis 1 differ"):
        T.concatenate([a, b])
    with pytest.raises(ShapeError, match="one rank"):
        T.concatenate([x, T.dvector()])
    with pytest.raises(ShapeError, match="no axis 2"):
        T.concatenate([x, y], 2)
    with pytest.raises(ShapeError, match="no axis 0"):
        T.concatenate([T.dscalar(), T.dscalar()])
    with pytest.raises(ShapeError, match="do not go together"):
        T.concatenate([x, y]).eval({x: X, y: np.ones((2, 4))})
    with pytest.raises(ShapeError, match="no axis 3"):
        T.stack([x, y], 3)
    with pytest.raises(TypeError, match="list or tuple"):
        T.concatenate(x)
    for empty in (T.concatenate, T.stack):
        with pytest.raises(ValueError, match="at least one"):
            empty([])
