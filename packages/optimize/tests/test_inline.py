"""Ops made of graphs: their graphs stand in their place."""

import numpy as np
import pytest
from bitale_graph import Mode, OpFromGraph, function, scan
from bitale_graph import language as T
from bitale_graph.core.order import toposort

v = T.dvector("v")


def made_of(f):
    found, waiting = set(), [f.maker.fgraph.outputs]
    while waiting:
        for node in toposort(waiting.pop()):
            found.add(type(node.op).__name__)
            waiting += [body.outputs for body in node.op.bodies]
    return found


@pytest.mark.parametrize("inline", [False, True])
def test_nothing_is_left_of_an_op_that_is_a_graph(inline):
    inner = OpFromGraph([v], [T.exp(v)], inline=inline)
    outer = OpFromGraph([v], [T.log(inner(v)) * 2], inline=inline)
    f = function([v], outer(v), mode=Mode("numpy"))
    (node,) = f.maker.fgraph.toposort()
    assert str(node.op) == "Loop{mul}"
    assert f.maker.fgraph.inputs[0] in node.inputs


def test_nothing_is_left_of_it_in_a_loop():
    op = OpFromGraph([v], [T.sin(v) * 2])
    n = T.iscalar("n")
    rows, _ = scan(op, outputs_info=v, n_steps=n)
    assert "OpFromGraph" not in made_of(function([v, n], rows[-1], mode=Mode("numpy")))


def test_fast_compile_on_numpy_keeps_the_ops_that_were_written():
    mode = Mode("numpy", "fast_compile")
    kept, gone = (OpFromGraph([v], [v * 2], inline=i) for i in (False, True))
    assert made_of(function([v], kept(v), mode=mode)) >= {"OpFromGraph"}
    assert made_of(function([v], gone(v), mode=mode)) == {"Elementwise"}


def test_lengths_that_do_not_fit_are_told_by_the_call():
    w = T.dvector("w")
    f = function([v, w], OpFromGraph([v, w], [v + w])(v, w), mode=Mode("numpy"))
    with pytest.raises(ValueError, match="3"):
        f(np.zeros(3), np.zeros(4))
