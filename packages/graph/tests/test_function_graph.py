import numpy as np
import pytest
from bitale_graph import FunctionGraph, TensorType, function
from bitale_graph import language as T
from bitale_graph.base.errors import InconsistentGraphError, MissingInputError
from bitale_graph.core.function_graph import OUTPUT
from bitale_graph.ops.softmax import SoftmaxCrossentropy
from bitale_graph.testing import assert_graph_equal
from hypothesis import given, settings
from hypothesis import strategies as st

x, y = T.dvectors("xy")
UNARY = [T.exp, T.tanh, T.neg, T.sqr]
BINARY = [T.add, T.mul, T.sub, T.maximum]


def test_clients_are_who_reads():
    a = T.exp(x)
    graph = FunctionGraph([x, y], [a + a, a], clone=False)
    graph.check()
    node = graph.outputs[0].owner
    assert list(graph.clients[a]) == [(node, 0), (node, 1), (OUTPUT, 1)]
    assert graph.clients[y] == {}
    assert len(graph.apply_nodes) == 2


def test_a_replacement_drops_what_nothing_needs():
    a = T.exp(x)
    graph = FunctionGraph([x], [T.tanh(a) + 1], clone=False)
    graph.replace(graph.outputs[0].owner.inputs[0], T.sin(x))
    graph.check()
    assert a not in graph.clients
    assert_graph_equal(graph, ([x], [T.sin(x) + 1]))


def test_an_output_can_be_replaced():
    graph = FunctionGraph([x], [T.exp(x), T.exp(x) * 2], clone=False)
    graph.replace(graph.outputs[0], x)
    graph.check()
    assert graph.outputs[0] is x


def test_an_input_can_be_replaced_where_it_is_read():
    graph = FunctionGraph([x], [T.exp(x)], clone=False)
    graph.replace(x, T.as_tensor(np.ones(3)))
    graph.check()
    assert graph.inputs == [x]
    assert_graph_equal(graph, ([y], graph.outputs))
    assert graph.outputs[0].owner.inputs[0].data.sum() == 3


def test_a_value_can_be_wrapped():
    a = T.exp(x)
    graph = FunctionGraph([x], [a + 1], clone=False)
    graph.replace(a, T.specify_shape(a, (3,)))
    graph.check()
    names = [str(node.op) for node in graph.toposort()]
    assert names == ["Elementwise{exp}", "SpecifyShape{shape=(3,)}", "Elementwise{add}"]


def test_a_cycle_is_found():
    a = T.exp(x)
    b = T.tanh(a)
    graph = FunctionGraph([x], [b], clone=False)
    graph.replace(a, T.sin(b))
    with pytest.raises(InconsistentGraphError, match="cycle"):
        graph.check()


def test_several_outputs_of_a_node():
    m, t = T.dmatrix("m"), T.lvector("t")
    loss, p = SoftmaxCrossentropy()(m, t)
    graph = FunctionGraph([m, t], [loss.sum(), p], clone=False)
    graph.replace(loss, T.log(p[:, 0]))
    graph.check()
    assert p.owner in graph.apply_nodes
    graph.replace(p, T.softmax(m))
    graph.check()
    assert p.owner not in graph.apply_nodes


def test_a_more_precise_type_is_admitted_and_another_is_not():
    graph = FunctionGraph([x], [T.exp(x)], clone=False)
    graph.replace(graph.outputs[0], TensorType("float64", (3,)).make_constant(np.ones(3)))
    graph.check()
    for wrong in (T.as_tensor(1.0), T.cast(x, "float32"), T.zeros((2, 2))):
        with pytest.raises(InconsistentGraphError, match="cannot replace"):
            graph.replace(x, wrong)


def test_a_missing_input_leaves_the_graph_whole():
    a = T.exp(x)
    graph = FunctionGraph([x], [a * 2], clone=False)
    before = set(graph.clients), set(graph.apply_nodes)
    with pytest.raises(MissingInputError, match="depends on y"):
        graph.replace(a, T.sin(x) + T.tanh(y))
    graph.check()
    assert (set(graph.clients), set(graph.apply_nodes)) == before
    with pytest.raises(MissingInputError, match="depends on y"):
        FunctionGraph([x], [y], clone=False)


def test_replacing_what_is_not_there_does_nothing():
    graph = FunctionGraph([x], [T.exp(x)], clone=False)
    graph.replace(T.sin(x), T.cos(x))
    graph.replace(graph.outputs[0], graph.outputs[0])
    graph.check()
    assert len(graph.toposort()) == 1


def test_what_replaces_takes_the_name():
    a = T.exp(x)
    a.name = "a"
    graph = FunctionGraph([x], [a + 1], clone=False)
    new = T.tanh(x)
    graph.replace(a, new)
    assert new.name == "a"


def test_a_clone_is_independent():
    graph = FunctionGraph([x], [T.exp(x) + 1], clone=False)
    copy = graph.clone()
    assert_graph_equal(graph, copy)
    copy.replace(copy.outputs[0].owner.inputs[0], T.tanh(copy.inputs[0]))
    copy.check()
    graph.check()
    assert len(graph.apply_nodes) == 2
    assert not graph.apply_nodes & copy.apply_nodes


def test_the_text_of_a_graph():
    assert str(FunctionGraph([x, y], [x])) == "FunctionGraph(x, y -> x)"


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_any_replacements_leave_a_whole_graph_with_the_right_values(data):
    inputs = [T.dvector("a"), T.dvector("b")]
    made = list(inputs)
    # Each variable with what it should be worth, as a function of the inputs' values.
    for _ in range(data.draw(st.integers(1, 8))):
        if data.draw(st.booleans()):
            made.append(data.draw(st.sampled_from(UNARY))(data.draw(st.sampled_from(made))))
        else:
            pick = st.sampled_from(made)
            made.append(data.draw(st.sampled_from(BINARY))(data.draw(pick), data.draw(pick)))
    outputs = data.draw(st.lists(st.sampled_from(made), min_size=1, max_size=3))
    values = [np.array([0.3, -0.7]), np.array([1.1, 0.2])]
    before = function(inputs, outputs, on_unused_input="ignore")(*values)
    graph = FunctionGraph.cloned(inputs, outputs)[0]
    for _ in range(data.draw(st.integers(1, 6))):
        old = data.draw(st.sampled_from(graph.variables))
        again = T.neg(T.neg(old)) if data.draw(st.booleans()) else T.tensor_copy(old)
        graph.replace(old, again)
        graph.check()
    after = function(graph.inputs, graph.outputs, on_unused_input="ignore")(*values)
    for one, other in zip(after, before, strict=True):
        np.testing.assert_array_equal(one, other)
    for variable in list(graph.variables):
        if variable.owner is not None and variable in graph.clients:
            graph.replace(variable, T.as_tensor(np.zeros(2)))
            graph.check()
    assert not graph.apply_nodes
