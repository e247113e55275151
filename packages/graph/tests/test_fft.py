"""Fourier transforms as users call them; values of single ops are in the samples."""

import numpy as np
import pytest
from bitale_graph import fft, function
from bitale_graph import language as T
from bitale_graph.extend import DtypeError, ShapeError

x, t = T.dmatrix("x"), T.dtensor3("t")
a = np.random.default_rng(4).normal(size=(3, 6))
b = np.random.default_rng(5).normal(size=(2, 4, 5))


def pairs(z):
    return np.stack([z.real, z.imag], -1)


@pytest.mark.parametrize(
    ("norm", "there", "back"),
    [
        (None, "backward", "backward"),
        ("ortho", "ortho", "ortho"),
        ("no_norm", "backward", "forward"),
    ],
)
def test_theanos_form_has_rows_first_and_parts_last(norm, there, back):
    half = function([x], fft.rfft(x, norm))(a)
    np.testing.assert_allclose(half, pairs(np.fft.rfft(a, norm=there)), atol=1e-14)
    found = function([x], fft.irfft(fft.rfft(x, norm), norm))(a)
    np.testing.assert_allclose(found, np.fft.irfft(np.fft.rfft(a, norm=there), norm=back))
    whole = function([t], fft.rfft(t, norm))(b)
    np.testing.assert_allclose(whole, pairs(np.fft.rfftn(b, axes=(1, 2), norm=there)), atol=1e-13)


def test_an_odd_length_is_told():
    found = function([t], fft.irfft(fft.rfft(t), is_odd=True))(b)
    np.testing.assert_allclose(found, b, atol=1e-14)
    assert function([t], fft.irfft(fft.rfft(t)).shape)(b).tolist() == [2, 4, 4]


@pytest.mark.parametrize(
    "name", ["fft", "ifft", "fft2", "ifft2", "fftn", "ifftn", "rfftn", "rfft2"]
)
def test_the_others_are_numpys(name):
    options = [{}, {"norm": "ortho"}]
    options += [{"n": 4}, {"n": 9, "axis": 0}] if name in ("fft", "ifft") else [{"s": (4, 7)}]
    for option in options:
        for ours in (getattr(fft, name), getattr(np.fft, name)):
            found = function([x], ours(x, **option))(a)
            expected = getattr(np.fft, name)(a, **option, **_axes(name, option))
            np.testing.assert_allclose(found, expected, atol=1e-13)


def _axes(name, option):
    """What NumPy wants beside ``s``."""
    return {"axes": (0, 1)} if "s" in option and name.endswith("n") else {}


def test_numpys_functions_of_halves_take_variables():
    half = function([x], np.fft.rfft(x, axis=0))(a)
    np.testing.assert_allclose(half, np.fft.rfft(a, axis=0), atol=1e-14)
    for n in (None, 5, 9):
        found = function([x], np.fft.irfft(x, n))(a)
        np.testing.assert_allclose(found, np.fft.irfft(a, n), atol=1e-14)
    found = function([x], np.fft.irfft2(np.fft.rfft2(x), s=(3, 6), axes=(0, 1)))(a)
    np.testing.assert_allclose(found, a, atol=1e-14)


def test_frequencies_are_shifted_as_numpys():
    found = function([x], [fft.fftshift(x), fft.ifftshift(x, 1), np.fft.fftshift(x, axes=0)])(a)
    expected = [np.fft.fftshift(a), np.fft.ifftshift(a, 1), np.fft.fftshift(a, 0)]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)
    n = T.lscalar()
    for k in (1, 4, 7):
        for one, other in zip(
            function([n], [fft.fftfreq(n, 0.5), fft.rfftfreq(n)])(k),
            (np.fft.fftfreq(k, 0.5), np.fft.rfftfreq(k)),
            strict=True,
        ):
            np.testing.assert_allclose(one, other)


def test_lengths_may_be_variables():
    n = T.lscalar("n")
    f = function([x, n], [fft.fft(x, n), fft.rfftn(x, s=[n], axes=[0])])
    for k in (2, 6, 8):
        found = f(a, k)
        np.testing.assert_allclose(found[0], np.fft.fft(a, k), atol=1e-13)
        np.testing.assert_allclose(found[1], np.fft.rfft(a, k, axis=0), atol=1e-13)


def test_dtypes_are_kept():
    f = T.fmatrix()
    assert fft.rfft(f).dtype == "float32"
    assert (fft.fft(f).dtype, fft.fft(x).dtype) == ("complex64", "complex128")
    found = function([f], fft.fft(f))(a.astype("float32"))
    assert found.dtype == "complex64"


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: fft.rfft(T.dvector()), ShapeError, "rank 2 or more"),
        (lambda: fft.irfft(x), ShapeError, "rank 3 or more"),
        (lambda: fft.irfft(T.TensorType("float64", (2, 3, 4))()), ShapeError, "of length 2"),
        (lambda: fft.rfft(x, "unit"), ValueError, "'no_norm'"),
        (lambda: fft.fft(x, norm="unit"), ValueError, "norm is one of"),
        (lambda: fft.fft(x, axis=2), ShapeError, "no axis 2"),
        (lambda: fft.fft(x, 0), ValueError, "at least 1"),
        (lambda: fft.fftn(x, s=(3,), axes=(0, 1)), ValueError, "1 lengths for 2 axes"),
        (lambda: fft.rfftn(T.zmatrix()), DtypeError, "real numbers"),
        (lambda: fft.irfft(t, is_odd=2), ValueError, "truth value"),
    ],
)
def test_what_cannot_be_transformed_is_told_as_it_is_written(call, error, text):
    with pytest.raises(error, match=text):
        call()


def test_nothing_has_no_transform():
    with pytest.raises(ValueError, match="no transform of no elements"):
        function([x], fft.rfft(x))(a[:, :0])
