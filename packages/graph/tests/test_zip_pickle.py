"""Objects in zip files: what NumPy finds there, and what comes back."""

import io
import pickle
import zipfile
import zlib

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


HOSTILE = [
    *("a", "a", "a_2", "array_0", "layers/W", "ünï", "../../etc", "/abs", "nul\0x", "pkl.npy"),
    *("x" * 70_000, "\ud800", "a b", ".", "W\\b", "<script>", "two\nlines"),
]


def test_names_are_whatever_they_are_and_each_array_is_found_again():
    variables = [shared(np.full(2, float(k)), name) for k, name in enumerate(HOSTILE)]
    file = written([*variables, shared(np.full(2, -1.0)), np.full(2, -2.0)])
    *twins, unnamed, array = load_zip(file)
    for v, twin in zip(variables, twins, strict=True):
        assert twin.name == v.name
        np.testing.assert_array_equal(twin.get_value(), v.get_value())
    np.testing.assert_array_equal([unnamed.get_value(), array], [[-1, -1], [-2, -2]])
    found = arrays(file)
    assert len(found) == len(variables) + 2
    assert [found[name][0] for name in ("a", "a_2", "a_2_2", "array_0", "layers/W", "ünï")] == [
        *(0.0, 1.0, 2.0, 3.0, 4.0, 5.0),
    ]


def test_arrays_of_a_function_have_the_names_of_its_shared_variables():
    x, s = T.dvector("x"), shared(np.ones(2), "s")
    f = function([x], x + s, updates=[(s, s + 1)])
    # Its constants have numbers.
    assert set(arrays(written(f))) == {"s", "array_0"}
    for both in ([f, s], [s, f]):  # whichever is met first
        assert set(arrays(written(both))) == {"s", "array_0"}
    twin = load_zip(written({"train": f}))["train"]
    assert twin.get_shared()[0].name == "s"


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_every_protocol_serves(protocol):
    s = shared(np.arange(3.0), "s")
    assert load_zip(written(function([], s * 2), protocol=protocol))().tolist() == [0, 2, 4]


def test_arrays_of_every_kind_come_back():
    a = np.arange(12.0).reshape(3, 4)
    given = [
        *(a, a.T, a[::2], a[:, 1], a[::-1], np.array(3.0), np.zeros((0, 3)), np.zeros(2, ">f8")),
        *(np.array(["é"]), np.array([(1, 2.0)], "i4,f8"), np.array(["2020"], "M8[Y]")),
        *(np.array([np.nan, np.inf]), np.array([True]), np.array([1j])),
    ]
    for x, y in zip(given, load_zip(written(given)), strict=True):
        assert (type(x), x.dtype, x.shape) == (type(y), y.dtype, y.shape)
        np.testing.assert_array_equal(x, y)


def test_a_file_that_was_written_in_part_is_refused():
    whole = written([np.random.default_rng(0).normal(size=1000), shared(1.0, "s")]).getvalue()
    for size in (0, 10, len(whole) // 2, len(whole) - 1):
        with pytest.raises(zipfile.BadZipFile):
            load_zip(io.BytesIO(whole[:size]))
    damaged = bytearray(whole)
    damaged[200] ^= 255
    with pytest.raises((zipfile.BadZipFile, zlib.error)):
        load_zip(io.BytesIO(bytes(damaged)))


def test_a_zip_file_of_something_else_is_told_apart():
    file = io.BytesIO()
    np.savez(file, a=np.ones(2))
    with pytest.raises(ValueError, match="dump did not write it, or not to its end"):
        load_zip(file)


class Full(io.BytesIO):
    """A file on a disk that has room for so many bytes."""

    def __init__(self, room):
        super().__init__()
        self.room = room

    def write(self, data):
        if self.tell() + len(data) > self.room:
            raise OSError(28, "No space left on device")
        return super().write(data)


@pytest.mark.parametrize("room", [0, 100, 5_000])
def test_a_full_disk_is_an_error_and_what_is_there_is_no_file(room):
    file = Full(room)
    with pytest.raises(OSError, match="No space left"):
        dump_zip(shared(np.random.default_rng(0).normal(size=10_000), "s"), file)
    with pytest.raises((zipfile.BadZipFile, ValueError)):
        load_zip(io.BytesIO(file.getvalue()))
