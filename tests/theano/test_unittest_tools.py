"""What Theano's tests of ops are written with."""

import unittest

import bitale.theano
import numpy as np
import pytest


@pytest.fixture
def tools():
    with bitale.theano.installed():
        from theano.tests import unittest_tools

        yield unittest_tools


def test_the_seed_is_the_settings_or_the_one_given(tools):
    assert tools.seed_rng() == 666
    a = np.random.rand()  # noqa: NPY002 (what is seeded)
    tools.seed_rng()
    assert np.random.rand() == a  # noqa: NPY002
    assert tools.fetch_seed(3) == 3


def test_values_are_compared_by_their_dtype(tools):
    tools.assert_allclose(np.float32(1), np.float32(1 + 5e-6))
    tools.assert_allclose(np.nan, np.nan)
    with pytest.raises(tools.WrongValue, match="largest difference: 5"):
        tools.assert_allclose(np.float64(1), np.float64(1 + 5e-5))
    with pytest.raises(tools.WrongValue):
        tools.assert_allclose(1.0, 1.1, rtol=0.01)


def test_shapes_and_gradients_of_an_op_are_checked(tools):
    import theano
    import theano.tensor as T

    class Double(theano.Op):
        __props__ = ()

        def make_node(self, x):
            return theano.Apply(self, [x], [x.type()])

        def perform(self, node, inputs, outputs):
            outputs[0][0] = inputs[0] * 2

        def infer_shape(self, node, shapes):
            return shapes

        def grad(self, inputs, grads):
            return [grads[0] * 2]

    class Test(tools.InferShapeTester):
        def test_shape(self):
            x = T.matrix()
            self._compile_and_check([x], [Double()(x)], [np.ones((2, 3))], Double)

        def test_grad(self):
            tools.verify_grad(Double(), [np.random.rand(3)])  # noqa: NPY002

    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(Test).run(result)
    assert result.testsRun == 2
    assert not result.failures
    assert not result.errors


def test_ops_of_functions_are_counted(tools):
    import theano
    import theano.tensor as T

    x = T.vector()
    f = theano.function([x], T.sort(x))
    op = T.sort(x).owner.op
    look = tools.TestOptimizationMixin()
    look.assertFunctionContains1(f, op)
    look.assertFunctionContainsClassN(f, type(op), 1)
    with pytest.raises(AssertionError, match="1 times"):
        look.assertFunctionContains0(f, op)
