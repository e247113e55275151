import pickle

import numpy as np
import pytest
from bitale_nnet import load_arrays, save_arrays
from bitale_nnet.storage.persistence import remove_unfinished

ARRAYS = {
    "dense0.W": np.arange(6, dtype="float32").reshape(2, 3),
    "dense0.b": np.array([np.nan, -0.0, np.inf]),
    "file": np.array(3, dtype="int64"),
    "empty": np.zeros((0, 4), "float64"),
    "strided": np.arange(10.0)[::-2],
}


@pytest.fixture(params=["npz", "safetensors"])
def path(request, tmp_path):
    if request.param == "safetensors":
        pytest.importorskip("safetensors")
    return tmp_path / f"parameters.{request.param}"


def test_arrays_come_back_as_they_were(path):
    save_arrays(path, ARRAYS)
    loaded = load_arrays(path)
    assert set(loaded) == set(ARRAYS)
    for name, array in ARRAYS.items():
        assert loaded[name].dtype == array.dtype
        assert loaded[name].shape == array.shape
        assert np.array_equal(loaded[name], array, equal_nan=array.dtype.kind == "f")


def test_saving_again_replaces_the_file_and_leaves_nothing_else(path):
    save_arrays(path, {"a": np.zeros(2)})
    save_arrays(str(path), {"b": np.ones(3)})
    assert list(load_arrays(path)) == ["b"]
    assert list(path.parent.iterdir()) == [path]


def test_what_was_left_unfinished_is_removed_and_nothing_else(tmp_path):
    mine = tmp_path / ".state.0123456789abcdef.npz"
    others = [tmp_path / name for name in (".state.npz", ".state.0123.npz", "state.npz", ".x.npz")]
    for path in (mine, *others):
        path.touch()
    remove_unfinished(tmp_path / "state.npz")
    assert sorted(tmp_path.iterdir()) == sorted(others)


def test_objects_are_not_saved(path):
    with pytest.raises(TypeError, match="cannot save 'a': it holds object"):
        save_arrays(path, {"a": np.array([{}])})
    assert list(path.parent.iterdir()) == []


def test_what_a_pickle_holds_is_not_executed(tmp_path):
    path = tmp_path / "evil.npz"
    with path.open("wb") as file:
        pickle.dump(np.array([{}], dtype=object), file)
    with pytest.raises(ValueError, match="is no file of parameters"):
        load_arrays(path)


def test_an_archive_with_objects_is_refused(tmp_path):
    path = tmp_path / "objects.npz"
    np.savez(path, a=np.array([{}], dtype=object))
    with pytest.raises(ValueError, match="is no file of parameters"):
        load_arrays(path)


def test_a_torn_file_is_refused(path):
    save_arrays(path, ARRAYS)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ValueError, match="is no file of parameters"):
        load_arrays(path)


def test_a_single_array_is_refused(tmp_path):
    path = tmp_path / "single.npz"
    with path.open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(ValueError, match="a single array"):
        load_arrays(path)


@pytest.mark.parametrize("name", ["parameters", "parameters.pkl", "parameters.npy"])
def test_other_formats_are_refused(tmp_path, name):
    with pytest.raises(ValueError, match=r"ends in \.npz or \.safetensors"):
        save_arrays(tmp_path / name, ARRAYS)


def test_a_missing_file_is_told(path):
    with pytest.raises(FileNotFoundError):
        load_arrays(path)


def test_a_name_that_would_be_cut_off_is_refused(tmp_path):
    with pytest.raises(ValueError, match="has a zero in it"):
        save_arrays(tmp_path / "parameters.npz", {"a\0b": np.zeros(1)})
