import numpy as np
import pytest
from bitale_graph import FunctionGraph, config, debugprint, function, pp
from bitale_graph import language as T
from bitale_graph.base.errors import InconsistentGraphError
from bitale_graph.core.flat import equal_graphs, flatten, unflatten
from bitale_graph.core.order import toposort
from bitale_graph.core.traversal import ancestors, clone_nodes, graph_replace, leaves

DEPTH = 10_000
x, y = T.dscalar("x"), T.dscalar("y")


def chain(v, depth=DEPTH):
    one = T.as_tensor(1.0)
    for _ in range(depth):
        v = v + one
    return v


@pytest.fixture(scope="module")
def deep():
    with config.change_flags(traceback_limit=1):
        return chain(x)


def test_inputs_come_before_what_reads_them():
    a = T.exp(x)
    b = a + y
    c = b * a
    assert toposort([c]) == [a.owner, b.owner, c.owner]
    assert toposort([c, b, a]) == [a.owner, b.owner, c.owner]
    assert toposort([c], stop_at={b}) == [a.owner, c.owner]
    assert toposort([x]) == []


def test_ancestors_and_leaves():
    a = T.exp(x)
    b = a + y
    assert ancestors([b]) == [b, a, x, y]
    assert leaves([b + 1]) == [x, y]
    assert leaves([b], stop_at={a}) == [a, y]
    assert ancestors([b], stop_at={a}) == [b, a, y]


def test_a_replacement_copies_only_what_it_reaches():
    a, b = T.exp(x), T.tanh(y)
    (new,) = graph_replace([a + b], {x: y})
    assert new.owner.inputs[1] is b
    assert new.owner.inputs[0].owner.inputs[0] is y
    assert graph_replace([b], {x: y}) == [b]
    assert graph_replace([x, a], {x: y, a: b}) == [y, b]


def test_a_clone_copies_everything():
    a, b = T.exp(x), T.tanh(y)
    memo = clone_nodes([a + b], {x: y})
    assert memo[a].owner is not a.owner
    assert memo[b].owner is not b.owner
    assert memo[x] is y


def test_nodes_are_made_anew_where_types_change():
    m, row = T.dmatrix("m"), T.drow("row")
    (new,) = graph_replace([T.exp(m)], {m: row})
    assert new.type.shape == (1, None)


def test_names_and_places_survive_replacement():
    a = T.exp(x)
    a.name = "a"
    (new,) = graph_replace([a], {x: y})
    assert new.name == "a"
    assert new.owner.trace == a.owner.trace


def test_a_cycle_is_an_error():
    a = T.exp(x)
    b = T.exp(a)
    a.owner.inputs[0] = b
    with pytest.raises(InconsistentGraphError, match="cycle"):
        toposort([b])


def test_depth_is_no_limit_to_walks(deep):
    assert len(toposort([deep])) == DEPTH
    assert len(ancestors([deep])) == DEPTH + 2
    assert leaves([deep]) == [x]


def test_depth_is_no_limit_to_copies(deep):
    (moved,) = graph_replace([deep], {x: y})
    assert leaves([moved]) == [y]
    assert equal_graphs([x], [deep], [y], [moved])
    assert len(unflatten(flatten([x], [deep])).toposort()) == DEPTH


def test_a_deep_graph_compiles_and_runs(deep):
    assert function([x], deep)(1.0) == DEPTH + 1


def test_a_deep_graph_is_pruned(deep):
    graph, memo = FunctionGraph.cloned([x], [deep])
    graph.replace(memo[deep], T.as_tensor(1.0))
    assert not graph.apply_nodes
    graph.check()


def test_a_deep_graph_prints(deep):
    assert debugprint(chain(x, 1000), file="str").count("\n") == 2001
    assert len(pp(deep, max_length=1000)) <= 1100


def test_an_error_in_a_deep_graph_is_told():
    v = T.dvector("v")
    deep = v
    for _ in range(1000):
        deep = deep + 1
    f = function([v], deep + np.zeros(3))
    with pytest.raises(ValueError, match="mis-match"):
        f([1.0, 2.0])


def test_a_wide_graph_with_shared_parts_is_walked_once():
    v = x
    for _ in range(200):
        v = v + v
    assert len(toposort([v])) == 200
    assert function([x], v)(1.0) == 2.0**200
