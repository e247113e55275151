"""Objects in zip files: what NumPy finds there, and what comes back."""

import io
import pickle

import numpy as np
import pytest
from bitale_graph import function, shared
from bitale_graph import language as T
from bitale_graph.disk import (
    PersistentNdarrayID,
    PersistentSharedVariableID,
    StripPickler,
    dump_zip,
    load_zip,
)


def written(obj, **keywords):
    file = io.BytesIO()
    dump_zip(obj, file, **keywords)
    return io.BytesIO(file.getvalue())


def arrays(file):
    with np.load(file) as found:
        return {name: found[name] for name in found.files if name != "pkl"}


def test_arrays_of_shared_variables_are_found_by_numpy_under_their_names():
    foo, bar = shared(np.zeros(2), "foo"), shared(np.ones((1, 3)), "bar")
    found = arrays(written((foo, bar, np.arange(3))))
    assert set(found) == {"foo", "bar", "array_0"}
    np.testing.assert_array_equal(found["bar"], [[1, 1, 1]])


def test_what_is_written_is_read_and_shares_what_it_shared():
    s = shared(np.ones(2), "s")
    x = T.dvector("x")
    f = function([x], x + s, updates=[(s, s + 1)])
    g, t = load_zip(written([f, s]))
    np.testing.assert_array_equal(g([1.0, 1.0]), [2.0, 2.0])
    np.testing.assert_array_equal(t.get_value(), [2.0, 2.0])
    array = np.arange(3)
    one, other = load_zip(written([array, array]))
    assert one is other


def test_names_may_repeat_or_be_missing():
    found = arrays(written([shared(np.zeros(1), "a"), shared(np.ones(1), "a"), shared(np.ones(2))]))
    assert set(found) == {"a", "a_2", "array_0"}


@pytest.mark.parametrize(
    ("names", "words"), [(["pkl"], "pkl"), ([None], "no name"), (["a", "a"], "two shared")]
)
def test_names_may_be_asked_for(names, words):
    variables = [shared(np.zeros(1), name) for name in names]
    with pytest.raises(ValueError, match=words):
        written(variables, persistent_id=lambda z: PersistentSharedVariableID(z, False, False))


def test_arrays_may_be_numbered_alone():
    found = arrays(written(shared(np.ones(2), "s"), persistent_id=PersistentNdarrayID))
    assert set(found) == {"array_0"}


def test_arrays_of_objects_are_in_the_pickle():
    array = np.array([{"a": 1}, None], dtype=object)
    assert load_zip(written(array)).tolist() == [{"a": 1}, None]


def test_tags_are_stripped():
    x = T.dscalar("x")
    x.tag.test_value, x.tag.mine, x.tag.other = 1.0, 2, 3
    file = io.BytesIO()
    StripPickler(file, extra_tag_to_remove="other").dump(x)
    twin = pickle.loads(file.getvalue())
    assert vars(twin.tag) == {"mine": 2}
    assert vars(x.tag) == {"test_value": 1.0, "mine": 2, "other": 3, "trace": x.tag.trace}


def test_registered_constructors_are_found_where_theano_has_them():
    assert len(shared.constructors) >= 2


def test_scalars_are_tensors_of_rank_zero():
    x = T.dscalar("x")
    assert T.tensor_from_scalar(x) is T.scalar_from_tensor(x) is x
    with pytest.raises(ValueError, match="expected a scalar"):
        T.tensor_from_scalar(T.dvector())
