"""Walks over graphs, copies of them, comparison, constants, shapes and texts."""

import itertools

import numpy as np
import pytest
from bitale_graph import FunctionGraph, OpFromGraph, Type, config, function, ifelse, scan, shared
from bitale_graph import language as T
from bitale_graph.base.errors import EmptyConstantError, InconsistentGraphError
from bitale_graph.base.errors import NotScalarConstantError as NotConstant
from bitale_graph.graphs import (
    ancestors,
    as_string,
    clone,
    clone_get_equiv,
    clone_replace,
    equal_computations,
    explicit_graph_inputs,
    extract_constant,
    general_toposort,
    get_scalar_constant_value,
    graph_inputs,
    graph_replace,
    infer_shape,
    inputs,
    io_toposort,
    is_in_ancestors,
    is_same_graph,
    list_of_nodes,
    map_variables,
    op_as_string,
    ops,
    orphans,
    shape_of_variables,
    stack_search,
    variables,
    variables_and_orphans,
    view_roots,
)

x, y, z = T.dvectors("x", "y", "z")
a, b, c = T.dscalars("a", "b", "c")
s = shared(np.array([1.0, 2.0]), "s")
u = x + y
w = T.exp(u) * s


# Walks
def test_ancestors_stop_where_they_are_told():
    assert set(ancestors([u])) == {u, x, y}
    assert set(ancestors([w], blockers=[u])) >= {w, u, s}
    assert x not in ancestors([w], blockers=[u])


def test_inputs_are_leaves_and_constants():
    k = T.constant(np.ones(2))
    assert inputs([u + k]) == [x, y, k]
    assert graph_inputs([w]) == [x, y, s]
    assert explicit_graph_inputs(w + k) == [x, y]


def test_what_lies_between_inputs_and_outputs():
    e = w.owner.inputs[0]
    assert ops([u], [w]) == {w.owner, e.owner}
    assert list_of_nodes([x, y], [w]) == [u.owner, e.owner, w.owner]
    assert set(variables([u], [w])) == {u, e, s, w}
    assert orphans([u], [w]) == [s]
    assert variables_and_orphans([x, y, s], [w])[1] == []


def test_nodes_come_in_an_order_that_can_be_asked_for():
    one, other = T.exp(x), T.sin(x)
    assert io_toposort([x], [one, other]) == [one.owner, other.owner]
    order = io_toposort([x], [one, other], orderings={one.owner: [other.owner]})
    assert order == [other.owner, one.owner]
    clients = {}
    io_toposort([x], [one, other], clients=clients)
    assert clients == {x: [one.owner, other.owner]}


def test_anything_can_be_sorted_by_what_it_needs():
    needs = {1: [2, 3], 2: [3], 3: None}
    clients = {}
    assert general_toposort([1], needs.get, clients=clients) == [3, 2, 1]
    assert clients == {2: [1], 3: [2, 1]}
    with pytest.raises(InconsistentGraphError, match="cycle"):
        general_toposort([1], {1: [2], 2: [1]}.get)


def test_a_node_is_found_among_what_another_needs():
    assert is_in_ancestors(w.owner, u.owner)
    assert not is_in_ancestors(u.owner, w.owner)
    assert is_in_ancestors(u.owner, u.owner)


def test_views_lead_back_to_whose_memory_they_show():
    assert view_roots(x[1:].dimshuffle("x", 0)) == [x]
    assert view_roots(u) == [u]


def test_a_search_goes_wide_or_deep():
    tree = {1: [2, 3], 2: [4]}
    assert stack_search([1], tree.get) == [1, 2, 3, 4]
    assert stack_search([1], tree.get, mode="dfs") == [1, 3, 2, 4]
    assert stack_search([1], tree.get, build_inv=True)[1] == {2: [1], 3: [1], 4: [2]}
    with pytest.raises(ValueError, match="bfs"):
        stack_search([1], tree.get, mode="wide")


