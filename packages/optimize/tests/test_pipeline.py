"""The passes together: what users write comes out as what is to be run."""

import itertools

import numpy as np
import pytest
from bitale_graph import FunctionGraph, Mode, config, function, pp
from bitale_graph import language as T
from bitale_graph.ops.softmax import (
    Crossentropy1Hot,
    Crossentropy1HotGrad,
    SoftmaxCrossentropy,
    SoftmaxGrad,
)
from bitale_optimize import Changes, FunctionGraphRewriter, explain, rewrites
from bitale_optimize.engine.phases import PHASES
from bitale_optimize.pipeline import PASSES

UNFUSED = Mode(linker="numpy").excluding("fuse", "blas", "keep_checks")


@pytest.mark.parametrize(
    ("build", "text"),
    [
        (lambda x, y: -T.neg(x), "x"),
        (lambda x, y: x + y - x, "y"),
        (lambda x, y: (x + y) + (x + y), "(TensorConstant{2.0} * (x + y))"),
        (lambda x, y: x / x, "second(x, TensorConstant{1.0})"),
        (lambda x, y: 2 * x / 2, "x"),
        (lambda x, y: x * y / x, "y"),
        (lambda x, y: T.exp(x) * 2.0 * 3.0, "(exp(x) * TensorConstant{6.0})"),
        (lambda x, y: x * 1 + 0 * y, "x"),
        (lambda x, y: 2 * x * np.array([[1.0], [3]]) / 4, "(x * TensorConstant{[[0.5] [1.5]]})"),
        (lambda x, y: x - x, "second(x, TensorConstant{0.0})"),
        (lambda x, y: T.zeros_like(x) + x * T.ones_like(x), "x"),
        (lambda x, y: x**2, "sqr(x)"),
        (lambda x, y: x * x, "sqr(x)"),
        (lambda x, y: -(-x / y), "(x / y)"),
        (lambda x, y: T.sum(2 * x) / 2, "sum(x)"),
        (lambda x, y: T.log(1 + T.exp(x)), "softplus(x)"),
        (lambda x, y: 1 / (1 + T.exp(-(x + y))), "sigmoid((x + y))"),
        (lambda x, y: 1 / (1 + T.exp(-x - y)), "sigmoid((x + y))"),
        (lambda x, y: (1 + T.exp(-x)) ** -1, "sigmoid(x)"),
        (lambda x, y: T.exp(x - y) / (T.exp(x - y) + 1), "sigmoid((x - y))"),
        (
            lambda x, y: T.log(T.sigmoid(x).flatten()),
            "(-softplus((-Reshape(x, TensorConstant{-1}))))",
        ),
        (lambda x, y: T.max(-x), "(-min(x))"),
        (lambda x, y: T.exp(x)[0], None),
    ],
    ids=itertools.count(),
)
def test_expressions_take_their_simplest_form(rewriting, x, y, build, text):
    rewritten = rewriting.whole([x, y], build(x, y))
    if text is None:
        assert "Subtensor" in str(rewritten.output.owner.inputs[0].owner.op)
    else:
        assert pp(rewritten.output) == text


@pytest.mark.parametrize(
    "stays",
    [
        lambda x, y: 1 / (2 + T.exp(x)),
        lambda x, y: 1 / (1 + T.exp(x) + y),
        lambda x, y: T.exp(x) / T.exp(x).sum(),
        lambda x, y: T.log(1 + x) - 1,
    ],
    ids=["2 + exp", "1 + exp + y", "sum of all", "log"],
)
def test_look_alikes_keep_their_form(rewriting, x, y, stays):
    assert not {"sigmoid", "Softmax", "softplus"} & set(rewriting.whole([x, y], stays(x, y)).ops())


