"""Variables, constants and nodes: what they tell of themselves, and their copies."""

import pickle

import numpy as np
import pytest
from bitale_graph import language as T

x = T.dvector("x")


def test_a_variable_tells_the_node_that_computes_it():
    y = T.exp(x)
    assert y.get_parents() == [y.owner]
    assert x.get_parents() == []


def test_names_given_automatically_are_unique_and_stay():
    names = {T.dvector().auto_name for _ in range(3)} | {x.auto_name, x.auto_name}
    assert len(names) == 4
    y = T.dvector()
    first = y.auto_name
    twin = pickle.loads(pickle.dumps(y))
    assert twin.auto_name != first == y.auto_name


def test_a_copy_has_the_type_the_name_and_the_tag():
    y = T.exp(x)
    y.name, y.tag.mark = "y", [1]
    for copied in (y.clone(), y.owner.clone().out):
        assert (copied.type, copied.name, copied.tag.mark) == (y.type, "y", [1])
        copied.tag.mark = [2]
    assert y.tag.mark == [1]


def test_a_node_tells_its_default_output():

    node = T.exp(x).owner.clone()
    assert node.default_output() is node.out


def test_constants_are_equal_by_type_and_value():
    one = T.constant(np.arange(3.0))
    assert one.equals(T.constant(np.arange(3.0)))
    assert not one.equals(T.constant(np.arange(3)))
    assert not one.equals(x)


@pytest.mark.parametrize("name", [3, b"x"])
def test_a_name_is_a_text(name):
    with pytest.raises(TypeError, match="str"):
        T.dvector(name)
