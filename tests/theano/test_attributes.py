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
