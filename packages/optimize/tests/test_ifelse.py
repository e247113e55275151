import numpy as np
import pytest
from bitale_graph import Mode, function, ifelse
from bitale_graph import language as T
from bitale_graph.ops.ifelse import IfElse
from bitale_graph.tensor.variable import TensorType
from bitale_optimize.rewriter import FunctionGraphRewriter

x, y, s = T.matrix("x"), T.matrix("y"), T.scalar("s")
c = TensorType("bool", ())("c")
X, Y = np.random.default_rng(1).random((2, 3, 4))
AS_WRITTEN = Mode(linker="numpy", optimizer="None")


def choices(rewritten):
    return [n for n in rewritten.graph.toposort() if isinstance(n.op, IfElse)]


def names(body):
    return sorted(str(getattr(n.op, "scalar_op", n.op)) for n in body.graph.apply_nodes)


def same_on_both_branches(rewriting, rewritten, outputs):
    for flag in (True, False):
        rewriting.assert_same(rewritten, [c, x, y], outputs, [np.bool_(flag), X, Y])


@pytest.mark.parametrize(("known", "op"), [(1, "exp"), (0, "sqr"), (-0.5, "exp")])
def test_a_known_condition_leaves_one_branch(rewriting, known, op):
    done = rewriting.by("ifelse_of_known", [x], ifelse(known, T.exp(x), T.sqr(x)))
    assert done.ops() == [op]
    done = rewriting.whole([x], ifelse(T.ge(x.shape[0], 0), T.exp(x), T.sqr(x)))
    assert done.ops() == ["exp"]


def test_an_unknown_condition_stays(rewriting):
    assert rewriting.by("ifelse_of_known", [c, x], ifelse(c, T.exp(x), x)).log == []


def test_results_that_nothing_reads_go(rewriting):
    one, _ = ifelse(c, [T.exp(x), y], [x, T.exp(y)])
    done = rewriting.whole([c, x, y], one)
    (node,) = choices(done)
    assert (len(node.inputs), len(node.outputs)) == (2, 1)
    same_on_both_branches(rewriting, done, one)


def test_equal_results_are_one_and_those_of_both_branches_none(rewriting):
    outputs = ifelse(c, [T.exp(x), T.exp(x), y, x + 1], [y, y, y, x + 1])
    done = rewriting.whole([c, x, y], outputs)
    (node,) = choices(done)
    assert len(node.outputs) == 1
    assert done.graph.outputs[2] is done.graph.inputs[2]
    same_on_both_branches(rewriting, done, outputs)


def test_numbers_without_work_are_switched(rewriting):
    done = rewriting.by("ifelse_unused", [c, s], ifelse(c, s, 0.0))
    assert done.ops() == ["switch"]
    assert choices(rewriting.by("ifelse_unused", [c, x, y], ifelse(c, x, y)))


def test_choices_by_one_condition_are_made_together(rewriting):
    outputs = [ifelse(c, T.exp(x), y), ifelse(c, y, T.sqr(x))]
    done = rewriting.whole([c, x, y], outputs)
    (node,) = choices(done)
    assert len(node.outputs) == 2
    same_on_both_branches(rewriting, done, outputs)


def test_choices_that_need_each_other_stay_apart(rewriting):
    out = ifelse(c, T.exp(x), y)
    outputs = [out, ifelse(c, y, T.tanh(out) + out)]
    done = rewriting.whole([c, x, y], outputs)
    assert len(choices(done)) == 2
    same_on_both_branches(rewriting, done, outputs)


def test_choices_by_other_conditions_stay_apart(rewriting):
    d = TensorType("bool", ())("d")
    outputs = [ifelse(c, T.exp(x), y), ifelse(d, y, T.sqr(x))]
    assert len(choices(rewriting.whole([c, d, x, y], outputs))) == 2


def test_what_is_computed_outside_is_not_computed_inside(rewriting):
    outputs = [T.exp(x) * y, ifelse(c, T.tanh(T.exp(x)), y)]
    done = rewriting.whole([c, x, y], outputs)
    (node,) = choices(done)
    assert names(node.op.then_body) == ["tanh"]
    same_on_both_branches(rewriting, done, outputs)


def test_what_becomes_equal_to_work_outside_is_read_from_there(rewriting):
    lazily = function(
        [c, x, y], ifelse(c, T.tanh(T.exp(x)) + T.exp(x), y), mode=AS_WRITTEN
    ).maker.fgraph
    outputs = [lazily.outputs[0], T.exp(lazily.inputs[1])]
    done = rewriting.by("ifelse_beside_same_work", lazily.inputs, outputs)
    (node,) = choices(done)
    assert names(node.op.then_body) == ["add", "tanh"]
    rewriting.assert_same(done, lazily.inputs, outputs, [np.True_, X, Y])


def test_work_that_needs_the_choice_stays_inside(rewriting):
    lazily = function([c, x, y], ifelse(c, T.exp(x), y), mode=AS_WRITTEN).maker.fgraph
    done = rewriting.by("ifelse_beside_same_work", lazily.inputs, lazily.outputs)
    assert done.log == []


def test_branches_are_rewritten_and_fused(rewriting):
    out = ifelse(c, T.log(T.exp(x)) * 1 + T.log(1 + T.exp(x)), T.dot(x, y.T))
    done = rewriting.whole([c, x, y], out, Mode(linker="numpy"))
    (node,) = choices(done)
    assert [str(n.op)[:4] for n in node.op.then_body.graph.toposort()] == ["Loop"]
    same_on_both_branches(rewriting, done, out)


def test_work_is_lazy_after_rewriting():
    """What a pass leaves to one branch alone moves there."""
    f = function([c, x, y], [ifelse(c, T.exp(x), y), T.exp(x) * 0], mode=Mode(linker="numpy"))
    rewritten = f.maker.written.clone()
    FunctionGraphRewriter().rewrite(rewritten, Mode(linker="numpy"))
    (node,) = [n for n in rewritten.toposort() if isinstance(n.op, IfElse)]
    assert [v.owner for v in node.inputs] == [None, None, None]


@pytest.mark.parametrize("optimizer", ["fast_compile", "fast_run"])
def test_a_branch_that_fails_does_not_run(rewriting, optimizer):
    bad = T.dot(x, y)
    f = function([c, x, y], ifelse(c, bad, x + 1), mode=Mode(linker="numpy", optimizer=optimizer))
    np.testing.assert_array_equal(f(False, X, Y), X + 1)
    with pytest.raises(ValueError, match="dot"):
        f(True, X, Y)


def test_nested_choices_by_one_condition(rewriting):
    d = TensorType("bool", ())("d")
    out = ifelse(c, ifelse(d, T.exp(x), x) + ifelse(d, x, T.sqr(x)), y)
    done = rewriting.whole([c, d, x, y], out)
    (node,) = choices(done)
    (inner,) = [n for n in node.op.then_body.graph.toposort() if isinstance(n.op, IfElse)]
    assert len(inner.outputs) == 2
    for flags in ((True, True), (True, False), (False, True)):
        args = [*map(np.bool_, flags), X, Y]
        rewriting.assert_same(done, [c, d, x, y], out, args)
