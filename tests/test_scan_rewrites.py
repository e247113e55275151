"""Gradients of loops, rewritten: what is left in the bodies, and that values stay."""

from __future__ import annotations

import numpy as np
import pytest
from bitale_autodiff import grad
from bitale_graph import FunctionGraph, Mode, config, function, shared
from bitale_graph import language as T
from bitale_graph.base.errors import ShapeError
from bitale_graph.ops.assertion import Assert
from bitale_graph.ops.scan import Scan
from bitale_graph.recurrence import carry_scan, scan, until
from bitale_optimize import pipeline
from bitale_optimize.engine.rewrite import RewriteContext

AS_WRITTEN = Mode(linker="numpy", optimizer="None")
UNFUSED = Mode(linker="numpy").excluding("fuse", "blas")
K, H, BATCH = 3, 4, 2


def rewritten(inputs, outputs, mode=UNFUSED):
    graph = FunctionGraph.cloned(inputs, outputs)[0]
    with config.change_flags(on_opt_error="raise"):
        pipeline.run(graph, RewriteContext(graph, mode))
    graph.check()
    return graph


def values(inputs, outputs, args):
    run = function(inputs, outputs, mode=AS_WRITTEN, on_unused_input="ignore")
    return run(*args)


def assert_same(inputs, outputs, args, mode=UNFUSED):
    graph = rewritten(inputs, outputs, mode)
    new = values(graph.inputs, graph.outputs, args)
    for one, other in zip(new, values(inputs, outputs, args), strict=True):
        assert one.dtype == other.dtype
        assert one.shape == other.shape
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-11)
    return graph


def bodies(graph):
    """The names of the ops in the bodies, loop by loop."""
    return [
        sorted(str(getattr(n.op, "scalar_op", n.op)) for n in node.op.body.graph.apply_nodes)
        for node in graph.toposort()
        if isinstance(node.op, Scan)
    ]


def random(*shape):
    return np.random.default_rng(sum(shape)).normal(size=shape)


def gru(x, w, h):
    m = T.sigmoid(T.dot(x, w["xm"]) + T.dot(h, w["hm"]))
    r, z = m[..., :H], m[..., H:]
    c = T.tanh(T.dot(x, w["xh"]) + T.dot(r * h, w["hh"]))
    return [z * h + (1 - z) * c]


def lstm(x, w, h, c):
    g = T.dot(x, w["xg"]) + T.dot(h, w["hg"]) + w["b"]
    i, f, o, n = (g[..., k * H : (k + 1) * H] for k in range(4))
    new = T.sigmoid(f) * c + T.sigmoid(i) * T.tanh(n)
    return [T.sigmoid(o) * T.tanh(new), new]


def elman(x, w, h):
    return [T.tanh(T.dot(x, w["xh"]) + T.dot(h, w["hh"]) + w["b"])]


SHAPES = {
    "xm": (K, 2 * H),
    "hm": (H, 2 * H),
    "xh": (K, H),
    "hh": (H, H),
    "xg": (K, 4 * H),
    "hg": (H, 4 * H),
    "b": (H,),
}
CELLS = {
    "gru": (gru, ["xm", "hm", "xh", "hh"], 1, 2),
    "lstm": (lstm, ["xg", "hg", "b"], 2, 1),
    "elman": (elman, ["xh", "hh", "b"], 1, 1),
}
LOSSES = {
    "last": lambda out: T.sqr(out[-1]).sum(),
    "all": lambda out: T.sqr(out).mean(),
    "weighted": lambda out: (out[-1] * out[0]).sum(),
}


