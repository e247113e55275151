"""Files that lie: what is not a file of parameters is refused, and takes no memory."""

import contextlib
import io
import json
import struct
import tracemalloc
import warnings
import zipfile

import numpy as np
import pytest
from bitale_nnet import Classifier, load_arrays, save_arrays
from hypothesis import given, settings
from hypothesis import strategies as st

HUGE = 1 << 29


def classifier(dtype="float32"):
    return Classifier([4], epochs=1, progress=False, dtype=dtype)


def honest(dtype="float32"):
    """What a classifier of two classes for three features saves."""
    return {
        "dense0.W": np.ones((3, 4), dtype),
        "dense0.b": np.zeros(4, dtype),
        "dense1.W": np.ones((4, 2), dtype),
        "dense1.b": np.zeros(2, dtype),
        "classes": np.arange(2),
        "input_shape": np.array([3]),
    }


def npy_header(shape, dtype="<f4", version=b"\x01\x00", padding=0):
    text = repr({"descr": dtype, "fortran_order": False, "shape": shape}).encode()
    text += b" " * padding + b"\n"
    width = 2 if version[0] == 1 else 4
    return b"\x93NUMPY" + version + len(text).to_bytes(width, "little") + text


def write_zeros(archive, name, header, n_bytes):
    with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
        entry.write(header)
        for _ in range(n_bytes // (1 << 20)):
            entry.write(bytes(1 << 20))


def write(path, arrays, damage):
    """A file of ``arrays``, and what ``damage`` adds to it, compressed."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w") as entry:
                np.lib.format.write_array(entry, array)
        damage(archive)


def inflates(archive):
    write_zeros(archive, "dense0.W", npy_header((HUGE // 16, 4)), HUGE // 4)


def inflates_under_another_name(archive):
    write_zeros(archive, "more", npy_header((HUGE // 4,)), HUGE // 4)


def claims_more_than_it_has(archive):
    archive.writestr("dense0.W.npy", npy_header((HUGE // 16, 4)) + bytes(100))


def claims_more_than_there_is(archive):
    archive.writestr("dense0.W.npy", npy_header((2**62, 2**62)) + bytes(100))


def has_more_than_it_claims(archive):
    write_zeros(archive, "dense0.W", npy_header((3, 4)), 1 << 26)


def has_a_long_header(archive):
    header = b"\x93NUMPY\x02\x00" + (1 << 26).to_bytes(4, "little")
    write_zeros(archive, "dense0.W", header, 1 << 26)


def has_wide_labels(archive):
    header = npy_header((2, HUGE // 32), "<u4")
    write_zeros(archive, "classes.text", header, HUGE // 4)


DAMAGES = [inflates, inflates_under_another_name, claims_more_than_it_has]
DAMAGES += [claims_more_than_there_is, has_more_than_it_claims, has_a_long_header, has_wide_labels]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_file_that_lies_takes_no_memory(tmp_path, damage):
    path, arrays = tmp_path / "bomb.npz", honest()
    arrays.pop("classes" if damage is has_wide_labels else "dense0.W")
    write(path, arrays, damage)
    assert path.stat().st_size < 3e6
    one = classifier()
    for load in (one.load, load_arrays):
        tracemalloc.start()
        try:
            with pytest.raises(ValueError, match=r"no file of parameters|not the parameters"):
                load(path)
            assert tracemalloc.get_traced_memory()[1] < 4e6
        finally:
            tracemalloc.stop()
    with pytest.raises(ValueError, match="not fitted yet"):
        one.predict([[1, 2, 3]])


@pytest.mark.parametrize("suffix", ["npz", "safetensors"])
@pytest.mark.parametrize(
    "name",
    ["dense0.W", "dense0.b", "dense1.W", "dense1.b", "classes", "input_shape", "more"],
)
@pytest.mark.parametrize("change", ["shape", "rank", "missing", "dtype", "empty"])
def test_a_file_for_something_else_is_refused_before_it_is_read(tmp_path, suffix, name, change):
    if suffix == "safetensors":
        pytest.importorskip("safetensors")
    path, arrays = tmp_path / f"other.{suffix}", honest()
    array = arrays.pop(name, np.ones((1, 2)))
    changes = {
        "shape": lambda a: np.ones((*a.shape[:-1], a.shape[-1] + 2), a.dtype),
        "rank": lambda a: a[None, None],
        "dtype": lambda a: a.astype("float64"),
        "empty": lambda a: a[:0],
    }
    if change in changes:
        arrays[name] = changes[change](array)
    save_arrays(path, arrays)
    if (name, change) in (("classes", "dtype"), ("more", "missing")):
        assert classifier().load(path).classes_.tolist() == [0, 1]
        return
    with pytest.raises(
        (ValueError, TypeError), match=r"not the param|does not say|classes|stored|at least 1"
    ):
        classifier().load(path)


def test_a_file_of_a_narrower_dtype_is_taken_and_of_a_wider_is_not(tmp_path):
    save_arrays(tmp_path / "narrow.npz", honest("float32"))
    save_arrays(tmp_path / "wide.npz", honest("float64"))
    assert classifier("float64").load(tmp_path / "narrow.npz").predict([[1, 2, 3]]) == [0]
    with pytest.raises(TypeError, match=r"dense0\.W is stored in float64.*dtype='float64'"):
        classifier().load(tmp_path / "wide.npz")


@pytest.mark.parametrize("suffix", ["npz", "safetensors"])
def test_classes_that_are_no_text_are_refused(tmp_path, suffix):
    if suffix == "safetensors":
        pytest.importorskip("safetensors")
    arrays = honest()
    del arrays["classes"]
    for codes in ([[97], [0x110000]], [[97.0], [98.0]], [97, 98], np.zeros((2, 0))):
        dtype = "float64" if isinstance(codes, list) and codes[0] == [97.0] else "uint32"
        save_arrays(tmp_path / f"x.{suffix}", {**arrays, "classes.text": np.array(codes, dtype)})
        with pytest.raises(ValueError, match="classes"):
            classifier().load(tmp_path / f"x.{suffix}")


@pytest.mark.parametrize(
    "array",
    [
        np.array([{}], dtype=object),
        np.array(["text"]),
        np.array([b"bytes"]),
        np.array([1j]),
        np.array(["2026-01-01"], "M8[s]"),
        np.zeros(2, [("a", "f4"), ("b", "i8")]),
        np.zeros(2, "V8"),
    ],
    ids=lambda a: a.dtype.str,
)
def test_arrays_of_other_things_than_numbers_are_refused(tmp_path, array):
    np.savez(tmp_path / "x.npz", **{**honest(), "dense0.W": array})
    for load in (classifier().load, load_arrays):
        with pytest.raises(ValueError, match="is no file of parameters"):
            load(tmp_path / "x.npz")


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"\x93NUMPY",
        b"\x93NUMPY\x01\x00",
        b"\x93NUMPY\x01\x00\xff\xff",
        b"\x93NUMPY\x03\x00\x00\x00\x00\x00",
        b"\x93NUMPY\x01\x00\x04\x00((((",
        b"\x93NUMPY\x01\x00\xd0\x07" + b"(" * 2000,
        b"\x93NUMPY\x01\x00\x05\x00[]   ",
        npy_header((-1, 4)),
        npy_header((3.0, 4)),
        npy_header((3, 4), "|O"),
        npy_header((3, 4), "nothing"),
        npy_header((3, 4), [("a", "<f4", (2**40,))]),
        npy_header((1,) * 65),
        npy_header((3, 4), padding=9000),
        npy_header((0, 2**62, 2**62), "<f4"),
    ],
)
def test_odd_headers_are_refused(tmp_path, header):
    path = tmp_path / "odd.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", header + bytes(48))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(ValueError, match="is no file of parameters"):
            load_arrays(path)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compression_is_refused_and_the_usual_is_read(tmp_path, method):
    arrays = honest()
    np.savez_compressed(tmp_path / "x.npz", **arrays)
    assert classifier().load(tmp_path / "x.npz").predict([[1, 2, 3]]) == [0]
    content = io.BytesIO()
    np.lib.format.write_array(content, arrays["dense0.W"])
    with zipfile.ZipFile(tmp_path / "y.npz", "w", method) as archive:
        archive.writestr("dense0.W.npy", content.getvalue())
    with pytest.raises(ValueError, match="compressed in a way"):
        load_arrays(tmp_path / "y.npz")


def test_names_that_stand_twice_are_refused(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
            for _ in range(2):
                archive.writestr("a.npy", npy_header((2,)) + bytes(8))
    with pytest.raises(ValueError, match="there twice"):
        load_arrays(tmp_path / "x.npz")


def test_orders_bytes_and_truth_values_come_back(tmp_path):
    arrays = {
        "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "big": np.arange(4, dtype=">f4"),
        "empty": np.zeros((0, 3), ">i2"),
        "scalar": np.array(2.5),
        "many": np.arange(1 << 20, dtype="float64"),
    }
    np.savez(tmp_path / "x.npz", **arrays)
    found = load_arrays(tmp_path / "x.npz")
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype.newbyteorder("=")
        assert found[name].flags.c_contiguous
        assert found[name].flags.writeable
    with zipfile.ZipFile(tmp_path / "y.npz", "w") as archive:
        archive.writestr("truth.npy", npy_header((3,), "|b1") + b"\x00\x01\x07")
    assert load_arrays(tmp_path / "y.npz")["truth"].tobytes() == b"\x00\x01\x01"


def safetensors_bytes(header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


@pytest.mark.parametrize(
    "content",
    [
        safetensors_bytes({"a": {"dtype": "F32", "shape": [2**29], "data_offsets": [0, 2**31]}}),
        safetensors_bytes(
            {"a": {"dtype": "F32", "shape": [2**29], "data_offsets": [0, 8]}}, b"8" * 8
        ),
        safetensors_bytes({"a": {"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]}}, b"1234"),
        safetensors_bytes({"a": {"dtype": "X", "shape": [2], "data_offsets": [0, 4]}}, b"1234"),
        safetensors_bytes(b"nonsense"),
        struct.pack("<Q", 2**63) + b"{}",
        b"",
    ],
)
def test_safetensors_that_lie_are_refused(tmp_path, content):
    pytest.importorskip("safetensors")
    path = tmp_path / "x.safetensors"
    path.write_bytes(content)
    for load in (classifier().load, load_arrays):
        with pytest.raises(ValueError, match="is no file of parameters"):
            load(path)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_file_with_changed_bytes_is_read_or_refused(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("changed")
    suffix = data.draw(st.sampled_from([".npz", ".safetensors"]))
    if suffix == ".safetensors":
        pytest.importorskip("safetensors")
    path = folder / f"x{suffix}"
    save_arrays(path, honest())
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(bytes(content[: data.draw(st.integers(0, len(content)))] or content))
    with warnings.catch_warnings(), contextlib.suppress(ValueError):
        warnings.simplefilter("ignore")
        found = load_arrays(path)
        assert all(array.dtype.kind in "biuf" for array in found.values())
