"""Lists of values of one type in compiled functions, which call back for them."""

import bitale
import numpy as np
import pytest
from bitale import tensor as T
from bitale import typed_list

A = [np.float32([1, 2]), np.float32([3])]


@pytest.fixture
def a():
    return typed_list.TypedListType(T.fvector)("a")


@pytest.mark.slow
def test_compiled_functions_make_and_read_lists(a):
    v = T.fvector("v")
    longer = a.append(v * 2).reverse()
    f = bitale.function([a, v], [longer, longer[0].sum() + a[0], typed_list.length(longer)])
    made, total, n = f(A, np.float32([5, 6]))
    assert [x.tolist() for x in made] == [[10, 12], [3], [1, 2]]
    assert total.tolist() == [23, 24]
    assert n == 3
    for x in made:
        x += 100
    assert [x.tolist() for x in A] == [[1, 2], [3]]


@pytest.mark.slow
def test_a_compiled_loop_reads_a_list_and_tells_what_goes_wrong(a):
    k = T.lscalar("k")
    n = typed_list.length(a)
    sums, _ = bitale.scan(lambda i, given: given[i + k].sum(), T.arange(n), non_sequences=[a])
    f = bitale.function([a, k], sums)
    assert f(A, 0).tolist() == [3, 3]
    assert f([], 0).tolist() == []
    with pytest.raises(IndexError, match="list index out of range"):
        f(A, 1)


@pytest.mark.slow
def test_state_that_is_a_list_grows_in_compiled_functions(a):
    v = T.fvector("v")
    state = bitale.In(a, name="state", value=[], update=a.append(v))
    f = bitale.function([v, state], typed_list.length(a))
    new = np.float32([1])
    assert (f(new), f(new)) == (0, 1)
    new += 100
    assert [x.tolist() for x in f["state"]] == [[1], [1]]
