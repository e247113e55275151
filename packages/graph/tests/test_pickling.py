import copy
import io
import pickle
import sys
import threading

import numpy as np
import pytest
from bitale_graph import Apply, Op, Variable, function, scan, shared
from bitale_graph import language as T
from bitale_graph.core.order import toposort


def by_protocol(protocol):
    return lambda value: pickle.loads(pickle.dumps(value, protocol))


def by_python(value):
    return pickle.loads(pickle._dumps(value))


WAYS = {
    **{f"protocol {n}": by_protocol(n) for n in range(pickle.HIGHEST_PROTOCOL + 1)},
    "pickle in Python": by_python,
    "deepcopy": copy.deepcopy,
}
every_way = pytest.mark.parametrize("again", WAYS.values(), ids=WAYS)


def chain(x, depth):
    links = [x]
    for k in range(depth):
        links.append(links[-1] * 0.5 + 1.0 if k % 2 else T.tanh(links[-1]))
    return links


def nodes(*outputs):
    return len(toposort(outputs))


@every_way
def test_an_expression_keeps_value_names_and_traces(again):
    x = T.dvector("x")
    y = (T.exp(x) + 2.0).sum()
    y.name, y.tag.note = "y", "kept"
    z = again(y)
    assert z is not y
    assert (z.name, z.tag.note, z.type, z.index) == ("y", "kept", y.type, 0)
    assert z.owner.outputs[0] is z
    assert z.owner.trace == y.owner.trace
    (a,) = [v for v in [z.owner.inputs[0].owner.inputs[0].owner.inputs[0]] if v.owner is None]
    assert (a.name, a.made_at) == ("x", x.made_at)
    assert function([a], z)([0.0, 1.0]) == pytest.approx(np.exp([0.0, 1.0]).sum() + 4.0)


@pytest.mark.parametrize("again", [by_protocol(4), copy.deepcopy], ids=["pickle", "deepcopy"])
@pytest.mark.parametrize("depth", [1_000, pytest.param(10_000, marks=pytest.mark.slow)])
def test_depth_does_not_matter(again, depth):
    last = chain(T.dscalar("x"), depth)[-1]
    assert nodes(again(last)) == nodes(last)