LARGE = np.array([[-1000.0, 0.0, 1000.0], [5.0, -5.0, 0.0]])
SPELLINGS = {
    "whole rows": lambda x: T.exp(x) / T.exp(x).sum(axis=1, keepdims=True),
    "negative axis": lambda x: T.exp(x) / T.exp(x).sum(axis=-1, keepdims=True),
    "dimshuffle": lambda x: T.exp(x) / T.exp(x).sum(axis=1).dimshuffle(0, "x"),
    "shape_padright": lambda x: T.exp(x) / T.shape_padright(T.exp(x).sum(axis=1)),
    "times inverse": lambda x: T.exp(x) * (1 / T.exp(x).sum(axis=1, keepdims=True)),
    "less the largest": lambda x: (
        T.exp(x - x.max(axis=1, keepdims=True))
        / T.exp(x - x.max(axis=1, keepdims=True)).sum(axis=1, keepdims=True)
    ),
    "columns": lambda x: (T.exp(x.T) / T.exp(x.T).sum(axis=0)).T,
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_softmax_is_found_in_all_spellings(rewriting, x, spelling):
    rewritten = rewriting.whole([x], SPELLINGS[spelling](x))
    assert rewritten.ops() == ["Softmax"]
    assert np.isfinite(rewriting.values(rewritten.graph, args=[LARGE])[0]).all()


def test_softmax_of_a_whole_vector_is_found(rewriting):
    v = T.vector("v")
    assert rewriting.whole([v], T.exp(v) / T.exp(v).sum()).ops() == ["Softmax"]
    assert rewriting.whole([v], T.exp(v) / T.sum(T.exp(v), axis=0)).ops() == ["Softmax"]


@pytest.mark.parametrize("as_constant", [True, False], ids=["constant", "input"])
@pytest.mark.parametrize(
    ("build", "value", "expected"),
    [
        (lambda x: T.log(1 + T.exp(x)), 1000.0, 1000.0),
        (lambda x: 1 / (1 + T.exp(-x)), -800.0, 0.0),
        (lambda x: T.log(1 / (1 + T.exp(-x))), -800.0, -800.0),
        (lambda x: T.log(1 - T.sigmoid(x)), 800.0, -800.0),
        (lambda x: T.exp(x) / (1 + T.exp(x)), 1000.0, 1.0),
        (lambda x: T.exp(x) - 1, 1e-20, 1e-20),
        (lambda x: T.log(1 + x), 1e-20, 1e-20),
        (lambda x: T.log(T.exp(x) + T.exp(x - 1)), 1000.0, 1000.3132616875182),
        (lambda x: T.log(T.sum(T.exp(T.stack([x, x])))), 1000.0, 1000.6931471805599),
        (lambda x: T.log(T.softmax(T.stack([x, 0.0])))[1], 1000.0, -1000.0),
    ],
    ids=range(10),
)
def test_constants_and_inputs_agree(rewriting, build, value, expected, as_constant):
    x = T.scalar("x")
    given = T.constant(np.float64(value)) if as_constant else x
    rewritten = rewriting.whole([x], build(given))
    (result,) = rewriting.values(rewritten.graph, args=[np.float64(value)])
    assert result == pytest.approx(expected, rel=1e-14)


def test_the_gradient_of_a_written_sigmoid_goes_through_sigmoid(rewriting, x):
    e = T.exp(-x)
    y = 1 / (1 + e)
    # As reverse differentiation of the sum writes it.
    ct = T.second(y, 1.0)
    gradient = -(-(ct * y / (1 + e)) * e)
    rewritten = rewriting.whole([x], gradient)
    assert rewritten.ops() == ["mul", "sigmoid", "sub"]
    (value,) = rewriting.values(rewritten.graph, args=[LARGE])
    s = 1 / (1 + np.exp(-np.clip(LARGE, -700, 700)))
    np.testing.assert_allclose(value, s * (1 - s), atol=1e-15)


def test_the_gradient_of_a_log_likelihood_loses_its_quotients(rewriting):
    z, t = T.vector("z"), T.vector("t")
    p = 1 / (1 + T.exp(-z))
    ct = -t / p + (1 - t) / (1 - p)
    gradient = ct * p * p * T.exp(-z)
    rewritten = rewriting.whole([z, t], gradient)
    assert "true_div" not in rewritten.ops()
    args = [np.array([-1000.0, 0.0, 1000.0]), np.array([0.0, 1.0, 1.0])]
    (value,) = rewriting.values(rewritten.graph, args=args)
    np.testing.assert_allclose(value, [0.0, -0.5, 0.0], atol=1e-15)


LOSSES = {
    "op": lambda x, t: Crossentropy1Hot()(T.softmax(x), t),
    "op of a written softmax": lambda x, t: Crossentropy1Hot()(
        T.exp(x) / T.exp(x).sum(axis=1, keepdims=True), t
    ),
    "log, then picked": lambda x, t: -T.log(T.softmax(x))[T.arange(t.shape[0]), t],
    "picked, then log": lambda x, t: -T.log(T.softmax(x)[T.arange(x.shape[0]), t]),
    "log_softmax": lambda x, t: -T.log_softmax(x)[T.arange(t.shape[0]), t],
}


@pytest.mark.parametrize("spelling", LOSSES)
def test_cross_entropy_is_found_in_all_spellings(rewriting, x, spelling):
    t = T.ivector("t")
    rewritten = rewriting.whole([x, t], LOSSES[spelling](x, t))
    assert rewritten.ops() == ["SoftmaxCrossentropy"]
    (value,) = rewriting.values(rewritten.graph, args=[LARGE, np.array([0, 1], "int32")])
    np.testing.assert_allclose(value, [2000.0, 10.006760443547122])


def test_cross_entropy_and_its_gradient_share_one_softmax(rewriting, x):
    t, ct = T.ivector("t"), T.vector("ct")
    p = T.softmax(x)
    loss = Crossentropy1Hot()(p, t)
    gradient = SoftmaxGrad()(Crossentropy1HotGrad()(p, ct, t), p)
    rewritten = rewriting.whole([x, t, ct], [loss, gradient])
    assert rewritten.ops() == ["SoftmaxCrossentropy", "SoftmaxCrossentropyGrad"]
    first, second = rewritten.graph.outputs
    assert second.owner.inputs[0] is first.owner.outputs[1]
    assert isinstance(first.owner.op, SoftmaxCrossentropy)
    values = rewriting.values(rewritten.graph, args=[LARGE, np.array([0, 1], "int32"), np.ones(2)])
    np.testing.assert_allclose(values[1][0], [-1, 0, 1])


def test_nan_is_kept_where_it_is_no_artefact(rewriting):
    x, y = T.vector("x"), T.vector("y")
    args = [np.array([np.nan, 1.0]), np.array([2.0, np.nan])]
    for out in (T.maximum(x, y), T.max(x), T.minimum(x, x), x + 0, x * 1, T.eq(x, x), T.max(-x)):
        rewritten = rewriting.whole([x, y], out)
        expected = rewriting.values([x, y], [out], args)[0]
        np.testing.assert_array_equal(rewriting.values(rewritten.graph, args=args)[0], expected)


@pytest.mark.parametrize("dtype", ["int8", "int64"])
def test_signs_of_the_smallest_integer_are_kept(rewriting, dtype):
    x = T.TensorType(dtype, (None,))("x")
    value = np.array([np.iinfo(dtype).min, -1, 0, np.iinfo(dtype).max], dtype)
    for out in (T.max(-x), -T.neg(x), abs(-x), x - (-x), -x * -x, T.min(abs(x)), x * -1):
        rewritten = rewriting.whole([x], out)
        expected = rewriting.values([x], [out], [value])[0]
        np.testing.assert_array_equal(rewriting.values(rewritten.graph, args=[value])[0], expected)


def test_shapes_are_found_without_computing(rewriting, x, y):
    rewritten = rewriting.whole([x, y], T.dot(T.exp(x), y)[1:].T.flatten().shape[0])
    assert not {"Dot", "exp", "Reshape"} & {str(op).split("{")[0] for op in rewritten.ops()}


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (1, 1)])
def test_empty_and_single_axes_are_no_exception(rewriting, x, shape):
    value = np.ones(shape)
    for out in (
        x + x,
        T.exp(x) / (1 + T.exp(x)),
        T.sum(2 * x, 1),
        T.softmax(x - 1) if shape[1] else x,
        T.sum(T.second(x, 2.0), 0),
        x.flatten().reshape(x.shape),
    ):
        rewritten = rewriting.whole([x], out)
        rewriting.assert_same(rewritten, [x], out, [value])


