"""Rewrites written for Theano run among bitale's own."""

import bitale.theano
import numpy as np
import pytest


@pytest.fixture(autouse=True)
def installed():
    with bitale.theano.installed():
        yield


@pytest.fixture
def database():
    from theano.compile import optdb

    added = []
    yield lambda name, phase=None: added.append((name, phase))
    for name, phase in added:
        (optdb[phase] if phase else optdb).remove(name)


def graph_of(*outputs):
    from theano import gof

    inputs = [v for v in gof.graph.inputs(outputs) if not isinstance(v, gof.Constant)]
    return gof.FunctionGraph(inputs, list(outputs), clone=False)


def test_a_rewrite_of_a_graph_replaces_and_validates():
    import theano.tensor as T
    from theano import gof
    from theano.gof import toolbox

    class Simplify(gof.Optimizer):
        def add_requirements(self, fgraph):
            fgraph.attach_feature(toolbox.ReplaceValidate())

        def apply(self, fgraph):
            for node in fgraph.toposort():
                if node.op == T.true_div:
                    x, y = node.inputs
                    if x.owner and x.owner.op == T.mul:
                        a, b = x.owner.inputs
                        if y == a:
                            fgraph.replace_validate(node.outputs[0], b)
                        elif y == b:
                            fgraph.replace_validate(node.outputs[0], a)

    x, y = T.dscalars("xy")
    graph = graph_of(T.exp((x * y) / y))
    Simplify().optimize(graph)
    assert [node.op for node in graph.toposort()] == [T.exp]


def test_a_rewrite_of_a_node_is_walked_over_a_graph():
    import theano.tensor as T
    from theano import gof

    @gof.local_optimizer([T.true_div])
    def local_simplify(node):
        x, y = node.inputs
        if x.owner and x.owner.op == T.mul and y in x.owner.inputs:
            (other,) = [v for v in x.owner.inputs if v is not y]
            return [other]
        return False

    x, y = T.dscalars("xy")
    for walk in (
        gof.TopoOptimizer(local_simplify),
        gof.opt.in2out(local_simplify),
        gof.opt.out2in(local_simplify),
        gof.EquilibriumOptimizer([local_simplify], max_use_ratio=10),
        gof.SeqOptimizer([gof.MergeOptimizer(), gof.opt.in2out(local_simplify)]),
    ):
        graph = graph_of(T.exp((y * x) / y) / T.exp((y * x) / y))
        walk.optimize(graph)
        assert all(n.op != T.mul for n in graph.toposort())


def test_patterns_and_ops_are_put_in_the_place_of_others():
    import theano.tensor as T
    from theano import gof

    x, y = T.dscalars("xy")
    pattern = gof.PatternSub((T.true_div, (T.mul, "x", "y"), "y"), "x")
    graph = graph_of((x * y) / y)
    gof.opt.in2out(pattern).optimize(graph)
    assert graph.outputs == [x]
    graph = graph_of((x * y) / x)
    gof.opt.in2out(pattern).optimize(graph)
    assert graph.outputs != [y]

    graph = graph_of(T.exp(x))
    gof.opt.in2out(gof.OpSub(T.exp, T.log)).optimize(graph)
    assert graph.outputs[0].owner.op == T.log
    graph = graph_of(T.exp(T.log(x)))
    gof.opt.in2out(gof.OpRemove(T.exp)).optimize(graph)
    assert graph.outputs[0].owner.op == T.log

    is_named = gof.PatternSub(
        (T.exp, {"pattern": "x", "constraint": lambda v: v.name == "x"}), (T.log, "x")
    )
    graph = graph_of(T.exp(x) + T.exp(y))
    gof.opt.in2out(is_named).optimize(graph)
    assert sorted(str(n.op) for n in graph.toposort()).count("Elementwise{log}") == 1


def test_a_registered_rewrite_of_a_node_runs_in_functions(database):
    import theano
    import theano.tensor as T
    from theano import gof
    from theano.tensor.opt import register_canonicalize

    @register_canonicalize
    @gof.local_optimizer([T.sin])
    def local_sin_is_cos(node):
        return [T.cos(node.inputs[0])]

    database("local_sin_is_cos", "canonicalize")
    x = T.dvector("x")
    f = theano.function([x], T.sin(x) + 1)
    np.testing.assert_allclose(f([0.0, 1.0]), np.cos([0.0, 1.0]) + 1)
    g = theano.function([x], T.sin(x) + 2, mode=theano.Mode().excluding("local_sin_is_cos"))
    np.testing.assert_allclose(g([0.0, 1.0]), np.sin([0.0, 1.0]) + 2)


def test_a_registered_rewrite_of_a_graph_runs_in_functions(database):
    import theano
    import theano.tensor as T
    from theano import gof
    from theano.compile import optdb

    seen = []

    class Look(gof.Optimizer):
        def apply(self, fgraph):
            seen.append(len(fgraph.toposort()))

    optdb.register("look", Look(), 0.5, "fast_run")
    optdb.register("look_when_asked", Look(), 60)
    database("look")
    database("look_when_asked")
    x = T.dvector("x")
    theano.function([x], T.exp(x) * 3)
    assert len(seen) == 1
    theano.function([x], T.exp(x) * 4, mode=theano.Mode().including("look_when_asked"))
    assert len(seen) == 3
    theano.function([x], T.exp(x) * 5, mode="FAST_COMPILE")
    assert len(seen) == 3


def test_a_rewrite_that_fails_is_told_and_left_out(database):
    import theano
    import theano.tensor as T
    from theano import gof
    from theano.compile import optdb

    class Wrong(gof.Optimizer):
        def apply(self, fgraph):
            raise RuntimeError("no")

    optdb.register("wrong", Wrong(), 0.5, "fast_run")
    database("wrong")
    x = T.dvector("x")
    with pytest.warns(UserWarning, match="the pass 'wrong' failed: RuntimeError: no"):
        f = theano.function([x], x + 1)
    assert f([1.0]) == [2.0]


def test_a_query_of_the_database_rewrites_a_graph():
    import theano.tensor as T
    from theano.compile import optdb
    from theano.gof import Query

    x = T.dvector("x")
    graph = graph_of(T.log(1 + T.exp(x)))
    optdb.query(Query(include=["fast_run"], exclude=["fusion"])).optimize(graph)
    assert "softplus" in str(graph.toposort()[-1].op)


def test_rewrites_of_graphs_take_what_theano_has_by_place_and_name():
    import theano

    opt = theano.gof.opt
    local = theano.gof.local_optimizer(None)(lambda node: False)
    assert opt.TopoOptimizer(local, "out_to_in").order == "out_to_in"
    assert opt.TopoOptimizer(local_opt=local).local_optimizers == [local]
    merge = opt.MergeOptimizer()
    several = opt.EquilibriumOptimizer(
        [local], ignore_newtrees=False, max_use_ratio=None, final_optimizers=[merge]
    )
    assert several.final_optimizers == [merge]
    assert several.local_optimizers == [local]