def network(name, batch, loss, **keywords):
    """Inputs, the loss with its gradients, and arguments for 5 steps."""
    cell, names, n_states, _ = CELLS[name]
    shapes = {k: (4 * H,) if (name, k) == ("lstm", "b") else SHAPES[k] for k in names}
    w = {k: (T.dvector if len(s) == 1 else T.dmatrix)(k) for k, s in shapes.items()}
    x = T.dtensor3("x") if batch else T.dmatrix("x")
    first = [T.dmatrix() if batch else T.dvector() for _ in range(n_states)]
    out, _ = scan(
        lambda x_t, *h: cell(x_t, w, *h),
        sequences=x,
        outputs_info=first,
        return_list=True,
        **keywords,
    )
    cost = LOSSES[loss](out[0])
    inputs = [x, *first, *w.values()]
    lead = (BATCH,) if batch else ()
    args = [random(5, *lead, K), *(random(*lead, H) for _ in first)]
    args += [random(*s) for s in shapes.values()]
    return inputs, cost, args


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("batch", [True, False], ids=["batch", "vector"])
@pytest.mark.parametrize("name", CELLS)
def test_gradients_keep_their_values_and_products_leave_the_loops(name, batch, loss):
    inputs, cost, args = network(name, batch, loss)
    gradients = grad(cost, inputs[1:])
    graph = assert_same(inputs, [cost, *gradients], args)
    forward, backward = bodies(graph)
    n_products = CELLS[name][3]
    assert forward.count("Dot") == n_products
    assert backward.count("Dot") == n_products
    assert not [op for op in backward if op.startswith(("IncSub", "Reduce", "tanh", "sigmoid"))]


@pytest.mark.parametrize("name", CELLS)
def test_gradients_keep_their_values_when_all_is_fused(name):
    inputs, cost, args = network(name, True, "last")
    assert_same(inputs, [cost, *grad(cost, inputs)], args, Mode(linker="numpy"))


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("length", [1, 2])
def test_short_loops(name, length):
    inputs, cost, args = network(name, True, "last")
    assert_same(inputs, [cost, *grad(cost, inputs)], [args[0][:length], *args[1:]])


def test_a_loop_of_no_step_has_gradients_of_zero():
    inputs, cost, args = network("gru", True, "all")
    outputs = grad(cost, inputs)
    assert_same(inputs, outputs, [args[0][:0], *args[1:]])


@pytest.mark.parametrize(
    "keywords",
    [{"go_backwards": True}, {"truncate_gradient": 2}, {"n_steps": 3}],
    ids=["backwards", "truncated", "fewer steps"],
)
def test_other_ways_through_a_loop(keywords):
    inputs, cost, args = network("gru", True, "last", **keywords)
    assert_same(inputs, [cost, *grad(cost, inputs)], args)


def test_second_derivatives():
    inputs, cost, args = network("elman", True, "last")
    first = grad(cost, inputs[2])
    second = grad(T.sqr(first).sum(), inputs)
    assert_same(inputs, [first, *second], args)


def test_a_loop_that_stops_early():
    x, h, w = T.dmatrix("x"), T.dvector("h"), T.dmatrix("w")

    def step(x_t, h):
        new = T.tanh(T.dot(h, w) + x_t)
        return new, until(new.sum() > 0.5)

    out, _ = scan(step, sequences=x, outputs_info=h)
    cost = T.sqr(out[-1]).sum() + out.mean()
    outputs = [cost, *grad(cost, [x, h, w])]
    for length in (1, 4, 9):
        assert_same([x, h, w], outputs, [random(length, H), random(H), random(H, H)])


def test_several_past_states_and_rows():
    x, h, w = T.dmatrix("x"), T.dmatrix("h"), T.dmatrix("w")

    def step(before, now, old, new):
        return T.tanh(T.dot(old, w) + T.dot(before, w) * now + new)

    out, _ = scan(
        step,
        sequences={"input": x, "taps": [-1, 0]},
        outputs_info={"initial": h, "taps": [-2, -1]},
    )
    cost = T.sqr(out).sum()
    outputs = [cost, *grad(cost, [x, h, w])]
    for length in (2, 6):
        assert_same([x, h, w], outputs, [random(length, H), random(2, H), random(H, H)])


def test_a_loop_in_a_loop():
    x, h, w = T.dtensor3("x"), T.dvector("h"), T.dmatrix("w")

    def outer(rows, h):
        inner, _ = scan(lambda r, h: T.tanh(T.dot(h, w) + r), sequences=rows, outputs_info=h)
        return inner[-1]

    out, _ = scan(outer, sequences=x, outputs_info=h)
    cost = T.sqr(out[-1]).sum()
    assert_same(
        [x, h, w], [cost, *grad(cost, [x, h, w])], [random(3, 4, H), random(H), random(H, H)]
    )