# Copies
def test_a_copy_of_a_graph_shares_nothing():
    (p, q), (v,) = clone([x, y], [u])
    assert {p, q} == set(v.owner.inputs)
    assert {x, y}.isdisjoint((p, q))
    (p,), (v,) = clone([x], [u], copy_inputs=False)
    assert v is not u
    assert v.owner.inputs == [x, y]


def test_a_map_tells_what_became_of_variables_and_nodes():
    equiv = clone_get_equiv([x, y], [u], copy_inputs=False)
    assert equiv[u].owner is equiv[u.owner]
    assert equiv[x] is x
    assert clone_get_equiv([], [x], copy_orphans=False)[x] is x


def test_parts_of_an_expression_are_replaced_at_once():
    e = x - 2 * y
    np.testing.assert_array_equal(clone_replace(e, {x: y, y: x}).eval({x: [1.0], y: [5.0]}), [3.0])
    np.testing.assert_array_equal(clone_replace(e, [(x, x + y)]).eval({x: [1.0], y: [5.0]}), [-4.0])
    assert e.eval({x: [1.0], y: [5.0]}) == [-9.0]


def test_the_form_of_what_is_copied_stays():
    assert [type(clone_replace(f(u))) for f in (lambda v: [v], lambda v: (v,))] == [list, tuple]
    assert clone_replace({"k": u}).keys() == {"k"}
    assert clone_replace(x) is x


def test_values_and_known_lengths_are_fitted():
    assert clone_replace(u, {y: [1.0, 2.0]}).eval({x: [1.0, 1.0]}).tolist() == [2.0, 3.0]
    with pytest.raises(TypeError):
        clone_replace(u, {y: T.fvector()})
    with pytest.raises(TypeError, match="pairs"):
        clone_replace(u, [x])
    with pytest.raises(TypeError, match="only variables"):
        clone_replace(u, {"x": y})


def test_types_may_change_on_request():
    v = clone_replace(u, {x: T.fmatrix(), y: T.fvector()}, strict=False)
    assert (v.type.dtype, v.type.ndim) == ("float32", 2)


def test_leaves_are_copied_on_request_and_shared_ones_keep_their_storage():
    v = clone_replace(w, {y: z}, share_inputs=False)
    found = inputs([v])
    assert {x, y, z, s}.isdisjoint(found)
    assert [getattr(leaf, "container", None) for leaf in found] == [None, None, s.container]
    twin = clone_replace(s, share_inputs=False)
    assert twin is not s
    twin.set_value(np.array([3.0, 4.0]))
    np.testing.assert_array_equal(s.get_value(), [3.0, 4.0])
    s.set_value(np.array([1.0, 2.0]))


def test_what_is_not_reached_is_shared():
    left, right = T.exp(x), T.exp(y)
    v = graph_replace(left + right, {y: z})
    assert v.owner.inputs[0] is left
    assert graph_replace([left], {}) == [left]
    with pytest.raises(ValueError, match="not in the graph"):
        graph_replace(left, {y: z})
    assert graph_replace(left, {y: z}, strict=False) is left


# Comparison
def test_equal_computations_are_found():
    assert equal_computations([x + y], [x + y])
    assert not equal_computations([x + y], [y + x])
    assert equal_computations([T.exp(x) * 2], [T.exp(y) * 2], [x], [y])
    assert not equal_computations([T.exp(x)], [T.exp(y)])
    assert not equal_computations([a], [x], [a], [x])
    assert equal_computations([T.constant(2.0)], [T.constant(2.0)])
    with pytest.raises(ValueError, match="as many"):
        equal_computations([x], [x, y])
    with pytest.raises(ValueError, match="in_xs"):
        equal_computations([x], [x], [x])


def test_the_same_work_twice_is_the_same_as_once():
    e = T.exp(x)
    assert equal_computations([e + e], [T.exp(x) + T.exp(x)])


