from copy import deepcopy

import numpy as np
import pytest
from bitale_autodiff import (
    DisconnectedInputError,
    DisconnectedType,
    NullType,
    NullTypeGradError,
    disconnected_type,
    format_as,
    grad,
    null_type,
)
from bitale_graph import config, function, shared
from bitale_graph import language as T
from bitale_graph.base.errors import DtypeError, ShapeError


def test_one_variable_gives_one_derivative():
    x = T.dscalar()
    assert grad(x**2, x).eval({x: 3.0}) == 6


@pytest.mark.parametrize("form", [list, tuple])
def test_the_result_has_the_form_of_wrt(form):
    x, y = T.dscalars("xy")
    found = grad(x * y, form([x, y]))
    assert type(found) is form
    assert len(found) == 2
    assert type(grad(x, form([x]))) is form
    assert grad(x, form([])) == form()


def test_other_ordered_collections_give_a_list():
    x, y = T.dscalars("xy")
    parameters = {x: 1, y: 2}
    assert type(grad(x * y, parameters.keys())) is list
    assert len(grad(x * y, iter([x, y]))) == 2


@pytest.mark.parametrize("wrt", [set(), frozenset()])
def test_a_set_is_refused(wrt):
    with pytest.raises(TypeError, match="set"):
        grad(T.dscalar(), wrt)


@pytest.mark.parametrize("wrt", [3, None, "x", [3.0], ["x"], [None]])
def test_what_is_no_variable_is_refused(wrt):
    with pytest.raises(TypeError, match="wrt must"):
        grad(T.dscalar(), wrt)


def test_a_cost_that_is_no_scalar_is_refused_with_its_line_and_type():
    x = T.dmatrix("x")
    cost = T.exp(x)
    with pytest.raises(TypeError) as caught:
        grad(cost, x)
    message = str(caught.value)
    assert "TensorType(float64, matrix)" in message
    assert "test_grad.py" in message
    assert "rank 2" in message
    assert "sum()" in message


def test_a_cost_of_one_element_is_refused_too():
    x = T.drow()
    with pytest.raises(TypeError, match="scalar"):
        grad(T.sum(x, axis=1), x)


def test_a_cost_that_is_no_variable_is_refused():
    with pytest.raises(TypeError, match="variable"):
        grad(3.0, T.dscalar())


def test_a_null_cost_is_refused_with_its_reason():
    with pytest.raises(NullTypeGradError, match="nobody knows"):
        grad(NullType("nobody knows")(), T.dscalar())


def test_a_complex_cost_is_refused():
    z = T.zscalar()
    with pytest.raises(DtypeError, match="real"):
        grad(z * z, z)


def test_neither_cost_nor_known_gradients_is_an_error():
    with pytest.raises(ValueError, match="known_grads"):
        grad(None, T.dscalar())


def test_the_cost_by_itself_is_one():
    x = T.fscalar()
    g = grad(x, x)
    assert g.eval({x: 3.0}) == 1
    assert g.dtype == "float32"


def test_an_intermediate_variable():
    x = T.dscalar()
    y = T.exp(x)
    gy, gx = grad(y**2, [y, x])
    assert np.allclose(gy.eval({x: 1.0}), 2 * np.e)
    assert np.allclose(gx.eval({x: 1.0}), 2 * np.e**2)


def test_a_variable_named_twice_gets_its_derivative_twice():
    x = T.dscalar()
    a, b = grad(x**2, [x, x])
    assert a is b


def test_a_constant_and_a_shared_variable():
    c, w = T.constant(2.0), shared(np.array([1.0, 2.0]))
    gw, gc = grad(T.sum(w * w) * c, [w, c])
    f = function([], [gw, gc])
    assert [v.tolist() for v in f()] == [[4, 8], 5]


# A3: known gradients


def test_known_gradients_replace_the_cost():
    x = T.dvector()
    y = T.exp(x)
    g = grad(None, x, known_grads={y: T.constant(np.array([1.0, 0.0]))})
    assert np.allclose(g.eval({x: [1.0, 2.0]}), [np.e, 0])


