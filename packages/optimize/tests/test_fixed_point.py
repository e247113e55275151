"""The work-list: how much it does, and what it does about rules that fail or never stop."""

import pytest
from bitale_graph import FunctionGraph, Mode, config
from bitale_graph import language as T
from bitale_graph.tensor.scalar import add, exp, tanh
from bitale_optimize.engine.fixed_point import RewriteWarning, to_fixed_point
from bitale_optimize.engine.rewrite import RewriteContext, RuleSet


def rules_of(*functions, tracks):
    rules = RuleSet("tested", "rules of a test")
    for function in functions:
        rules.rule(tracks=tracks, before="?", after="?")(function)
    return rules


def run(rules, inputs, output, mode=None):
    graph = FunctionGraph.cloned(inputs, [output])[0]
    context = RewriteContext(graph, mode or Mode(linker="numpy"), [])
    context.phase = "tested"
    to_fixed_point(rules)(graph, context)
    graph.check()
    return graph, context


def test_rules_that_undo_each_other_are_stopped_with_a_warning(x):
    def to_tanh(node, context):
        return T.tanh(node.inputs[0]) if node.op.scalar_op is exp else None

    def to_exp(node, context):
        return T.exp(node.inputs[0]) if node.op.scalar_op is tanh else None

    with pytest.warns(RewriteWarning, match="'tested' was cut short.*to_exp, to_tanh|to_tanh"):
        run(rules_of(to_tanh, to_exp, tracks=[exp, tanh]), [x], T.exp(x))


def failing(node, context):
    raise ZeroDivisionError("in the rule")


def test_a_failing_rule_is_skipped_with_a_warning(x):
    with pytest.warns(
        RewriteWarning, match="'failing' failed at exp.*ZeroDivisionError: in the rule"
    ):
        graph, _ = run(rules_of(failing, tracks=[exp]), [x], T.exp(x))
    assert len(graph.apply_nodes) == 1


def test_a_failing_rule_raises_where_that_is_asked_for(x):
    with (
        config.change_flags(on_opt_error="raise"),
        pytest.raises(ZeroDivisionError, match="in the rule"),
    ):
        run(rules_of(failing, tracks=[exp]), [x], T.exp(x))


def test_a_failing_rule_is_silent_where_that_is_asked_for(x):
    with config.change_flags(on_opt_error="ignore"):
        run(rules_of(failing, tracks=[exp]), [x], T.exp(x))


def test_a_replacement_of_another_dtype_is_cast(x):
    def to_int(node, context):
        return T.cast(node.inputs[0], "int32")

    graph, _ = run(rules_of(to_int, tracks=[exp]), [x], T.exp(x))
    assert graph.outputs[0].dtype == "float64"


def test_a_replacement_of_a_lower_rank_is_filled(x):
    def to_zero(node, context):
        return T.constant(0)

    graph, _ = run(rules_of(to_zero, tracks=[add]), [x], x + 1)
    assert graph.outputs[0].ndim == 2


def test_a_replacement_with_a_narrower_axis_is_filled(x):
    row = T.row("r")

    def to_row(node, context):
        return node.inputs[1]

    graph, _ = run(rules_of(to_row, tracks=[add]), [x, row], x + row)
    assert graph.outputs[0].broadcastable == (False, False)


def test_a_replacement_with_more_axes_is_an_error(x):
    def to_more(node, context):
        return node.inputs[0].dimshuffle("x", 0, 1)

    with pytest.warns(RewriteWarning, match="has more axes"):
        run(rules_of(to_more, tracks=[exp]), [x], T.exp(x))


def test_new_nodes_carry_the_users_line_and_name(x):
    def to_tanh(node, context):
        return T.tanh(node.inputs[0])

    y = T.exp(x)
    y.name = "y"
    graph, _ = run(rules_of(to_tanh, tracks=[exp]), [x], y)
    assert graph.outputs[0].name == "y"
    assert graph.outputs[0].owner.trace == y.owner.trace
    assert graph.outputs[0].owner.trace[0][0] == __file__


