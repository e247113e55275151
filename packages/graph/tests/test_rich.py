"""What notebooks show of variables, graphs and functions."""

import re
import time
from html.parser import HTMLParser

import numpy as np
import pytest
from bitale_graph import FunctionGraph, In, function, shared
from bitale_graph import language as T
from bitale_graph.debug.cost import cost_of

x, y = T.dmatrix("x"), T.dmatrix("y")
HOSTILE = "<script>alert('$x$')</script>\n&amp;"


class Balanced(HTMLParser):
    """The text of HTML, of which every tag that opens is closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.words = [], set(), []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return "|".join(self.words)


def shown(thing):
    return Balanced(thing._repr_html_()).text


def test_a_variable_shows_name_type_expression_and_place():
    v = T.exp(x) + y
    v.name = "v"
    told = shown(v)
    assert told.startswith(
        "name|v|type|TensorType(float64, matrix)|expression|(exp(x) + y)|made at|"
    )
    assert "test_rich.py:" in told
    assert v._repr_latex_() == r"$\displaystyle \mathrm{v} = e^{x} + y$"
    assert x._repr_latex_() == r"$\displaystyle x$"
    assert "expression" not in shown(x)


def test_constants_and_state_show_what_they_hold():
    assert "value|[1. 2.]|" in shown(T.constant([1.0, 2.0]))
    assert "value|array of shape (3, 9)|" in shown(shared(np.zeros((3, 9))))
    assert "value|7|" in shown(shared(7))


@pytest.mark.parametrize("name", [HOSTILE, "", "ü", "$", "`", "\x00"])
def test_names_do_no_harm(name):
    a = T.dvector(name)
    f = function([a], T.exp(a), name=name or None)
    for thing in (a, T.exp(a), f, f.maker.fgraph, shared(np.zeros(2), name=name)):
        found = Balanced(thing._repr_html_())
        assert "script" not in found.tags
    assert "<" not in T.exp(a)._repr_latex_()
    if name == HOSTILE:
        assert name in shown(a)


def test_large_expressions_are_cut_with_a_note():
    v, w = x, x
    for _ in range(60):
        v = v + v
    assert "cut: it has 60 nodes; debugprint shows all" in shown(v)
    assert r"\ldots" in v._repr_latex_()
    for _ in range(10_010):
        w = T.exp(w)
    start = time.thread_time()
    assert "cut: it has more than 10,000 nodes; debugprint shows all" in shown(w)
    assert len(w._repr_html_()) + len(w._repr_latex_()) < 10_000
    assert time.thread_time() - start < 2
    wide = T.stack([T.exp(T.dscalar()) for _ in range(1_000)])
    assert len(wide._repr_html_()) < 20_000


def test_a_function_shows_inputs_outputs_updates_and_cost():
    total = shared(np.zeros((2, 3)), name="total")
    b = T.dscalar("b")
    out = T.exp(x)
    out.name = "out"
    f = function(
        [x, In(b, value=1.0)], [out, x.sum() * b], updates=[(total, total * 2)], name="step"
    )
    told = shown(f)
    assert told.startswith(
        "function |step| on |cpu|Inputs|name|type|x|TensorType(float64, matrix)|b|"
    )
    assert "Outputs|name|type|expression|out|TensorType(float64, matrix)|exp(x)|output 1|" in told
    assert "Updates|of|type|new value|total|" in told
    assert "(total * TensorConstant{2.0})" in told
    assert re.search(r"Cost\|nodes as it (runs|was written): \d\|", told)
    assert "48 B of state" in told
    assert "Updates" not in shown(function([x], x + 1))
    assert "Inputs" not in shown(function([], T.constant(1.0)))


def test_a_graph_shows_inputs_outputs_and_cost():
    told = shown(FunctionGraph([x, y], [T.dot(x, y)]))
    assert told.startswith("Inputs|name|type|x|")
    assert (
        "nodes of the graph: 1|0 multiplications, without nodes of which types do not tell: 1"
        in told
    )


def test_a_small_graph_shows_its_picture_and_a_large_one_does_not():
    x = T.dvector("x")
    y = x
    for _ in range(101):
        y = T.sin(y)
    assert FunctionGraph([x], [T.exp(x)])._repr_html_().count("<svg") == 1
    assert "<svg" not in FunctionGraph([x], [y])._repr_html_()


def test_cost_counts_what_types_and_state_tell():
    a, b = T.TensorType("float64", (2, 3))("a"), T.TensorType("float64", (3, 4))("b")
    graph = FunctionGraph([a, b], [T.dot(a, b).sum() + T.constant(np.zeros(5)).sum()])
    found = cost_of(graph)
    assert (found.nodes, found.unknown, found.constants) == (4, 0, 40)
    assert found.multiplications == 2 * 3 * 4 + 8 + 5 + 1
    assert dict(found.ops) == {"Dot": 1, "Reduce": 2, "Elementwise": 1}
    given = FunctionGraph([x, y], [T.dot(x, y)], clone=False)
    assert cost_of(given).unknown == 1
    assert cost_of(given, {x: (2, 3), y: (3, 4), given.outputs[0]: (2, 4)}).multiplications == 24


def test_three_hundred_nodes_are_shown_in_200_ms():
    v = x
    for i in range(100):
        v = T.tanh(T.dot(v, y) + i)
    f = function([x, y], [v, v.sum()], mode="FAST_COMPILE")
    for thing in (v, f, f.maker.fgraph):
        taken = []
        for _ in range(3):
            start = time.thread_time()
            thing._repr_html_()
            getattr(thing, "_repr_latex_", str)()
            taken.append(time.thread_time() - start)
        assert min(taken) < 0.2
