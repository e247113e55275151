"""Derivatives of graphs used as ops: those of the graph, and what stands in their place."""

import numpy as np
import pytest
from bitale_autodiff import (
    DisconnectedInputError,
    DisconnectedType,
    NullType,
    NullTypeGradError,
    Rop,
    grad,
    verify_grad,
)
from bitale_graph import OpFromGraph, function, scan, shared
from bitale_graph import language as T

x, y = T.dmatrices("x", "y")
A, B = np.full((2, 2), 2.0), np.full((2, 2), 3.0)


def gradients(op, wrt=(x, y)):
    return function([x, y], grad(op(x, y).sum(), list(wrt)), on_unused_input="ignore")(A, B)


def test_derivatives_are_those_of_the_graph():
    op = OpFromGraph([x, y], [x * T.exp(y)])
    by_x, by_y = gradients(op)
    np.testing.assert_allclose(by_x, np.exp(B))
    np.testing.assert_allclose(by_y, A * np.exp(B))
    verify_grad(lambda u, v: op(u, v) * op(v, u), [A, B])


def test_shared_variables_inside_are_differentiated_by():
    s = shared(A)
    op = OpFromGraph([x], [x * s])
    np.testing.assert_array_equal(grad(op(x).sum(), s).eval({x: B}), B)


def test_only_outputs_that_are_used_send_something_back():
    op = OpFromGraph([x, y], [x * 2, y * 3])
    np.testing.assert_array_equal(grad(op(x, y)[1].sum(), y).eval({x: A, y: B}), [[3.0] * 2] * 2)
    with pytest.raises(DisconnectedInputError):
        grad(op(x, y)[1].sum(), x)


def test_a_loop_over_an_op_is_differentiated():
    v = T.dvector("v")
    op = OpFromGraph([v], [T.sin(v)])
    rows, _ = scan(op, outputs_info=v, n_steps=3)
    plain, _ = scan(T.sin, outputs_info=v, n_steps=3)
    got, expected = (grad(r[-1].sum(), v).eval({v: [0.5]}) for r in (rows, plain))
    np.testing.assert_allclose(got, expected)


def test_an_override_of_all_gets_inputs_outputs_and_derivatives():
    def by_outputs(inputs, outputs, output_grads):
        return [outputs[0] * output_grads[0], inputs[0] * output_grads[0] * 5]

    by_x, by_y = gradients(OpFromGraph([x, y], [x * y], lop_overrides=by_outputs))
    np.testing.assert_array_equal(by_x, A * B)
    np.testing.assert_array_equal(by_y, A * 5)


def test_an_override_of_grad_gets_no_outputs():
    op = OpFromGraph([x, y], [x * y], grad_overrides=lambda i, g: [i[1] * g[0], i[0] * g[0]])
    by_x, by_y = gradients(op)
    np.testing.assert_array_equal(by_x, B)
    np.testing.assert_array_equal(by_y, A)


def test_an_op_can_be_an_override():
    u, v, g = T.dmatrices(3)
    back = OpFromGraph([u, v, g], [u * g, v * 7 * g])
    by_x, by_y = gradients(OpFromGraph([x, y], [x * y], grad_overrides=back))
    np.testing.assert_array_equal(by_x, A)
    np.testing.assert_array_equal(by_y, B * 7)


@pytest.mark.parametrize(
    "given",
    [lambda i, g: i[0] * g[0], lambda i, g: [i[0] * g[0]]],
    ids=["bare", "list"],
)
def test_a_list_overrides_input_by_input(given):
    by_x, by_y = gradients(OpFromGraph([x, y], [x * y], grad_overrides=[given, "default"]))
    np.testing.assert_array_equal(by_x, A)
    np.testing.assert_array_equal(by_y, A)


@pytest.mark.parametrize(
    "none", [None, DisconnectedType(), DisconnectedType()()], ids=["none", "type", "variable"]
)
def test_an_input_can_be_disconnected(none):
    op = OpFromGraph([x, y], [x * y], lop_overrides=[none, "default"])
    np.testing.assert_array_equal(gradients(op, [y])[0], A)
    with pytest.raises(DisconnectedInputError):
        gradients(op)
    with pytest.raises(DisconnectedInputError):
        grad(OpFromGraph([x], [x], grad_overrides=none)(x).sum(), x)


@pytest.mark.parametrize("null", [NullType(), NullType("a reason")()], ids=["type", "variable"])
def test_a_derivative_can_be_undefined(null):
    op = OpFromGraph([x, y], [x * y], grad_overrides=[null, "default"])
    np.testing.assert_array_equal(gradients(op, [y])[0], A)
    with pytest.raises(NullTypeGradError):
        gradients(op)


def test_an_override_connects_what_the_graph_does_not():
    op = OpFromGraph([x, y], [T.round(x) + y], grad_overrides=[lambda i, g: g[0] * 2, "default"])
    np.testing.assert_array_equal(gradients(op)[0], [[2.0, 2.0]] * 2)


def test_a_connection_pattern_may_be_given():
    op = OpFromGraph([x, y], [x * y], connection_pattern=[[True], [False]])
    with pytest.raises(DisconnectedInputError):
        gradients(op)


def test_an_override_with_another_number_of_terms_is_refused():
    with pytest.raises(ValueError, match="2 derivatives"):
        gradients(OpFromGraph([x, y], [x * y], grad_overrides=lambda i, g: [g[0]]))


def test_shared_variables_keep_their_derivative_beside_an_override():
    s = shared(A)
    op = OpFromGraph([x], [x * s], grad_overrides=lambda i, g: [g[0] * 100])
    by_x, by_s = function([x], grad(op(x).sum(), [x, s]))(B)
    np.testing.assert_array_equal(by_x, [[100.0] * 2] * 2)
    np.testing.assert_array_equal(by_s, B)


def forward(op, *wrt):
    points = [T.ones_like(v) * (i + 1.0) for i, v in enumerate(wrt)]
    return function([x, y], Rop(op(x, y), list(wrt), points), on_unused_input="ignore")(A, B)


def test_forward_derivatives_are_those_of_the_graph():
    np.testing.assert_array_equal(forward(OpFromGraph([x, y], [x * y]), x, y), B + 2 * A)
    np.testing.assert_array_equal(forward(OpFromGraph([x, y], [x * y, y + x]), x)[0], B)


def test_forward_derivatives_can_be_overridden():
    op = OpFromGraph([x, y], [x * y], rop_overrides=lambda inputs, points: [points[0] * 10])
    np.testing.assert_array_equal(forward(op, x), [[10.0] * 2] * 2)
    op = OpFromGraph([x, y], [x * y, x], rop_overrides=[lambda i, p: p[0] * i[1] * 3, "default"])
    first, second = forward(op, x)
    np.testing.assert_array_equal(first, 3 * B)
    np.testing.assert_array_equal(second, [[1.0] * 2] * 2)
    op = OpFromGraph([x, y], [x * y], rop_overrides=NullType())
    with pytest.raises(NullTypeGradError):
        forward(op, x)
