"""Values that are no arrays of NumPy's, but show their memory."""

import array

import numpy as np
import pytest
from bitale_graph import TensorType, function, shared
from bitale_graph import language as T
from bitale_graph.base.dtype import as_array


class ByDLPack:
    """An array of another library, which NumPy knows by DLPack alone."""

    def __init__(self, values):
        self.values = values

    def __dlpack__(self, **keywords):
        return self.values.__dlpack__(**keywords)

    def __dlpack_device__(self):
        return self.values.__dlpack_device__()


class Elsewhere(ByDLPack):
    """One in the memory of a device that NumPy cannot read."""

    def __dlpack__(self, **keywords):
        raise BufferError("the memory is a GPU's")

    def __dlpack_device__(self):
        return (2, 0)


X = np.arange(4.0)
SHOWING = {"memoryview": memoryview, "array": lambda x: array.array("d", x), "DLPack": ByDLPack}


@pytest.mark.parametrize("kind", SHOWING)
def test_a_function_takes_what_shows_its_memory(kind):
    x = T.dvector("x")
    f = function([x], x * 2)
    np.testing.assert_array_equal(f(SHOWING[kind](X)), 2 * X)


@pytest.mark.parametrize("show", [memoryview, ByDLPack])
def test_memory_is_shared_and_not_copied(show):
    assert np.shares_memory(TensorType("float64", (None,)).filter(show(X)), X)
    assert np.shares_memory(as_array(show(X)), X)


@pytest.mark.parametrize("kind", SHOWING)
def test_constants_and_shared_variables_are_made_of_it(kind):
    value = SHOWING[kind](X)
    assert shared(value).get_value().tolist() == X.tolist()
    assert T.as_tensor(value).data.tolist() == X.tolist()
    assert (T.dvector() + value).type.shape == (4,)


def test_its_dtype_counts_as_an_arrays():
    v = T.fvector("v")
    f = function([v], v + 1)
    assert f(ByDLPack(X.astype("float32"))).dtype == np.float32
    for lossy in (ByDLPack(X), memoryview(X)):
        with pytest.raises(TypeError, match="precision"):
            f(lossy)


def test_what_cannot_be_read_is_told():
    x = T.dvector("x")
    f = function([x], x * 2)
    with pytest.raises(TypeError, match="the memory is a GPU's"):
        f(Elsewhere(X))
    with pytest.raises(TypeError):
        f(b"bytes")
    with pytest.raises(TypeError):
        f(object())
