"""Rules that users add."""

import pytest
from bitale_graph import Mode
from bitale_graph import language as T
from bitale_graph.base.errors import ConfigError
from bitale_graph.extend import Elementwise, Softmax
from bitale_graph.tensor.scalar import exp
from bitale_optimize import (
    Changes,
    FunctionGraphRewriter,
    PatternRule,
    register,
    register_canonicalize,
    register_specialize,
    register_stabilize,
    rewrites,
    unregister,
)


@pytest.fixture
def added():
    """Names that are taken out again."""
    names = []
    yield names
    for name in names:
        unregister(name)


def exp_is_tanh(node, context):
    """A rule that is easy to see."""
    return T.tanh(node.inputs[0])


@pytest.mark.parametrize("add", [register_canonicalize, register_stabilize, register_specialize])
def test_a_function_takes_effect_at_the_next_rewriting(rewriting, added, x, add):
    assert rewriting.whole([x], T.exp(x)).ops() == ["exp"]
    add(exp_is_tanh, tracks=[exp])
    added.append("exp_is_tanh")
    assert rewriting.whole([x], T.exp(x)).ops() == ["tanh"]
    unregister(added.pop())
    assert rewriting.whole([x], T.exp(x)).ops() == ["exp"]


def test_a_decorator_gives_the_function_back(added, x):
    @register_canonicalize(tracks=[exp], name="mine")
    def rule(node, context):
        return None

    added.append("mine")
    assert rule(x, None) is None
    assert "mine: mine -> ?" in rewrites()


def test_a_pattern_is_registered_as_it_is(rewriting, added, x):
    register("specialize", PatternRule("sinh_is_exp", "sinh(x)", "exp(x)", Changes.DOMAIN))
    added.append("sinh_is_exp")
    assert rewriting.whole([x], T.sinh(x)).fired == ["sinh_is_exp"]
    unfused = Mode(linker="numpy").excluding("sinh_is_exp", "fuse")
    assert not rewriting.whole([x], T.sinh(x), unfused).fired


def test_the_signature_tells_what_is_registered(added):
    mode, rewriter = Mode(linker="numpy"), FunctionGraphRewriter()
    before = rewriter.signature(mode)
    register_canonicalize(exp_is_tanh, tracks=[exp])
    added.append("exp_is_tanh")
    assert rewriter.signature(mode) not in (before, None)


def test_the_signature_gives_up_where_a_rule_cannot_be_read(added):
    captured = []
    register_canonicalize(lambda node, context: captured or None, tracks=[exp], name="closure")
    added.append("closure")
    assert FunctionGraphRewriter().signature(Mode(linker="numpy")) is None


def test_unknown_names_are_errors():
    with pytest.raises(ConfigError, match=r"no phase 'early'.*canonical, stability, specialize"):
        register("early", exp_is_tanh)
    with pytest.raises(ConfigError, match="no rule 'neg_of_neg' was registered"):
        unregister("neg_of_neg")


class Rows(Softmax):
    """A user's op."""


def test_a_rule_is_shown_the_classes_that_it_names(rewriting, added, x):
    seen = []

    def look(node, context):
        seen.append(type(node.op))

    y = [Softmax()(x), Rows()(T.exp(x))]
    register_canonicalize(look, tracks=[Softmax])
    added.append("look")
    rewriting.whole([x], y)
    assert set(seen) == {Softmax}
    unregister(added.pop())
    register_canonicalize(look, tracks=[Softmax], subclasses=True)
    added.append("look")
    rewriting.whole([x], y)
    assert set(seen) == {Softmax, Rows}
    unregister(added.pop())
    register_canonicalize(look)
    added.append("look")
    rewriting.whole([x], y)
    assert Elementwise in seen