def test_the_same_graph_is_told_under_replacements():
    assert is_same_graph(x + 1, x + 1)
    assert not is_same_graph(x + 1, y + 1)
    assert is_same_graph(x + 1, y + 1, givens={x: y})
    assert is_same_graph(T.exp(x), y, givens=[(y, T.exp(x))])


def test_walks_and_copies_do_not_mind_depth():
    deep = x
    for _ in range(10_000):
        deep = T.tanh(deep)
    assert len(list_of_nodes([x], [deep])) == 10_000
    assert is_same_graph(deep, clone_replace(deep))
    assert len(as_string([x], [deep])[0]) > 10_000
    assert map_variables(lambda v: y if v is x else v, [deep])[0] is not deep
    with pytest.raises(NotConstant):
        get_scalar_constant_value(deep)


# Inner graphs
def replaced(v):
    return getattr(v.tag, "replacement", v)


def test_variables_are_replaced_by_what_their_tags_say():
    ab = a + b
    ab.tag.replacement = a * b
    (v,) = map_variables(replaced, [ab + c])
    f = function([a, b, c], [v, ab + c])
    assert f(2, 3, 4) == [10, 9]


def test_variables_in_loops_are_replaced():
    def step(r, a):
        shifted = r + a
        shifted.tag.replacement = r * b * s[1]
        return shifted

    rows, _ = scan(step, sequences=x, non_sequences=a)
    (v,) = map_variables(replaced, [rows], additional_inputs=[b])
    np.testing.assert_array_equal(v.eval({x: [1.0, 2.0], a: 0.0, b: 3.0}), [6.0, 12.0])


def test_variables_in_ops_of_graphs_and_in_branches_are_replaced():
    shifted = x + y
    shifted.tag.replacement = x * z
    op = OpFromGraph([x, y], [shifted * 2])
    (v,) = map_variables(replaced, [op(x, y)])
    np.testing.assert_array_equal(v.eval({x: [2.0], y: [0.0], z: [5.0]}), [20.0])
    chosen = ifelse(a > 0, op(x, y), y)
    (v,) = map_variables(replaced, [chosen])
    np.testing.assert_array_equal(v.eval({a: 1.0, x: [2.0], y: [0.0], z: [5.0]}), [20.0])


def test_nothing_is_made_anew_where_nothing_is_replaced():
    rows, _ = scan(lambda r: r * a, sequences=x)
    assert map_variables(lambda v: v, [rows, u]) == [rows, u]


# Constants
m = T.dmatrix("m")


@pytest.mark.parametrize(
    ("build", "value"),
    [
        (lambda: 3, 3),
        (lambda: np.float32(2.5), 2.5),
        (lambda: np.array([[4]]), 4),
        (lambda: T.constant(2.5), 2.5),
        (lambda: T.constant(np.full((2, 3), 7)), 7),
        (lambda: T.constant(2.5).dimshuffle("x", "x"), 2.5),
        (lambda: T.fill(m, 3), 3),
        (lambda: T.zeros_like(m), 0),
        (lambda: T.alloc(5.0, m.shape[0], 2), 5),
        (lambda: T.ones(m.shape), 1),
        (lambda: T.cast(T.constant(2.7), "int32"), 2),
        (lambda: T.fill(m, 3) * 2 + 1, 7),
        (lambda: T.sqrt(T.constant(16.0)), 4),
        (lambda: T.TensorType("float64", (3, None))().shape[0], 3),
        (lambda: T.constant([1, 2, 3])[1], 2),
        (lambda: T.stack([a, 5.0, b])[1], 5),
        (lambda: T.concatenate([x, [6.0]])[-1], 6),
        (lambda: T.concatenate([x, [6.0]])[1], None),
        (lambda: T.concatenate([T.TensorType("float64", (2,))(), [6.0, 8.0]])[2], 6),
        (lambda: T.fill(m, 3)[0, 1:], 3),
        (lambda: T.fill(m, 3).reshape((-1,)), 3),
        (lambda: T.specify_shape(T.fill(m, 3), (2, 2)), 3),
        (lambda: x, None),
        (lambda: x[0], None),
        (lambda: T.exp(x), None),
        (lambda: T.constant([1, 2]), None),
        (lambda: None, None),
        (lambda: "text", None),
        (lambda: T.constant(np.zeros(0)), None),
        (lambda: Type()(), None),
    ],
    ids=itertools.count(),
)
def test_a_number_is_told_where_it_is_known(build, value):
    v = build()
    if value is None:
        with pytest.raises(NotConstant):
            get_scalar_constant_value(v)
        assert extract_constant(v) is v
    else:
        found = get_scalar_constant_value(v)
        assert (found.shape, found) == ((), value)
        assert extract_constant(v) == value


