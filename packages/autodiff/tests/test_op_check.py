"""What `check_op` asks of gradients."""

import numpy as np
import pytest
from bitale_autodiff.op_check import check_gradient
from bitale_graph import language as T
from bitale_graph.extend import Apply, Op, Softmax, TensorType
from bitale_graph.testing import check_op


class Scaled(Op):
    """A product with whole numbers, and how many elements there are."""

    __props__ = ("slope",)

    def __init__(self, slope=1.0):
        self.slope = slope

    def make_node(self, x, n):
        x, n = T.as_tensor(x), T.as_tensor(n)
        return Apply(self, [x, n], [TensorType("int64", ())(), x.type()])

    def perform(self, node, inputs, output_storage):
        x, n = inputs
        output_storage[0][0] = np.asarray(x.size)
        output_storage[1][0] = (x * n).astype(x.dtype)

    def infer_shape(self, node, input_shapes):
        return [(), input_shapes[0]]

    def L_op(self, inputs, outputs, output_gradients):
        _, n = inputs
        return [output_gradients[1] * n * self.slope, T.zeros_like(n, dtype="float64")]


class Forwards(Scaled):
    """The same, with a derivative forwards."""

    __props__ = ("slope", "forward")

    def __init__(self, slope=1.0, forward=1.0):
        super().__init__(slope)
        self.forward = forward

    def R_op(self, inputs, eval_points):
        return [None, None if eval_points[0] is None else eval_points[0] * inputs[1] * self.forward]


SAMPLES = [[np.array([1.0, -2.0]), np.array([3, 4])], [np.zeros(0), np.zeros(0, int)]]


def test_floats_are_checked_with_the_other_inputs_given():
    check_op(Scaled(), SAMPLES)
    check_op(Scaled(), [[np.array([1, 2]), np.array([3, 4])]])


def test_a_wrong_gradient_is_named():
    with pytest.raises(AssertionError, match=r"(?s)gradient fails on sample 1.*is wrong"):
        check_op(Scaled(1.5), SAMPLES[::-1])


def test_a_wrong_derivative_forwards_is_named():
    check_op(Forwards(), SAMPLES)
    with pytest.raises(AssertionError, match=r"(?s)gradient fails on sample 0.*forwards is wrong"):
        check_op(Forwards(forward=1.5), SAMPLES)


def test_an_op_without_a_gradient_passes_and_one_with_a_rule_is_checked():
    class Plain(Op):
        __props__ = ()

    check_gradient(Plain(), None)
    check_op(Softmax(), [[np.array([[1.0, 2.0, 0.5]])]])
