import numpy as np
import pytest
from bitale_autodiff import (
    DisconnectedInputError,
    NullTypeGradError,
    consider_constant,
    disconnected_grad,
    grad,
    grad_clip,
    grad_scale,
    undefined_grad,
    zero_grad,
)
from bitale_graph import Elementwise, function
from bitale_graph import language as T
from bitale_graph.tensor import scalar

IDENTITIES = {
    "zero_grad": zero_grad,
    "disconnected_grad": disconnected_grad,
    "undefined_grad": undefined_grad,
    "grad_clip": lambda x: grad_clip(x, -1, 1),
    "grad_scale": lambda x: grad_scale(x, 3),
}


@pytest.mark.parametrize("name", IDENTITIES)
@pytest.mark.parametrize("dtype", ["float64", "float32", "int8", "bool"])
def test_the_value_is_that_of_the_argument(name, dtype):
    x = T.vector(dtype=dtype)
    y = IDENTITIES[name](x)
    data = np.array([1, 0, 1]).astype(dtype)
    found = function([x], y)(data)
    assert found.dtype == dtype
    assert np.array_equal(found, data)


@pytest.mark.parametrize("name", IDENTITIES)
def test_other_layers_see_an_elementwise_identity(name):
    op = IDENTITIES[name](T.dvector()).owner.op
    assert isinstance(op, Elementwise)
    assert op.scalar_op is scalar.identity
    assert op == IDENTITIES[name](T.dvector()).owner.op
    assert op != Elementwise(scalar.identity)


def test_zero_grad_is_zero_and_connected():
    x = T.dscalar()
    assert grad(zero_grad(x), x).eval({x: 3.0}) == 0
    assert grad(x * zero_grad(x), x).eval({x: 3.0}) == 3


def test_disconnected_grad_is_disconnected():
    x = T.dscalar()
    with pytest.raises(DisconnectedInputError):
        grad(disconnected_grad(x), x)
    assert grad(x * disconnected_grad(x), x).eval({x: 3.0}) == 3


def test_undefined_grad_is_an_error_where_it_is_needed():
    x, y = T.dscalars("xy")
    cost = undefined_grad(x) * y
    with pytest.raises(NullTypeGradError, match="undefined_grad"):
        grad(cost, x)
    assert grad(cost, y).eval({x: 3.0, y: 2.0}) == 3


def test_grad_clip_holds_the_derivative_between_bounds():
    x = T.dscalar()
    f = function([x], grad(grad_clip(x, -1, 1) ** 2, x))
    assert [float(f(v)) for v in (2.0, -2.0, 0.25)] == [1, -1, 0.5]


def test_grad_clip_refuses_bounds_in_the_wrong_order():
    with pytest.raises(ValueError, match="above"):
        grad_clip(T.dscalar(), 1, -1)


def test_grad_scale_multiplies_the_derivative():
    x = T.fscalar()
    g = grad(grad_scale(x, -2) ** 2, x)
    assert g.dtype == "float32"
    assert g.eval({x: np.float32(3)}) == -12


def test_consider_constant_is_the_old_name_of_zero_grad():
    x = T.dscalar()
    with pytest.warns(DeprecationWarning, match="zero_grad"):
        y = consider_constant(x)
    assert grad(y, x).eval({x: 3.0}) == 0


def test_markers_stay_in_second_derivatives():
    x = T.dscalar()
    first = grad(grad_scale(x, 2.0) ** 3, x)
    assert grad(first, x).eval({x: 1.0}) == 24
