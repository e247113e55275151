import numpy as np
import pytest
from bitale_autodiff import grad
from bitale_graph import function
from bitale_graph import language as T


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_parts_receive_their_slices(axis, rng, verify_orders):
    shapes = [(2, 3), (1, 3), (2, 3)] if axis == 0 else [(2, 3), (2, 1), (2, 2)]
    points = [rng.random(s) for s in shapes]
    verify_orders(lambda *parts: T.sqr(T.concatenate([T.sin(p) for p in parts], axis)), points)


def test_one_tensor_joined_to_itself(rng, verify_orders):
    verify_orders(lambda x: T.sqr(T.concatenate([x, 2 * x, x])), [rng.random(3)])


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_stack(axis, rng, verify_orders):
    points = [rng.random((2, 3)), rng.random((2, 3))]
    verify_orders(lambda x, y: T.sqr(T.stack([x, y, x * y], axis=axis)), points)


def test_stacked_lists(rng, verify_orders):
    points = [rng.random(()), rng.random(())]
    verify_orders(lambda a, b: T.sqr(T.stacklists([[a, b], [a * b, a]])), points)


def test_empty_parts():
    x, y = T.dvectors("xy")
    f = function([x, y], grad(T.sum(T.sqr(T.concatenate([x, y]))), [x, y]))
    assert [g.tolist() for g in f([], [3.0])] == [[], [6]]


def test_parts_of_several_dtypes_keep_their_own():
    x, y = T.fvector(), T.dvector()
    assert [g.dtype for g in grad(T.sum(T.concatenate([x, y])), [x, y])] == ["float32", "float64"]


def test_known_lengths_stay_known():
    x, y = T.constant(np.ones((1, 3))), T.constant(np.ones((2, 3)))
    gx, gy = grad(T.sum(T.sqr(T.concatenate([x, y]))), [x, y])
    assert (gx.type.shape, gy.type.shape) == ((1, 3), (2, 3))