def test_a_rule_meets_only_what_it_tracks(x):
    met = []

    def look(node, context):
        met.append(str(node.op))

    run(rules_of(look, tracks=[exp]), [x], T.tanh(T.exp(x) + 1))
    assert met == ["Elementwise{exp}"]


def test_a_rule_may_track_an_op_by_value(x):
    met = []

    def look(node, context):
        met.append(node)

    run(rules_of(look, tracks=[x.T.owner.op]), [x], T.exp(x.T).dimshuffle("x", 0, 1))
    assert len(met) == 1


def test_an_excluded_rule_does_not_fire(x):
    # Modes take names of rules that exist: this one stands in for a rule of that name.
    def neg_of_neg(node, context):
        return T.tanh(node.inputs[0])

    rules = rules_of(neg_of_neg, tracks=[exp])
    _, context = run(rules, [x], T.exp(x), Mode(linker="numpy"))
    assert context.log
    _, context = run(rules, [x], T.exp(x), Mode(linker="numpy").excluding("neg_of_neg"))
    assert not context.log


def test_equal_nodes_that_rules_make_are_merged(x, y):
    def to_sum(node, context):
        return T.exp2(x_in(node)) if node.op.scalar_op is tanh else None

    def x_in(node):
        return node.inputs[0]

    graph, _ = run(rules_of(to_sum, tracks=[tanh]), [x], T.tanh(x) + T.exp2(x))
    assert len(graph.apply_nodes) == 2


def test_two_rules_of_one_name_are_refused():
    rules = rules_of(failing, tracks=[exp])
    with pytest.raises(ValueError, match="has a rule 'failing' already"):
        rules.rule(tracks=[exp], before="?", after="?")(failing)


def chain(step, start, n):
    for _ in range(n):
        start = step(start)
    return start


def tree(step, leaves):
    while len(leaves) > 1:
        leaves = [step(a, b) for a, b in zip(leaves[::2], leaves[1::2], strict=False)] + leaves[
            len(leaves) & ~1 :
        ]
    return leaves[0]


GROWN = {
    "tanh(e) + x": lambda x, n: chain(lambda e: T.tanh(e) + x, x, n),
    "e + x": lambda x, n: chain(lambda e: e + x, x, n),
    "e * x / (1 + x)": lambda x, n: chain(lambda e: e * x / (1 + x), x, n),
    # Sums and products in turn, and shared values, as reverse differentiation makes them.
    "c * (1 - e ** 2) + e * c": lambda x, n: chain(
        lambda e: e * (1 - T.sqr(T.tanh(e))) + T.tanh(e) * x, x, n
    ),
    "-e": lambda x, n: chain(lambda e: -e, x, n),
    "sigmoid written out": lambda x, n: chain(lambda e: 1 / (1 + T.exp(-e)), x, n),
    "log(exp(e))": lambda x, n: chain(T.log, chain(T.exp, x, n // 2), n // 2),
    "second(x, 1) * e": lambda x, n: chain(lambda e: T.second(x, 1.0) * e, x, n),
    "sum of squares": lambda x, n: tree(lambda a, b: a + b, [T.sqr(x + i) for i in range(n)]),
}


@pytest.mark.slow
@pytest.mark.parametrize("form", GROWN)
def test_work_grows_in_proportion_to_the_graph(rewriting, form):
    x = T.vector("x")
    small, large = (rewriting.whole([x], GROWN[form](x, n)).attempts for n in (300, 900))
    assert large <= 3.3 * small


@pytest.mark.slow
@pytest.mark.parametrize("form", ["tanh(e) + x", "e + x", "-e"])
def test_ten_thousand_levels_are_no_obstacle(rewriting, form):
    x = T.vector("x")
    assert rewriting.whole([x], GROWN[form](x, 10_000)).attempts < 500_000
