"""What a function keeps and how it is looked at; copies of functions; some of the outputs."""

import copy
import pickle

import numpy as np
import pytest
from bitale_graph import In, Mode, Op, function, shared
from bitale_graph import language as T
from bitale_graph.core.graph import Apply
from bitale_graph.extend import config, function_dump, generic

x, y, inc = T.dscalar("x"), T.dscalar("y"), T.dscalar("inc")


class Counted(Op):
    """The input itself; counts how often it runs."""

    def __init__(self):
        self.count = 0

    def make_node(self, v):
        return Apply(self, [v], [v.type()])

    def perform(self, node, inputs, output_storage):
        self.count += 1
        output_storage[0][0] = inputs[0].copy()


def accumulator():
    state = T.dscalar("state")
    return function([In(inc, value=1.0), In(state, value=0.0, update=state + inc)], state), state


# State
def test_state_is_read_and_set_by_variable_name_and_position():
    f, state = accumulator()
    f(5)
    assert f[state] == f["state"] == f[1] == f.value["state"] == 5
    f[state] = 7
    f.value[state] += 1
    assert (f.container[state].value, f(), f[state]) == (8, 8, 9)
    assert "state" in f
    assert "other" not in f
    with pytest.raises(KeyError, match="none of the inputs: inc, state"):
        f["other"]


def test_a_call_may_give_the_state_it_begins_with():
    f, state = accumulator()
    assert f(1, state=10) == 10
    assert f[state] == 11
    assert f(1, 100) == 100
    assert f() == 101


def test_state_that_is_given_is_taken_back_if_the_call_fails():
    f, state = accumulator()
    with pytest.raises(TypeError):
        f("text", state=10)
    assert f[state] == 0
    with pytest.raises(TypeError, match="state"):
        f(1, state="text")


def test_arguments_keep_their_order_whatever_is_state():
    state = T.dscalar("state")
    f = function([In(state, value=0.0, update=state + x), x], state)
    assert f(x=2) == 0
    assert f(5, 1) == 5
    assert f[state] == 6
    with pytest.raises(TypeError, match=r"misses values for: x \(position 1\)"):
        f(3)


def test_implicit_state_takes_no_value_in_a_call():
    state = T.dscalar("state")
    f = function([x, In(state, value=0.0, update=state + x, implicit=True)], state)
    assert [f(1), f(2)] == [0, 1]
    with pytest.raises(TypeError, match="implicit"):
        f(1, 2)


def test_names_are_given_automatically_or_not():
    f = function([In(x, autoname=False), y], x - y)
    assert f(3, y=1) == 2
    with pytest.raises(TypeError, match="no argument 'x'"):
        f(x=3, y=1)


def test_none_is_no_default_value():
    with pytest.raises(TypeError, match="misses values"):
        function([In(x, value=None)], x)()


def test_values_of_objects_that_are_no_arrays_are_taken():
    v = generic("v")
    assert function([In(v, value="text")], v)() == "text"


def test_shared_variables_are_found_too():
    s = shared(2.0, "s")
    f = function([x], x * s)
    f[s] = 5.0
    assert f["s"] == s.get_value() == 5
    assert [c.name for c in f.input_storage] == ["x", "s"]
    with pytest.raises(KeyError):
        f[shared(1.0)]


def test_default_values_are_read_and_set():
    f = function([In(x, value=2.0)], x * 2)
    assert f[x] == 2
    f[x] = 5
    assert f() == 10


def test_stored_values_are_called_with():
    s = shared(0.0)
    f = function([x], x * 2, updates=[(s, s + 1)])
    f.input_storage[0].value = 3
    f.fn()
    assert f.output_storage[0].value == f.output_storage[0].storage[0] == 6
    f.input_storage[0].storage[0] = np.array(4.0)
    assert f.fn(n_calls=3) == [8]
    assert (f.fn.n_calls, s.get_value()) == (4, 4)
    f.free()
    assert f.output_storage[0].data is None


def test_other_attributes_of_theano_are_there():
    f = function([x], x, accept_inplace=True, profile=False)
    f.trust_input = True
    f.sync_shared()
    assert (f(1), f.profile) == (1, None)


# Copies
def test_a_copy_shares_shared_variables_and_has_its_own_state():
    f, state = accumulator()
    g = f.copy()
    f(5)
    assert (f[state], g["state"]) == (5, 0)
    assert g.name == f"{f.name} copy"
    s = shared(1.0)
    f = function([x], x + s, updates=[(s, s + x)])
    g = f.copy(name="other")
    assert [f(1), g(1), s.get_value()] == [2, 3, 3]
    assert g.name == "other"


def test_a_copy_is_not_rewritten_again():
    f = function([x], T.exp(x) * 2, mode=Mode("numpy"))
    assert f.copy().maker.fgraph is f.maker.fgraph


def test_shared_variables_are_swapped_in_a_copy():
    a, b, c = shared(1.0, "a"), shared(2.0, "b"), shared(10.0, "c")
    f = function([x], x + a - b, updates=[(a, a + 1)])
    assert f.copy(swap={a: c})(0) == 8
    assert (a.get_value(), c.get_value()) == (1, 11)
    assert f.copy(swap={a: b, b: a})(0) == 1
    assert (a.get_value(), b.get_value()) == (1, 3)
    assert f.copy(swap={b: a})(0) == 0
    assert a.get_value() == 2