def test_fast_compile_merges_and_no_more(rewriting, x):
    mode = Mode(linker="numpy", optimizer="fast_compile")
    rewritten = rewriting.whole([x], [T.exp(x) * 1, T.exp(x), x.copy()], mode)
    assert rewritten.ops() == ["exp", "mul"]


def test_a_pass_is_left_out_by_name(rewriting, x):
    assert rewriting.whole(
        [x], -T.neg(x), UNFUSED.excluding("canonical", "stability", "specialize")
    ).ops() == ["neg", "neg"]


def test_a_rule_is_left_out_by_name_and_another_asked_for(rewriting, x):
    assert rewriting.whole(
        [x], -T.neg(x), UNFUSED.excluding("neg_of_neg", "sum_of_terms", "product_of_factors")
    ).ops() == ["neg", "neg"]
    assert rewriting.whole([x], 1 - T.sigmoid(x)).ops() == ["sigmoid", "sub"]
    including = UNFUSED.including("one_minus_sigmoid")
    assert rewriting.whole([x], 1 - T.sigmoid(x), including).ops() == ["neg", "sigmoid"]


def test_the_same_graph_comes_out_the_same(rewriting, x, y):
    def text():
        e = T.exp(x) / T.exp(x).sum(axis=1, keepdims=True) + T.log(1 + T.exp(y)) * 2 * x * 3
        return pp(rewriting.whole([x, y], e).output)

    assert text() == text()


