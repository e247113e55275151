"""Attributes that objects have in Theano."""

import threading

import bitale
import bitale.theano
import numpy as np
import pytest


@pytest.fixture
def theano():
    with bitale.theano.installed():
        import theano

        yield theano


def test_variables_tell_their_readers_and_nodes_their_graph(theano):
    x = theano.tensor.dvector("x")
    graph = theano.function([x], [theano.tensor.exp(x), x + 1]).maker.fgraph
    (given,) = graph.inputs
    assert given.clients == graph.clients(given)
    assert graph.outputs[0].clients[-1] == ("output", 0)
    assert given.fgraph is graph
    assert given.clients[0][0].fgraph is graph
    assert not hasattr(x, "clients")
    assert not hasattr((x * 2).owner, "fgraph")


def test_a_rewrite_sees_the_graph_that_it_rewrites(theano):
    seen = []

    @theano.gof.local_optimizer([theano.tensor.erf])
    def look(node):
        seen.append((node.fgraph, node.inputs[0].clients, node.outputs[0].fgraph))
        return False

    theano.tensor.opt.register_canonicalize(look, name="look_at_the_graph")
    try:
        x = theano.tensor.dvector("x")
        theano.function([x], theano.tensor.erf(x))
    finally:
        theano.compile.optdb["canonicalize"].remove("look_at_the_graph")
    (graph, clients, same), *_ = seen
    assert graph is same
    assert clients[0][0].op == seen[0][1][0][0].op


