"""Lengths that no array can have are refused, also where a rule would take the allocation away."""

import numpy as np
import pytest
from bitale_graph import Mode, function
from bitale_graph import language as T

n, m = T.lscalars("nm")
WHOLE = {
    "sum": T.sum(T.alloc(2.0, n, m)),
    "sum of zeros": T.sum(T.zeros((n, m))),
    "sum along an axis": T.sum(T.ones((n, m)), axis=0),
    "mean": T.mean(T.alloc(2.0, n, m)),
    "sum of a product": T.sum(3 * T.alloc(2.0, n, m)),
    "sum of a function": T.sum(T.exp(T.alloc(2.0, n, m))),
    "sum of a transpose": T.sum(T.alloc(2.0, n, m).T),
    "sum of a vector": T.sum(T.alloc(2.0, n, m).flatten()),
    "product": T.prod(T.full((n, m), 3)),
    "dot": T.sum(T.dot(T.ones((n, m)), T.ones((m,)))),
    "eye": T.sum(T.eye(n, m)),
}


@pytest.mark.parametrize("lengths", [(-1, -5), (2, -1), (2**40, 2**40), (2**62, 4)])
@pytest.mark.parametrize("name", WHOLE)
def test_lengths_that_no_array_can_have_are_refused(name, lengths):
    f = function([n, m], WHOLE[name])
    with pytest.raises((ValueError, MemoryError)):
        f(*lengths)
    assert np.all(np.isfinite(f(2, 3)))


def test_copies_in_the_shape_of_an_array_are_counted():
    x = T.dmatrix("x")
    total = function([x], T.sum(T.alloc(2.0, x.shape[0], 3, x.shape[1])))
    assert total(np.ones((4, 5))) == 120
    assert not any("Alloc" in str(node.op) for node in total.maker.fgraph.toposort())


x = T.dmatrix("x")
v = T.dvector("v")
COPIED = [np.inf, np.nan, -1e200, 0.0]


@pytest.mark.parametrize("linker", ["numpy", "auto"])
@pytest.mark.parametrize("value", COPIED)
@pytest.mark.parametrize("rows", [0, 1, 2])
def test_the_sum_of_no_copies_is_zero_whatever_is_copied(value, rows, linker):
    copies = T.second(x, v)
    outputs = [
        T.alloc(v, n, 3).sum(axis=0),
        T.alloc(v[0], n).sum(),
        copies.sum(axis=0),
        T.second(x, v[1]).sum(),
        T.exp(copies).sum(axis=0),
        (T.second(x, 1.0) / v).sum(axis=0),
        T.alloc(T.cast(v, "complex128"), n, 3).sum(axis=0),
        T.alloc(np.inf, n).sum(),
    ]
    modes = Mode(linker=linker), Mode(linker="numpy", optimizer="None")
    rewritten, written = (function([x, v, n], outputs, mode=mode) for mode in modes)
    args = np.ones((rows, 3)), np.full(3, value), rows
    for a, b in zip(rewritten(*args), written(*args), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-15)


def test_a_sum_over_nothing_still_goes_through_its_accumulator():
    x = T.fvector("x")
    total = T.sum(T.max(x, keepdims=True), keepdims=True, dtype="float32", acc_dtype="int32")
    assert function([x], total, mode=Mode("numpy"))([2.75, 1.5]).tolist() == [2.0]


def test_a_sum_of_one_number_has_no_accumulator():
    x = T.dscalar("x")
    assert function([x], T.sum(x, acc_dtype="uint8", dtype="float64"), mode=Mode("numpy"))(-2) == -2


def test_lengths_of_a_reshape_need_not_agree_where_nothing_is_reshaped():
    x, k = T.dmatrix("x"), T.lscalar("k")
    made = T.zeros_like(T.reshape(x, (2, 1, k)))
    f = function([x, k], made, mode=Mode("numpy"))
    assert f(np.ones((1, 0)), 0).shape == (2, 1, 0)
    assert f(np.ones((1, 4)), 2).shape == (2, 1, 2)
    with pytest.raises(ValueError, match="elements"):
        f(np.ones((1, 3)), 2)


@pytest.mark.filterwarnings("error")
def test_rules_take_the_largest_numbers_for_numbers():
    u, x = T.TensorType("uint64", (None,))("u"), T.dvector("x")
    assert function([u], u - np.uint64(2**64 - 1), mode=Mode("numpy"))([3]).tolist() == [4]
    assert function([x], x**np.inf, mode=Mode("numpy"))([0.5]).tolist() == [0.0]