def test_swaps_that_cannot_be_are_refused():
    a, b = shared(1.0, "a"), shared(2.0, "b")
    f = function([x], x + a + b, updates=[(a, a + 1), (b, b + 1)])
    with pytest.raises(ValueError, match="no shared variable of"):
        f.copy(swap={shared(1.0): a})
    with pytest.raises(TypeError, match="types differ"):
        f.copy(swap={a: shared(np.zeros(2))})
    with pytest.raises(TypeError, match="must map"):
        f.copy(swap=[a])
    with pytest.raises(TypeError, match="shared variables"):
        f.copy(swap={a: 3.0})
    with pytest.raises(ValueError, match="updated twice"):
        f.copy(swap={a: b})


def test_updates_are_left_out_of_a_copy():
    s = shared(1.0)
    f = function([x], x + s, updates=[(s, s + x)])
    g = f.copy(delete_updates=True)
    assert [g(1), g(1), s.get_value()] == [2, 2, 1]
    assert function([], updates=[(s, s + 1)]).copy(delete_updates=True)() == []


def test_shallow_and_deep_copies():
    s = shared(1.0)
    state = T.dscalar("state")
    f = function([x, In(state, value=0.0, update=state + s)], x + state, updates=[(s, s + 1)])
    near, far = copy.copy(f), copy.deepcopy(f)
    assert near.name == f.name
    f(0)
    assert (s.get_value(), f["state"], near["state"], far["state"]) == (2, 1, 0, 0)
    assert near(0) == far(0) == 0
    assert (s.get_value(), near["state"], far["state"]) == (3, 2, 1)


def test_functions_copied_together_share_what_they_shared():
    s = shared(1.0)
    f, g = (function([], s, updates=[(s, s + 1)]) for _ in range(2))
    f2, g2, s2 = copy.deepcopy([f, g, s])
    f2(), g2()
    assert (s.get_value(), s2.get_value()) == (1, 3)


# Pickles
def test_state_and_its_place_survive_pickling():
    f, _ = accumulator()
    f(5)
    g = pickle.loads(pickle.dumps(f))
    assert (g["state"], g(), g(1, state=3), g["state"]) == (5, 5, 3, 4)


def test_the_rewritten_graph_is_pickled_and_rewritten_again_on_request():
    f = function([x], x * 1 + 0 + T.exp(x), mode=Mode("numpy"))
    n = len(f.maker.fgraph.apply_nodes)
    assert len(pickle.loads(pickle.dumps(f)).maker._rewritten.apply_nodes) == n
    with config.change_flags(reoptimize_unpickled_function=True):
        g = pickle.loads(pickle.dumps(f))
        assert len(g.maker.fgraph.apply_nodes) == n
        assert g(0.0) == 1


def test_functions_are_not_unpickled_where_that_is_not_wanted():
    f = function([x], x)
    with config.change_flags(unpickle_function=False):
        assert pickle.loads(pickle.dumps(f)) is None


# Some of the outputs
def test_only_what_is_asked_for_is_computed():
    one, other = Counted(), Counted()
    s = shared(0.0)
    f = function([x], [one(x), other(x) * 2], updates=[(s, s + 1)])
    assert f(3, output_subset=[1]) == [6]
    assert f(3, output_subset=[1, -2]) == [6, 3]
    assert [one.count, other.count, s.get_value()] == [1, 2, 2]


def test_outputs_are_chosen_by_key():
    f = function([x, In(y, value=1.0)], {"a": x, "b": x + y})
    assert f(3, output_subset=["b"]) == {"b": 4}
    with pytest.raises(KeyError, match="no output 'c'; they are a, b"):
        f(3, output_subset=["c"])
    with pytest.raises(KeyError, match="no output 2"):
        function([x], [x, x])(1, output_subset=[2])
    with pytest.raises(TypeError, match="a list"):
        function([x], [x, x])(1, output_subset=2)


def test_a_single_output_may_be_asked_for_in_a_list():
    assert function([x], x * 2)(1, output_subset=[0]) == [2]
    assert function([x], x * 2)(1, output_subset=[]) == []


# Types that change
def test_givens_may_change_types_on_request():
    v, m = T.fvector("v"), T.dmatrix("m")
    with pytest.raises(TypeError, match="dtype and rank"):
        function([m], T.exp(v), givens={v: m})
    f = function([m], T.exp(v), givens={v: m}, rebuild_strict=False)
    np.testing.assert_allclose(f([[0.0, 1.0]]), np.exp([[0.0, 1.0]]))


def test_updates_keep_their_types_whatever_givens_change():
    s, v, w = shared(np.zeros(2)), T.fvector("v"), T.dvector("w")
    f = function([w], [], updates=[(s, s + v)], givens={v: w}, rebuild_strict=False)
    f([0.1, 0.2])
    np.testing.assert_array_equal(s.get_value(), [0.1, 0.2])
    with pytest.raises(TypeError):
        function([y], [], updates=[(s, s + v)], givens={v: T.zmatrix()}, rebuild_strict=False)


def test_what_a_function_is_made_of_is_written_to_a_file(tmp_path):
    s = shared(1.0, "s")
    function_dump(tmp_path / "f.pkl", [x], x + s, updates=[(s, s + 1)])
    f = function(**pickle.loads((tmp_path / "f.pkl").read_bytes()))
    assert [f(1), f(1), s.get_value()] == [2, 3, 1]
