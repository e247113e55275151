"""Sums over processes: what is sent, in which order, and what is said of what cannot be."""

import copy
import pickle

import numpy as np
import pytest
from bitale_graph import function
from bitale_graph import language as T
from bitale_graph.distributed import AllReduce, all_reduce
from bitale_graph.distributed.all_reduce import PACKED
from bitale_graph.extend import DtypeError, shared

x, y = T.dvector("x"), T.fmatrix("y")


class Noting:
    """One process alone, which notes what it sends."""

    def __init__(self):
        self.sent = []

    def Allreduce(self, sendbuf, recvbuf):
        self.sent.append((sendbuf.dtype.name, sendbuf.size))
        recvbuf[...] = sendbuf

    def __reduce__(self):
        raise ValueError("it stands for processes that run")


class Stored:
    """One that can be pickled."""

    def Allreduce(self, sendbuf, recvbuf):
        recvbuf[...] = sendbuf

    def __eq__(self, other):
        return isinstance(other, Stored)

    def __hash__(self):
        return hash(Stored)


def test_what_has_one_dtype_travels_in_one_message():
    noting = Noting()
    f = function([x, y], all_reduce([x, y, x[:1], T.sum(y), T.cast(x, "float16")], noting))
    f(np.ones(3), np.ones((2, 2), "float32"))
    assert noting.sent == [("float64", 4), ("float32", 5), ("float32", 3)]


def test_a_large_one_travels_alone():
    noting = Noting()
    f = function([x], all_reduce([x[:2], x, x[:3]], noting))
    first, second, third = f(np.arange(PACKED + 1.0))
    assert noting.sent == [("float64", 5), ("float64", PACKED + 1)]
    assert (first.tolist(), len(second), third.tolist()) == ([0, 1], PACKED + 1, [0, 1, 2])


def test_nothing_is_summed_when_a_function_is_made():
    noting = Noting()
    f = function([], all_reduce(T.constant([1.0, 2.0]), noting))
    assert not noting.sent
    f()
    assert noting.sent == [("float64", 2)]


def test_sums_are_made_in_the_order_of_the_graph():
    noting = Noting()
    state = shared(np.zeros(2), "state")
    first = all_reduce(x[:5], noting)
    second = all_reduce(T.exp(first)[:4], noting)
    third = all_reduce(x[:3], noting)
    f = function([x], [third, second], updates={state: second[:2]})
    f(np.ones(6))
    assert noting.sent == [("float64", 3), ("float64", 5), ("float64", 4)]


def test_no_tensors_are_no_sums():
    assert all_reduce([], Noting()) == []
    with pytest.raises(TypeError, match="at least one tensor"):
        AllReduce(Noting())()


def test_bool_is_refused():
    with pytest.raises(DtypeError, match=r"cast bool before it is added up: mask "):
        all_reduce(T.TensorType("bool", (None,))("mask"), Noting())


@pytest.mark.parametrize("given", [None, "COMM_WORLD", 4])
def test_what_is_no_communicator_is_refused(given):
    with pytest.raises(TypeError, match=r"takes a communicator, such as mpi4py's MPI\.COMM_WORLD"):
        all_reduce(x, given)


def test_it_is_pickled_if_its_communicator_is():
    again = pickle.loads(pickle.dumps(all_reduce(x, Stored())))
    assert again.owner.op == AllReduce(Stored())
    f = pickle.loads(pickle.dumps(function([x], all_reduce(x, Stored()))))
    assert f([1.0]).tolist() == [1.0]


def test_else_an_error_says_why_it_is_not():
    with pytest.raises(TypeError, match=r"its communicator cannot: it stands for processes"):
        pickle.dumps(function([x], all_reduce(x, Noting())))
    with pytest.raises(TypeError, match="its communicator cannot"):
        copy.deepcopy(all_reduce(x, Noting()))


def test_it_is_named_by_its_communicator():
    assert str(AllReduce(Noting())) == "AllReduce{Noting}"