def test_known_gradients_replace_what_would_be_computed():
    x = T.dscalar()
    y = x**2
    assert grad(y * 3.0, x, known_grads={y: T.constant(10.0)}).eval({x: 2.0}) == 40


def test_known_gradients_of_the_cost_replace_its_seed():
    x = T.dscalar()
    cost = x**2
    assert grad(cost, x, known_grads={cost: T.constant(5.0)}).eval({x: 1.0}) == 10


def test_known_gradients_beside_a_cost_are_added():
    x, y = T.dscalar(), T.dscalar()
    other = x * y
    assert grad(x**2, x, known_grads={other: T.constant(1.0)}).eval({x: 3.0, y: 4.0}) == 10


def test_known_gradients_may_be_disconnected_or_null():
    x = T.dscalar()
    y = x**2
    with pytest.raises(DisconnectedInputError):
        grad(y * 3.0, x, known_grads={y: disconnected_type()})
    with pytest.raises(NullTypeGradError, match="because"):
        grad(y * 3.0, x, known_grads={y: NullType("because")()})


@pytest.mark.parametrize(
    ("known", "error"),
    [
        (lambda x: [(x, x)], TypeError),
        (lambda x: {"x": x}, TypeError),
        (lambda x: {x: T.constant(1)}, TypeError),
        (lambda x: {x: T.zscalar()}, TypeError),
        (lambda x: {x: T.dvector()}, ShapeError),
    ],
    ids=["pairs", "name", "integer", "complex", "rank"],
)
def test_wrong_known_gradients_are_refused(known, error):
    x = T.dscalar()
    with pytest.raises(error, match="known_grads"):
        grad(x**2, x, known_grads=known(x))


# A4: consider_constant


def test_constants_stop_the_flow():
    x = T.dscalar()
    y = x**2
    assert grad(y * x, x, consider_constant=[y]).eval({x: 3.0}) == 9
    with pytest.raises(DisconnectedInputError):
        grad(y * 2.0, x, consider_constant=[y])


def test_a_constant_has_a_derivative_of_its_own():
    x = T.dscalar()
    y = x**2
    assert grad(y * x, y, consider_constant=(y,)).eval({x: 3.0}) == 3


@pytest.mark.parametrize("constants", [3, T.dscalar(), [3], ["x"]])
def test_constants_must_be_a_collection_of_variables(constants):
    x = T.dscalar()
    with pytest.raises(TypeError, match="consider_constant"):
        grad(x, x, consider_constant=constants)


# A5 and A6: disconnected inputs


def test_a_disconnected_variable_is_an_error_that_tells_where_it_was_made():
    x, y = T.dscalar("x"), T.dscalar("other")
    with pytest.raises(DisconnectedInputError) as caught:
        grad(x**2, [x, y])
    message = str(caught.value)
    assert "other" in message
    assert "test_grad.py" in message
    assert isinstance(caught.value, ValueError)


def test_a_disconnected_variable_may_be_warned_of():
    x, y = T.dscalar("x"), T.dscalar("other")
    with pytest.warns(UserWarning, match="other") as caught:
        assert grad(x**2, y, disconnected_inputs="warn").eval({y: 1.0}) == 0
    assert caught[0].filename == __file__


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "bool"])
def test_zero_for_a_disconnected_variable_is_a_float(dtype):
    x, y = T.dscalar(), T.vector(dtype=dtype)
    g = grad(x, y, disconnected_inputs="ignore")
    assert g.dtype == (dtype if dtype.startswith("float") else config.floatX)
    assert g.eval({y: np.ones(3, dtype)}).tolist() == [0, 0, 0]


def test_none_or_a_placeholder_for_a_disconnected_variable():
    x, y = T.dscalars("xy")
    for form in ("None", "none"):
        found = grad(x, [x, y], disconnected_inputs="ignore", return_disconnected=form)
        assert found[1] is None
    for form in ("Disconnected", "disconnected"):
        found = grad(x, y, disconnected_inputs="ignore", return_disconnected=form)
        assert isinstance(found.type, DisconnectedType)


@pytest.mark.parametrize("name", ["disconnected_inputs", "return_disconnected", "null_gradients"])
def test_unknown_options_are_refused_with_the_known_ones(name):
    x = T.dscalar()
    with pytest.raises(ValueError, match=f"{name} is one of"):
        grad(x, x, **{name: "maybe"})


