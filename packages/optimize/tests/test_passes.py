"""Merging, folding, and removing identities."""

import numpy as np
import pytest
from bitale_graph import Apply, FunctionGraph, Mode, Op
from bitale_graph import language as T
from bitale_graph.core.graph import Constant
from bitale_optimize.engine.rewrite import RewriteContext
from bitale_optimize.passes.fold_constants import LARGEST_FILL, fold_constants
from bitale_optimize.passes.merge import merge
from bitale_optimize.passes.remove_identities import remove_identities


def apply(run, inputs, *outputs):
    graph = FunctionGraph.cloned(inputs, list(outputs))[0]
    context = RewriteContext(graph, Mode(linker="numpy"), [])
    run(graph, context)
    graph.check()
    return graph


class Roll(Op):
    """An op without parameters to compare: every one is another."""

    def make_node(self, x):
        return Apply(self, [x], [x.type()])


class Marked(Op):
    """An identity that only differentiation reads."""

    __props__ = ()
    is_identity_after_grad = True

    def make_node(self, x):
        return Apply(self, [x], [x.type()])


def test_equal_expressions_become_one(x, y):
    graph = apply(merge, [x, y], T.exp(x + y), T.exp(x + y))
    assert graph.outputs[0] is graph.outputs[1]
    assert len(graph.apply_nodes) == 2


def test_operands_of_a_commutative_op_may_change_places(x, y):
    graph = apply(merge, [x, y], x + y, y + x, x - y, y - x)
    assert len(graph.apply_nodes) == 3


def test_equal_constants_become_one(x):
    graph = apply(merge, [x], (x + 2.0) * 2.0, T.cast(x, "float32") + 2.0)
    constants = [v for v in graph.variables if isinstance(v, Constant)]
    assert len(constants) == 2


def test_zeros_of_both_signs_are_different_constants(x):
    graph = apply(merge, [x], x / np.array(0.0), x / np.array(-0.0))
    assert len(graph.apply_nodes) == 2


def test_ops_that_cannot_be_compared_stay_apart(x):
    assert len(apply(merge, [x], Roll()(x), Roll()(x)).apply_nodes) == 2


def test_constants_are_folded(x):
    graph = apply(fold_constants, [x], x * (T.exp(T.constant(0.0)) + 1))
    (node,) = graph.apply_nodes
    assert node.inputs[1].data == 2


def test_an_error_is_left_to_the_run(x):
    graph = apply(fold_constants, [x], x + T.constant(np.ones(2))[T.constant(np.int64(1)) + 4])
    assert len(graph.apply_nodes) > 1


@pytest.mark.parametrize("build", [T.zeros, T.ones], ids=["zeros", "ones"])
def test_large_fills_are_not_folded(build):
    x = T.vector("x")
    assert len(apply(fold_constants, [x], x + build(LARGEST_FILL)).apply_nodes) == 1
    assert len(apply(fold_constants, [x], x + build(LARGEST_FILL + 1)).apply_nodes) == 2


def test_an_op_may_refuse_to_be_folded(x):
    class Stubborn(Op):
        __props__ = ()

        def make_node(self, x):
            return Apply(self, [x], [x.type()])

        def perform(self, node, inputs, output_storage):
            output_storage[0][0] = inputs[0]

        def do_constant_folding(self, fgraph, node):
            return False

    assert len(apply(fold_constants, [x], x + Stubborn()(T.constant(1.0))).apply_nodes) == 2


def test_copies_and_marks_go(x):
    graph = apply(remove_identities, [x], T.exp(Marked()(T.tensor_copy(x))), x.copy())
    assert [str(n.op) for n in graph.apply_nodes] == ["Elementwise{exp}"]
    assert graph.outputs[1] is graph.inputs[0]
