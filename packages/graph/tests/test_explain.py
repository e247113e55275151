"""Words for a failed call of compiled code, that only tells which node failed."""

import numpy as np
import pytest
from bitale_graph import function, scan, shared
from bitale_graph import language as T
from bitale_graph.base.errors import ShapeError
from bitale_graph.extend import Explain, Scan

v, w = T.dvectors("v", "w")
k = T.lvector("k")
n = T.lscalar("n")
LONG = 10**9


def explained(inputs, output, kind):
    """What explains failures of a function, and the number of its one node of a kind."""
    maker = function(inputs, output).maker
    nodes = maker.fgraph.toposort()
    (index,) = [j for j, node in enumerate(nodes) if isinstance(node.op, kind)]
    return Explain(maker, lambda: nodes), index


def test_a_failed_call_raises_what_numpy_says():
    f = function([v, w], v + w)
    explain = Explain(f.maker, f.maker.fgraph.toposort)
    with pytest.raises(ShapeError) as caught:
        explain((np.ones(3), np.ones(2)), 0)
    for part in ("(3,), (2,)", __file__, "Apply node"):
        assert part in str(caught.value)


def test_nothing_is_said_of_a_call_that_numpy_can_make():
    state = shared(np.ones(2), "state")
    f = function([v], v + state, updates=[(state, state + v)])

    def nodes():
        raise AssertionError("not needed")

    assert Explain(f.maker, nodes)((np.ones(2),), 0) is None
    assert state.get_value().tolist() == [1, 1]


@pytest.mark.parametrize(
    ("refused", "amount"),
    [(800, "800 bytes"), (0, "0 bytes"), (2**63, "more bytes than there are addresses")],
)
def test_want_of_memory_is_told_with_what_was_computed(refused, amount):
    out = T.dot(v[:, None], v[None, :])
    explain, index = explained([v], out, type(out.owner.op))
    with pytest.raises(MemoryError) as caught:
        explain((np.ones(10),), index, refused=refused)
    for part in (f"{amount} wanted in function", "of shape (10, 10)", __file__):
        assert part in str(caught.value)


def test_the_step_of_a_long_loop_is_run_on_what_was_kept():
    out = scan(lambda j, h: h + v[j], sequences=[k], outputs_info=[v[0] * 0], n_steps=n)[0]
    explain, index = explained([k, v, n], out[-1], Scan)
    with pytest.raises(IndexError) as caught:
        explain(
            (np.zeros(1_000_000, "int64"), np.ones(3), 1_000_000),
            index,
            steps=[(index, 7, [np.array(5), np.array(0.5), np.ones(3)])],
        )
    for part in ("5 is out of bounds", "step 7 of Scan", __file__):
        assert part in str(caught.value)


def test_lengths_after_a_long_loop_are_told_by_one_step():
    last = scan(lambda h: h * 0.5 + 1, outputs_info=[v[0]], n_steps=n)[0][-1]
    explain, index = explained([v, w, n], v * last + w, Scan)
    with pytest.raises(ShapeError, match=r"\(3,\), \(2,\)"):
        explain((np.ones(3), np.ones(2), LONG), index)


def test_what_only_the_values_of_a_long_loop_tell_is_told_without_them():
    last = scan(lambda h: h + 1, outputs_info=[n * 0], n_steps=n)[0][-1]
    f = function([v, n], v[last])
    nodes = f.maker.fgraph.toposort()
    explain = Explain(f.maker, lambda: nodes)
    with pytest.raises(IndexError, match="compiled code found") as caught:
        explain((np.ones(3), LONG), nodes.index(f.maker.fgraph.outputs[0].owner))
    assert __file__ in str(caught.value)


def test_an_error_is_raised_at_a_node_in_the_steps_around_it():
    out = scan(lambda h: h * 2, outputs_info=[v], n_steps=n)[0]
    explain, index = explained([v, n], out[-1], Scan)
    with pytest.raises(ValueError, match="bad") as caught:
        explain.raise_at(ValueError("bad"), 0, [(index, 3, [])])
    assert "step 3 of Scan" in str(caught.value)
