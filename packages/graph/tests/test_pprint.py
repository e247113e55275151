import pytest
from bitale_graph import Apply, Op, function, pp
from bitale_graph import language as T
from bitale_graph.extend import pprint
from bitale_graph.texts import (
    DefaultPrinter,
    FunctionPrinter,
    IgnorePrinter,
    LeafPrinter,
    OperatorPrinter,
    PatternPrinter,
    PPrinter,
    PrinterState,
    default_printer,
    leaf_printer,
)

x, y = T.dmatrix("x"), T.dmatrix("y")


class Pair(Op):
    __props__ = ()

    def make_node(self, a, b):
        return Apply(self, [a, b], [a.type(), b.type()])


def test_printers_are_assigned_to_ops_functions_classes_and_conditions():
    mine = pprint.clone()
    mine.assign(T.add, OperatorPrinter("plus", 0))
    mine.assign(T.exp, PatternPrinter(("e^%(0)s", -1000)))
    mine.assign(Pair, FunctionPrinter("first", "second"))
    mine.assign(lambda _, v: v.name == "y", LeafPrinter())
    mine.assign(type(x.sum().owner.op), IgnorePrinter())
    a, b = Pair()(x + y, T.exp(x))
    assert mine(a) == "first((x plus y), e^x)"
    assert mine(b) == "second((x plus y), e^x)"
    assert mine(T.neg(x.sum())) == "(-x)"
    assert pp(a) == "Pair((x + y), exp(x)).0"
    mine.assign(T.neg, OperatorPrinter("minus ", 0))
    assert mine(-x) == "(minus x)"
    with pytest.raises(TypeError, match="assign takes an op, a class of ops or a condition"):
        mine.assign("add", leaf_printer)
    with pytest.raises(ValueError, match="assoc is 'left', 'right' or 'either'"):
        OperatorPrinter("+", 0, "both")


def test_the_last_condition_wins_and_clones_are_apart():
    mine = pprint.clone_assign(lambda _, v: v.owner is None, PatternPrinter("never"))
    mine.assign(lambda _, v: v.owner is None, leaf_printer)
    assert mine(x + y) == "(x + y)"
    assert len(pprint.printers) == 0
    empty = PPrinter()
    assert empty(x + y) == "Elementwise{add}(x, y)"


def test_a_printer_of_a_program_s_own_may_ask_for_inputs_as_theano_s_do():
    class Loud:
        def process(self, output, pstate):
            if output in pstate.memo:
                return pstate.memo[output]
            texts = [pstate.pprinter.process(v, pstate) for v in output.owner.inputs]
            pstate.memo[output] = text = f"!{', '.join(texts)}!"
            return text

    mine = pprint.clone_assign(T.exp, Loud())
    assert mine(T.exp(x + T.exp(y))) == "!(x + !y!)!"
    assert default_printer.process(x + y, PrinterState(pprinter=mine)) == "Elementwise{add}(x, y)"
    assert mine.process(T.exp(x), {"precedence": 3}) == "!x!"
    assert isinstance(default_printer, DefaultPrinter)


def test_a_leaf_is_refused_by_printers_of_ops():
    state = PrinterState(pprinter=pprint)
    with pytest.raises(TypeError, match="FunctionPrinter writes what an op computes, and x is a"):
        FunctionPrinter("f").process(x, state)
    with pytest.raises(TypeError, match="pprint writes variables, not 3"):
        pp(3)


def test_equations_of_a_graph():
    h = T.exp(x)
    h.name = "h"
    assert pprint([x, y], h + y) == "h = exp(x)\nreturn (h + y)"
    assert pprint([x, y], [h, h * y]) == "h = exp(x)\nout[1] = (h * y)"
    assert pprint(x, [], {y: h + 1}) == "h = exp(x)\ny <- (h + TensorConstant{1.0})"
    assert pprint([x], [h], {}, display_inputs=True) == "inputs: x\nreturn exp(x)"


def test_long_texts_keep_what_is_short():
    v = x
    for _ in range(40):
        v = v + v
    found = pp(v + y, max_length=60)
    assert found.endswith(" + y)")
    assert "..." in found
    assert len(found) <= 60


def test_deep_and_rewritten_graphs():
    v = x
    for _ in range(10_000):
        v = T.exp(v)
    assert len(pp(v)) <= 10_000
    f = function([x, y], T.exp(x) + y)
    assert pp(f.maker.fgraph.outputs[0])
