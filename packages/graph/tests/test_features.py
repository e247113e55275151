"""Graphs that are told of changes, check them and undo them."""

import copy
import pickle

import numpy as np
import pytest
from bitale_graph import FunctionGraph, function
from bitale_graph import language as T
from bitale_graph.base.errors import InconsistentGraphError, MissingInputError
from bitale_graph.graphs import (
    AlreadyThere,
    Feature,
    History,
    InconsistencyError,
    NodeFinder,
    PreserveNames,
    PreserveVariableAttributes,
    PrintListener,
    ReplacementDidNotRemoveError,
    ReplaceValidate,
    graph_replace,
    is_same_graph,
)

x, y = T.dvectors("x", "y")


class Told(Feature):
    """Keeps what it is told."""

    def __init__(self):
        self.seen = []

    def on_attach(self, fgraph):
        self.seen.append("attach")

    def on_detach(self, fgraph):
        self.seen.append("detach")

    def on_import(self, fgraph, node, reason):
        self.seen.append(("import", str(node.op), reason))

    def on_prune(self, fgraph, node, reason):
        self.seen.append(("prune", str(node.op), reason))

    def on_change_input(self, fgraph, node, i, r, new_r, reason=None):
        self.seen.append(("change", str(getattr(node, "op", node)), i, reason))


class NoSine(Feature):
    """Refuses graphs with sines."""

    def validate(self, fgraph):
        if any("sin" in str(node.op) for node in fgraph.apply_nodes):
            raise InconsistencyError("a sine")


def graph(*outputs, **keywords):
    return FunctionGraph([x, y], list(outputs), clone=False, **keywords)


def test_a_graph_is_of_copies_unless_that_is_not_wanted():
    e = T.exp(x)
    made = FunctionGraph([x], [e], update_mapping={0: 0})
    made.replace(made.outputs[0], T.sin(made.inputs[0]))
    assert made.inputs[0] is not x
    assert str(e.owner.op) == "Elementwise{exp}"
    assert made.clone().update_mapping == {0: 0}
    assert FunctionGraph([x], [e], clone=False).outputs == [e]


def test_features_are_told_of_changes_in_order():
    told = Told()
    g = graph(T.exp(x) * 2, features=[told])
    g.replace(g.outputs[0].owner.inputs[0], T.sin(x), reason="why")
    g.remove_feature(told)
    assert told.seen == [
        "attach",
        ("import", "Elementwise{sin}", "why"),
        ("change", "Elementwise{mul}", 0, "why"),
        ("prune", "Elementwise{exp}", "why"),
        "detach",
    ]
    g.attach_feature(told)
    g.attach_feature(told)
    g.replace(g.outputs[0], x)
    assert told.seen[5:7] == ["attach", ("change", "output", 0, None)]
    assert g.features == [told]


def test_readers_are_listed_and_changed_one_by_one():
    e = T.exp(x)
    g = graph(e + e, e)
    node = g.outputs[0].owner
    assert g.clients(e) == [(node, 0), (node, 1), ("output", 1)]
    assert g.clients(T.sin(x)) == []
    g.change_input(node, 0, T.sin(x))
    g.change_input("output", 1, y)
    g.check_integrity()
    assert len(g.apply_nodes) == 3
    assert g.outputs[1] is y
    with pytest.raises(InconsistentGraphError, match="takes"):
        g.change_input(node, 0, T.fvector())
    with pytest.raises(InconsistentGraphError, match="takes"):
        g.change_input("output", 0, T.dmatrix())
    with pytest.raises(MissingInputError):
        g.change_input(node, 0, T.dvector("z"))


def test_an_input_can_be_added():
    z = T.dvector("z")
    g = graph(T.exp(x))
    g.add_input(z)
    g.add_input(z)
    g.replace(g.outputs[0], z * 2)
    assert g.inputs == [x, y, z]
    g.check()


def test_replacements_hold_or_are_undone():
    g = graph(T.exp(x) * 2, T.exp(x), features=[NoSine()])
    before = g.clone()
    with pytest.raises(InconsistencyError, match="a sine"):
        g.replace_validate(g.outputs[1], T.sin(x), reason="test")
    g.check()
    assert all(is_same_graph(*pair) for pair in zip(g.outputs, rebuilt(before), strict=True))
    g.replace_validate(g.outputs[1], T.cos(x))
    assert g.consistent()
    g.replace(g.outputs[1], T.sin(x))
    assert not g.consistent()


def rebuilt(other):

    return graph_replace(other.outputs, dict(zip(other.inputs, [x, y], strict=True)), strict=False)


def test_several_are_replaced_together_or_not_at_all():
    a, b = T.exp(x), T.tanh(y)
    g = graph(a + b, features=[NoSine()])
    with pytest.raises(MissingInputError):
        g.replace_all_validate([(a, T.cos(x)), (b, T.dvector("z"))])
    assert g.outputs[0].owner.inputs == [a, b]
    g.replace_all_validate([(a, T.cos(x)), (b, x)])
    g.check()
    assert len(g.apply_nodes) == 2


