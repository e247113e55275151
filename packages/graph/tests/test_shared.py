import pickle

import numpy as np
import pytest
from bitale_graph import SharedVariable, TensorType, function, shared
from bitale_graph import language as T
from bitale_graph.tensor.generic import NoneConst, generic, slicetype
from bitale_graph.tensor.shared import (
    ScalarSharedVariable,
    TensorSharedVariable,
    shared_constructor,
)

x = T.dvector("x")


def test_values_make_types():
    assert shared(1).dtype == "int64"
    assert shared(1.5).dtype == "float64"
    assert shared(True).dtype == "bool"
    assert shared(np.float32(1)).dtype == "float32"
    assert shared([[1, 2]]).type == TensorType("int64", (None, None))
    assert shared(np.zeros((1, 2), ">i2")).dtype == "int16"
    assert shared(np.zeros((1, 2)), broadcastable=(True, False)).broadcastable == (True, False)


@pytest.mark.parametrize("value", [np.array(["a"]), np.array([None]), np.ma.array([1.0])])
def test_arrays_of_other_things_than_numbers_are_refused(value):
    with pytest.raises(TypeError, match=r"cannot hold|dtype|mask"):
        shared(value)


@pytest.mark.parametrize("value", ["text", None, {"a": [1]}, ["a", "b"]])
def test_any_object_is_held_by_a_variable_that_is_no_tensor(value):
    s = shared(value, "s")
    assert s.type == generic
    assert s.get_value() == value
    assert s.get_value(borrow=True) is s.get_value(borrow=True)
    assert pickle.loads(pickle.dumps(s)).get_value() == value


def test_an_object_is_copied_in_and_out():
    value = {"a": [1]}
    s = shared(value)
    value["a"].append(2)
    s.get_value()["a"].append(3)
    assert s.get_value() == {"a": [1]}
    s.set_value(value, borrow=True)
    assert s.get_value(borrow=True) is value


def test_what_is_no_tensor_cannot_be_indexed():
    with pytest.raises(TypeError, match=r"(?s)holds a dict.*NumPy array"):
        shared({"a": 1}, "s")[0]


def test_old_names_give_advice():
    s = shared(1.0)
    with pytest.raises(AttributeError, match="get_value"):
        getattr(s, "value")  # noqa: B009 (what a program writes)
    with pytest.raises(AttributeError, match="set_value"):
        s.value = 3
    assert not hasattr(s, "value")


def test_a_variable_may_be_strict_or_take_more():
    strict = shared(np.zeros(2), strict=True)
    with pytest.raises(TypeError, match="strict"):
        strict.set_value(np.zeros(2, "float32"))
    assert strict.clone().strict
    loose = shared(np.zeros(2, "float32"), allow_downcast=True)
    loose.set_value(np.full(2, 0.1))
    assert loose.get_value().dtype == "float32"
    with pytest.raises(TypeError, match="precision"):
        shared(np.zeros(2, "float32")).set_value(np.full(2, 0.1))


def test_numbers_make_scalar_variables():
    assert type(shared(1.5)) is type(shared(np.int8(2))) is ScalarSharedVariable
    assert type(shared(np.array(1.5))) is TensorSharedVariable


def test_the_storage_itself_may_be_zeroed():
    s = shared(np.ones(2))
    held = s.get_value(borrow=True)
    s.zero(borrow=True)
    assert held.tolist() == s.get_value().tolist() == [0.0, 0.0]


def test_a_variable_is_no_value():
    with pytest.raises(TypeError, match="symbolic; compute its value first"):
        shared(x)
    with pytest.raises(TypeError, match="colour"):
        shared(1.0, colour="red")


def test_values_are_copied_in_and_out():
    array = np.zeros(2)
    s = shared(array, name="s")
    array[0] = 5
    assert s.get_value()[0] == 0
    s.get_value()[0] = 5
    assert s.get_value()[0] == 0
    s.set_value(array)
    array[1] = 7
    np.testing.assert_array_equal(s.get_value(), [5, 0])


def test_borrowed_values_are_not():
    array = np.zeros(2)
    s = shared(array, borrow=True)
    assert s.get_value(borrow=True) is array
    other = np.ones(2)
    s.set_value(other, borrow=True)
    assert s.get_value(borrow=True) is other


def test_a_new_value_may_change_its_lengths_only():
    s = shared(np.zeros(2))
    s.set_value(np.ones(5))
    s.set_value([1, 2, 3])
    assert s.get_value().dtype == "float64"
    for wrong in (np.zeros((2, 2)), 3.0, np.zeros(2, "complex128"), x):
        with pytest.raises(TypeError):
            s.set_value(wrong)
    np.testing.assert_array_equal(s.get_value(), [1, 2, 3])
    with pytest.raises(TypeError, match="broadcastable"):
        shared(np.zeros((1, 2)), broadcastable=(True, False)).set_value(np.zeros((2, 2)))


def test_storage_is_contiguous_and_writeable():
    for value in (np.zeros((3, 4)).T, np.zeros(4)[::-2], np.broadcast_to(1.0, (2, 2))):
        data = shared(value, borrow=True).container.data
        assert data.flags.c_contiguous
        assert data.flags.writeable