# A8: names


def test_derivatives_are_named_if_both_variables_are():
    x, y = T.dscalar("x"), T.dscalar()
    cost = T.exp(x) * y
    assert [g.name for g in grad(cost, [x, y])] == [None, None]
    cost.name = "cost"
    assert [g.name for g in grad(cost, [x, y])] == ["(dcost/dx)", None]
    assert grad(cost, x, add_names=False).name is None


def test_variables_of_the_user_are_not_renamed():
    x, y = T.dscalar("x"), T.dscalar("y")
    weight = T.exp(y)
    cost = x * weight
    cost.name = "cost"
    known = T.sin(y)
    found = grad(cost, x, known_grads={cost: known})
    assert found.name == "(dcost/dx)"
    assert (weight.name, known.name) == (None, None)
    total = x + y
    total.name = "total"
    assert grad(total, x, known_grads={total: known}) is known
    assert known.name is None


# A9: dtypes, and higher orders


def test_an_integer_cost_by_itself():
    n = T.lscalar()
    g = grad(n, n)
    assert g.dtype == config.floatX
    assert g.eval({n: 3}) == 1


def test_floatX_decides_the_dtype_of_derivatives_by_integers():
    n = T.iscalar()
    with config.change_flags(floatX="float32"):
        assert grad(n * T.fscalar(), n).dtype == "float32"


def test_everything_stays_in_float32():
    from bitale_graph.core.traversal import ancestors

    x, w, b = T.fmatrix(), T.fmatrix(), T.fvector()
    p = T.softmax(T.dot(T.tanh(T.dot(x, w) + b), w.T))
    cost = -T.mean(T.log(p)[T.arange(x.shape[0]), 0]) + 0.01 * T.sum(w**2)
    found = ancestors(grad(cost, [w, b]))
    assert {v.dtype for v in found if v.dtype.startswith("float")} == {"float32"}


def test_a_hessian_row_by_row():
    x = T.dvector()
    g = grad(T.sum(x**2 * x[::-1]), x)
    rows = T.stack([grad(g[i], x) for i in range(2)])
    assert function([x], rows)([1.0, 3.0]).tolist() == [[6, 8], [8, 2]]


def test_a_hessian_times_a_vector():
    x, v = T.dvectors("xv")
    product = grad(T.sum(grad(T.sum(x**2), x) * v), x)
    # x itself is not needed any more, but its shape is.
    assert product.eval({x: [4.0, 4.0], v: [2.0, 2.0]}).tolist() == [4, 4]


def test_a_training_step_lowers_the_cost(rng):
    x, t = T.dmatrix("x"), T.lvector("t")
    w = shared(rng.normal(size=(4, 3)) * 0.1, name="w")
    b = shared(np.zeros(3), name="b")
    cost = T.mean(T.categorical_crossentropy(T.softmax(T.dot(x, w) + b), t))
    parameters = [w, b]
    updates = [(p, p - 0.5 * g) for p, g in zip(parameters, grad(cost, parameters), strict=True)]
    step = function([x, t], cost, updates=updates)
    data, labels = rng.normal(size=(30, 4)), rng.integers(0, 3, 30)
    costs = [float(step(data, labels)) for _ in range(20)]
    assert costs[-1] < 0.9 * costs[0]
    assert costs == sorted(costs, reverse=True)


# A29 and A32


@pytest.mark.parametrize("type", [null_type, disconnected_type])
def test_placeholders_hold_no_values(type):
    with pytest.raises(TypeError):
        type.filter(np.zeros(()))
    assert type == deepcopy(type)
    assert hash(type) == hash(deepcopy(type))
    assert null_type != disconnected_type


def test_format_as():
    x, y = T.dscalars("xy")
    assert format_as(True, False, x) == [x]
    assert format_as(False, True, [x, y]) == (x, y)
    assert format_as(False, False, [x]) is x
    with pytest.raises(ValueError, match="both"):
        format_as(True, True, x)
    with pytest.raises(ValueError, match="2"):
        format_as(False, False, [x, y])
