"""No result shares memory with an argument, a shared variable, a constant or another result."""

import itertools

import numpy as np
import pytest
from bitale_graph import In, function, shared
from bitale_graph import language as T
from bitale_graph.extend import Constant, result_of, toposort
from bitale_graph.testing import op_samples, samples_by_subject

m = T.dmatrix("m")
M = np.arange(6.0).reshape(2, 3)
VIEWS = {
    "itself": lambda v: v,
    "transpose": lambda v: v.T,
    "slice": lambda v: v[1:],
    "element": lambda v: v[0, 0],
    "row": lambda v: v[0],
    "reshape": lambda v: v.reshape((3, 2)),
    "new axis": lambda v: v.dimshuffle(0, "x", 1),
    "promise": lambda v: T.specify_shape(v, (2, None)),
    "written nowhere": lambda v: T.set_subtensor(v[2:], 0),
    "copy": lambda v: v.copy(),
    "cast": lambda v: T.cast(v, "float64"),
}


def assert_apart(*arrays):
    for one, other in itertools.combinations(arrays, 2):
        assert not np.shares_memory(one, other)


def test_results_are_apart_from_arguments_and_each_other():
    given = M.copy()
    f = function([m], [view(m) for view in VIEWS.values()] + [m, m.T])
    results = f(given)
    assert_apart(given, *results)
    assert_apart(*results, *f(given))
    assert all(r.flags.writeable and r.flags.c_contiguous and r.flags.owndata for r in results)


@pytest.mark.parametrize("view", VIEWS.values(), ids=list(VIEWS))
def test_results_and_updates_are_apart_from_shared_values(view):
    s = shared(M.copy())
    t = shared(M.copy())
    f = function([], [view(s), s], updates=[(t, s)])
    results = f()
    stored = [v.get_value(borrow=True) for v in (s, t)]
    assert_apart(*results, *stored)


@pytest.mark.parametrize("view", VIEWS.values(), ids=list(VIEWS))
def test_results_are_apart_from_constants(view):
    constant = T.as_tensor(M)
    f = function([], view(constant))
    first = f()
    first[...] = 99
    np.testing.assert_array_equal(constant.data, M)
    assert (f() != 99).all()


def test_results_are_apart_from_default_values():
    default = M.copy()
    f = function([In(m, value=default)], m)
    f()[...] = 99
    np.testing.assert_array_equal(f(), M)


def test_an_argument_is_not_kept_as_state():
    s = shared(np.zeros((2, 3)))
    f = function([m], [], updates=[(s, m)])
    given = M.copy()
    f(given)
    given[...] = 99
    np.testing.assert_array_equal(s.get_value(), M)


def test_results_of_earlier_calls_stay():
    f = function([m], T.exp(m))
    first = f(M)
    kept = first.copy()
    f(M + 1)
    np.testing.assert_array_equal(first, kept)


def test_read_only_arguments_will_do():
    given = M.copy()
    given.flags.writeable = False
    result = function([m], m)(given)
    assert result.flags.writeable


@pytest.mark.parametrize(
    "subject", list(samples_by_subject()), ids=lambda s: getattr(s, "name", None) or s.__name__
)
def test_no_op_writes_to_or_returns_its_operands(subject):
    for sample in op_samples(subject, core=True):
        inputs, outputs = sample.graph()
        arrays = [np.array(a) for a in sample.inputs]
        for a in arrays:
            a.flags.writeable = False
        results = function(inputs, [*outputs, *outputs], on_unused_input="ignore")(*arrays)
        assert_apart(*arrays, *results)


def test_ops_say_which_of_their_results_are_views():
    said, found = set(), set()
    for subject in samples_by_subject():
        for sample in op_samples(subject, core=True):
            inputs, outputs = sample.graph()
            values = dict(zip(inputs, map(np.array, sample.inputs), strict=True))
            for node in toposort(outputs):
                values.update((v, v.data) for v in node.inputs if isinstance(v, Constant))
                arrays = [values[v] for v in node.inputs]
                results = result_of(node, arrays)
                values.update(zip(node.outputs, results, strict=True))
                if node.op.bodies:
                    continue  # it gives what its graphs give
                for i, result in enumerate(results):
                    said.update((type(node.op), i, j) for j in node.op.view_map.get(i, ()))
                    for j, array in enumerate(arrays):
                        if result.size and np.shares_memory(result, array):
                            found.add((type(node.op), i, j))
    assert found == said