def test_a_clone_is_on_the_same_storage():
    s = shared(1.0)
    s.default_update = s + 1
    copy = s.clone()
    copy.set_value(3.0)
    assert s.get_value() == 3
    assert copy.default_update is s.default_update
    f = function([], [s, copy], updates=[(copy, s + 1)], no_default_updates=True)
    assert f() == [3, 3]
    assert s.get_value() == 4


def test_zero():
    s = shared(np.ones((2, 3), "int8"))
    s.zero()
    assert s.get_value().dtype == "int8"
    assert not s.get_value().any()


# Updates.
@pytest.mark.parametrize("form", [dict, list, tuple, lambda pairs: [list(p) for p in pairs], iter])
def test_forms_of_updates(form):
    s, t = shared(1.0), shared(2)
    f = function([], s + t, updates=form([(s, s * 2), (t, t + 1)]))
    assert f() == 3
    assert (s.get_value(), t.get_value()) == (2, 3)


def test_updates_are_made_together():
    s, t = shared(1.0), shared(2.0)
    swap = function([], [s, t], updates={s: t, t: s})
    assert swap() == [1, 2]
    assert (s.get_value(), t.get_value()) == (2, 1)
    assert swap() == [2, 1]


def test_updates_cast_safely():
    s = shared(1.0)
    function([], [], updates=[(s, T.as_tensor(np.float32(0.5)))])()
    assert s.get_value() == 0.5
    function([], [], updates=[(s, 7)])()
    assert s.get_value().dtype == "float64"


@pytest.mark.parametrize(
    ("updates", "error", "text"),
    [
        (lambda s: {s: T.as_tensor(np.zeros(2))}, TypeError, "the new value of s"),
        (lambda s: [(s, s * 1.5)], TypeError, "the new value of s"),
        (lambda s: [(x, x)], TypeError, "updates change shared variables, and x is none"),
        (lambda s: [(s, s), (s, s + 1)], ValueError, "updated twice"),
        (lambda s: [(s, s), (s.clone(), s + 1)], ValueError, "updated twice"),
        (lambda s: {(s, s + 1)}, TypeError, "must be ordered"),
        (lambda s: [s], TypeError, "takes pairs"),
    ],
    ids=["rank", "dtype", "target", "twice", "twice by a clone", "set", "no pairs"],
)
def test_updates_that_are_refused(updates, error, text):
    with pytest.raises(error, match=text):
        function([], [], updates=updates(shared(1, name="s")))


def test_nothing_is_updated_if_anything_fails():
    s, t = shared(0.0), shared(np.zeros(2))
    f = function([x], [], updates=[(s, s + 1), (t, t + x)])
    f([1, 1])
    with pytest.raises(ValueError, match="mis-match"):
        f([1, 1, 1])
    assert s.get_value() == 1
    np.testing.assert_array_equal(t.get_value(), [1, 1])


def test_an_update_may_change_lengths():
    s = shared(np.zeros(1))
    f = function([], s.shape[0], updates=[(s, T.concatenate([s, s]))])
    assert [int(f()) for _ in range(4)] == [1, 2, 4, 8]


def test_default_updates():
    s, t = shared(0), shared(0)
    s.default_update = s + 1
    t.default_update = t + s
    f = function([], t)
    assert [int(f()) for _ in range(3)] == [0, 0, 1]
    assert s.get_value() == 3
    function([], s + t, no_default_updates=True)()
    assert s.get_value() == 3
    function([], s + t, no_default_updates=[s])()
    assert s.get_value() == 3
    assert t.get_value() == 6
    function([], s, updates=[(s, s + 10)])()
    assert s.get_value() == 13


def test_shared_values_are_read_when_the_function_is_called():
    s = shared(2.0)
    f = function([x], s * x)
    assert f([1.0]) == 2
    s.set_value(5.0)
    assert f([1.0]) == 5


def test_the_storage_in_use_is_told():
    s, t = shared(1.0), shared(2.0)
    assert set(function([], s, updates=[(t, t + s)]).get_shared()) == {s, t}
    f = function([], s)
    assert f.copy(swap={s: t}).get_shared() == [t]
    (again,) = pickle.loads(pickle.dumps(f)).get_shared()
    assert again.get_value() == s.get_value()
    del s, t
    assert [v.get_value() for v in f.get_shared()] == [again.get_value()]


def test_new_kinds_of_values_can_be_registered():
    class Three:
        pass

    def constructor(value, name=None, borrow=False):
        if not isinstance(value, Three):
            raise TypeError("not a three")
        return shared(3.0, name)

    shared_constructor(constructor)
    try:
        assert shared(Three()).get_value() == 3
        assert shared(1.5).get_value() == 1.5
    finally:
        shared_constructor(constructor, remove=True)
    assert shared(Three()).type == generic


def test_shared_variables_pickle():
    s = pickle.loads(pickle.dumps(shared(np.arange(3.0), name="s")))
    assert isinstance(s, SharedVariable)
    assert s.name == "s"
    np.testing.assert_array_equal(s.get_value(), [0, 1, 2])
    s.set_value(np.zeros(1))


def test_types_of_one_kind_of_object_take_no_other():
    assert NoneConst.data is None
    assert slicetype.filter(slice(3)) == slice(3)
    for type, value in ((slicetype, 3), (NoneConst.type, 3)):
        with pytest.raises(TypeError, match="expected"):
            type.filter(value)
    assert slicetype != generic != NoneConst.type