def test_the_number_has_the_dtype_of_the_variable():
    assert get_scalar_constant_value(T.cast(T.fill(m, 3), "float32") * 2).dtype == "float32"
    assert get_scalar_constant_value(T.constant(np.int8(3))).dtype == "int8"


def test_less_is_looked_at_on_request():
    v = T.fill(m, 3) * 2
    with pytest.raises(NotConstant):
        get_scalar_constant_value(v, elemwise=False)
    assert get_scalar_constant_value(T.fill(m, 3), elemwise=False) == 3
    with pytest.raises(NotConstant):
        get_scalar_constant_value(T.fill(m, 3), only_process_constants=True)
    assert extract_constant(v, elemwise=False) is v


def test_nothing_is_no_number():
    with pytest.raises(EmptyConstantError):
        get_scalar_constant_value(np.zeros((0, 2)))


# Shapes
def test_shapes_are_expressions_of_those_of_the_inputs():
    i, j = T.lscalars("i", "j")
    (told,) = infer_shape([T.dot(m, m.T)[1:]], [m], [(i, j)])
    f = function([i, j], list(told), on_unused_input="ignore")
    assert f(4, 5) == [3, 4]


def test_a_length_that_is_computed_is_read():
    (told,) = infer_shape([x[T.cast(y, "int64")]], [x, y], [(3,), (2,)])
    assert told[0].eval() == 2


def test_shapes_in_numbers_are_told_of_all_variables():
    outputs = [T.dot(m, x).sum() + T.concatenate([x, x])]
    graph = FunctionGraph([m, x], outputs, clone=False)
    found = shape_of_variables(graph, {m: (3, 2), x: (2,)})
    assert found[graph.outputs[0]] == (4,)
    assert found[m] == (3, 2)
    with pytest.raises(ValueError, match="no shape for x"):
        shape_of_variables(graph, {m: (3, 2)})


# Texts
def test_an_expression_is_one_line():
    e = T.exp(x)
    assert as_string([x], [e + y]) == ["Elementwise{add}(Elementwise{exp}(x), y)"]
    assert as_string([e], [e + y], leaf_formatter=lambda v: "?") == ["Elementwise{add}(?, ?)"]


def test_what_is_read_twice_is_written_once():
    e = T.exp(x)
    named = as_string([x], [e * e + e], node_formatter=lambda n, args: f"({' '.join(args)})")
    assert named == ["((*1 -> (x) *1) *1)"]


def test_a_node_is_one_line():
    assert op_as_string([x], T.exp(x).owner) == "Elementwise{exp}(x)"


def test_floats_follow_the_setting():
    with config.change_flags(floatX="float32"):
        assert get_scalar_constant_value(T.constant(1.5)).dtype == "float32"


def test_leaves_of_loops_are_replaced():
    factor = T.dscalar("factor")
    factor.tag.replacement = c
    rows, _ = scan(lambda r: r * factor, sequences=x)
    (v,) = map_variables(replaced, [rows])
    np.testing.assert_array_equal(v.eval({x: [1.0, 2.0], c: 3.0}), [3.0, 6.0])