def test_graphs_of_several_threads_are_told_apart(theano):
    T = theano.tensor
    wrong = []

    def make():
        x = T.dvector("x")
        for _ in range(20):
            g = theano.gof.FunctionGraph([x], [T.exp(x)])
            wrong.extend(v for v in g.variables if v.fgraph is not g)

    threads = [threading.Thread(target=make) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert not wrong


def test_nodes_and_constants(theano):
    T = theano.tensor
    node = T.dot(T.dmatrix("m"), T.dvector("v")).owner
    assert (node.nin, node.nout, node.get_parents()) == (2, 1, node.inputs)
    assert T.constant(3.0).value == 3
    assert T.exp(T.dvector()).owner.op.name == "Elemwise{exp,no_inplace}"
    assert T.Elemwise(theano.scalar.add, name="plus", nfunc_spec=("add", 2, 1)).name == "plus"


def test_graphs_are_changed_by_the_words_of_theano(theano):
    x = theano.tensor.dvector("x")
    graph = theano.gof.FunctionGraph([x], [theano.tensor.exp(x)], clone=False)
    graph.replace(r=graph.outputs[0], new_r=x * 2, reason="test", verbose=False)
    graph.change_input(graph.outputs[0].owner, 0, new_r=x + 1)
    copy = graph.clone(check_integrity=True)
    assert theano.function([x], graph.outputs[0])([1.0]) == 4
    assert len(copy.toposort()) == 2


def test_types_tell_dtypes(theano):
    assert theano.tensor.fvector.to_scalar_type() == theano.scalar.float32
    assert theano.tensor.lvector.dtype_specs() == (np.int64, "npy_int64", "NPY_INT64")


def test_errors_of_gradients_have_the_fields_of_theano(theano):
    rng = np.random.RandomState(1)

    class Wrong(theano.Op):
        def make_node(self, x):
            return theano.Apply(self, [x], [x.type()])

        def perform(self, node, inputs, outputs):
            outputs[0][0] = inputs[0] * 2

        def grad(self, inputs, gs):
            return [gs[0] * 3]

    with pytest.raises(theano.gradient.verify_grad.E_grad) as caught:
        theano.tensor.verify_grad(Wrong(), [np.ones((2, 3))], rng=rng)
    error = caught.value
    assert error.arg == 0
    assert error.shape == (2, 3)
    assert error.abs_err > error.abs_tol
    assert error.rel_err > error.rel_tol


def test_nothing_of_it_stays(theano):
    bitale.theano.uninstall()
    x = bitale.tensor.dvector("x")
    g = bitale.graph.FunctionGraph([x], [bitale.tensor.exp(x)])
    assert not hasattr(g.inputs[0], "clients")
    assert not hasattr(bitale.tensor.constant(1.0), "value")
    with pytest.raises(TypeError):
        x.reshape(shape=(1, 2))


def test_types_compare_values_without_an_instance(theano):
    T = theano.tensor
    a, b = np.array([1.0, np.inf, np.nan]), np.array([1.0, 2.0, 3.0])
    same = T.TensorType.values_eq_approx
    assert not same(a, b)
    assert same(a, b, allow_remove_inf=True, allow_remove_nan=True)
    assert same(a[:1], a[:1] + 0.05, rtol=0.1)
    assert not same(a[:1], a[:1] + 0.05, rtol=0.01, atol=0)
    assert not same(a[:1], np.float32([1]))
    assert T.TensorType.values_eq(np.array([1]), np.array([1.0]), force_same_dtype=False)
    assert not T.TensorType.values_eq(np.array([1]), np.array([1.0]))
    assert T.TensorType.may_share_memory(a, a[1:])
    assert T.dvector.values_eq_approx(a[:1], a[:1] + 0.05, rtol=0.1)
    assert T.dvector.values_eq(a, a)


def test_shared_variables_are_made_by_their_class(theano):
    from theano.tensor.sharedvar import TensorSharedVariable

    class Mine(TensorSharedVariable):
        pass

    given = np.ones(2)
    w = Mine(name="w", type=theano.tensor.dvector, value=given, strict=False)
    given += 1
    assert (w.name, w.get_value().tolist()) == ("w", [1, 1])
    assert w.container.storage[0].tolist() == [1, 1]
    twin = Mine("v", theano.tensor.dvector, None, False, container=w.container)
    theano.function([], [], updates=[(twin, twin + 1)])()
    assert w.get_value().tolist() == [2, 2]
    assert isinstance(w.clone(), Mine)
    with pytest.raises(TypeError, match="takes no value"):
        Mine("v", theano.tensor.dvector, given, False, container=w.container)


@pytest.mark.parametrize("mode", ["FAST_COMPILE", "FAST_RUN"])
def test_a_function_is_given_the_state_of_random_numbers(theano, mode):
    from theano.tensor.raw_random import random_state_type, uniform

    state = random_state_type("state")
    after, drawn = uniform(state, (3,))
    seeded = theano.In(state, value=np.random.RandomState(5), update=after, mutable=True)
    f = theano.function([seeded], drawn, mode=mode)
    first, second = f(), f()
    assert first.tolist() != second.tolist()
    again = theano.function([state], drawn, mode=mode)
    assert again(np.random.RandomState(5)).tolist() == first.tolist()


def test_methods_take_the_names_of_theano(theano):
    T = theano.tensor
    assert T.dvector.is_valid_value(a=np.ones(2))
    assert T.dvector.value_validity_msg(a=np.ones((2, 2)))
    streams = T.shared_randomstreams.RandomStreams(3)
    drawn = streams.binomial(size=(3,), prob=1.0)
    assert theano.function([], drawn)().tolist() == [1, 1, 1]
    own = streams.gen(op=T.raw_random.uniform, size=(2,))
    assert theano.function([], own)().shape == (2,)
    same = T.type.values_eq_approx(np.array([np.inf]), np.array([1.0]), allow_remove_inf=True)
    assert same
    x = T.dvector("x")
    length = theano.compile.ops.shape_i(var=x, i=0)
    assert theano.function([x], length)(np.ones(3)) == 3
    graph = theano.gof.FunctionGraph([x], [x * 2], clone=False)
    graph.add_input(input=T.dvector("y"))
    assert len(graph.inputs) == 2