def test_explain_tells_what_was_done(x):
    f = function([x], -T.neg(x), mode=Mode(linker="numpy"))
    firing = next(one for one in explain(f) if one.rule == "neg_of_neg")
    assert str(firing) == "canonical: neg_of_neg: neg(neg(x)) -> x"
    assert explain(FunctionGraph([x], [x])) == []
    with pytest.raises(TypeError, match="explain takes a function or a FunctionGraph"):
        explain(x)


def test_verbose_prints_what_was_done(capsys, x):
    graph = FunctionGraph.cloned([x], [-T.neg(x)])[0]
    with config.change_flags(optimizer_verbose=True):
        FunctionGraphRewriter().rewrite(graph, Mode(linker="numpy"))
    assert "neg_of_neg: neg(neg(x)) -> x" in capsys.readouterr().out


def test_the_list_of_rewrites_holds_every_pass_and_rule():
    text = rewrites()
    assert all(one.name in text and one.purpose for one in PASSES)
    for rules in PHASES.values():
        for rule in rules:
            assert f"{rule.name}: {rule.before} -> {rule.after}" in text
            assert isinstance(rule.changes, Changes)
    assert (
        "one_minus_sigmoid: 1 - sigmoid(x) -> sigmoid(-x) (changes: accuracy; on request)" in text
    )


def test_the_signature_follows_the_mode():
    rewriter = FunctionGraphRewriter()
    modes = [
        UNFUSED,
        UNFUSED.excluding("merge"),
        UNFUSED.including("one_minus_sigmoid"),
        Mode(linker="numpy", optimizer="fast_compile"),
    ]
    signatures = [rewriter.signature(mode) for mode in modes]
    assert len(set(signatures)) == len(modes)
    assert rewriter.signature(UNFUSED) == signatures[0]


def test_a_length_is_not_taken_from_what_is_computed_from_it(rewriting, x, y):
    # The gradient of a gather with repeats: the order written is of the shape of what is read.
    index = T.constant(np.array([-1, 0, 3]))
    picked = y[:, index]
    lengths = [T.shape_i(picked, a) for a in range(2)]
    order = T.reshape(T.arange(T.mul(*lengths)), lengths)
    written = T.set_subtensor(T.zeros_like(x, dtype="int64")[:, index], order)
    out = T.switch(T.eq(written[:, index], order), picked, 0)
    rewritten = rewriting.whole([x, y], out)
    rewriting.assert_same(rewritten, [x, y], out, [np.ones((2, 4)), np.ones((2, 4))])


@pytest.mark.parametrize("shape", [(), (1,), (2,), (2, 3)])
def test_the_gradient_of_a_halved_square_is_the_parameter(rewriting, shape):
    p = T.TensorType("float64", (None,) * len(shape))("p")
    # As reverse differentiation of sum(p ** 2) / 2 writes it.
    ct = T.second(p, (T.constant(1.0) / 2.0).dimshuffle(*("x",) * len(shape)))
    assert pp(rewriting.whole([p], ct * 2 * p).output) == "p"


def test_what_lacks_a_required_name_is_left_out():
    v = T.dvector("v")
    mode = Mode(linker="numpy")

    def ops(mode):
        made = function([v], T.tanh(T.log(1 + T.exp(v))), mode=mode)
        return str(made.maker.fgraph.toposort())

    assert "Loop{softplus" in ops(mode)
    assert "Loop{exp" in ops(mode.requiring("fusion"))
    for required in ("accuracy", "log_of_one_plus_exp"):
        found = ops(mode.requiring(required))
        assert "softplus" in found
        assert "Loop" not in found
    with config.change_flags(optimizer_requiring="fusion:accuracy"):
        assert "Elementwise{exp}" in ops("FAST_RUN")
    assert mode.requiring("fusion") != mode