def test_a_table_read_inside():
    i, h, w, table = T.lvector("i"), T.dvector("h"), T.dmatrix("w"), T.dmatrix("table")
    out, _ = scan(lambda i, h: T.tanh(T.dot(h + table[i], w)), sequences=i, outputs_info=h)
    cost = T.sqr(out[-1]).sum()
    graph = assert_same(
        [i, h, w, table],
        [cost, *grad(cost, [h, w, table])],
        [np.array([2, 0, 2, 1]), random(H), random(H, H), random(5, H)],
    )
    forward, backward = bodies(graph)
    assert forward.count("Dot") == 1
    assert backward.count("Dot") == 1


def test_a_running_sum_is_no_loop():
    x, n = T.dvector("x"), T.dscalar("n")
    out, _ = scan(
        lambda x_t, acc, n: acc + x_t * n,
        sequences=x,
        outputs_info=T.constant(np.float64(0)),
        non_sequences=n,
    )
    graph = assert_same([x, n], [out[-1]], [np.arange(5.0), np.array(2.0)])
    assert bodies(graph) == []


FEW_ROWS = {
    "a sum": lambda x, n: scan(lambda row, s: s + row, x, T.zeros(3), n_steps=n)[0][-1],
    "work alone": lambda x, n: scan(lambda row: row * 2, x, n_steps=n)[0].sum(),
    "rows themselves": lambda x, n: scan(lambda row: row, x, n_steps=n)[0].sum(),
}


@pytest.mark.parametrize("name", FEW_ROWS)
def test_loops_that_disappear_leave_the_check_of_their_steps(name):
    x, n = T.dmatrix("x"), T.lscalar("n")
    graph = rewritten([x, n], [FEW_ROWS[name](x, n)])
    assert not bodies(graph)
    values(graph.inputs, graph.outputs, [random(5, 3), 5])
    for steps in (6, -1):
        with pytest.raises(ShapeError, match="a sequence has fewer rows"):
            values(graph.inputs, graph.outputs, [random(5, 3), steps])


def test_sequences_of_a_loop_that_disappears_are_as_long_as_each_other():
    x, y = T.dmatrix("x"), T.dmatrix("y")
    total, _ = carry_scan(lambda s, rows: (s + rows[0].sum() + rows[1].sum(), None), 0.0, (x, y))
    graph = assert_same([x, y], [total], [random(5, 3), random(5, 2)])
    assert not bodies(graph)
    with pytest.raises(ShapeError, match="a sequence has fewer rows"):
        values(graph.inputs, graph.outputs, [random(5, 3), random(4, 2)])


def test_the_shortest_of_sequences_needs_no_check():
    x, y = T.dmatrix("x"), T.dmatrix("y")
    result = scan(lambda a, b, s: s + a * b, [x, y], T.zeros(3))[0][-1]
    graph = assert_same([x, y], [result], [random(5, 3), random(4, 3)])
    assert not bodies(graph)
    checks = [n.op.msg for n in graph.toposort() if isinstance(n.op, Assert)]
    assert not [text for text in checks if "rows" in text]


def places(graph):
    """The functions of the user's in which the nodes of a graph and of its bodies were written."""
    found = set()
    for node in graph.apply_nodes:
        found.add((node.outputs[0].made_at or node.trace)[0][2])
        for body in node.op.bodies:
            found |= places(body.graph)
    return found


def test_nodes_of_rewritten_loops_keep_the_lines_that_wrote_them():
    def written():
        x, first = T.ftensor3("x"), T.fmatrix("first")
        names = ("W", "U", "V")
        W, U, V = (shared(np.eye(4, dtype="float32"), name) for name in names)

        def step(x, h):
            z = T.sigmoid(T.dot(x, W) + T.dot(h, U))
            return z * h + (1 - z) * T.tanh(T.dot(x, V))

        states, _ = scan(step, x, first)
        cost = T.sqr(states[-1]).mean()
        updates = [(w, w - 0.1 * grad(cost, w)) for w in (W, U, V)]
        return [x, first], cost, updates

    inputs, cost, updates = written()
    f = function(inputs, cost, updates=updates)
    assert places(f.maker.fgraph) <= {"written", "step", "<listcomp>"}