def test_a_cycle_is_found_and_undone():
    a = T.exp(x)
    b = T.tanh(a)
    g = graph(b)
    with pytest.raises(InconsistentGraphError, match="cycle"):
        g.replace_validate(a, b)
    assert g.toposort() == [a.owner, b.owner]
    g.check()


def test_what_must_go_goes_or_all_is_undone():
    a = T.exp(x)
    g = graph(a * 2, a)
    with (
        pytest.warns(UserWarning, match="still there"),
        pytest.raises(ReplacementDidNotRemoveError),
    ):
        g.replace_all_validate_remove([(g.outputs[0], T.cos(x))], [a.owner], "test")
    assert len(g.apply_nodes) == 2
    g.replace_all_validate_remove([(a, T.cos(x))], [a.owner], "test")
    assert a.owner not in g.apply_nodes


def test_changes_are_undone_to_a_checkpoint():
    g = graph(T.exp(x))
    g.attach_feature(History())
    first = g.checkpoint()
    g.replace(g.outputs[0], T.cos(x))
    second = g.checkpoint()
    g.replace(g.outputs[0], T.specify_shape(T.sin(x), (3,)))
    g.revert(second)
    assert "cos" in str(g.outputs[0].owner.op)
    g.revert(first)
    assert "exp" in str(g.outputs[0].owner.op)
    g.check()


def test_what_is_there_already_is_not_attached_twice():
    g = graph(T.exp(x))
    for _ in range(2):
        g.attach_feature(ReplaceValidate())
    assert len(g.features) == 1
    with pytest.raises(AlreadyThere):
        History().on_attach(g)
    g.remove_feature(g.features[0])
    assert "checkpoint" not in vars(g)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        g.nothing  # noqa: B018


def test_nodes_are_found_by_their_op():
    g = graph(T.exp(x) * T.exp(y), features=[NodeFinder()])
    exp = g.toposort()[0].op
    assert [n.inputs for n in g.get_nodes(exp)] == [[x], [y]]
    g.replace(g.toposort()[0].outputs[0], T.cos(x))
    assert len(g.get_nodes(exp)) == 1
    assert len(g.clone().get_nodes(exp)) == 1


def test_changes_are_printed(capsys):
    g = graph(T.exp(x), features=[PrintListener()])
    g.replace(g.outputs[0], T.cos(x), "why")
    printed = capsys.readouterr().out
    assert "importing: Elementwise{cos}(x), reason: why" in printed
    assert "pruning: Elementwise{exp}(x)" in printed
    PrintListener(active=False).on_attach(g)
    assert capsys.readouterr().out == ""


def test_names_and_tags_are_preserved():
    e = T.exp(x)
    e.name, e.tag.mark = "e", 1
    g = graph(e * 2, features=[PreserveNames(), PreserveVariableAttributes()])
    new = T.cos(x)
    g.replace(e, new)
    assert (new.name, new.tag.mark) == ("e", 1)


def test_features_can_ask_for_an_order():
    one, other = T.exp(x), T.cos(y)

    class Later(Feature):
        def orderings(self, fgraph):
            return {one.owner: [other.owner]}

    g = graph(one, other)
    assert g.toposort() == [one.owner, other.owner]
    g.attach_feature(Later())
    assert g.toposort() == [other.owner, one.owner]
    assert g.orderings() == {one.owner: [other.owner]}


def test_callbacks_are_collected():
    class Answer(Feature):
        def answer(self, fgraph, number):
            return number * len(fgraph.apply_nodes)

    feature = Answer()
    g = graph(T.exp(x), features=[feature, PreserveNames()])
    assert g.collect_callbacks("answer", 3) == {feature: 3}
    g.execute_callbacks("no_such_method")


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda g: pickle.loads(pickle.dumps(g))], ids=["copy", "pickle"]
)
def test_graphs_can_be_copied_and_pickled(copied):
    g = FunctionGraph([x, y], [T.exp(x) + y, x], features=[NodeFinder()])
    twin = copied(g)
    twin.check()
    f = function(twin.inputs, twin.outputs)
    np.testing.assert_allclose(f([0.0], [1.0])[0], [2.0])
    assert len(twin.get_nodes(twin.toposort()[0].op)) == 1


def test_a_copy_tells_what_became_of_what():
    e = T.exp(x)
    g = graph(e)
    twin, equiv = g.clone_get_equiv()
    assert twin.outputs[0] is equiv[e]


def test_a_graph_that_is_disowned_is_empty():
    g = graph(T.exp(x), features=[NodeFinder()])
    g.disown()
    assert (g.inputs, g.outputs, g.toposort(), g.features) == ([], [], [], [])