@every_way
@pytest.mark.parametrize("depth", [3, 500])
def test_variables_stored_together_share_what_they_shared(again, depth):
    x = T.dscalar("x")
    links = chain(x, depth)
    for order in (links, links[::-1], [links[depth // 2], *links]):
        twins = again(order)
        ends = (order.index(links[-1]), order.index(x), order.index(links[1]))
        last, start, second = (twins[i] for i in ends)
        assert nodes(last) == nodes(links[-1]) == nodes(*twins)
        assert second.owner.inputs[0] is start
        assert start is toposort([last])[0].inputs[0]


@every_way
def test_dicts_tuples_and_objects_keep_identity(again):
    x, W = T.dmatrix("x"), shared(np.ones((2, 2)), "W")
    h = T.dot(x, W)

    twin = again({"pair": (h, h + 1), W: [h * W], "model": Model(h, [x, W])})
    a, b = twin["pair"]
    (product,) = next(v for k, v in twin.items() if isinstance(k, Variable))
    assert b.owner.inputs[0] is a is product.owner.inputs[0] is twin["model"].output
    assert twin["model"].parts[1] is product.owner.inputs[1] is a.owner.inputs[1] in twin


class Model:
    def __init__(self, output, parts):
        self.output = output
        self.parts = parts


@every_way
def test_a_node_can_be_stored_too(again):
    y = chain(T.dscalar("x"), 600)[-1]
    node, out, before = again((y.owner, y, y.owner.inputs[0].owner))
    assert isinstance(node, Apply)
    assert out.owner is node
    assert node.inputs[0].owner is before


class Halves(Op):
    __props__ = ()

    def make_node(self, x):
        return Apply(self, [x], [x.type(), x.type("second")])

    def perform(self, node, inputs, output_storage):
        output_storage[0][0], output_storage[1][0] = inputs[0] / 2, inputs[0] - inputs[0] / 2


@every_way
def test_outputs_of_one_node_stay_outputs_of_one_node(again):
    first, second = Halves()(T.dvector("x"))
    one, two, alone = again([first, second + first, second])
    assert two.owner.inputs == [alone, one]
    assert one.owner is alone.owner
    assert again(second).owner.outputs[1].name == "second"


@every_way
def test_shared_storage_and_default_updates_stay(again):
    s = shared(1.0, "s")
    s.default_update = chain(s, 600)[-1]
    other = s.clone()
    y = s.default_update + other * 2
    twin, t, u = again([y, s, other])
    assert t.container is u.container is not s.container
    assert twin.owner.inputs[0] is t.default_update
    f = function([], t)
    f()
    assert t.get_value() == u.get_value() != 1.0
    assert s.get_value() == 1.0


@every_way
def test_a_tag_may_hold_the_expressions_of_its_variable(again):
    x = T.dscalar("x")
    links = chain(x, 600)
    x.tag.last, links[-1].tag.first, links[7].tag.me = links[-1], links[1], links[7]
    start = again(x)
    assert nodes(start.tag.last) == nodes(links[-1])
    assert start.tag.last.tag.first.owner.inputs[0] is start
    last = again(links[-1])
    assert last.tag.first.owner.inputs[0].tag.last is last


@every_way
def test_loops_and_constants_stay(again):
    n = T.lscalar("n")
    h, _ = scan(lambda h: chain(h, 400)[-1] + np.pi, outputs_info=T.constant(0.5), n_steps=n)
    y = h[-1]
    twin, m = again((y, n))
    assert function([m], twin)(3) == function([n], y)(3)


@every_way
def test_a_shallow_copy_is_another_variable_of_the_same_node(again):
    y = T.exp(T.dscalar("x"))
    beside = copy.copy(y)
    assert beside is not y
    assert (beside.owner, beside.type) == (y.owner, y.type)
    assert copy.copy(y.owner).inputs == y.owner.inputs
    one, two = again([y, beside])
    assert one is not two
    assert one.owner is two.owner
    leaf = T.dscalar("leaf")
    assert copy.copy(leaf) is not leaf
    assert copy.copy(leaf).name == "leaf"


def test_the_same_expression_gives_the_same_bytes():
    x = T.dscalar("x")
    links = chain(x, 300)
    assert pickle.dumps(links) == pickle.dumps(links)
    assert pickle.dumps(links[-1]) == pickle.dumps(links[-1])


def test_the_size_of_a_list_of_links_is_in_proportion_to_their_number():
    links = chain(T.dscalar("x"), 2_000)
    alone, together = len(pickle.dumps(links[-1])), len(pickle.dumps(links))
    assert together < 1.2 * alone
    assert len(pickle.dumps(links[:1_000])) > 0.4 * together


def test_a_wide_graph_is_stored():
    xs = [T.dscalar(str(k)) for k in range(1_000)]
    level = xs
    while len(level) > 1:
        level = [T.tanh(a + b) for a, b in zip(level[::2], level[1::2] or level[:1], strict=False)]
    assert nodes(pickle.loads(pickle.dumps(level[0]))) == nodes(level[0])


def test_a_memo_that_is_kept_does_not_spoil_the_next_pickle():
    links = chain(T.dscalar("x"), 1_500)
    kept = pickle.Pickler(io.BytesIO())
    kept.dump(links[1_000])
    memo = {}
    copy.deepcopy(links[500], memo)
    assert nodes(pickle.loads(pickle.dumps(links[-1]))) == nodes(links[-1])
    assert nodes(copy.deepcopy(links[-1])) == nodes(links[-1])
    # The first one goes on where it was.
    kept.dump([links[1_000], links[-1]])


def test_one_pickler_stores_what_it_has_once():
    links = chain(T.dscalar("x"), 2_000)
    file = io.BytesIO()
    pickler = pickle.Pickler(file)
    pickler.dump(links[1_000])
    first = file.tell()
    pickler.dump(links[1_000:1_010])
    assert file.tell() - first < 10_000
    file.seek(0)
    unpickler = pickle.Unpickler(file)
    assert unpickler.load() is unpickler.load()[0]


class Unpicklable:
    def __reduce__(self):
        raise ValueError("not this")


def test_a_pickle_that_fails_does_not_spoil_the_next():
    links = chain(T.dscalar("x"), 2_000)
    links[3].tag.bad = Unpicklable()
    errors = []
    for again in (pickle.dumps, pickle._dumps, copy.deepcopy):
        with pytest.raises(ValueError, match="not this") as caught:
            again(links[-1])
        errors.append(caught)
    del links[3].tag.bad
    assert nodes(copy.deepcopy(links[-1])) == nodes(links[-1])
    assert nodes(pickle.loads(pickle.dumps(links[-1]))) == nodes(links[-1])


def test_threads_store_at_the_same_time():
    links = chain(T.dscalar("x"), 600)
    expected, found = pickle.dumps(links), []

    def store():
        found.extend(pickle.dumps(links) == expected for _ in range(3))

    threads = [threading.Thread(target=store) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert found == [True] * 12


def test_the_work_is_in_proportion_to_the_depth():
    def calls(depth):
        links, seen = chain(T.dscalar("x"), depth), []
        sys.setprofile(lambda frame, event, argument: seen.append(event))
        try:
            pickle.dumps(links)
        finally:
            sys.setprofile(None)
        return len(seen)

    # Quadratic would be 64 times.
    assert calls(4_000) < 10 * calls(500)


def test_the_recursion_limit_is_left_alone():
    limit = sys.getrecursionlimit()
    pickle.dumps(chain(T.dscalar("x"), 500)[-1])
    assert sys.getrecursionlimit() == limit
